"""HTTP routes, one module an area; each only asks the services and hands the answer to `translate`."""

from __future__ import annotations

from gateway.guarded_routes import AreaRouter
from gateway.routes import (
    access,
    audit,
    auth,
    blueprint,
    candidates,
    groups,
    health,
    mapping,
    master_data,
    metrics,
    models,
    predict,
    retention,
    routing_groups,
    rsl,
    rules,
    similarity,
    system,
    time,
    trainer,
    visualization,
    workflow,
    workspace,
)

AREAS: tuple[AreaRouter, ...] = (
    auth.area,
    health.area,
    predict.area,
    similarity.area,
    groups.area,
    time.area,
    rules.area,
    candidates.area,
    metrics.area,
    workflow.area,
    trainer.area,
    retention.area,
    workspace.area,
    audit.area,
    access.tests,
    master_data.area,
    access.area,
    rsl.area,
    routing_groups.area,
    mapping.area,
    blueprint.area,
    visualization.area,
    models.area,
    system.area,
)
"""All areas, in the order of the OpenAPI document."""
