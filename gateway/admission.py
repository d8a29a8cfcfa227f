"""How much work is in progress at a time, in items and not in requests: more waits its turn for a moment, still more is refused at once.

Small requests, large ones and those that take long have lanes of their own, so that a planner's one item is never behind somebody's ten
thousand. Within a lane people take turns, whoever has asked most.
"""

from __future__ import annotations

import asyncio
import contextvars
import math
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

from starlette.types import Receive

from common.errors import Unavailable
from common.request_context import current_caller
from gateway import figures
from gateway.failures import ClientGone

SMALL_ITEMS: Final = 20
"""Items of a request that is answered at once wherever there is a processor for it."""

LARGE_ITEMS: Final = 1000
"""Items above which the answer itself counts: it is put together in memory until it can be sent."""

ONE_REQUEST: Final = 2
"""What a request without items counts."""

STARTING_SECONDS: Final = 1.0
"""How long work is expected to take before any has ended."""


@dataclass(frozen=True)
class Capacity:
    """What a lane takes.

    Attributes:
        items: in progress.
        waiting: waiting for that.
        seconds: longest wait; what is not expected to begin by then is not let in.
    """

    items: int
    waiting: int
    seconds: float


@dataclass
class _Turn:
    """Somebody who waits."""

    items: int
    begins: asyncio.Future[None]


class Lane:
    """Work of one kind. Used on the event loop only.

    Args:
        name: for the figures.
        clock: seconds that never step.
    """

    def __init__(self, name: str, capacity: Capacity, clock: Callable[[], float] = time.monotonic) -> None:
        self.name, self.capacity = name, capacity
        self.in_progress = self.waiting = 0
        self._clock = clock
        self._turns: OrderedDict[str, deque[_Turn]] = OrderedDict()
        self._usual_seconds = STARTING_SECONDS

    def has_room(self, items: int) -> bool:
        """Whether work of so many items begins at once."""
        return not self._turns and self.in_progress + min(items, self.capacity.items) <= self.capacity.items

    def expected_wait(self) -> float:
        """Seconds until what has no room now would begin: in the time that work usually takes, the lane does all that it holds."""
        return (self.waiting / self.capacity.items + 0.5) * self._usual_seconds

    @asynccontextmanager
    async def entered(self, who: str, items: int) -> AsyncIterator[None]:
        """The block is work in progress.

        Args:
            who: people take turns by this name.
            items: what the work counts; more than the lane has is all of it.

        Raises:
            Unavailable: there is too much before it; with the seconds after which that is expected to be done.
        """
        items = min(max(1, items), self.capacity.items)
        await self._begin(who, items)
        began = self._clock()
        try:
            yield
        finally:
            share = 0.2 + 0.3 * items / self.capacity.items  # what fills the lane says most about it
            self._usual_seconds += share * (self._clock() - began - self._usual_seconds)
            self._end(items)

    async def _begin(self, who: str, items: int) -> None:
        if self.has_room(items):
            self.in_progress += items
            return
        self._make_room(who, items)
        turn = _Turn(items, asyncio.get_running_loop().create_future())
        self._turns.setdefault(who, deque()).append(turn)
        self.waiting += items
        try:
            async with asyncio.timeout(self.capacity.seconds):
                await turn.begins
        except BaseException as error:
            if turn.begins.done() and not turn.begins.cancelled() and turn.begins.exception() is None:
                self._end(items)  # its turn came in the moment in which it was given up
            else:
                self._forget(who, turn)
            if isinstance(error, TimeoutError):
                raise self._busy() from None
            raise

    def _make_room(self, who: str, items: int) -> None:
        """Refuse the new work, or what somebody asked last who has more waiting than all others."""
        while self.waiting + items > self.capacity.waiting or self.expected_wait() > self.capacity.seconds:
            most = max(self._turns, key=lambda name: self._waiting_of(name), default=who)
            if self._waiting_of(most) <= self._waiting_of(who) + items:
                raise self._busy()
            turn = self._turns[most][-1]
            self._forget(most, turn)
            turn.begins.set_exception(self._busy())

    def _waiting_of(self, who: str) -> int:
        return sum(turn.items for turn in self._turns.get(who, ()))

    def _forget(self, who: str, turn: _Turn) -> None:
        turns = self._turns.get(who)
        if turns is not None and turn in turns:
            turns.remove(turn)
            self.waiting -= turn.items
            if not turns:
                del self._turns[who]
            self._next()

    def _end(self, items: int) -> None:
        self.in_progress -= items
        self._next()

    def _next(self) -> None:
        """Begin what has its turn: the first of whoever waited longest for one, if there is room for it."""
        while self._turns:
            who, turns = next(iter(self._turns.items()))
            if self.in_progress + turns[0].items > self.capacity.items:
                return
            turn = turns.popleft()
            self.waiting -= turn.items
            del self._turns[who]
            if turns:
                self._turns[who] = turns
            if turn.begins.done():
                continue  # nobody waits for it any more
            self.in_progress += turn.items
            turn.begins.set_result(None)

    def _busy(self) -> Unavailable:
        figures.refused.labels(self.name).inc()
        seconds = max(1.0, math.ceil(self.expected_wait()))
        return Unavailable(
            f"The system has as much work as it can do: try again in {seconds:.0f} s",
            reason="TOO_BUSY",
            retry_after=seconds,
        )


class Admission:
    """The lanes of one gateway process.

    Args:
        items: items that all gateway processes together may have in progress.
        workers: gateway processes; each gets its part, and enough for one usual batch.
    """

    def __init__(self, items: int, workers: int = 1) -> None:
        own = max(500, items // workers)
        self.small = Lane("small", Capacity(max(100, 400 // workers), 4000, 5.0))
        self.large = Lane("large", Capacity(own, 3 * own, 8.0))
        self.long = Lane("long", Capacity(20_000, 40_000, 8.0))

    async def enter(self, items: int = 1, counts: int | None = None) -> None:
        """Wait until the current request's work may begin; it is in progress until the answer has been sent.

        What was admitted for the request before ends here, so that nobody keeps work waiting for more.

        Args:
            items: items of the request, by which its lane is chosen.
            counts: what it counts there; None: its items.

        Raises:
            Unavailable: there is too much work already.
            ClientGone: the client has hung up meanwhile.
        """
        exchange = _current.get()
        await exchange.work.aclose()
        lane = self.lane_for(items)
        counts = items if counts is None else counts
        work = lane.entered(current_caller().username, counts)
        if lane.has_room(counts):
            await exchange.work.enter_async_context(work)
            return
        entering = asyncio.ensure_future(exchange.work.enter_async_context(work))
        gone = asyncio.ensure_future(_hung_up(exchange.receive))
        try:
            await asyncio.wait({entering, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not entering.done():
                gone.result()
                raise ClientGone("The client has hung up before its turn came")
            entering.result()
        finally:
            for waiting in (entering, gone):
                waiting.cancel()
            await asyncio.gather(entering, gone, return_exceptions=True)

    def lane_for(self, items: int) -> Lane:
        """The lane of a request of so many items."""
        if items <= SMALL_ITEMS:
            return self.small
        return self.large if items <= LARGE_ITEMS else self.long


@dataclass(frozen=True)
class Exchange:
    """The request under way: what is in progress for it, and where its client is heard of."""

    work: AsyncExitStack
    receive: Receive


_current: contextvars.ContextVar[Exchange] = contextvars.ContextVar("routing_ml_exchange")


@asynccontextmanager
async def exchange(receive: Receive) -> AsyncIterator[None]:
    """One request and its answer: what was admitted for it has ended when the block ends."""
    async with AsyncExitStack() as work:
        token = _current.set(Exchange(work, receive))
        try:
            yield
        finally:
            _current.reset(token)


Endpoint = TypeVar("Endpoint", bound=Callable[..., object])


def admits_itself(endpoint: Endpoint) -> Endpoint:
    """Marks a route that calls `Admission.enter` itself, or whose answer has no end; all others count as one request."""
    endpoint.admits_itself = True  # type: ignore[attr-defined]
    return endpoint


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
