"""`/api/audit`: events of the user interface, and the audit log for administrators."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from gateway.answers import iso_time_or_now, json_answer, no_content
from gateway.bodies import document_text, document_value
from gateway.guarded_routes import AreaRouter
from gateway.routes.auth import client_host
from gateway.schemas.workspace import AuditEvent, AuditListResponse
from gateway.state import TheGateway
from protos.auth.v1 import auth_pb2 as pb

UI_PREFIX = "ui."

area = AreaRouter("/api/audit", "workspace")


@area.anybody.post("/ui", status_code=204, response_class=Response)
async def record_ui_audit(request: Request, body: AuditEvent, gateway: TheGateway) -> Response:
    """Writes an event of the user interface to the audit log, also before log-in; too many at once are dropped."""
    auth = gateway.clients.auth
    action = body.action if body.action.startswith(UI_PREFIX) or not body.action.strip() else UI_PREFIX + body.action
    await auth.call(
        auth.stub.RecordAudit,
        pb.RecordAuditRequest(
            action=action,
            username=body.username or "",
            client_host=client_host(request),
            payload_json=document_text(body.payload or {}, "payload"),
        ),
    )
    return no_content()


@area.admin.get("/events", response_model=AuditListResponse)
async def list_audit_events(
    gateway: TheGateway,
    action: str = "",
    username: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Response:
    """Pages through the audit log, newest first, by the start of the action's name, person and time."""
    auth = gateway.clients.auth
    page = await auth.call(
        auth.stub.ListAudit,
        pb.ListAuditRequest(
            limit=limit,
            offset=offset,
            action=action,
            username=username,
            since=since.timestamp() if since else 0.0,
            until=until.timestamp() if until else 0.0,
        ),
    )
    return json_answer(
        {
            "total": page.total,
            "items": [
                {
                    "id": event.id,
                    "at": iso_time_or_now(event.at),
                    "username": event.username or None,
                    "client_host": event.client_host or None,
                    "action": event.action,
                    "target": event.target or None,
                    "request_id": event.request_id or None,
                    "payload": document_value(event.payload_json),
                }
                for event in page.events
            ],
        }
    )
