"""The ann_service process without its surroundings."""

from __future__ import annotations

import time
from collections.abc import Sequence

import psutil

from ann_service.control import AnnControl
from ann_service.searcher import Searcher
from ann_service.served_model import ModelSlot
from ann_service.servicer import AnnServicer
from ann_service.sites_memory import SitesMemory
from ann_service.trial import TrialVersions
from common.program import ServiceContext
from common.rpc.interceptor import Access
from common.rpc.server import Service
from plant.settings.sections import SearchSection
from protos.ann.v1 import ann_pb2, ann_pb2_grpc
from trained.travel import VersionCache

ACCESS = {
    "Search": Access.USER,
    "SearchAsGuest": Access.GROUP,
    "SearchTrial": Access.ADMIN,
    "Encode": Access.USER,
    "Info": Access.USER,
    "AddItems": Access.ADMIN,
    "CompareItems": Access.ADMIN,
    "GetDelta": Access.SERVICE,
}


class AnnProgram:
    """Searches, and follows the control state.

    Args:
        threads: of one batch search.
    """

    def __init__(self, context: ServiceContext, threads: int) -> None:
        self._context = context
        self._ready_ms = 0.0
        self._searcher = Searcher(ModelSlot(), SearchSection().cache_entries)
        self.memory = SitesMemory(context.settings.sites_memory_bytes)
        own = context.own
        self._control = AnnControl(
            self._searcher,
            context.settings.derived_path.resolve(),
            threads,
            context.set_serving,
            self._note_ready,
            VersionCache.of(context.settings),
            site=context.settings.at_site,
            memory=own.memory if isinstance(own, AnnProgram) else None,
        )
        self._trial = TrialVersions(self._control.load)

    def services(self) -> Sequence[Service]:
        """AnnService."""
        servicer = AnnServicer(self._searcher, self._trial, lambda: self._ready_ms, self._control.summon)
        descriptor = ann_pb2.DESCRIPTOR.services_by_name["AnnService"]
        return [Service(descriptor, ann_pb2_grpc.add_AnnServiceServicer_to_server, servicer, ACCESS)]

    def control(self) -> AnnControl:
        """Who takes the control state."""
        return self._control

    def facts(self) -> tuple[str, int]:
        """Version that serves and control revision applied."""
        return self._searcher.slot.version_name, self._context.revision()

    async def start(self) -> None:
        """Nothing: the version comes with the control state."""

    async def stop(self) -> None:
        """Close the version and end the threads."""
        self._trial.close()
        self._searcher.close()
        self._control.close()

    def _note_ready(self) -> None:
        if not self._ready_ms:
            self._ready_ms = (time.time() - psutil.Process().create_time()) * 1000.0
