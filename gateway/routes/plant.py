"""`/api/plant`: what the plant calls its features, columns and weight profiles."""

from __future__ import annotations

from starlette.responses import Response

from gateway.answers import json_answer
from gateway.guarded_routes import AreaRouter
from gateway.schemas.plant import PlantResponse
from gateway.state import TheGateway
from gateway.translate import plant as translate

area = AreaRouter("/api/plant", "plant")


@area.user.get("", response_model=PlantResponse)
async def get_plant(gateway: TheGateway) -> Response:
    """The plant by the active input profile: features, columns and weight profiles with their words in English and Korean."""
    return json_answer(translate.plant(gateway.plant.profile, gateway.plant.schema))
