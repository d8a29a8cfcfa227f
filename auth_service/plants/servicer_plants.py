"""PlantService: translates between messages and the plants that are here."""

from __future__ import annotations

from typing import Any

from auth_service.plants.known_plants import KnownPlant
from auth_service.plants.serving import ServingPlants
from common.request_context import add_log_fields, current_caller
from common.rpc.interceptor import Access
from common.rpc.server import Service
from protos.plants.v1 import plants_pb2 as pb
from protos.plants.v1 import plants_pb2_grpc


class PlantServicer(plants_pb2_grpc.PlantServiceServicer):
    """See plants.proto."""

    def __init__(self, plants: ServingPlants) -> None:
        self._plants = plants

    def service(self) -> Service:
        """How to serve it."""
        return Service(
            descriptor=pb.DESCRIPTOR.services_by_name["PlantService"],
            add=plants_pb2_grpc.add_PlantServiceServicer_to_server,
            servicer=self,
            access={"List": Access.USER, "Serve": Access.ADMIN},
        )

    async def List(self, request: pb.ListPlantsRequest, context: Any) -> pb.ListPlantsResponse:
        return pb.ListPlantsResponse(
            plants=[plant_message(plant, version) for plant, version in await self._plants.list()]
        )

    async def Serve(self, request: pb.ServePlantRequest, context: Any) -> pb.ServePlantResponse:
        add_log_fields(plant=request.name, version=request.version_name)
        plant, version = await self._plants.serve(request.name, request.version_name, current_caller())
        message = plant_message(plant, version)
        message.serving = True
        return pb.ServePlantResponse(plant=message)


def plant_message(plant: KnownPlant, version: str) -> pb.Plant:
    """A plant as a message."""
    profile, schema = plant.profile, plant.profile.plant
    return pb.Plant(
        name=plant.name,
        label=schema.label or schema.name,
        label_ko=schema.label_ko or schema.label or schema.name,
        about=profile.description,
        about_ko=profile.description_ko or profile.description,
        path=str(plant.path),
        profile_json=profile.to_json(),
        serving=plant.serving,
        version_name=version,
    )
