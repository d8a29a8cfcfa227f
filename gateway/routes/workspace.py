"""`/api/settings/workspace`: one document a person."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from gateway.answers import iso_time_or_now, json_answer
from gateway.bodies import document_text, document_value
from gateway.guarded_routes import AreaRouter
from gateway.schemas.workspace import WorkspaceSettingsPayload, WorkspaceSettingsResponse
from gateway.state import TheGateway
from protos.documents.v1 import documents_pb2 as pb

SECTIONS = tuple(WorkspaceSettingsPayload.model_fields)

area = AreaRouter("/api/settings", "workspace")


@area.user.get("/workspace", response_model=WorkspaceSettingsResponse)
async def get_workspace_settings(gateway: TheGateway) -> Response:
    """The caller's workspace; empty when nothing is stored."""
    planning = gateway.clients.planning
    return _answer(await planning.call(planning.stub.GetWorkspace, pb.GetWorkspaceRequest()))


@area.user.put("/workspace", response_model=WorkspaceSettingsResponse)
async def save_workspace_settings(body: WorkspaceSettingsPayload, gateway: TheGateway) -> Response:
    """Replaces the caller's workspace."""
    planning = gateway.clients.planning
    text = document_text(body.model_dump(exclude_unset=True), "The workspace")
    return _answer(await planning.call(planning.stub.PutWorkspace, pb.PutWorkspaceRequest(document_json=text)))


def _answer(workspace: pb.Workspace) -> Response:
    stored: dict[str, Any] = document_value(workspace.document_json) or {}
    return json_answer(
        {
            **{section: stored.get(section) for section in SECTIONS},
            "updated_at": iso_time_or_now(workspace.updated_at),
            "user": workspace.user or None,
        }
    )
