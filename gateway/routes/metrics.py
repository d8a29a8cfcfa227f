"""`/api/metrics` as older clients know it, and `/metrics` for Prometheus."""

from __future__ import annotations

import asyncio
import hmac
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from common.request_context import current_caller
from gateway.answers import json_answer
from gateway.guarded_routes import AreaRouter
from gateway.installation_figures import installation_text
from gateway.security import require_admin, require_login
from gateway.state import TheGateway

area = AreaRouter("/api", "routing-ml")
scrape = AreaRouter("", "routing-ml")


@area.user.get("/metrics", response_model=dict[str, Any])
async def get_metrics(gateway: TheGateway) -> Response:
    """Figures of the last rule check and time summary, and of the cached tables."""
    cache, workers = await asyncio.gather(gateway.snapshots.caches(), gateway.shared.others())
    return json_answer(
        {
            **gateway.last.figures(one for worker in workers for one in worker.last),
            "cache": cache,
            "cache_versions": {name: figures["version"] for name, figures in cache.items()},
        }
    )


@area.admin.get("/system/metrics", response_class=Response)
async def prometheus_metrics(gateway: TheGateway) -> Response:
    """Figures of all processes of the installation in the Prometheus text format."""
    return Response(await installation_text(gateway), media_type=CONTENT_TYPE_LATEST)


@scrape.anybody.get("/metrics", response_class=Response)
async def scraped_metrics(request: Request, gateway: TheGateway) -> Response:
    """The same for a Prometheus server, which brings the token of ROUTING_ML_METRICS_TOKEN; administrators need none."""
    caller = current_caller()
    given = request.headers.get("authorization", "").partition(" ")[2].strip()
    token = gateway.settings.metrics_token
    if not (token and hmac.compare_digest(given.encode(), token.encode())):
        require_login(caller, None)
        require_admin(caller)
    return Response(await installation_text(gateway), media_type=CONTENT_TYPE_LATEST)
