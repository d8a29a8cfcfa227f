"""aggregate_service as a program: the snapshot keeper, the servicer, and what the control state changes in them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from aggregate_service.delta_driver import DeltaDriver
from aggregate_service.plant_options import PlantOptions
from aggregate_service.servicer import AggregateServicer
from aggregate_service.snapshot import Snapshot
from aggregate_service.snapshot_keeper import SnapshotKeeper, SourceChoice
from common.errors import ServiceError
from common.logs import get_logger
from common.program import ServiceContext
from common.rpc.interceptor import Access
from common.rpc.server import Service
from common.watch import ControlHandlers
from plant.input_profile import InputProfile
from plant.output_profile import OutputProfile
from plant.schema import PlantSchema
from plant.settings import PlantSettings
from protos.aggregate.v1 import aggregate_pb2, aggregate_pb2_grpc
from protos.settings.v1 import settings_pb2
from source.serving_source import has_own_profile, note_chosen, note_profile, was_anything_chosen
from trained.artifacts import read_manifest
from trained.travel import VersionCache
from trained.travel.cache import small
from trained.version_schema import schema_of

log = get_logger(__name__)


class AggregateProgram:
    """Serves statistics over the snapshot of the configured source."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context
        self._versions = VersionCache.of(context.settings)
        self._keeper = SnapshotKeeper(context.settings, context.instance, self._serve)
        self._servicer = AggregateServicer(self._keeper, context.settings)
        self._delta = DeltaDriver(context.settings, context.caller, lambda: self._keeper.newest)
        self._version = ""
        self._profile = ""
        self._known = False

    def services(self) -> Sequence[Service]:
        """AggregateService; a refresh on demand is for administrators."""
        return [
            Service(
                aggregate_pb2.DESCRIPTOR.services_by_name["AggregateService"],
                aggregate_pb2_grpc.add_AggregateServiceServicer_to_server,
                self._servicer,
                {"Refresh": Access.ADMIN, "SuggestProfile": Access.ADMIN},
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
        early = settings.dataset or (settings.initial_dataset and not was_anything_chosen(settings))
        if early and not has_own_profile(settings):
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
        trained = await asyncio.to_thread(_schema_of, state.active, self._versions)
        misfit = trained.cannot_serve(schema) if trained is not None else ""
        known = (*columns, *schema.output_columns)
        output_profile = OutputProfile.parse(profile, known) if profile else None
        self._servicer.plant, self._servicer.output_profile = plant, output_profile
        self._servicer.trained = trained
        self._version = state.active.version_name
        if misfit and self._known:
            log.warning("the active version cannot serve with the active input profile", reason=misfit)
        else:  # what serves goes on serving until a version that fits is active
            self._profile, self._known = state.input_profile_json, True
            with contextlib.suppress(OSError):
                note_profile(self._context.settings, state.input_profile_json)
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


def _schema_of(version: settings_pb2.ActiveVersion, versions: VersionCache) -> PlantSchema | None:
    """The schema that the active version was trained with; None where there is none, or its files cannot be read here."""
    if not version.manifest_path:
        return None
    try:
        found = versions.locate(
            version.version_name, version.artifact_dir, version.manifest_path, version.manifest_sha256, small
        )
        return schema_of(read_manifest(found.manifest_path), found.folder)
    except ServiceError:
        return None
