"""aggregate_service as a program: the snapshot keeper, the servicer, and what the control state changes in them."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from aggregate_service.delta_driver import DeltaDriver
from aggregate_service.plant_options import PlantOptions
from aggregate_service.servicer import AggregateServicer
from aggregate_service.snapshot import Snapshot
from aggregate_service.snapshot_keeper import SnapshotKeeper, SourceChoice
from common.rpc.interceptor import Access
from common.rpc.server import Service
from common.service import ServiceContext
from common.watch import ControlHandlers
from plant.input_profile import InputProfile
from plant.output_profile import OutputProfile
from plant.settings import PlantSettings
from protos.aggregate.v1 import aggregate_pb2, aggregate_pb2_grpc
from protos.settings.v1 import settings_pb2
from source.serving_source import note_chosen, was_anything_chosen


class AggregateProgram:
    """Serves statistics over the snapshot of the configured source."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context
        self._keeper = SnapshotKeeper(context.settings, context.instance, self._serve)
        self._servicer = AggregateServicer(self._keeper, context.settings)
        self._delta = DeltaDriver(context.settings, context.caller, lambda: self._keeper.newest)
        self._version = ""
        self._profile = ""

    def services(self) -> Sequence[Service]:
        """AggregateService; a refresh on demand is for administrators."""
        return [
            Service(
                aggregate_pb2.DESCRIPTOR.services_by_name["AggregateService"],
                aggregate_pb2_grpc.add_AggregateServiceServicer_to_server,
                self._servicer,
                {"Refresh": Access.ADMIN},
            )
        ]

    def control(self) -> ControlHandlers:
        """This program follows the control state itself."""
        return self

    def facts(self) -> tuple[str, int]:
        """The active version, which this process does not load, and the control revision applied."""
        return self._version, self._context.revision()

    async def start(self) -> None:
        """Watch the source; one that no setting can have replaced is served before any setting is known."""
        settings = self._context.settings
        if settings.dataset or (settings.initial_dataset and not was_anything_chosen(settings)):
            await self._choose()
        self._keeper.start()
        self._delta.start()

    async def stop(self) -> None:
        """Stop watching."""
        await self._delta.stop()
        await self._keeper.stop()

    async def prepare(self, version: settings_pb2.ActiveVersion) -> None:
        """Nothing to load: this process holds no model."""

    async def abandon(self, version_name: str) -> None:
        """Nothing was loaded."""

    def serving_version(self) -> str:
        """No model serves here."""
        return ""

    async def apply(self, state: settings_pb2.ControlState) -> None:
        """Take over the settings, the source and the input profile; look at the source again after a new version was activated.

        Raises:
            InvalidInput: the settings document or a mapping profile is not valid; what was in force stays.
        """
        plant = PlantOptions.of(PlantSettings.parse(state.settings.document_json))
        activated = bool(self._version) and state.active.version_name != self._version
        profile = state.output_profile_json
        columns = plant.document.sql.available_columns
        schema = InputProfile.parse(state.input_profile_json).plant
        known = (*columns, *schema.output_columns)
        output_profile = OutputProfile.parse(profile, known) if profile else None
        self._servicer.plant, self._servicer.output_profile = plant, output_profile
        self._profile, self._version = state.input_profile_json, state.active.version_name
        await self._choose()
        self._delta.look_again()
        if activated:
            self._keeper.look_again("training")

    async def _choose(self) -> None:
        plant = self._servicer.plant
        settings = self._context.settings
        source = plant.source(settings)
        with contextlib.suppress(OSError):
            note_chosen(settings, plant.document, source)
        choice = SourceChoice(source.path, self._profile)
        await self._keeper.choose(choice, schedule_minutes=plant.document.snapshot.refresh_minutes)

    async def _serve(self, _snapshot: Snapshot) -> None:
        self._delta.look_again()
        await self._context.set_serving(True)
