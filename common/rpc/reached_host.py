"""One host that calls go to: its channel, what its last health check said, and the calls that wait for it."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import time
from collections.abc import Callable
from typing import Any

import grpc
from grpc_health.v1 import health_pb2

from common.finishing import finished
from common.rpc.addresses import Target

ANSWER_SECONDS = 0.6
"""A host that takes longer to say how it is counts as silent."""

RETIRE_SECONDS = 30.0
"""How long calls to a host that is no longer named may go on."""


class Condition(enum.IntEnum):
    """What is known of a host, the best first."""

    SERVING = 0
    UNKNOWN = 1
    WAITING = 2
    """It answers and cannot serve: it starts, stops or stands by."""
    SILENT = 3


class ReachedHost:
    """One host.

    Args:
        target: where it is.
        channel: a channel to it alone, closed by `retire`.
        on_change: told of every change of its condition.
    """

    def __init__(self, target: Target, channel: grpc.aio.Channel, on_change: Callable[[ReachedHost], None]) -> None:
        self.target, self.channel = target, channel
        self.condition = Condition.UNKNOWN
        self.since = time.monotonic()
        self.waiting: set[PendingCall] = set()
        self._on_change = on_change
        self._looking: asyncio.Task[None] | None = None
        self._check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )

    def is_now(self, condition: Condition) -> None:
        """Take note of a condition."""
        if condition is not self.condition:
            self.condition, self.since = condition, time.monotonic()
            self._on_change(self)

    async def look(self) -> None:
        """Ask it how it is; whoever asks at the same time shares the answer."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name=f"look at {self.target.text}")
        await finished(self._looking)

    async def _look(self) -> None:
        try:
            answer = await self._check(health_pb2.HealthCheckRequest(), timeout=ANSWER_SECONDS)
        except grpc.aio.AioRpcError as error:
            answers = error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
            self.is_now(Condition.WAITING if answers else Condition.SILENT)
            return
        serving = answer.status == health_pb2.HealthCheckResponse.SERVING
        self.is_now(Condition.SERVING if serving else Condition.WAITING)

    async def retire(self, grace: float | None = RETIRE_SECONDS) -> None:
        """Let the calls in flight finish, then close the channel."""
        if self._looking is not None:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking
        await self.channel.close(grace)


class PendingCall:
    """A call that may be given up because its host has fallen silent.

    Args:
        again: whether it may be made again.
    """

    def __init__(self, call: Any, again: bool) -> None:
        self._call, self.again = call, again
        self.given_up = False

    def give_up(self) -> None:
        """Stop waiting for this host."""
        self.given_up = True
        self._call.cancel()
