"""`/api/health` as older clients know it, and `/health` with every dependency."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from gateway.answers import json_answer
from gateway.guarded_routes import AreaRouter
from gateway.schemas.health import HealthReport, HealthResponse
from gateway.state import TheGateway

NOT_NOW: Final = 503
RETRY_SECONDS: Final = 5
area = AreaRouter("", "routing-ml")


@area.anybody.get("/api/health", response_model=HealthResponse, responses={503: {"model": HealthResponse}})
async def health_check(gateway: TheGateway) -> Response:
    """Tells whether predictions can be made; 503 when not."""
    health = await gateway.health.check()
    return _told({"status": health.status, "detail": health.detail}, health.http_status)


@area.anybody.get("/health", response_model=HealthReport, responses={503: {"model": HealthReport}})
async def health_report(gateway: TheGateway) -> Response:
    """Tells how each dependency stands: model and search, database, snapshot, control state; 503 when nothing can be predicted."""
    health = await gateway.health.check()
    return _told(health.as_json(), health.http_status)


@area.anybody.get("/health/live")
async def liveness() -> Response:
    """Tells that the gateway itself runs; asks nobody."""
    return json_answer({"live": True})


@area.anybody.get("/health/ready", response_model=HealthResponse, responses={503: {"model": HealthResponse}})
async def readiness(gateway: TheGateway) -> Response:
    """Tells whether requests should be sent here: 503 while nothing can be predicted or the gateway is stopping."""
    health = await gateway.health.check()
    status = 503 if gateway.stopping.is_set() else health.http_status
    return _told({"status": health.status, "detail": health.detail}, status)


PROBES: Final = frozenset(getattr(route, "path", "") for route in area.anybody.routes)
"""Paths by which the gateway is watched."""


def _told(body: dict[str, Any], status: int) -> Response:
    """The answer, which says when to ask again where things are not as they should be."""
    answer = json_answer(body, status)
    if status == NOT_NOW:
        answer.headers["retry-after"] = str(RETRY_SECONDS)
    return answer
