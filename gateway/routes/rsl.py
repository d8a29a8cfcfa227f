"""`/api/rsl/groups`: groups with steps and rule references. What is wrong with them is answered with 400, as it always was."""

from __future__ import annotations

import codecs
from typing import Annotated, Any, Literal

from fastapi import Query
from starlette.responses import Response

from common.errors import AlreadyExists, NotFound, PreconditionFailed
from gateway.answers import iso_time_or_now, json_answer, no_content
from gateway.failures import contract_says_400
from gateway.guarded_routes import AreaRouter
from gateway.schemas import rsl as bodies
from gateway.state import Gateway, TheGateway
from gateway.translate import rsl as translate
from protos.documents.v1 import documents_pb2 as pb

LARGEST_ID = 2**63 - 1
LARGEST_PAGE = 2**32 - 1

EXPORTS: dict[str, Any] = {"application/json": {"schema": {}}, "text/csv": {"schema": {"type": "string"}}}

area = AreaRouter("/api/rsl/groups", "rsl")


@area.user.get("", response_model=bodies.RslGroupListResponse)
async def list_groups(
    gateway: TheGateway,
    page: Annotated[int, Query(ge=1)] = 1,
    page_size: Annotated[int, Query(ge=1, le=200)] = 20,
    tags: Annotated[list[str] | None, Query()] = None,
    status: bodies.GroupStatus | None = None,
    search: str | None = None,
) -> Response:
    """A page of groups, newest first."""
    rsl = gateway.clients.rsl
    request = pb.ListRslGroupsRequest(
        page=min(page, LARGEST_PAGE),
        page_size=page_size,
        tags=tags or [],
        status=status or "",
        search=search or "",
    )
    with contract_says_400():
        found = await rsl.call(rsl.stub.ListRslGroups, request)
    return json_answer(
        {
            "total": found.total,
            "page": found.page,
            "page_size": found.page_size,
            "items": [translate.group(one) for one in found.items],
        }
    )


@area.user.post("", status_code=201, response_model=bodies.RslGroupModel)
async def create_group(body: bodies.RslGroupCreate, gateway: TheGateway) -> Response:
    """Creates a group; its slug is made from the name when none is given."""
    rsl = gateway.clients.rsl
    request = pb.CreateRslGroupRequest(
        name=body.name, description=body.description, tags=body.tags or [], slug=body.slug or "", shared=body.shared
    )
    with contract_says_400(AlreadyExists):
        created = await rsl.call(rsl.stub.CreateRslGroup, request)
    return json_answer(translate.group(created), 201)


@area.user.get("/export", response_class=Response, responses={200: {"content": EXPORTS}})
async def export_groups(
    gateway: TheGateway, format: Literal["json", "csv"] = "json", include_archived: bool = False
) -> Response:
    """All groups as one JSON or CSV text, as the import takes it."""
    rsl = gateway.clients.rsl
    made = await rsl.call(
        rsl.stub.ExportRslGroups, pb.ExportRslGroupsRequest(format=format, include_archived=include_archived)
    )
    mark = codecs.BOM_UTF8 if format == "csv" else b""  # by which spreadsheets know UTF-8
    return Response(
        mark + made.content.encode("utf-8"),
        media_type=made.content_type,
        headers={"content-disposition": f'attachment; filename="{made.file_name}"'},
    )


@area.user.post("/import", response_model=bodies.RslImportResult)
async def import_groups(body: bodies.RslImportRequest, gateway: TheGateway) -> Response:
    """Creates or replaces groups, by slug, from such a text."""
    rsl = gateway.clients.rsl
    with contract_says_400():
        result = await rsl.call(
            rsl.stub.ImportRslGroups, pb.ImportRslGroupsRequest(format=body.format, payload=body.payload)
        )
    return json_answer(
        {
            "created": result.created,
            "updated": result.updated,
            "skipped": result.skipped,
            "errors": list(result.errors),
        }
    )


@area.user.get("/{group_id}", response_model=bodies.RslGroupModel)
async def fetch_group(group_id: int, gateway: TheGateway) -> Response:
    """One group with its steps."""
    rsl = gateway.clients.rsl
    with contract_says_400(NotFound):
        return json_answer(translate.group(await rsl.call(rsl.stub.GetRslGroup, _group(group_id))))


@area.user.patch("/{group_id}", response_model=bodies.RslGroupModel)
async def update_group(group_id: int, body: bodies.RslGroupUpdate, gateway: TheGateway) -> Response:
    """Changes a group; what is not named stays (403 when it is somebody else's and not shared, as for every change of it)."""
    rsl = gateway.clients.rsl
    with contract_says_400(NotFound, AlreadyExists, PreconditionFailed):
        changes, fields = translate.group_changes(body)
        request = pb.UpdateRslGroupRequest(group_id=_number(group_id), changes=changes, fields=fields)
        return json_answer(translate.group(await rsl.call(rsl.stub.UpdateRslGroup, request)))


@area.user.delete("/{group_id}", status_code=204, response_class=Response)
async def delete_group(group_id: int, gateway: TheGateway) -> Response:
    """Deletes a group with its steps (403 when it is somebody else's)."""
    rsl = gateway.clients.rsl
    with contract_says_400(NotFound, PreconditionFailed):
        await rsl.call(rsl.stub.DeleteRslGroup, _group(group_id))
    return no_content()


@area.user.post("/{group_id}/steps", status_code=201, response_model=bodies.RslStepModel)
async def add_step(group_id: int, body: bodies.RslStepCreate, gateway: TheGateway) -> Response:
    """Adds a step, after the last one when it names no sequence."""
    rsl = gateway.clients.rsl
    with contract_says_400(NotFound, AlreadyExists, PreconditionFailed):
        request = pb.AddRslStepRequest(group_id=_number(group_id), step=translate.new_step(body))
        return json_answer(translate.step(await rsl.call(rsl.stub.AddRslStep, request)), 201)


@area.user.patch("/{group_id}/steps/{step_id}", response_model=bodies.RslStepModel)
async def update_step(group_id: int, step_id: int, body: bodies.RslStepUpdate, gateway: TheGateway) -> Response:
    """Changes a step; what is not named stays."""
    rsl = gateway.clients.rsl
    with contract_says_400(NotFound, AlreadyExists, PreconditionFailed):
        changes, fields = translate.step_changes(body)
        request = pb.UpdateRslStepRequest(
            group_id=_number(group_id), step_id=_number(step_id), changes=changes, fields=fields
        )
        return json_answer(translate.step(await rsl.call(rsl.stub.UpdateRslStep, request)))


@area.user.delete("/{group_id}/steps/{step_id}", status_code=204, response_class=Response)
async def delete_step(group_id: int, step_id: int, gateway: TheGateway) -> Response:
    """Deletes a step with its rules."""
    rsl = gateway.clients.rsl
    with contract_says_400(NotFound, PreconditionFailed):
        request = pb.RslStepRequest(group_id=_number(group_id), step_id=_number(step_id))
        await rsl.call(rsl.stub.DeleteRslStep, request)
    return no_content()


@area.user.post("/{group_id}/steps/{step_id}/rules", status_code=201, response_model=bodies.RslRuleRefModel)
async def add_rule(group_id: int, step_id: int, body: bodies.RslRuleRefCreate, gateway: TheGateway) -> Response:
    """Adds a rule reference to a step."""
    rsl = gateway.clients.rsl
    with contract_says_400(NotFound, AlreadyExists, PreconditionFailed):
        request = pb.AddRslRuleRequest(
            group_id=_number(group_id), step_id=_number(step_id), rule=translate.new_rule(body)
        )
        return json_answer(translate.rule(await rsl.call(rsl.stub.AddRslRule, request)), 201)


@area.user.delete("/{group_id}/steps/{step_id}/rules/{rule_id}", status_code=204, response_class=Response)
async def delete_rule(group_id: int, step_id: int, rule_id: int, gateway: TheGateway) -> Response:
    """Deletes a rule reference."""
    rsl = gateway.clients.rsl
    with contract_says_400(NotFound, PreconditionFailed):
        request = pb.RslRuleRequest(group_id=_number(group_id), step_id=_number(step_id), rule_id=_number(rule_id))
        await rsl.call(rsl.stub.DeleteRslRule, request)
    return no_content()


@area.user.post("/{group_id}/validate", response_model=bodies.RslValidationResponse)
async def validate_group(group_id: int, gateway: TheGateway) -> Response:
    """Checks a group; one without errors becomes ready."""
    rsl = gateway.clients.rsl
    with contract_says_400(NotFound, PreconditionFailed):
        found = await rsl.call(rsl.stub.ValidateRslGroup, _group(group_id))
    return json_answer(
        {
            "group_id": found.group_id,
            "is_valid": found.is_valid,
            "errors": list(found.errors),
            "validated_at": iso_time_or_now(found.validated_at),
        }
    )


@area.user.post("/{group_id}/release", response_model=bodies.RslGroupModel)
async def release_group(group_id: int, gateway: TheGateway) -> Response:
    """Releases a group that was validated without errors since its last change."""
    return await _changed(gateway, group_id, release=True)


@area.user.post("/{group_id}/retract", response_model=bodies.RslGroupModel)
async def retract_group(group_id: int, gateway: TheGateway) -> Response:
    """Takes a release back."""
    return await _changed(gateway, group_id, release=False)


async def _changed(gateway: Gateway, group_id: int, *, release: bool) -> Response:
    rsl = gateway.clients.rsl
    method = rsl.stub.ReleaseRslGroup if release else rsl.stub.RetractRslGroup
    with contract_says_400(NotFound, PreconditionFailed):
        return json_answer(translate.group(await rsl.call(method, _group(group_id))))


def _group(group_id: int) -> pb.RslGroupRequest:
    return pb.RslGroupRequest(group_id=_number(group_id))


def _number(number: int) -> int:
    if not 0 <= number <= LARGEST_ID:
        raise NotFound(f"There is no number {str(number)[:40]}")
    return number
