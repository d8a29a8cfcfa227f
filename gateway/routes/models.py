"""`/api/models`: what the active model looks at."""

from __future__ import annotations

from starlette.responses import Response

from common.errors import NotFound
from gateway.answers import json_answer
from gateway.guarded_routes import AreaRouter
from gateway.schemas.system import ModelFeaturesResponse
from gateway.state import TheGateway

area = AreaRouter("/api/models", "trainer")


@area.user.get("/active/features", response_model=ModelFeaturesResponse)
async def get_active_features(gateway: TheGateway) -> Response:
    """Features of the active version: weights as trained, which take part, and the stored weight profiles."""
    version = gateway.plant.serving_version()
    if not version:
        raise NotFound("No model version is active: activate one first", reason="NO_ACTIVE_VERSION")
    return json_answer(await gateway.models.feature_weights(version, None))
