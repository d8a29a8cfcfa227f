"""What the active version's manifest and files give: group recommendations, rules, the Projector export; and saving candidates."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from common import errors
from common.tables import integer_column, number_column, table, text_column
from protos.aggregate.v1 import aggregate_pb2
from protos.documents.v1 import documents_pb2

MANIFEST = {
    "revision": "r7",
    "items": [
        {
            "item_code": "a",
            "groups": [{"id": "low", "score": 0.1}, {"id": "high", "score": 0.9, "metadata": {"line": 3}}],
        },
        {"item_code": "B", "groups": [{"id": "near", "score": 0.5}, {"id": "high", "score": 1.0}]},
        {"item_code": "C", "groups": [{"id": "far", "score": 1.0}, {"score": 1.0}, "broken"]},
    ],
    "rules": [
        {"id": "most", "type": "max_operations", "value": 1, "severity": "warning"},
        {"id": "named", "type": "required_field", "field": "JOB_NM", "severity": "error"},
    ],
}


@pytest.fixture(scope="module")
def version_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("v1")
    (folder / "manifest.json").write_text(json.dumps(MANIFEST), encoding="utf-8")
    return folder


@pytest.fixture
def with_manifest(plant: Any, services: Any, version_folder: Path) -> Any:
    """The plant once its gateway follows a version with that manifest."""
    state = services.control_state(manifest_path=str(version_folder / "manifest.json"))
    state.revision = max(2, plant.script.state.revision)
    plant.script.state.CopyFrom(state)
    client = plant.client()
    for _attempt in range(400):
        if client.post("/api/rules/validate", json={"item_code": "A"}).json()["evaluated_rules"]:
            break
        time.sleep(0.02)
    return plant


def groups_of(plant: Any, **body: Any) -> dict[str, Any]:
    answer = plant.client().post("/api/groups/recommendations", json={"item_code": "A", **body})
    assert answer.status_code == 200
    return dict(answer.json())


def test_groups_come_from_the_manifest_then_from_neighbours_then_from_the_routing(with_manifest: Any) -> None:
    body = groups_of(with_manifest)
    assert [(one["group_id"], one["source"]) for one in body["recommendations"]] == [
        ("high", "manifest"),
        ("low", "manifest"),
        ("far", "prediction"),
        ("near", "prediction"),
        ("process-profile", "inference"),
    ]
    assert body["recommendations"][0]["metadata"] == {"line": 3, "item_code": "A"}
    assert body["recommendations"][3]["score"] == pytest.approx(0.485)
    assert body["recommendations"][4]["score"] == 3.0
    assert (body["inspected_candidates"], body["manifest_revision"]) == (2, "r7")


def test_the_candidate_limit_and_threshold_go_into_the_search(with_manifest: Any) -> None:
    groups_of(with_manifest, candidate_limit=7, similarity_threshold=0.6)
    search = with_manifest.script.last("Search")
    assert search.top_k == 7
    assert search.min_similarity == pytest.approx(0.6)


def test_an_item_without_anything_gets_no_groups(with_manifest: Any, services: Any) -> None:
    with_manifest.script.answers["Predict"] = aggregate_pb2.PredictResponse(
        routings=table(0, []), operation_offsets=[0]
    )
    answer = with_manifest.client().post("/api/groups/recommendations", json={"item_code": "D", "candidate_limit": 1})
    assert [one["source"] for one in answer.json()["recommendations"]] == ["prediction"] * 3


@pytest.mark.parametrize("limit", [0, 21])
def test_the_candidate_limit_is_1_to_20(plant: Any, limit: int) -> None:
    answer = plant.client().post("/api/groups/recommendations", json={"item_code": "A", "candidate_limit": limit})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "candidate_limit"]


def test_operations_are_checked_against_the_rules_of_the_manifest(with_manifest: Any) -> None:
    client = with_manifest.client()
    operations = [{"PROC_SEQ": 10, "JOB_NM": "선삭"}, {"PROC_SEQ": 20}]
    body = client.post("/api/rules/validate", json={"item_code": "A", "operations": operations}).json()
    assert body["evaluated_rules"] == 2
    assert not body["passed"]
    assert [(one["rule_id"], one["severity"]) for one in body["violations"]] == [
        ("most", "warning"),
        ("named", "error"),
    ]
    assert {name for one in body["violations"] for name in one} == {"rule_id", "message", "severity"}
    sent = {"item_code": "A", "operations": operations}
    detailed = client.post("/api/rules/validate", params={"details": True}, json=sent).json()
    assert all(one["notice"]["code"] for one in detailed["violations"])
    only = {"item_code": "A", "operations": operations, "rule_ids": ["most"]}
    assert client.post("/api/rules/validate", json=only).json()["passed"]


def test_the_projector_export_is_served_when_the_version_has_one(with_manifest: Any, version_folder: Path) -> None:
    client = with_manifest.client()
    assert client.get("/api/visualization/projector/vectors.tsv").status_code == 404
    assert client.get("/api/visualization").json()["projector_available"] is False
    folder = version_folder / "tb_projector"
    folder.mkdir()
    for name, text in (("vectors.tsv", "1\t0\n"), ("metadata.tsv", "ITEM_CD\nA\n"), ("projector_config.json", "{}")):
        (folder / name).write_bytes(text.encode())
        answer = client.get(f"/api/visualization/projector/{name}")
        assert answer.status_code == (200 if name == "projector_config.json" else 404)
    assert client.get("/api/visualization/projector/vectors.tsv").text == "1\t0\n"
    known = client.get("/api/visualization").json()
    assert (known["projector_available"], known["neo4j_available"]) == (True, False)
    assert client.get("/api/visualization/projector/manifest.json").status_code == 422
    assert with_manifest.client("").get("/api/visualization/projector/vectors.tsv").status_code == 401


def test_a_candidate_is_saved_with_its_sql(plant: Any) -> None:
    plant.script.answers["SaveCandidate"] = documents_pb2.SaveCandidateResponse(
        item_code="A", candidate_id="A_C01", saved_path="x.json", saved_at=1_700_000_000, sql_preview=["INSERT"]
    )
    wanted = {
        "item_code": "A",
        "candidate_id": "A_C01",
        "payload": {"operations": [{"PROC_SEQ": 10, "JOB_NM": "선삭"}]},
    }
    answer = plant.client().post("/api/candidates/save", json=wanted)
    assert answer.json() == {
        "item_code": "A",
        "candidate_id": "A_C01",
        "saved_path": "x.json",
        "saved_at": "2023-11-14T22:13:20+00:00",
        "sql_preview": ["INSERT"],
        "warnings": [],
    }
    assert json.loads(plant.script.last("SaveCandidate").payload_json) == wanted["payload"]


def test_a_candidate_id_with_a_path_is_a_bad_request(plant: Any) -> None:
    plant.script.answers["SaveCandidate"] = errors.InvalidInput("candidate_id must not hold characters of a path")
    wanted = {"item_code": "A", "candidate_id": "../x", "payload": {}}
    answer = plant.client().post("/api/candidates/save", json=wanted)
    assert answer.status_code == 400
    assert isinstance(answer.json()["detail"], str)


def columns_found(*, profile: bool) -> aggregate_pb2.TableColumnsResponse:
    columns = [
        text_column("name", ["ITEM_CD", "QTY"]),
        text_column("type", ["TEXT", "NUMBER"]),
        integer_column("nullable", [0, 1]),
    ]
    if profile:
        columns += [number_column("null_share", [0.0, 0.25]), text_column("examples", ['["A"]', None])]
    return aggregate_pb2.TableColumnsResponse(table="t", columns=table(2, columns), tables=["t", "u"], rows=8, path="p")


def test_metadata_are_the_real_columns(plant: Any) -> None:
    plant.script.answers["TableColumns"] = columns_found(profile=False)
    body = plant.client().get("/api/access/metadata", params={"table": "t", "path": "p"}).json()
    assert body["columns"] == [
        {"name": "ITEM_CD", "type": "TEXT", "nullable": False},
        {"name": "QTY", "type": "NUMBER", "nullable": True},
    ]
    assert (body["table"], body["path"]) == ("t", "p")
    asked = plant.script.last("TableColumns")
    assert (asked.table, asked.path, asked.profile) == ("t", "p", False)


def test_tables_come_with_null_shares_and_examples(plant: Any) -> None:
    plant.script.answers["TableColumns"] = columns_found(profile=True)
    body = plant.client().get("/api/access/tables").json()
    assert (body["tables"], body["rows"]) == (["t", "u"], 8)
    assert [(one["null_share"], one["examples"]) for one in body["columns"]] == [(0.0, ["A"]), (0.25, [])]
    assert plant.script.last("TableColumns").profile


def test_a_source_that_cannot_be_opened_is_an_answer_not_an_error(plant: Any) -> None:
    plant.script.answers["TestSource"] = aggregate_pb2.TestSourceResponse(message="no such file", path_hash="0xab")
    answer = plant.client().post("/api/access/connection/test", json={"path": "nope.accdb"})
    assert answer.status_code == 200
    assert answer.json() == {
        "ok": False,
        "message": "no such file",
        "path_hash": "0xab",
        "table_profiles": [],
        "elapsed_ms": None,
        "verified_table": None,
    }


def test_the_source_that_serves_is_told_with_who_named_it(plant: Any) -> None:
    told = plant.client().get("/api/access/source").json()
    assert told["path"] == told["settings_path"] == "routing_data/ROUTING AUTO TEST.accdb"
    assert (told["origin"], told["changed_by_settings"]) == ("settings", True)
    assert "cannot be reached" in told["reason"]
    assert plant.client("").get("/api/access/source").status_code == 401
