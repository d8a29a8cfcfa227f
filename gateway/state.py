"""Everything that routes work with, made once a process and found through the application."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from common.identity import KeyRing, ServiceCredential
from common.settings import Settings
from common.watch import ControlFollower
from gateway.admission import Admission
from gateway.cached_facts import ModelFacts, SnapshotFacts
from gateway.event_streams import EventStreams
from gateway.figures import RecentRequests
from gateway.health import HealthChecker
from gateway.last_answers import LastAnswers
from gateway.plant_state import PlantState
from gateway.worker_figures import SharedFigures
from predicting.services import Clients


class Gateway:
    """State of one gateway process.

    Attributes:
        settings: settings of the process.
        instance: unique name of the process in the installation.
        keys: verification keys and revocations.
        plant: settings document, active version, manifest.
        recent: requests of the last hour.
        last: what `/api/metrics` repeats of the last evaluations.
        shared: figures of this and the other gateway processes.
        started_at: when the process began, seconds since 1970 UTC.
        admission: how much work is in progress.
        streams: answers without an end.
        stopping: set when the process is told to stop; answers without an end finish then.
        clients, health, models, snapshots: available between `start` and `stop`.
    """

    clients: Clients
    health: HealthChecker
    models: ModelFacts
    snapshots: SnapshotFacts

    def __init__(self, settings: Settings, instance: str) -> None:
        self.settings, self.instance = settings, instance
        self.keys = KeyRing()
        self.plant = PlantState()
        self.recent = RecentRequests()
        self.last = LastAnswers()
        self.shared = SharedFigures(settings.run_path, instance, self.recent, self.last)
        self.admission = Admission(settings.gateway_work, settings.gateway_workers)
        self.streams = EventStreams()
        self.stopping = asyncio.Event()
        self.started_at = time.time()
        self._credential = ServiceCredential.of(settings)
        self.follower: ControlFollower | None = None

    async def start(self) -> None:
        """Connect and take over the control state (the last known one when auth_service does not answer)."""
        self.clients = Clients(self.settings, self.instance, self._credential)
        self.follower = ControlFollower(
            self.settings,
            process="gateway",
            instance=self.instance,
            credential=self._credential,
            keys=self.keys,
            handlers=self.plant,
        )
        self.health = HealthChecker(self.settings, self.clients, self.follower, self.plant)
        self.models = ModelFacts(self.clients)
        self.snapshots = SnapshotFacts(self.clients)
        await self.follower.start()
        await self.shared.start()

    async def stop(self) -> None:
        """Disconnect."""
        await self.health.stop()
        await self.shared.stop()
        if self.follower is not None:
            await self.follower.stop()
        await self.clients.close()


def gateway_of(request: Request) -> Gateway:
    """The gateway that handles a request."""
    gateway: Gateway = request.app.state.gateway
    return gateway


async def _gateway(request: Request) -> Gateway:
    return gateway_of(request)


TheGateway = Annotated[Gateway, Depends(_gateway)]
"""Parameter type by which a route gets the gateway."""
