"""A channel over several hosts: calls go to those that are healthy, and what may be tried again is tried on another one at once.

gRPC's own balancing over several addresses checks every certificate against one name, and waits for a host that has vanished until
keep-alive notices. Here every host has a channel of its own, verified by its own name, and is asked for its health a few times a
second while calls are made: one that falls silent is passed over, and the calls that wait for it go to another within a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import grpc
import structlog
from grpc_status import rpc_status

from common.errors import Unavailable
from common.logs import get_logger
from common.rpc.addresses import Target, resolve
from common.rpc.reached_host import Condition, PendingCall, ReachedHost

log = get_logger(__name__)

Member = TypeVar("Member")

LOOK_SECONDS = 0.3
"""How often hosts are asked for their health while calls are made."""
IDLE_LOOK_SECONDS = 2.0
RESOLVE_SECONDS = 5.0
"""How often names are looked up again."""
LOST_SECONDS = 4.0
"""How long a change waits for a host that has fallen silent."""
ROUNDS = 5
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.03, 0.5
STANDBY = "CONTROL_PLANE_STANDBY"
"""Reason by which a copy of auth_service that stands by refuses a call; nothing was done, so that any call may go to the other."""

UNSENT_WORDS = ("connections to all backends failing", "failed to connect", "handshake failed")


class BalancedChannel(grpc.aio.Channel):  # type: ignore[misc,unused-ignore]
    """Calls to whichever of several hosts answers.

    Args:
        targets: hosts, by address or by name.
        open_channel: makes a channel to one host.
        idempotent: full service name -> methods that may be tried again.
        stale: whether channels have to be made anew, since the trusted certificates have changed.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        open_channel: Callable[[Target], grpc.aio.Channel],
        idempotent: Mapping[str, Sequence[str]],
        stale: Callable[[], bool] = lambda: False,
    ) -> None:
        self._targets, self._open, self._stale = list(dict.fromkeys(targets)), open_channel, stale
        self._idempotent = {f"/{service}/{method}" for service, methods in idempotent.items() for method in methods}
        self.hosts = [self._host(target) for target in self._targets]
        self._meant: dict[Target, list[Target]] = {}
        self._turn = 0
        self._watching: asyncio.Task[None] | None = None
        self._retiring: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._looked = asyncio.Event()
        self._last_call = 0.0

    def _host(self, target: Target) -> ReachedHost:
        return ReachedHost(target, self._open(target), self._changed)

    # -- which host ------------------------------------------------------------------------------------------------------------

    def pick(self, tried: Sequence[ReachedHost] = ()) -> ReachedHost | None:
        """The next in turn among the hosts in the best condition; None when all were tried."""
        left = [host for host in self.hosts if host not in tried] if tried else self.hosts
        if not left:
            return None
        best = min(host.condition for host in left)
        usable = [host for host in left if host.condition == best]
        self._turn += 1
        return usable[self._turn % len(usable)]

    def _changed(self, host: ReachedHost) -> None:
        words = {Condition.SILENT: "host does not answer", Condition.SERVING: "host serves"}
        if (
            host.condition in words and structlog.is_configured()
        ):  # a command without a log says what it has to say itself
            log.info(words[host.condition], address=host.target.text, name=host.target.name)
        self._give_up()

    def _give_up(self) -> None:
        """Stop waiting for hosts that have fallen silent: at once for what may be asked elsewhere, after a while for the rest."""
        elsewhere = any(other.condition < Condition.SILENT for other in self.hosts)
        for silent in (other for other in self.hosts if other.condition is Condition.SILENT):
            long_since = time.monotonic() - silent.since > LOST_SECONDS
            for call in list(silent.waiting):
                if (call.again and elsewhere) or (not call.again and long_since):
                    call.give_up()

    def attend(self) -> None:
        """Look at the hosts from now on, often as long as calls are made."""
        self._last_call = time.monotonic()
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch(), name="hosts-watch")
        elif not self._wake.is_set():
            self._wake.set()

    async def settled(self) -> None:
        """Wait until every host has been asked once how it is."""
        self.attend()
        await self._looked.wait()

    async def _watch(self) -> None:
        resolved = -RESOLVE_SECONDS
        while True:
            began = time.monotonic()
            if began - resolved >= RESOLVE_SECONDS:
                resolved = began
                await self._renew()
            if len(self.hosts) > 1 or not self._looked.is_set():
                await asyncio.gather(*(host.look() for host in self.hosts), return_exceptions=True)
            self._looked.set()
            self._give_up()
            await asyncio.sleep(LOOK_SECONDS)
            if time.monotonic() - self._last_call > IDLE_LOOK_SECONDS:
                self._wake.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), IDLE_LOOK_SECONDS)

    async def _renew(self) -> None:
        """Look names up again, and make channels anew where certificates have changed."""
        found = await resolve(self._targets)
        self._meant |= found  # a name that cannot be looked up just now means what it meant before
        wanted = list(dict.fromkeys(one for target in self._targets for one in self._meant.get(target, [target])))
        known = {} if self._stale() else {host.target: host for host in self.hosts}
        before = self.hosts
        self.hosts = [known.get(target) or self._host(target) for target in wanted]
        for host in before:
            if host not in self.hosts:
                task = asyncio.create_task(host.retire())
                self._retiring.add(task)
                task.add_done_callback(self._retiring.discard)

    # -- calls -----------------------------------------------------------------------------------------------------------------

    async def ask(self, members: _Members, request: Any, timeout: float | None, options: Mapping[str, Any]) -> Any:
        """Make a unary call.

        Raises:
            grpc.aio.AioRpcError: of the host that said most.
            Unavailable: no host answers, or one has fallen silent in the middle of a change.
        """
        self.attend()
        deadline = None if timeout is None else time.monotonic() + timeout
        again = members.method in self._idempotent
        pause = FIRST_PAUSE_SECONDS
        for round_ in range(1, ROUNDS + 1):
            tried: list[ReachedHost] = []
            failure: grpc.aio.AioRpcError | None = None
            while (host := self.pick(tried)) is not None:
                tried.append(host)
                if failure is not None and not again and await self._still_silent(host):
                    continue
                left = None if deadline is None else max(deadline - time.monotonic(), 0.001)
                call = members.of(host)(request, timeout=left, **options)
                pending = PendingCall(call, again)
                host.waiting.add(pending)
                try:
                    return await call
                except asyncio.CancelledError:
                    if not pending.given_up:
                        raise
                    if not again:
                        raise Unavailable(
                            "The host that was asked does not answer any more, and whether it has done what was asked is not known: "
                            "look before you try again",
                            reason="OUTCOME_UNKNOWN",
                        ) from None
                except grpc.aio.AioRpcError as error:
                    if not self._passed_on(host, error, again):
                        raise
                    if failure is None or reason_of(error):
                        failure = error
                finally:
                    host.waiting.discard(pending)
            if failure is None:
                continue
            left_over = deadline is None or deadline - time.monotonic() > pause
            if not again or round_ == ROUNDS or not left_over:
                raise failure
            await asyncio.sleep(pause)
            pause = min(pause * 3, LONGEST_PAUSE_SECONDS)
        raise Unavailable("No host answers: try again in a moment", retry_after=1.0)

    @staticmethod
    async def _still_silent(host: ReachedHost) -> bool:
        """Whether a host is gone, so that a change which another one has refused need not wait for it in vain."""
        if host.condition is Condition.SILENT:
            await host.look()
        return host.condition is Condition.SILENT

    @staticmethod
    def _passed_on(host: ReachedHost, error: grpc.aio.AioRpcError, again: bool) -> bool:
        """Take note of a failure; returns whether another host may be asked."""
        if error.code() is grpc.StatusCode.CANCELLED:  # it stopped, and its grace was over
            return again and reason_of(error) is None
        if error.code() is not grpc.StatusCode.UNAVAILABLE:
            return False
        reason = reason_of(error)
        if reason == STANDBY:
            host.is_now(Condition.WAITING)
            return True
        if reason is None:
            host.is_now(Condition.SILENT)
            return again or any(words in (error.details() or "").lower() for words in UNSENT_WORDS)
        return again

    def stream(self, members: _Members, *arguments: Any, **options: Any) -> Any:
        """Begin a call that sends or answers a stream, on one host."""
        self.attend()
        host = self.pick()
        assert host is not None
        return members.of(host)(*arguments, **options)

    # -- grpc.aio.Channel ------------------------------------------------------------------------------------------------------

    def unary_unary(self, method: str, *arguments: Any, **options: Any) -> Any:
        return _Unary(self, _Members("unary_unary", method, arguments, options))

    def unary_stream(self, method: str, *arguments: Any, **options: Any) -> Any:
        return _Streaming(self, _Members("unary_stream", method, arguments, options))

    def stream_unary(self, method: str, *arguments: Any, **options: Any) -> Any:
        return _Streaming(self, _Members("stream_unary", method, arguments, options))

    def stream_stream(self, method: str, *arguments: Any, **options: Any) -> Any:
        return _Streaming(self, _Members("stream_stream", method, arguments, options))

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        states = {host.channel.get_state(try_to_connect) for host in self.hosts}
        ready = grpc.ChannelConnectivity.READY
        return ready if ready in states else states.pop()

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        while self.get_state() == last_observed_state:
            await asyncio.sleep(LOOK_SECONDS)

    async def channel_ready(self) -> None:
        while self.get_state(try_to_connect=True) is not grpc.ChannelConnectivity.READY:
            await asyncio.sleep(FIRST_PAUSE_SECONDS)

    async def close(self, grace: float | None = None) -> None:
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching
        for task in list(self._retiring):
            task.cancel()
        for host in self.hosts:
            await host.retire(grace)

    async def __aenter__(self) -> BalancedChannel:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()


class _Members:
    """One method on every host."""

    def __init__(self, kind: str, method: str, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> None:
        self.method = method
        self._kind, self._arguments, self._options = kind, arguments, options
        self._made: dict[int, tuple[ReachedHost, Any]] = {}

    def of(self, host: ReachedHost) -> Any:
        """The method on one host."""
        made = self._made.get(id(host))
        if made is None or made[0] is not host:
            if len(self._made) > 1000:
                self._made.clear()
            method = getattr(host.channel, self._kind)(self.method, *self._arguments, **self._options)
            made = self._made[id(host)] = (host, method)
        return made[1]


class _Unary:
    def __init__(self, channel: BalancedChannel, members: _Members) -> None:
        self._channel, self._members = channel, members

    async def __call__(self, request: Any, *, timeout: float | None = None, **options: Any) -> Any:
        return await self._channel.ask(self._members, request, timeout, options)


class _Streaming:
    def __init__(self, channel: BalancedChannel, members: _Members) -> None:
        self._channel, self._members = channel, members

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return self._channel.stream(self._members, *arguments, **options)


def reason_of(error: grpc.aio.AioRpcError) -> str | None:
    """The reason that a service of ours gave; None when gRPC itself says that the call failed."""
    from google.rpc import error_details_pb2

    try:
        status = rpc_status.from_call(error)  # type: ignore[arg-type]
    except ValueError:
        return None
    for box in status.details if status is not None else ():
        if box.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            info = error_details_pb2.ErrorInfo()
            box.Unpack(info)
            return str(info.reason)
    return None
