"""The trainer service as a program: the training process, the servicer, and the settings it keeps for the next training."""

from __future__ import annotations

from collections.abc import Sequence

from common.program import ServiceContext
from common.rpc.interceptor import Access
from common.rpc.server import Service
from common.watch import ControlHandlers
from plant.input_profile import InputProfile
from plant.settings import PlantSettings
from protos.settings.v1 import settings_pb2
from protos.trainer.v1 import trainer_pb2, trainer_pb2_grpc
from trainer.servicer import TrainerServicer
from trainer.training_process import ControlSettings, TrainingProcess


class TrainerProgram:
    """Runs trainings in a child process."""

    def __init__(self, context: ServiceContext) -> None:
        self._context, self._version = context, ""
        self._process = TrainingProcess(context.settings)
        self._servicer = TrainerServicer(self._process, context.settings)

    def services(self) -> Sequence[Service]:
        """TrainerService; starting, cancelling and deleting is for administrators."""
        return [
            Service(
                trainer_pb2.DESCRIPTOR.services_by_name["TrainerService"],
                trainer_pb2_grpc.add_TrainerServiceServicer_to_server,
                self._servicer,
                dict.fromkeys(("Run", "Cancel", "ApplyRetention"), Access.ADMIN),
            )
        ]

    def control(self) -> ControlHandlers:
        """This program follows the control state itself."""
        return self

    def facts(self) -> tuple[str, int]:
        """The active version, which this process does not load, and the control revision applied."""
        return self._version, self._context.revision()

    async def start(self) -> None:
        """Ready at once: a training needs nothing but this process."""
        await self._context.set_serving(True)

    async def stop(self) -> None:
        """End a training that runs; nothing half-written stays."""
        await self._process.stop(self._context.settings.stop_grace_seconds)

    async def prepare(self, version: settings_pb2.ActiveVersion) -> None:
        """Nothing to load: this process holds no model."""

    async def abandon(self, version_name: str) -> None:
        """Nothing was loaded."""

    def serving_version(self) -> str:
        """No model serves here."""
        return ""

    async def apply(self, state: settings_pb2.ControlState) -> None:
        """Keep settings and input profile for the next training; one that runs goes on with what it began with.

        Raises:
            InvalidInput: the settings document or the input profile is not valid; what was in force stays.
        """
        self._version = state.active.version_name
        PlantSettings.parse(state.settings.document_json)
        InputProfile.parse(state.input_profile_json)
        self._servicer.control = ControlSettings(
            state.settings.document_json, state.input_profile_json, int(state.revision)
        )
