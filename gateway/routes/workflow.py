"""`/api/workflow`: the settings document, its changes and revisions."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Header, Query
from starlette.responses import Response

from common.errors import Conflict, InvalidInput
from gateway.answers import json_answer
from gateway.bodies import document_text
from gateway.failures import BadRequest, failure
from gateway.guarded_routes import AreaRouter
from gateway.schemas.workflow import (
    PlantSettingsResponse,
    RevertRequest,
    RevisionListResponse,
    WorkflowConfigPatch,
    WorkflowConfigResponse,
)
from gateway.state import Gateway, TheGateway
from gateway.translate import settings_document as translate
from plant.settings import CHANGED_MEANWHILE, UNKNOWN_NAME
from protos.settings.v1 import settings_pb2 as pb

Sections = Annotated[
    Literal["all"] | None, Query(description="all: also the sections and the revision that older clients do not know")
]
IfMatch = Annotated[str | None, Header(alias="If-Match", description="ETag of the revision that was edited")]

area = AreaRouter("/api/workflow", "workflow-graph")


@area.user.get("/graph", response_model=WorkflowConfigResponse)
async def get_workflow_graph(gateway: TheGateway, sections: Sections = None) -> Response:
    """The settings document; the header ETag holds its revision."""
    settings = gateway.clients.settings
    document = await settings.call(settings.stub.Get, pb.GetSettingsRequest())
    shown = translate.whole_view(document) if sections == "all" else translate.older_view(document)
    return json_answer(shown, headers=translate.etag(document))


@area.admin.patch("/graph", response_model=WorkflowConfigResponse)
async def patch_workflow_graph(
    body: WorkflowConfigPatch, gateway: TheGateway, sections: Sections = None, if_match: IfMatch = None
) -> Response:
    """Changes sections, live in every process before the answer. With If-Match only when nobody else changed it meanwhile (409)."""
    patch = body.model_dump(exclude_unset=True)
    patch = {name: fields for name, fields in patch.items() if fields is not None}
    if not patch:
        raise BadRequest("The change names no section, so there is nothing to do: name at least one")
    request = pb.PatchSettingsRequest(
        patch_json=document_text(patch, "The change"), expected_revision=translate.expected_revision(if_match)
    )
    settings = gateway.clients.settings
    try:
        saved = await settings.call(settings.stub.Patch, request)
    except InvalidInput as error:
        if error.reason == UNKNOWN_NAME:
            raise BadRequest(error.message, reason=error.reason) from None
        raise
    except Conflict as error:
        return await _conflict(gateway, error, patch)
    return _saved(saved, sections)


@area.user.get("/revisions", response_model=RevisionListResponse)
async def list_revisions(
    gateway: TheGateway,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    before: Annotated[int, Query(ge=0, lt=2**63)] = 0,
) -> Response:
    """Revisions of the settings, newest first, with what each changed."""
    settings = gateway.clients.settings
    found = await settings.call(settings.stub.Revisions, pb.RevisionsRequest(limit=limit, before=before))
    return json_answer({"items": [translate.revision(one) for one in found.revisions]})


@area.admin.post("/revert", response_model=PlantSettingsResponse)
async def revert_settings(body: RevertRequest, gateway: TheGateway, if_match: IfMatch = None) -> Response:
    """Makes an older revision the newest again."""
    settings = gateway.clients.settings
    request = pb.RevertRequest(revision=body.revision, expected_revision=translate.expected_revision(if_match))
    try:
        return _saved(await settings.call(settings.stub.Revert, request), "all")
    except Conflict as error:
        return await _conflict(gateway, error, {"revision": body.revision})


async def _conflict(gateway: Gateway, error: Conflict, sent: dict[str, Any]) -> Response:
    """409 with both versions: the newest document and what led to it, and what was sent.

    Raises:
        Conflict: another one than that of two editors.
    """
    if error.reason != CHANGED_MEANWHILE:
        raise error
    settings = gateway.clients.settings
    newest = pb.GetSettingsRequest(revision=int(error.details.get("current_revision", 0)))
    document = await settings.call(settings.stub.Get, newest)
    return failure(error, translate.conflict(error.details, document, sent), translate.etag(document))


def _saved(saved: pb.PatchSettingsResponse, sections: str | None) -> Response:
    headers = translate.etag(saved.document)
    if saved.unconfirmed:
        headers["x-unconfirmed"] = "; ".join(saved.unconfirmed).encode("ascii", "replace").decode("ascii")[:2000]
    shown = translate.whole_view(saved.document, saved) if sections == "all" else translate.older_view(saved.document)
    return json_answer(shown, headers=headers)
