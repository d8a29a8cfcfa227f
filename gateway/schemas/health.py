"""Bodies of the health routes."""

from __future__ import annotations

from typing import Any

from gateway.schemas.wire import AnswerModel


class HealthResponse(AnswerModel):
    """Whether predictions can be made: status is ok, degraded or down."""

    status: str
    detail: str | None = None


class HealthReport(AnswerModel):
    """Liveness and every dependency."""

    status: str
    live: bool
    checked_at: str
    version: str
    checks: dict[str, Any]
