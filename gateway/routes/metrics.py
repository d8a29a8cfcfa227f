"""`/api/metrics` as older clients know it, and `/metrics` for Prometheus."""

from __future__ import annotations

from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from gateway.answers import json_answer
from gateway.guarded_routes import AreaRouter
from gateway.state import TheGateway

area = AreaRouter("/api", "routing-ml")


@area.user.get("/metrics", response_model=dict[str, Any])
async def get_metrics(gateway: TheGateway) -> Response:
    """Figures of the last rule check and time summary, and of the cached tables."""
    cache = await gateway.snapshots.caches()
    return json_answer(
        {
            **gateway.last.figures(),
            "cache": cache,
            "cache_versions": {name: figures["version"] for name, figures in cache.items()},
        }
    )


@area.admin.get("/system/metrics", response_class=Response)
async def prometheus_metrics() -> Response:
    """Figures of this gateway process in the Prometheus text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
