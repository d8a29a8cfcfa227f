"""RSL groups over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from common import errors
from protos.documents.v1 import documents_pb2 as pb

GROUPS = "/api/rsl/groups"


def rsl_group(**more: Any) -> pb.RslGroup:
    step = pb.RslStep(
        id=3,
        sequence=1,
        name="선삭",
        status="ready",
        tags=["t"],
        config_json='{"m":1}',
        created_at=1.0,
        updated_at=2.0,
        rules=[pb.RslRule(id=4, rule_name="max-time", metadata_json='{"v":1}', created_at=1.0)],
    )
    return pb.RslGroup(
        **{
            "id": 1,
            "slug": "seal",
            "name": "Seal",
            "owner": "user@plant.example",
            "status": "draft",
            "created_at": 1.0,
            "updated_at": 2.0,
            "steps": [step],
            **more,
        }
    )


def test_a_group_carries_its_steps_and_rules_with_nulls_for_what_is_absent(plant: Any) -> None:
    plant.script.answers["GetRslGroup"] = rsl_group()
    body = plant.client().get(f"{GROUPS}/1").json()
    assert body["description"] is body["released_at"] is body["released_by"] is body["last_validated_at"] is None
    step = body["steps"][0]
    assert (step["sequence"], step["name"], step["config"], step["description"]) == (1, "선삭", {"m": 1}, None)
    assert step["rules"] == [
        {
            "id": 4,
            "rule_name": "max-time",
            "rule_version": None,
            "metadata": {"v": 1},
            "is_optional": False,
            "created_at": "1970-01-01T00:00:01+00:00",
        }
    ]


def test_a_list_passes_its_filters_on(plant: Any) -> None:
    plant.script.answers["ListRslGroups"] = pb.ListRslGroupsResponse(total=9, page=2, page_size=1, items=[rsl_group()])
    asked = [("page", "2"), ("page_size", "1"), ("tags", "a"), ("tags", "b"), ("status", "draft"), ("search", "sea")]
    body = plant.client().get(GROUPS, params=asked).json()
    assert (body["total"], body["page"], body["page_size"], len(body["items"])) == (9, 2, 1, 1)
    request = plant.script.last("ListRslGroups")
    assert (list(request.tags), request.status, request.search) == (["a", "b"], "draft", "sea")


def test_the_export_is_not_taken_for_a_group_number(plant: Any) -> None:
    plant.script.answers["ExportRslGroups"] = pb.ExportRslGroupsResponse(
        content="group_slug\nseal\n", content_type="text/csv; charset=utf-8", file_name="rsl-groups.csv"
    )
    answer = plant.client().get(f"{GROUPS}/export", params={"format": "csv", "include_archived": True})
    assert answer.status_code == 200
    assert answer.content.decode() == "\ufeffgroup_slug\nseal\n"
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="rsl-groups.csv"'
    request = plant.script.last("ExportRslGroups")
    assert (request.format, request.include_archived) == ("csv", True)


REFUSALS = (
    errors.NotFound("There is no RSL group 999"),
    errors.PreconditionFailed("RSL group 1 is released"),
    errors.InvalidInput("sequence 1 is taken", violations=[errors.FieldViolation("sequence", "is taken")]),
)


@pytest.mark.parametrize(
    ("rpc", "method", "path", "body"),
    [
        ("ListRslGroups", "GET", "?search=none", None),
        ("CreateRslGroup", "POST", "", {"name": "n"}),
        ("GetRslGroup", "GET", "/1", None),
        ("UpdateRslGroup", "PATCH", "/1", {"name": "n"}),
        ("DeleteRslGroup", "DELETE", "/1", None),
        ("AddRslStep", "POST", "/1/steps", {"name": "n"}),
        ("UpdateRslStep", "PATCH", "/1/steps/2", {"name": "n"}),
        ("DeleteRslStep", "DELETE", "/1/steps/2", None),
        ("AddRslRule", "POST", "/1/steps/2/rules", {"rule_name": "n"}),
        ("DeleteRslRule", "DELETE", "/1/steps/2/rules/3", None),
        ("ValidateRslGroup", "POST", "/1/validate", None),
        ("ReleaseRslGroup", "POST", "/1/release", None),
        ("RetractRslGroup", "POST", "/1/retract", None),
    ],
)
def test_what_the_service_refuses_is_a_400_with_a_text(plant: Any, rpc: str, method: str, path: str, body: Any) -> None:
    possible = {"ListRslGroups": REFUSALS[2:], "CreateRslGroup": REFUSALS[2:], "GetRslGroup": REFUSALS[:1]}.get(
        rpc, REFUSALS
    )
    for error in possible:
        plant.script.answers[rpc] = error
        answer = plant.client().request(method, GROUPS + path, json=body)
        assert answer.status_code == 400
        assert answer.json() == {"detail": error.message}


def test_only_named_fields_change_and_null_empties_a_description(plant: Any) -> None:
    plant.script.answers["UpdateRslGroup"] = rsl_group()
    plant.client().patch(f"{GROUPS}/1", json={"description": None, "tags": ["x"], "name": None})
    request = plant.script.last("UpdateRslGroup")
    assert list(request.fields) == ["description", "tags"]
    assert not request.changes.HasField("description")
    plant.script.answers["UpdateRslStep"] = pb.RslStep(id=2, sequence=5, name="n", status="ready")
    plant.client().patch(f"{GROUPS}/1/steps/2", json={"sequence": 5, "config": {"k": [1]}, "status": None})
    request = plant.script.last("UpdateRslStep")
    assert list(request.fields) == ["sequence", "config"]
    assert (request.group_id, request.step_id, request.changes.sequence) == (1, 2, 5)
    assert request.changes.config_json == '{"k":[1]}'


def test_a_step_without_sequence_goes_after_the_last_one(plant: Any) -> None:
    plant.script.answers["AddRslStep"] = pb.RslStep(id=2, sequence=7, name="n", status="draft")
    answer = plant.client().post(f"{GROUPS}/1/steps", json={"name": "n", "rules": [{"rule_name": "r"}]})
    assert (answer.status_code, answer.json()["sequence"]) == (201, 7)
    request = plant.script.last("AddRslStep")
    assert (request.step.sequence, [rule.rule_name for rule in request.step.rules]) == (0, ["r"])


@pytest.mark.parametrize("number", ["-1", str(2**63), "9" * 40])
def test_numbers_that_no_group_can_have_are_a_400(plant: Any, number: str) -> None:
    assert plant.client().get(f"{GROUPS}/{number}").status_code == 400
    assert "GetRslGroup" not in plant.script.asked


def test_an_import_reports_what_became_of_the_groups(plant: Any) -> None:
    plant.script.answers["ImportRslGroups"] = pb.ImportRslGroupsResponse(created=1, skipped=2, errors=["seal: no name"])
    answer = plant.client().post(f"{GROUPS}/import", json={"format": "json", "payload": "[]"})
    assert answer.json() == {"created": 1, "updated": 0, "skipped": 2, "errors": ["seal: no name"]}
    plant.script.answers["ImportRslGroups"] = errors.InvalidInput("The text is not JSON")
    assert plant.client().post(f"{GROUPS}/import", json={"format": "json", "payload": "{"}).status_code == 400


def test_nobody_reads_groups_without_login(plant: Any) -> None:
    for path in ("", "/1", "/export"):
        assert plant.client("").get(GROUPS + path).status_code == 401
    assert not plant.script.asked
