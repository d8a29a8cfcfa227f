"""Planners' saved routings and workspaces over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from common import errors
from gateway.translate.group_rows import operation_row
from plant.schema import PlantSchema
from protos.documents.v1 import documents_pb2 as pb

GROUPS = "/api/routing/groups"
BODY: dict[str, Any] = {
    "group_name": "My route",
    "item_codes": ["A1", "B2"],
    "steps": [
        {"seq": 1, "process_code": "J1", "duration_min": 0, "branch_path": "", "sql_values": [1, None]},
        {"seq": 2, "process_code": "J2", "metadata": {"k": "값"}},
    ],
    "connections": [{"id": "c", "source_node_id": "n1", "target_node_id": "n2"}],
    "erp_required": True,
    "metadata": {"note": "x"},
}


def stored(content: pb.RoutingGroupContent, version: int = 1) -> pb.RoutingGroup:
    return pb.RoutingGroup(
        group_id="g1", content=content, owner="user@plant.example", version=version, created_at=1.0, updated_at=2.0
    )


def test_a_saved_routing_comes_back_as_it_was_sent(plant: Any) -> None:
    plant.script.answers["CreateRoutingGroup"] = lambda request: stored(request.content)
    created = plant.client().post(GROUPS, json=BODY)
    assert created.status_code == 201
    assert created.json() == {
        "group_id": "g1",
        "group_name": "My route",
        "owner": "user@plant.example",
        "version": 1,
        "updated_at": "1970-01-01T00:00:02+00:00",
    }
    plant.script.answers["GetRoutingGroup"] = stored(plant.script.last("CreateRoutingGroup").content)
    whole = plant.client().get(f"{GROUPS}/g1").json()
    for name in ("group_name", "item_codes", "erp_required", "metadata"):
        assert whole[name] == BODY[name]
    for sent, got in zip(BODY["steps"], whole["steps"], strict=True):
        assert {name: got[name] for name in sent} == sent
        assert all(got[name] is None for name in got.keys() - sent.keys())
    assert whole["connections"] == [{**BODY["connections"][0], "created_at": None, "created_by": "manual"}]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"item_codes": []}, ["item_codes"]),
        ({"steps": [{"seq": 0, "process_code": "J"}]}, ["steps", 0, "seq"]),
        ({"steps": [{"seq": 1, "process_code": "J", "duration_min": -0.1}]}, ["steps", 0, "duration_min"]),
        (
            {"connections": [{"id": "c", "source_node_id": "a", "target_node_id": "b", "created_by": "robot"}]},
            ["connections", 0, "created_by"],
        ),
    ],
)
def test_a_body_that_breaks_the_contract_is_refused_with_its_place(
    plant: Any, change: dict[str, Any], field: list[Any]
) -> None:
    answer = plant.client().post(GROUPS, json={**BODY, **change})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", *field]


def test_what_the_service_finds_wrong_is_reported_at_its_place(plant: Any) -> None:
    plant.script.answers["CreateRoutingGroup"] = errors.InvalidInput(
        "The routing cannot be stored", violations=[errors.FieldViolation("steps.1.seq", "is 1 as in an earlier step")]
    )
    answer = plant.client().post(GROUPS, json=BODY)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "steps", 1, "seq"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.NotFound("unknown"), 404),
        (errors.PermissionDenied("somebody else's"), 403),
        (errors.Conflict("version 2 is stored"), 409),
        (errors.AlreadyExists("the name is taken"), 409),
    ],
)
def test_a_change_that_cannot_be_made_has_the_status_of_the_contract(
    plant: Any, error: errors.ServiceError, status: int
) -> None:
    plant.script.answers["UpdateRoutingGroup"] = error
    answer = plant.client().put(f"{GROUPS}/g1", json={**BODY, "version": 1})
    assert (answer.status_code, answer.json()["detail"]) == (status, error.message)


def test_a_change_needs_the_version_that_was_edited(plant: Any) -> None:
    assert plant.client().put(f"{GROUPS}/g1", json=BODY).status_code == 422
    plant.script.answers["UpdateRoutingGroup"] = lambda request: stored(request.content, request.version + 1)
    assert plant.client().put(f"{GROUPS}/g1", json={**BODY, "version": 4}).json()["version"] == 5
    assert plant.script.last("UpdateRoutingGroup").group_id == "g1"


def test_a_list_has_its_part_of_the_whole(plant: Any) -> None:
    plant.script.answers["ListRoutingGroups"] = pb.ListRoutingGroupsResponse(
        items=[pb.RoutingGroupSummary(group_id="g", group_name="n", item_codes=["A"], step_count=2, version=3)],
        total=31,
        limit=1,
        offset=5,
    )
    asked = {"limit": 1, "offset": 5, "owner": "o", "item_code": "A", "search": "n"}
    body = plant.client().get(GROUPS, params={**asked, "search": " n\n"}).json()
    assert body["pagination"] == {"limit": 1, "offset": 5, "total": 31}
    assert (body["items"][0]["step_count"], body["items"][0]["version"]) == (2, 3)
    request = plant.script.last("ListRoutingGroups")
    assert {name: getattr(request, name) for name in asked} == asked


@pytest.mark.parametrize(
    "wrong",
    [{"limit": 0}, {"limit": 201}, {"offset": -1}, {"search": "x" * 257}, {"item_code": "a\0"}, {"owner": "a\nb"}],
    ids=lambda wrong: "-".join(wrong),
)
def test_a_filter_that_cannot_be_used_is_refused_with_its_place(plant: Any, wrong: dict[str, Any]) -> None:
    answer = plant.client().get(GROUPS, params=wrong)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", *wrong]


def test_a_deleted_routing_is_answered_without_a_body(plant: Any) -> None:
    plant.script.answers["DeleteRoutingGroup"] = pb.DeleteResponse()
    answer = plant.client().delete(f"{GROUPS}/g1")
    assert (answer.status_code, answer.content) == (204, b"")


def test_snapshots_are_passed_on_and_the_state_of_their_groups_comes_back(plant: Any) -> None:
    plant.script.answers["SaveRoutingSnapshots"] = pb.SaveRoutingSnapshotsResponse(
        accepted_snapshot_ids=["s"],
        accepted_audit_ids=["a"],
        updated_groups=[pb.RoutingGroupState(group_id="g", version=2, dirty=True, updated_at=2.0, snapshot_id="s")],
    )
    sent = {
        "snapshots": [{"id": "s", "reason": "auto", "state": {"group_id": "g"}}],
        "audits": [{"id": "a", "action": "move", "context": {"x": 1}}],
        "source": "routing",
    }
    body = plant.client().post(f"{GROUPS}/snapshots", json=sent).json()
    assert (body["accepted_snapshot_ids"], body["accepted_audit_ids"]) == (["s"], ["a"])
    assert body["updated_groups"][0]["dirty"] is True
    request = plant.script.last("SaveRoutingSnapshots")
    assert json.loads(request.snapshots[0].state_json) == {"group_id": "g"}
    assert not request.snapshots[0].HasField("version")
    assert (request.audits[0].context_json, request.source) == ('{"x":1}', "routing")


def test_a_workspace_is_stored_without_the_sections_that_were_not_sent(plant: Any) -> None:
    plant.script.answers["PutWorkspace"] = lambda request: pb.Workspace(
        document_json=request.document_json, updated_at=2.0, user="user@plant.example"
    )
    sent = {"version": 1, "layout": {"left": 320}, "unknown": 1}
    answer = plant.client().put("/api/settings/workspace", json=sent)
    assert json.loads(plant.script.last("PutWorkspace").document_json) == {"version": 1, "layout": {"left": 320}}
    assert answer.json() == {
        "version": 1,
        "layout": {"left": 320},
        **dict.fromkeys(("routing", "algorithm", "options", "access", "metadata")),
        "updated_at": "1970-01-01T00:00:02+00:00",
        "user": "user@plant.example",
    }
    assert plant.client("").get("/api/settings/workspace").status_code == 401


def test_times_that_a_planner_changed_count_in_the_columns_of_another_plant() -> None:
    schema = PlantSchema.model_validate(
        {
            "name": "Fräserei",
            "features": [{"name": "Material", "kind": "category"}],
            "routing": {"run": "Dauer", "setup": "Rüsten"},
        }
    )
    values = {"PROC_CD": "F10", "Dauer": 5.0, "RUN_TIME": 7.5, "SETUP_TIME": 2.0}
    step = pb.RoutingGroupStep(seq=1, process_code="F10", sql_values_json=json.dumps(values))
    row = operation_row(step, schema)
    assert (row["Dauer"], row["Rüsten"]) == (7.5, 2.0)
