"""Bodies of `/api/settings/workspace` and `/api/audit`."""

from __future__ import annotations

from typing import Any

from gateway.schemas.wire import AnswerModel, RequestModel


class WorkspaceSettingsPayload(RequestModel):
    """A person's workspace to store."""

    version: int | str | None = None
    layout: dict[str, Any] | None = None
    routing: dict[str, Any] | None = None
    algorithm: dict[str, Any] | None = None
    options: dict[str, Any] | None = None
    access: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None


class WorkspaceSettingsResponse(AnswerModel):
    """A person's workspace."""

    version: int | str | None = None
    layout: dict[str, Any] | None = None
    routing: dict[str, Any] | None = None
    algorithm: dict[str, Any] | None = None
    options: dict[str, Any] | None = None
    access: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    updated_at: str
    user: str | None = None


class AuditEvent(RequestModel):
    """Something that happened in the user interface."""

    action: str
    username: str | None = None
    ip_address: str | None = None
    payload: dict[str, Any] | None = None


class AuditEntryModel(AnswerModel):
    """One entry of the audit log."""

    id: int
    at: str
    username: str | None = None
    client_host: str | None = None
    action: str
    target: str | None = None
    request_id: str | None = None
    payload: dict[str, Any] | None = None


class AuditListResponse(AnswerModel):
    """A page of the audit log, newest first."""

    total: int
    items: list[AuditEntryModel]
