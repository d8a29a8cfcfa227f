"""Export routes: saved and predicted routings as files of the server and as downloads, over real channels to a real exporter."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from aggregate_service.export_files import Exporter
from aggregate_service.export_stream import export_stream
from common import errors
from common.settings import Settings
from gateway.routes.exports import safe_name
from plant.settings.defaults import OUTPUT_COLUMNS
from plant.settings.sections import ExportSection
from protos.ann.v1 import ann_pb2
from protos.documents.v1 import documents_pb2

GROUP_ID = "6f1c1c9e-0f0a-4a6e-9d5e-0a1b2c3d4e5f"


def saved_group(**more: Any) -> documents_pb2.RoutingGroup:
    first = documents_pb2.RoutingGroupStep(seq=2, process_code="J20", duration_min=4.5, variant_code="V1")
    second = documents_pb2.RoutingGroupStep(
        seq=1,
        process_code="J10",
        duration_min=9.0,
        sql_values_json=json.dumps(
            {"PROC_SEQ": 10, "JOB_CD": "J10", "JOB_NM": "=cmd|선삭", "SETUP_TIME": "1.5", "RES_CD": 7, "ITEM_CD": "no"}
        ),
    )
    content = documents_pb2.RoutingGroupContent(
        group_name="씰 라우팅 A/B", item_codes=["A-1", 'B";-2'], steps=[first, second]
    )
    return documents_pb2.RoutingGroup(group_id=GROUP_ID, content=content, owner="user@plant.example", version=3, **more)


@pytest.fixture
def exporting(plant: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """aggregate_service's own exporter behind the channel; returns the export folder."""
    section = ExportSection(export_directory="deliverables/out", compress_on_save=False)

    settings = Settings(_env_file=None, state_dir=tmp_path)

    def exporter(start: Any) -> Exporter:
        return Exporter(section, [*OUTPUT_COLUMNS, *start.extra_columns], settings, for_program=start.for_program)

    async def stream(self: Any, parts: Any, context: Any) -> Any:
        async for chunk in export_stream(exporter, parts):
            yield chunk

    plant.export.append(stream)
    return tmp_path / "deliverables" / "out"


def test_a_saved_routing_is_written_on_the_server(plant: Any, exporting: Path) -> None:
    plant.script.answers["GetRoutingGroup"] = saved_group()
    answer = plant.client().post(f"/api/routing/groups/{GROUP_ID}/export?format=csv")
    assert answer.status_code == 200, answer.text
    facts = answer.json()
    path = Path(facts["path"])
    assert path.parent == exporting
    assert (facts["file_name"], facts["operations"], facts["version"]) == ("씰 라우팅 A_B.csv", 4, 3)
    assert facts["bytes"] == path.stat().st_size
    rows = pl.read_csv(path, infer_schema_length=0)
    assert rows["ITEM_CD"].to_list() == ["A-1", "A-1", 'B";-2', 'B";-2']
    assert rows["PROC_SEQ"].to_list() == ["10", "2", "10", "2"]
    assert rows["dbo_BI_ROUTING_VIEW_JOB_CD"].to_list() == ["J10", "J20"] * 2
    assert rows["JOB_NM"][0] == "'=cmd|선삭"
    assert rows["SETUP_TIME"][0] == "1.5"
    assert rows["MACH_WORKED_HOURS"].to_list()[:2] == ["9.0", "4.5"]
    assert rows["CANDIDATE_ID"][0] == "씰 라우팅 A/B"
    assert rows.columns[-1] == "VARIANT_CODE"
    assert rows["VARIANT_CODE"].to_list()[:2] == [None, "V1"]


@pytest.mark.parametrize("kind", ["csv", "excel", "txt", "parquet", "json", "xml"])
def test_a_saved_routing_is_downloaded_in_every_format(kind: str, plant: Any, exporting: Path) -> None:
    plant.script.answers["GetRoutingGroup"] = saved_group()
    answer = plant.client().post(f"/api/routing/groups/{GROUP_ID}/export?format={kind}&target=download")
    assert answer.status_code == 200
    assert "filename*=UTF-8''%EC%94%B0" in answer.headers["content-disposition"]
    assert len(answer.content) == int(answer.headers["content-length"]) > 0
    assert not exporting.exists()
    until(lambda: list((exporting.parents[1] / "run" / "downloads").iterdir()) == [])


def test_a_group_without_steps_or_of_somebody_else_is_no_accident(plant: Any, exporting: Path) -> None:
    empty = saved_group()
    del empty.content.steps[:]
    plant.script.answers["GetRoutingGroup"] = empty
    assert plant.client().post(f"/api/routing/groups/{GROUP_ID}/export").json()["operations"] == 0
    plant.script.answers["GetRoutingGroup"] = errors.PermissionDenied("somebody else's")
    assert plant.client().post(f"/api/routing/groups/{GROUP_ID}/export").status_code == 403
    assert plant.client().post(f"/api/routing/groups/{GROUP_ID}/export?format=exe").status_code == 422
    assert plant.client("").post(f"/api/routing/groups/{GROUP_ID}/export").status_code == 401


def test_names_that_lead_elsewhere_are_refused(plant: Any, exporting: Path) -> None:
    plant.script.answers["GetRoutingGroup"] = saved_group()
    answer = plant.client().post(f"/api/routing/groups/{GROUP_ID}/export", params={"file_name": "../../x"})
    assert answer.status_code == 422
    assert not exporting.exists() or list(exporting.iterdir()) == []


def searched(services: Any) -> Any:
    def search(request: ann_pb2.SearchRequest) -> ann_pb2.SearchResponse:
        lists = [[("B", 0.9)]] * len(request.items.codes)
        return ann_pb2.SearchResponse(model_version="v1", neighbours=services.neighbours(*lists))

    return search


def test_predicted_routings_of_many_items_go_into_one_file(plant: Any, services: Any, exporting: Path) -> None:
    plant.script.answers["Search"] = searched(services)
    codes = [f"I{number}" for number in range(1_100)]
    answer = plant.client().post("/api/predict/export?format=parquet&file_name=all", json={"item_codes": codes})
    assert answer.status_code == 200, answer.text
    facts = answer.json()
    assert (facts["operations"], facts["requested_items"], facts["model_version"]) == (44, 1_100, "v1")
    assert pl.read_parquet(facts["path"]).height == 44
    assert all(request.detailed for request in plant.script.asked["Predict"])


def test_a_client_that_hangs_up_while_items_are_predicted_leaves_no_file(
    plant: Any, services: Any, exporting: Path
) -> None:
    def slowly(request: Any) -> Any:
        time.sleep(0.02)
        return services.prediction()

    plant.script.answers["Search"], plant.script.answers["Predict"] = searched(services), slowly
    body = json.dumps({"item_codes": [f"I{number}" for number in range(10_000)]}).encode()
    token = services.token_for("user@plant.example", "user")
    with socket.create_connection(("127.0.0.1", plant.ports["gateway"])) as connection:
        head = f"POST /api/predict/export HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        connection.sendall(
            f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        )
        until(lambda: exporting.exists() and list(exporting.iterdir()))
    until(lambda: list(exporting.iterdir()) == [])
    assert len(plant.script.asked["Predict"]) < 20


def until(condition: Any) -> None:
    for _ in range(400):
        if condition():
            return
        time.sleep(0.025)
    raise AssertionError("it did not happen")


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("a/b:c", "a_b_c"),
        ("..", "routing"),
        ("NUL", "routing_NUL"),
        ("con.txt", "routing_con.txt"),
        ("=cmd", "_cmd"),
        ("이름 1.", "이름 1"),
        ("***", "routing"),
    ],
)
def test_names_of_groups_become_names_of_files(name: str, file: str) -> None:
    assert safe_name(name) == file
