"""Why a process answers and does not serve: it is still at work, or waiting does not help (a version that cannot be loaded, a source
that is away).

Such a system is started nevertheless, so that administrators can look, log in and put it right while everything else works.
"""

from __future__ import annotations

import time
from typing import Final

from cli.running.supervised_process import Launch
from common.errors import ServiceError
from common.identity import ServiceCredential
from common.rpc.client import Caller, connect
from common.settings import Settings
from protos.aggregate.v1.aggregate_pb2 import SnapshotInfoRequest
from protos.aggregate.v1.aggregate_pb2_grpc import AggregateServiceStub
from protos.ann.v1.ann_pb2 import InfoRequest
from protos.ann.v1.ann_pb2_grpc import AnnServiceStub

ASK_SECONDS: Final = 2.0
PAUSE_SECONDS: Final = 1.0
PATIENCE_SECONDS: Final = 5.0
"""How long a problem has to stand until it counts as lasting: a process may be told of something new in the meantime."""


class LastingProblem:
    """Watches one process for a problem that stays.

    Attributes:
        at_work: what it is doing until it serves, and the share that is done, 0 to 1; ("", -1) when it does not say.
    """

    def __init__(self, settings: Settings, launch: Launch) -> None:
        self._settings, self._launch = settings, launch
        self._asked_at = self._since = float("-inf")
        self._problem = ""
        self.at_work: tuple[str, float] = ("", -1.0)

    async def look(self) -> str:
        """The problem that has stood for PATIENCE_SECONDS; "" when none has. Asks the process at most once a second."""
        now = time.monotonic()
        if now - self._asked_at >= PAUSE_SECONDS:
            problem = await self._ask()
            if not problem or not self._problem:
                self._since = now
            self._problem, self._asked_at = problem, time.monotonic()
        return self._problem if self._problem and now - self._since >= PATIENCE_SECONDS else ""

    async def _ask(self) -> str:
        if self._launch.kind not in ("ann", "aggregate"):
            return ""
        channel = connect(self._settings, [self._launch.address])
        try:
            caller = Caller(self._settings, "cli", ServiceCredential.of(self._settings))
            if self._launch.kind == "ann":
                info = await caller.call(
                    AnnServiceStub(channel).Info, InfoRequest(), service="ann_service", timeout=ASK_SECONDS
                )
                return "" if info.loading else str(info.problem)
            snapshot = await caller.call(
                AggregateServiceStub(channel).SnapshotInfo,
                SnapshotInfoRequest(),
                service="aggregate_service",
                timeout=ASK_SECONDS,
            )
            if snapshot.reading:
                self.at_work = f"Reading {snapshot.reading}", float(snapshot.reading_share)
                return ""
            return "" if snapshot.tag else str(snapshot.last_error)
        except (ServiceError, OSError):
            return ""
        finally:
            await channel.close()
