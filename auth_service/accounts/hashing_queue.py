"""A few threads for costly work, shared fairly: who brings a thousand jobs waits behind himself, not others behind him."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from common.errors import TooManyRequests
from common.finishing import finished

Result = TypeVar("Result")

LONGEST_QUEUE = 20_000
LONGEST_OF_A_GROUP = 5_000
"""Jobs that one group may have waiting; beyond them it is turned away while others still find a place."""


class HashingQueue:
    """Runs jobs on `threads` threads; waiting groups take turns.

    Args:
        threads: jobs that run at once; each password hash holds its memory for as long.
    """

    def __init__(self, threads: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="hashing")
        self._threads = self._free = threads
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self.queued = 0

    @property
    def alone(self) -> bool:
        """Whether one job at most runs and none waits."""
        return self._free >= self._threads - 1 and not self.queued

    async def run(self, group: str, job: Callable[[], Result]) -> Result:
        """The result of `job()`, run when the group's turn comes. A caller who stops waiting gives the turn to the next.

        Raises:
            TooManyRequests: the queue is full.
        """
        await self._turn(group)
        running = asyncio.get_running_loop().run_in_executor(self._executor, job)
        running.add_done_callback(lambda _done: self._release())
        return await finished(running)

    async def _turn(self, group: str) -> None:
        if self._free:
            self._free -= 1
            return
        if self.queued >= LONGEST_QUEUE or len(self._waiting.get(group, ())) >= LONGEST_OF_A_GROUP:
            raise TooManyRequests("Too many log-ins are waiting: try again in a minute", retry_after=60.0)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(group, deque()).append(turn)
        self.queued += 1
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._release()
            raise

    def _release(self) -> None:
        self._free += 1
        while self._free and self._waiting:
            group, turns = self._waiting.popitem(last=False)
            turn = turns.popleft()
            self.queued -= 1
            if turns:
                self._waiting[group] = turns
            if not turn.done():
                self._free -= 1
                turn.set_result(None)

    def close(self) -> None:
        """Finish the jobs that run."""
        self._executor.shutdown(cancel_futures=True)
