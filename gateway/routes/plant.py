"""`/api/plant`: what the plant calls its features, columns and weight profiles; and which plant serves."""

from __future__ import annotations

from starlette.responses import Response

from common.patience import LONGEST_CALL_SECONDS
from common.request_context import allow_more_time
from gateway.answers import json_answer
from gateway.guarded_routes import AreaRouter
from gateway.schemas.plant import PlantChoicesResponse, PlantResponse, PlantServedResponse
from gateway.state import TheGateway
from gateway.translate import plant as translate
from gateway.translate import versions
from plant.examples import unknown_plant
from protos.plants.v1 import plants_pb2 as pb
from protos.trainer.v1 import trainer_pb2

area = AreaRouter("/api/plant", "plant")


@area.user.get("", response_model=PlantResponse)
async def get_plant(gateway: TheGateway) -> Response:
    """The plant by the active input profile: features, columns and weight profiles with their words in English and Korean."""
    plant = translate.plant(gateway.plant.profile, gateway.plant.schema, gateway.plant.units)
    return json_answer({**plant, "group_sites": list(gateway.others_of_group)})


@area.user.get("/choices", response_model=PlantChoicesResponse)
async def get_plant_choices(gateway: TheGateway) -> Response:
    """The plants that can serve here: the own one, the demo, and those that come with the product to be tried."""
    plants = gateway.clients.plants
    found = await plants.call(plants.stub.List, pb.ListPlantsRequest())
    return json_answer(
        {
            "items": [translate.choice(plant) for plant in found.plants],
            "fixed": gateway.settings.dataset is not None,
            "training_by_api": gateway.settings.training_by_api,
        }
    )


@area.admin.post(
    "/choices/{name}/serve",
    response_model=PlantServedResponse,
    responses={
        202: {"description": "It is being trained for, and serves when that is done", "model": PlantServedResponse},
        403: {"description": "Not an administrator, or it has to be trained for and training by API is switched off"},
        409: {"description": "A training is running, or the installation fixes the source"},
    },
)
async def serve_plant(name: str, gateway: TheGateway) -> Response:
    """Makes a plant the one that serves; trains for it first where no version of it is here. The plant before serves until then."""
    plants, trainer = gateway.clients.plants, gateway.clients.trainer
    listed = await plants.call(plants.stub.List, pb.ListPlantsRequest())
    wanted = next((plant for plant in listed.plants if plant.name == name), None)
    if wanted is None:
        raise unknown_plant(name, (plant.name for plant in listed.plants))
    if wanted.version_name or gateway.settings.dataset is not None:
        allow_more_time(LONGEST_CALL_SECONDS)
        request = pb.ServePlantRequest(name=name, version_name=wanted.version_name)
        done = await plants.call(plants.stub.Serve, request, timeout=LONGEST_CALL_SECONDS)
        return json_answer({"name": name, "serving": True, "version_name": done.plant.version_name, "training": None})
    status = await trainer.call(trainer.stub.Run, trainer_pb2.RunRequest(plant=name, version_label=name, activate=True))
    training = versions.training(status, None)
    return json_answer({"name": name, "serving": False, "version_name": None, "training": training}, 202)
