"""Plans, standard routings and mappings over a real channel: recorded answers, access, errors, audit."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from auth_service.store.database import Database
from auth_service.store.records import AuditRecord
from common.errors import (
    AlreadyExists,
    Conflict,
    InvalidInput,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
    ServiceError,
    Unauthenticated,
)
from protos.documents.v1 import documents_pb2 as pb

CONTENT = pb.RoutingGroupContent(
    group_name="씰  슬리브",
    item_codes=["A-1", "a-1", "B-2"],
    steps=[
        pb.RoutingGroupStep(seq=1, process_code="CNC", duration_min=0.0, variant_code="", sql_values_json='{"a":1}'),
        pb.RoutingGroupStep(seq=2, process_code="INSP"),
    ],
    connections=[pb.RoutingGroupConnection(id="e", source_node_id="a", target_node_id="b")],
    erp_required=True,
    metadata_json='{"m":[1,null]}',
)


async def test_a_workspace_belongs_to_the_person_who_calls(documents: Any) -> None:
    empty = await documents("GetWorkspace", pb.GetWorkspaceRequest())
    assert (empty.document_json, empty.user) == ("{}", "park@plant.example")
    stored = await documents("PutWorkspace", pb.PutWorkspaceRequest(document_json='{"version": 1}'))
    assert json.loads(stored.document_json) == {"version": 1}
    assert (await documents("GetWorkspace", pb.GetWorkspaceRequest(), "kim@plant.example")).document_json == "{}"
    with pytest.raises(InvalidInput):
        await documents("PutWorkspace", pb.PutWorkspaceRequest(document_json="[1]"))
    with pytest.raises(Unauthenticated):
        await documents("GetWorkspace", pb.GetWorkspaceRequest(), "")


async def test_a_routing_group_keeps_absent_and_empty_values_apart(documents: Any, database: Database) -> None:
    made = await documents("CreateRoutingGroup", pb.CreateRoutingGroupRequest(content=CONTENT))
    found = await documents("GetRoutingGroup", pb.RoutingGroupRequest(group_id=made.group_id))
    assert found == made
    assert found.content.group_name == "씰 슬리브"
    assert list(found.content.item_codes) == ["A-1", "B-2"]
    first, second = found.content.steps
    assert first.duration_min == 0.0
    assert first.HasField("variant_code")
    assert not second.HasField("duration_min")
    assert not second.HasField("variant_code")
    assert (second.sql_values_json, second.metadata_json) == ("", "")
    assert found.content.connections[0].created_by == "manual"
    assert json.loads(found.content.metadata_json) == {"m": [1, None]}
    with pytest.raises(AlreadyExists):
        await documents("CreateRoutingGroup", pb.CreateRoutingGroupRequest(content=CONTENT))
    update = pb.UpdateRoutingGroupRequest(group_id=made.group_id, version=1, content=CONTENT)
    assert (await documents("UpdateRoutingGroup", update)).version == 2
    with pytest.raises(Conflict):
        await documents("UpdateRoutingGroup", update)
    with pytest.raises(PermissionDenied):
        await documents("GetRoutingGroup", pb.RoutingGroupRequest(group_id=made.group_id), "kim@plant.example")
    page = await documents("ListRoutingGroups", pb.ListRoutingGroupsRequest(), "admin@plant.example", "admin")
    assert (page.total, page.limit, page.items[0].step_count) == (1, 20, 2)
    await documents("DeleteRoutingGroup", pb.RoutingGroupRequest(group_id=made.group_id))
    with pytest.raises(NotFound):
        await documents("DeleteRoutingGroup", pb.RoutingGroupRequest(group_id=made.group_id))
    with database.reading() as session:
        actions = list(session.scalars(select(AuditRecord.action).order_by(AuditRecord.id)))
    assert actions == ["routing_group.create", "routing_group.update", "routing_group.delete"]


async def test_of_two_editors_at_once_one_is_told_that_the_group_moved_on(documents: Any) -> None:
    made = await documents("CreateRoutingGroup", pb.CreateRoutingGroupRequest(content=CONTENT))
    update = pb.UpdateRoutingGroupRequest(group_id=made.group_id, version=1, content=CONTENT)
    answers = await asyncio.gather(*(documents("UpdateRoutingGroup", update) for _ in range(5)), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict"] * 4 + ["RoutingGroup"]
    found = await documents("GetRoutingGroup", pb.RoutingGroupRequest(group_id=made.group_id))
    assert found.version == 2


async def test_snapshots_and_the_screens_audit_entries_are_kept_once(documents: Any, database: Database) -> None:
    made = await documents("CreateRoutingGroup", pb.CreateRoutingGroupRequest(content=CONTENT))
    request = pb.SaveRoutingSnapshotsRequest(
        snapshots=[pb.RoutingSnapshot(id="s1", version=1, state_json=json.dumps({"group_id": made.group_id}))],
        audits=[pb.RoutingAudit(id="a1", action="reorder", message="moved", context_json='{"from":1}')],
        source="canvas",
    )
    for _ in range(2):
        kept = await documents("SaveRoutingSnapshots", request)
        assert (list(kept.accepted_snapshot_ids), list(kept.accepted_audit_ids)) == (["s1"], ["a1"])
        assert [(g.group_id, g.version, g.dirty) for g in kept.updated_groups] == [(made.group_id, 1, False)]
    with database.reading() as session:
        events = list(session.scalars(select(AuditRecord).where(AuditRecord.action == "ui.reorder")))
    assert [event.target for event in events] == ["a1"]
    with pytest.raises(InvalidInput) as caught:
        await documents(
            "SaveRoutingSnapshots",
            pb.SaveRoutingSnapshotsRequest(snapshots=[pb.RoutingSnapshot(id="", state_json="[")]),
        )
    assert [violation.field for violation in caught.value.violations] == ["snapshots.0.id", "snapshots.0.state"]


async def test_rsl_groups_answer_as_recorded(documents: Any) -> None:
    async def call(method: str, request: Any) -> Any:
        return await documents(method, request)

    first = await call("CreateRslGroup", pb.CreateRslGroupRequest(name="Seal sleeves", description="d", tags=["seal"]))
    second = await call("CreateRslGroup", pb.CreateRslGroupRequest(name="Seal sleeves"))
    assert (first.id, second.id, second.slug, second.HasField("description")) == (1, 2, "seal-sleeves-2", False)
    one = pb.RslGroupRequest(group_id=1)
    assert len((await call("ValidateRslGroup", one)).errors) == 1
    with pytest.raises(PreconditionFailed):
        await call("ReleaseRslGroup", one)
    step = pb.RslStep(name="Turn", sequence=1, status="ready", config_json='{"m":1}')
    assert (await call("AddRslStep", pb.AddRslStepRequest(group_id=1, step=step))).sequence == 1
    with pytest.raises(InvalidInput):
        await call("AddRslStep", pb.AddRslStepRequest(group_id=1, step=step))
    assert (await call("AddRslStep", pb.AddRslStepRequest(group_id=1, step=pb.RslStep(name="Grind")))).sequence == 2
    rules = [pb.RslRule(rule_name="max-time", rule_version="1")]
    await call("AddRslStep", pb.AddRslStepRequest(group_id=1, step=pb.RslStep(name="Inspect", rules=rules)))
    change = pb.UpdateRslStepRequest(group_id=1, step_id=1, changes=pb.RslStep(name="Turning"), fields=["name"])
    changed = await call("UpdateRslStep", change)
    assert (changed.name, changed.status, json.loads(changed.config_json)) == ("Turning", "ready", {"m": 1})
    rule = pb.RslRule(rule_name="min-setup", metadata_json='{"v":1}')
    assert (await call("AddRslRule", pb.AddRslRuleRequest(group_id=1, step_id=1, rule=rule))).id == 2
    with pytest.raises(NotFound):
        await call("DeleteRslRule", pb.RslRuleRequest(group_id=1, step_id=1, rule_id=1))
    validation = await call("ValidateRslGroup", one)
    assert (validation.is_valid, len(validation.errors)) == (False, 1)
    with pytest.raises(PreconditionFailed):
        await call("ReleaseRslGroup", one)
    await call("DeleteRslStep", pb.RslStepRequest(group_id=1, step_id=2))
    assert (await call("ValidateRslGroup", one)).is_valid
    assert (await call("ReleaseRslGroup", one)).released_by == "park@plant.example"
    assert (await call("RetractRslGroup", one)).status == "draft"
    changes = pb.RslGroup(description="new", tags=["x"])
    update = pb.UpdateRslGroupRequest(group_id=1, changes=changes, fields=["description", "tags"])
    updated = await call("UpdateRslGroup", update)
    assert (updated.name, updated.description, list(updated.tags)) == ("Seal sleeves", "new", ["x"])
    await call("DeleteRslGroup", pb.RslGroupRequest(group_id=2))
    with pytest.raises(NotFound):
        await call("DeleteRslGroup", pb.RslGroupRequest(group_id=2))
    page = await call("ListRslGroups", pb.ListRslGroupsRequest(search="seal"))
    assert (page.total, page.page, page.page_size, page.items[0]) == (1, 1, 20, await call("GetRslGroup", one))


async def test_rsl_groups_go_out_and_come_back_as_text(documents: Any) -> None:
    await documents("CreateRslGroup", pb.CreateRslGroupRequest(name="Seal"))
    for format_, media_type in (("json", "application/json"), ("csv", "text/csv; charset=utf-8")):
        out = await documents("ExportRslGroups", pb.ExportRslGroupsRequest(format=format_))
        assert (out.content_type, out.file_name) == (media_type, f"rsl-groups.{format_}")
        back = await documents("ImportRslGroups", pb.ImportRslGroupsRequest(format=format_, payload=out.content))
        assert (back.created, back.updated, back.skipped, list(back.errors)) == (0, 0, 1, [])
    for wrong in (pb.ImportRslGroupsRequest(format="json", payload="{"), pb.ImportRslGroupsRequest(format="xml")):
        with pytest.raises(InvalidInput):
            await documents("ImportRslGroups", wrong)
    with pytest.raises(InvalidInput):
        await documents("ExportRslGroups", pb.ExportRslGroupsRequest(format="xml"))


async def test_a_candidate_is_saved_in_the_state_folder(documents: Any, state_dir: Path) -> None:
    payload = json.dumps({"operations": [{"PROC_SEQ": 10, "JOB_NM": "O'Ring"}]})
    saved = await documents(
        "SaveCandidate", pb.SaveCandidateRequest(item_code="A-1", candidate_id="A-1_C01", payload_json=payload)
    )
    assert Path(saved.saved_path).parent == state_dir / "candidates"
    assert json.loads(Path(saved.saved_path).read_bytes())["saved_by"] == "park@plant.example"
    assert "O''Ring" in saved.sql_preview[1]
    with pytest.raises(InvalidInput):
        await documents(
            "SaveCandidate", pb.SaveCandidateRequest(item_code="A-1", candidate_id="../x", payload_json=payload)
        )


KIM = "kim@plant.example"


async def rsl_changes(documents: Any, made: pb.RslGroup, step: pb.RslStep, who: str) -> dict[str, str]:
    """What becomes of every change of an RSL group that somebody tries: "" or the reason of the refusal."""
    number = made.id
    rule = pb.RslRule(rule_name="r")
    tries = {
        "UpdateRslGroup": pb.UpdateRslGroupRequest(group_id=number, changes=pb.RslGroup(name="x"), fields=["name"]),
        "AddRslStep": pb.AddRslStepRequest(group_id=number, step=pb.RslStep(name="s")),
        "UpdateRslStep": pb.UpdateRslStepRequest(
            group_id=number, step_id=step.id, changes=pb.RslStep(name="t"), fields=["name"]
        ),
        "AddRslRule": pb.AddRslRuleRequest(group_id=number, step_id=step.id, rule=rule),
        "DeleteRslRule": pb.RslRuleRequest(group_id=number, step_id=step.id, rule_id=step.rules[0].id),
        "ValidateRslGroup": pb.RslGroupRequest(group_id=number),
        "ReleaseRslGroup": pb.RslGroupRequest(group_id=number),
        "RetractRslGroup": pb.RslGroupRequest(group_id=number),
        "DeleteRslStep": pb.RslStepRequest(group_id=number, step_id=step.id),
        "ShareRslGroup": pb.UpdateRslGroupRequest(group_id=number, changes=pb.RslGroup(), fields=["shared"]),
        "DeleteRslGroup": pb.RslGroupRequest(group_id=number),
    }
    outcomes = {}
    for name, request in tries.items():
        try:
            method = "UpdateRslGroup" if name == "ShareRslGroup" else name
            await documents(method, request, who, "admin" if who.startswith("admin") else "user")
            outcomes[name] = ""
        except ServiceError as refused:
            outcomes[name] = refused.reason
    return outcomes


@pytest.mark.parametrize(
    ("shared", "who", "refused"),
    [
        (False, KIM, "all"),
        (True, KIM, {"ShareRslGroup", "DeleteRslGroup"}),
        (False, "PARK@plant.example", set()),
        (False, "admin@plant.example", set()),
    ],
)
async def test_an_rsl_group_is_changed_by_its_owner_administrators_and_others_where_it_is_shared(
    shared: bool, who: str, refused: Any, documents: Any
) -> None:
    made = await documents("CreateRslGroup", pb.CreateRslGroupRequest(name="G", shared=shared))
    step = pb.RslStep(name="turn", rules=[pb.RslRule(rule_name="a")])
    step = await documents("AddRslStep", pb.AddRslStepRequest(group_id=made.id, step=step))
    assert (await documents("GetRslGroup", pb.RslGroupRequest(group_id=made.id), KIM)).shared is shared
    outcomes = await rsl_changes(documents, made, step, who)
    wanted = set(outcomes) if refused == "all" else refused
    assert {name for name, reason in outcomes.items() if reason == "NOT_THE_OWNER"} == wanted


async def test_an_import_replaces_nobody_elses_rsl_group(documents: Any) -> None:
    made = await documents("CreateRslGroup", pb.CreateRslGroupRequest(name="Seal"))
    text = json.dumps([{"name": "Seal", "slug": made.slug, "description": "mine now", "steps": []}])
    request = pb.ImportRslGroupsRequest(format="json", payload=text)
    result = await documents("ImportRslGroups", request, KIM)
    assert (result.updated, result.skipped) == (0, 1)
    assert "belongs to somebody else" in result.errors[0]
    assert (await documents("ImportRslGroups", request)).updated == 1
