"""Whether the system can predict: each dependency is really asked, a model by a real search."""

from __future__ import annotations

import asyncio
import math
import struct
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import common
from common.errors import ServiceError
from common.finishing import ended
from common.identity import Caller
from common.request_context import RequestContext, enter_request, leave_request, new_request_id
from common.settings import Settings
from common.watch import ControlFollower
from gateway.answers import iso_time, now_iso
from gateway.host_checks import HostFinding, certificates, clock, disk_space
from gateway.plant_state import PlantState
from predicting.services import Clients
from protos.aggregate.v1 import aggregate_pb2
from protos.ann.v1 import ann_pb2
from protos.settings.v1 import settings_pb2
from protos.trainer.v1 import trainer_pb2

CHECK_SECONDS = 2.0
REMEMBER_SECONDS = 1.0
MOMENT_SECONDS = 0.05
STALE_SECONDS = 5.0
"""An answer is a second old at most, unless the dependencies take longer than a moment for theirs: then the last known one, if not older
than this, is given at once. A gateway or a machine at its limits still says that it lives."""


@dataclass(frozen=True)
class Check:
    """What asking one dependency gave.

    Attributes:
        ok: whether it answered as it must.
        needed: whether predictions need it.
        problem: what is wrong, for people; "" when nothing.
        facts: what it said about itself.
    """

    ok: bool
    needed: bool
    problem: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The check for `/health`."""
        return {"ok": self.ok, "needed": self.needed, "problem": self.problem or None, **self.facts}


@dataclass(frozen=True)
class Health:
    """The whole picture.

    Attributes:
        status: ok, degraded (predictions work, something else does not) or down.
        checks: by dependency.
        checked_at: ISO time.
    """

    status: str
    checks: dict[str, Check]
    checked_at: str

    @property
    def detail(self) -> str | None:
        """What is wrong, for people; None when nothing is."""
        return "; ".join(check.problem for check in self.checks.values() if check.problem) or None

    @property
    def http_status(self) -> int:
        """503 when nothing can be predicted."""
        return 503 if self.status == "down" else 200

    def as_json(self) -> dict[str, Any]:
        """The report of `/health`."""
        return {
            "status": self.status,
            "detail": self.detail,
            "live": True,
            "checked_at": self.checked_at,
            "version": common.__version__,
            "checks": {name: check.as_json() for name, check in self.checks.items()},
        }


class HealthChecker:
    """Asks the dependencies, at most once a second however often it is asked, and not twice at the same time."""

    def __init__(
        self, settings: Settings, clients: Clients, follower: ControlFollower | None, plant: PlantState
    ) -> None:
        self._settings, self._plant = settings, plant
        self._clients, self._follower = clients, follower
        self._looking: dict[str, tuple[asyncio.Task[HostFinding], float]] = {}
        self._asking: asyncio.Task[None] | None = None
        self._last: Health | None = None
        self._last_at = -math.inf

    async def check(self) -> Health:
        """The state of the system, as new as it can be had within a moment."""
        age = time.monotonic() - self._last_at
        if age > REMEMBER_SECONDS:
            if self._asking is None or self._asking.done():
                self._asking = asyncio.create_task(self._ask())
            await asyncio.wait({self._asking}, timeout=MOMENT_SECONDS if age < STALE_SECONDS else None)
            if self._asking.done():
                self._asking.result()
        assert self._last is not None
        return self._last

    async def stop(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            await ended(self._asking)

    async def _ask(self) -> None:
        self._last = await self._ask_all()
        self._last_at = time.monotonic()

    async def _ask_all(self) -> Health:
        asked = {
            "model": self._model(),
            "snapshot": self._snapshot(),
            "database": self._database(),
            "training": self._training(),
            "disk": self._host("disk", disk_space),
            "certificate": self._host("certificate", certificates),
            "clock": self._host("clock", clock),
        }
        token = enter_request(
            RequestContext(new_request_id(), Caller.nobody(), deadline=time.monotonic() + CHECK_SECONDS)
        )
        try:
            answers = await asyncio.gather(*asked.values())
        finally:
            leave_request(token)
        checks = dict(zip(asked, answers, strict=True))
        checks["control"] = self._control()
        if any(check.needed and not check.ok for check in checks.values()):
            status = "down"
        elif any(check.problem for check in checks.values()):
            status = "degraded"
        else:
            status = "ok"
        return Health(status, checks, now_iso())

    async def _model(self) -> Check:
        ann = self._clients.ann

        async def ask() -> Check:
            info = await ann.call(ann.stub.Info, ann_pb2.InfoRequest(), as_process=True)
            facts: dict[str, Any] = {"model_version": info.model_version or None, "items": info.items}
            trained = seconds_of(self._plant.manifest.get("generated_at"))
            if trained is not None:
                facts["age_seconds"] = round(time.time() - trained, 1)
            if not info.model_version:
                return Check(False, True, info.problem or "No model version is active: activate one", facts)
            vector = struct.pack("<f", 1.0 / math.sqrt(info.dimension)) * info.dimension
            search = ann_pb2.SearchRequest(vectors=ann_pb2.Vectors(dimension=info.dimension, data=vector), top_k=1)
            began = time.perf_counter()
            found = await ann.call(ann.stub.Search, search, as_process=True)
            facts["search_ms"] = round((time.perf_counter() - began) * 1000, 3)
            if not found.neighbours.item_codes:
                return Check(False, True, f"The index of {info.model_version} finds nothing", facts)
            return Check(True, True, "", facts)

        return await _guarded(ask, needed=True, name="ann_service")

    async def _snapshot(self) -> Check:
        aggregate = self._clients.aggregate

        async def ask() -> Check:
            info = await aggregate.call(
                aggregate.stub.SnapshotInfo, aggregate_pb2.SnapshotInfoRequest(), as_process=True
            )
            facts = {
                "tag": info.tag or None,
                "age_seconds": round(info.age_seconds, 1),
                "read_at": iso_time(info.read_at),
                "items": info.items,
            }
            if not info.tag:
                reading = f"The source is being read ({info.reading}, {info.reading_share:.0%})" if info.reading else ""
                return Check(False, True, reading or info.last_error or "The source has not been read yet", facts)
            if info.last_error:
                return Check(True, True, f"The last refresh failed, an older snapshot serves: {info.last_error}", facts)
            return Check(True, True, "", facts)

        return await _guarded(ask, needed=True, name="aggregate_service")

    async def _database(self) -> Check:
        settings = self._clients.settings

        async def ask() -> Check:
            document = await settings.call(settings.stub.Get, settings_pb2.GetSettingsRequest(), as_process=True)
            return Check(True, False, "", {"settings_revision": document.revision})

        return await _guarded(ask, needed=False, name="auth_service")

    async def _training(self) -> Check:
        trainer = self._clients.trainer

        async def ask() -> Check:
            status = await trainer.call(trainer.stub.Status, trainer_pb2.StatusRequest(), as_process=True)
            return Check(True, False, "", {"training": status.status})

        check = await _guarded(ask, needed=False, name="trainer")
        # Training is not installed everywhere and predictions never wait for it.
        return check if check.ok else Check(False, False, "", {"training": None, "answers": False})

    async def _host(self, name: str, look: Callable[[Settings], HostFinding]) -> Check:
        """Look at the host in a thread; a look that hangs (a share that vanished) is waited for by nobody and not begun twice."""
        task, since = self._looking.get(name) or (
            asyncio.create_task(asyncio.to_thread(look, self._settings)),
            time.monotonic(),
        )
        self._looking[name] = (task, since)
        done, _ = await asyncio.wait({task}, timeout=CHECK_SECONDS / 2)
        if not done:
            waited = time.monotonic() - since
            return Check(
                False, False, f"Looking at {name} takes {waited:.0f} s so far: a drive or share may not answer"
            )
        del self._looking[name]
        finding = task.result()
        return Check(not finding.problem, False, finding.problem, finding.facts)

    def _control(self) -> Check:
        if self._follower is None:
            return Check(True, False)
        facts = {"revision": self._follower.revision, "connected": self._follower.connected}
        if self._follower.state is None:
            return Check(False, False, "The gateway has no control state yet: auth_service has not answered", facts)
        return Check(self._follower.connected, False, "", facts)


def seconds_of(iso: object) -> float | None:
    """Seconds since 1970 of an ISO time; None where it is none."""
    try:
        return datetime.fromisoformat(str(iso)).timestamp()
    except (ValueError, OverflowError, OSError):  # no time, or one that this system cannot count
        return None


async def _guarded(ask: Callable[[], Awaitable[Check]], *, needed: bool, name: str) -> Check:
    began = time.perf_counter()
    try:
        check = await ask()
        return replace(check, facts={**check.facts, "latency_ms": round((time.perf_counter() - began) * 1000, 3)})
    except ServiceError as error:
        return Check(False, needed, error.message, {"reason": error.reason, "service": name})
