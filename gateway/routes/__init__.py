"""HTTP routes, one module an area; each only asks the services and hands the answer to `translate`."""

from __future__ import annotations

from gateway.guarded_routes import AreaRouter
from gateway.routes import auth, health, predict, similarity, time

AREAS: tuple[AreaRouter, ...] = (
    auth.area,
    health.area,
    predict.area,
    similarity.area,
    time.area,
)
"""All areas, in the order of the OpenAPI document."""
