"""Everything that routes work with, made once a process and found through the application."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from common.identity import KeyRing, ServiceCredential
from common.request_context import current_request
from common.settings import Settings
from common.sites import others_of_group, sites_in
from common.watch import ControlFollower
from gateway.admission import Admission
from gateway.bodies import Turns
from gateway.cached_facts import ModelFacts, SnapshotFacts
from gateway.event_streams import EventStreams
from gateway.figures import RecentRequests
from gateway.health import HealthChecker
from gateway.joined_predictions import JoinedPredictions
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
        turns: of the large bodies that are read.
        streams: answers without an end.
        stopping: set when the process is told to stop; answers without an end finish then.
        clients, health, models, snapshots, joined: available between `start` and `stop`.
        sites: the same for each of several plants.
        others_of_group: sites of the same group, whose items people of this one may search, too; "" the installation's own plant.
    """

    clients: Clients
    health: HealthChecker
    models: ModelFacts
    snapshots: SnapshotFacts
    joined: JoinedPredictions

    def __init__(self, settings: Settings, instance: str, whole: Gateway | None = None) -> None:
        self.settings, self.instance = settings, instance
        self.keys = KeyRing(settings.at_site)
        self.plant = PlantState()
        self.recent = RecentRequests()
        self.last = LastAnswers()
        self.shared = SharedFigures(settings.run_path, instance, self.recent, self.last)
        self.admission: Admission = (
            whole.admission if whole else Admission(settings.gateway_work, settings.gateway_workers)
        )
        self.turns: Turns = whole.turns if whole else Turns()
        self.streams: EventStreams = whole.streams if whole else EventStreams()
        self.stopping: asyncio.Event = whole.stopping if whole else asyncio.Event()
        self.started_at = time.time()
        self._credential = ServiceCredential.of(settings)
        self.follower: ControlFollower | None = None
        self._whole = whole or self
        self.others_of_group = others_of_group(settings.sites_file, settings.at_site)
        names = () if whole else sites_in(settings.sites_file)
        self.sites: dict[str, Gateway] = {name: Gateway(settings.at(name), instance, self) for name in names}

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
        self.joined = JoinedPredictions(self.clients, len(self.settings.aggregate_addresses))
        await self.follower.start()
        await self.shared.start()
        await asyncio.gather(*(site.start() for site in self.sites.values()))

    async def stop(self) -> None:
        """Disconnect."""
        await asyncio.gather(*(site.stop() for site in self.sites.values()))
        await self.health.stop()
        await self.shared.stop()
        if self.follower is not None:
            await self.follower.stop()
        await self.clients.close()

    def of_request(self) -> Gateway:
        """What handles the current request."""
        context = current_request()
        return self.sites.get(context.site, self) if context is not None else self

    def at(self, site: str) -> Gateway:
        """What handles requests of a site; "" the installation's own plant."""
        return self._whole.sites[site] if site else self._whole


def gateway_of(request: Request) -> Gateway:
    """The gateway that handles a request: that of its site, where there are several."""
    gateway: Gateway = request.app.state.gateway
    return gateway.of_request() if gateway.sites else gateway


async def _gateway(request: Request) -> Gateway:
    return gateway_of(request)


TheGateway = Annotated[Gateway, Depends(_gateway)]
"""Parameter type by which a route gets the gateway."""
