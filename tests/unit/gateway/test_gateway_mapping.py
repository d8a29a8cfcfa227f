"""Mapping profiles and the blueprint over HTTP."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from common import errors
from common.tables import integer_column, number_column, table, text_column
from protos.documents.v1 import documents_pb2 as pb

INPUT, OUTPUT = "/api/mapping/input-profiles", "/api/mapping/output-profiles"
PREVIEW = pb.PreviewOutputProfileResponse(
    table=table(1, [text_column("품목", ["A"]), text_column("TIME", [None])]),
    findings=[pb.OutputFinding(row=0, column="TIME", check="null", message="is absent")],
    total_findings=1,
    valid=True,
)


def profile(**more: Any) -> pb.Profile:
    return pb.Profile(**{"name": "p", "profile_json": '{"name":"p"}', "revision": 2, "valid": True, **more})


def test_a_list_leaves_the_contents_out_and_one_profile_has_them(plant: Any) -> None:
    plant.script.answers["ListProfiles"] = pb.ListProfilesResponse(profiles=[profile(active=True)])
    plant.script.answers["GetProfile"] = profile()
    listed = plant.client().get(INPUT).json()["items"]
    assert (listed[0]["name"], listed[0]["active"], listed[0]["profile"]) == ("p", True, None)
    assert plant.script.last("ListProfiles").kind == pb.PROFILE_KIND_INPUT
    assert plant.client().get(f"{OUTPUT}/p", params={"revision": 1}).json()["profile"] == {"name": "p"}
    request = plant.script.last("GetProfile")
    assert (request.kind, request.name, request.revision) == (pb.PROFILE_KIND_OUTPUT, "p", 1)


@pytest.mark.parametrize("name", ["한글 이름", "a/b", "plant/revisions of 2024", "50%"])
def test_a_profile_is_reached_by_any_name(plant: Any, name: str) -> None:
    address = f"{INPUT}/{quote(name, safe='')}"
    plant.script.answers["GetProfile"] = profile(name=name)
    plant.script.answers["DeleteProfile"] = pb.DeleteResponse()
    plant.script.answers["ActivateProfile"] = pb.ActivateProfileResponse(profile=profile(name=name, active=True))
    plant.script.answers["ProfileRevisions"] = pb.ProfileRevisionsResponse(
        revisions=[pb.ProfileRevision(revision=1, at=1.0, author="a", profile_json="{}")]
    )
    admin = plant.client("admin")
    assert admin.get(address).json()["name"] == name
    assert admin.delete(address).status_code == 204
    assert admin.post(f"{address}/activate").json()["profile"]["active"] is True
    assert admin.get(f"{address}/revisions").json()["items"][0]["revision"] == 1
    for rpc in ("GetProfile", "DeleteProfile", "ActivateProfile", "ProfileRevisions"):
        assert plant.script.last(rpc).name == name


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", INPUT, {"profile": {}}),
        ("PUT", f"{INPUT}/p", {"profile": {}}),
        ("DELETE", f"{OUTPUT}/p", None),
        ("POST", f"{OUTPUT}/p/activate", None),
        ("POST", f"{OUTPUT}/p/revert", {"revision": 1}),
        ("POST", f"{OUTPUT}/import", {"content": "{}"}),
        ("POST", f"{INPUT}/check", {}),
    ],
)
def test_only_administrators_change_profiles(plant: Any, method: str, path: str, body: Any) -> None:
    assert plant.client("user").request(method, path, json=body).status_code == 403
    assert plant.client("").request(method, path, json=body).status_code == 401
    assert not plant.script.asked


def test_a_change_names_the_revision_it_started_from(plant: Any) -> None:
    plant.script.answers["SaveProfile"] = profile()
    admin = plant.client("admin")
    assert admin.post(OUTPUT, json={"profile": {"name": "new"}}).status_code == 201
    assert plant.script.last("SaveProfile").name == ""
    changed = {"profile": {"name": "q"}, "expected_revision": 2, "comment": "c"}
    assert admin.put(f"{OUTPUT}/p", json=changed).status_code == 200
    request = plant.script.last("SaveProfile")
    assert (request.name, request.expected_revision, request.comment) == ("p", 2, "c")
    assert json.loads(request.profile_json) == {"name": "q"}
    plant.script.answers["SaveProfile"] = errors.Conflict("was changed meanwhile")
    assert admin.put(f"{OUTPUT}/p", json=changed).status_code == 409


def test_an_export_is_a_file_that_the_import_takes_as_text_or_object(plant: Any) -> None:
    content = '{"schema": "routing-ml/profiles@1", "kind": "input", "profiles": []}'
    plant.script.answers["ExportProfiles"] = pb.ExportProfilesResponse(content=content)
    plant.script.answers["ImportProfiles"] = pb.ImportProfilesResponse(created=["a"], unchanged=["b"])
    exported = plant.client().get(f"{INPUT}/export", params={"name": ["a", "b"]})
    assert exported.text == content
    assert exported.headers["content-disposition"] == 'attachment; filename="input-profiles.json"'
    assert list(plant.script.last("ExportProfiles").names) == ["a", "b"]
    for sent in (content, json.loads(content)):
        answer = plant.client("admin").post(f"{INPUT}/import", json={"content": sent})
        assert answer.json() == {"created": ["a"], "updated": [], "unchanged": ["b"]}
        assert json.loads(plant.script.last("ImportProfiles").content) == json.loads(content)


def test_a_check_lists_columns_with_examples(plant: Any) -> None:
    plant.script.answers["CheckInputProfile"] = pb.CheckInputProfileResponse(
        ok=False,
        problems=["dbo_X has no column Y"],
        columns=table(
            1,
            [
                text_column("internal", ["ITEM_CD"]),
                integer_column("found", [0]),
                integer_column("required", [1]),
                number_column("null_share", [None]),
                text_column("examples", ['["A", "나"]']),
            ],
        ),
        tables=table(1, [text_column("role", ["features"]), integer_column("rows", [7])]),
    )
    body = plant.client("admin").post(f"{INPUT}/check", json={"profile": {"name": "x"}, "rows": 5}).json()
    assert (body["ok"], body["problems"]) == (False, ["dbo_X has no column Y"])
    assert body["columns"] == [
        {
            "internal": "ITEM_CD",
            "found": False,
            "required": True,
            "null_share": None,
            "examples": ["A", "나"],
            "notice": None,
        }
    ]
    assert body["tables"] == [{"role": "features", "rows": 7}]
    assert plant.script.last("CheckInputProfile").rows == 5


def test_a_preview_of_items_applies_the_profile_to_their_real_prediction(plant: Any) -> None:
    plant.script.answers["PreviewOutputProfile"] = PREVIEW
    body = plant.client().post(f"{OUTPUT}/preview", json={"profile": {"name": "x"}, "item_codes": ["A"]}).json()
    assert body["columns"] == ["품목", "TIME"]
    assert body["rows"] == [{"품목": "A", "TIME": None}]
    assert body["findings"][0]["check"] == "null"
    assert len(plant.script.asked["Search"]) == len(plant.script.asked["Predict"]) == 1
    rows = plant.script.last("PreviewOutputProfile").rows
    columns = {column.name: column for column in rows.columns}
    assert rows.rows == 4
    assert {"ITEM_CD", "CANDIDATE_ID", "PROC_SEQ", "MACH_WORKED_HOURS", "generated_at"} <= columns.keys()


def test_a_preview_of_given_rows_predicts_nothing(plant: Any) -> None:
    plant.script.answers["PreviewOutputProfile"] = PREVIEW
    sent = {"name": "p", "rows": [{"ITEM_CD": "A", "PROC_SEQ": 10}], "item_codes": ["A"], "max_findings": 3}
    assert plant.client().post(f"{OUTPUT}/preview", json=sent).status_code == 200
    assert "Predict" not in plant.script.asked
    request = plant.script.last("PreviewOutputProfile")
    assert (request.name, request.profile_json, request.max_findings, request.rows.rows) == ("p", "", 3, 1)


def test_a_preview_of_a_blank_item_code_is_refused(plant: Any) -> None:
    assert plant.client().post(f"{OUTPUT}/preview", json={"item_codes": [" "]}).status_code == 422


def test_there_are_only_input_and_output_profiles(plant: Any) -> None:
    assert plant.client().get("/api/mapping/other-profiles").status_code == 422


def test_the_node_library_has_options_as_schemas(plant: Any) -> None:
    plant.script.answers["NodeTypes"] = pb.NodeTypesResponse(
        types=[
            pb.NodeType(
                type="loader",
                label_ko="로더",
                options_schema_json='{"type":"object"}',
                outputs=[pb.Port(name="items", type="items")],
                required=True,
                max_count=1,
            )
        ],
        default_graph_json='{"nodes":[{"id":"n"}],"edges":[]}',
    )
    body = plant.client().get("/api/blueprint/node-types").json()
    assert body["default_graph"] == {"nodes": [{"id": "n"}], "edges": []}
    node = body["types"][0]
    assert (node["label_ko"], node["options_schema"], node["max_count"]) == ("로더", {"type": "object"}, 1)
    assert node["outputs"] == [{"name": "items", "type": "items", "required": False}]


def test_a_graph_is_checked_without_being_saved(plant: Any) -> None:
    plant.script.answers["CheckGraph"] = pb.CheckGraphResponse(
        ok=False, problems=[pb.GraphProblem(node_id="n", reason="R", message="said", facts={"option": "m"})]
    )
    graph = {"nodes": [{"id": "n", "type": "x"}], "edges": []}
    body = plant.client().post("/api/blueprint/check", json=graph).json()
    assert body["problems"] == [
        {"node_id": "n", "edge_id": "", "reason": "R", "message": "said", "facts": {"option": "m"}}
    ]
    assert (body["ok"], body["pipeline"], body["wrapper_source"]) == (False, None, None)
    assert json.loads(plant.script.last("CheckGraph").graph_json) == graph


def test_the_effects_of_an_edited_input_profile_are_answered_to_administrators(plant: Any) -> None:
    plant.script.answers["InputProfileEffects"] = pb.InputProfileEffectsResponse(
        refresh=True, changed_columns=["schema"], problems=["schema.features.0.name: ..."]
    )
    path, sent = "/api/mapping/input-profiles/effects", {"profile": {"name": "x"}}
    assert plant.client().post(path, json=sent).status_code == 403
    body = plant.client("admin").post(path, json=sent)
    assert body.json() == {
        "refresh": True,
        "training": False,
        "changed_columns": ["schema"],
        "problems": ["schema.features.0.name: ..."],
        "problem_notices": [],
    }
    assert json.loads(plant.script.last("InputProfileEffects").profile_json) == {"name": "x"}


def test_the_wrapper_of_a_revision_is_shown(plant: Any) -> None:
    plant.script.answers["GetWrapper"] = pb.Wrapper(revision=3, path="p.py", source="print()", revisions=[3, 1])
    body = plant.client().get("/api/blueprint/wrapper", params={"revision": 3}).json()
    assert body == {"revision": 3, "path": "p.py", "source": "print()", "revisions": [3, 1]}
    plant.script.answers["GetWrapper"] = errors.NotFound("There is no generated pipeline of revision 9")
    assert plant.client().get("/api/blueprint/wrapper", params={"revision": 9}).status_code == 404
