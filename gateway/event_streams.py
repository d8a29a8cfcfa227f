"""Answers without an end: how many there may be, and that the figures which all of them send are put together once for all."""

from __future__ import annotations

import asyncio
import collections
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

from common.errors import Unavailable
from common.finishing import finished

EACH: Final = 20
"""Streams of one person, a dashboard in a tab each, that one gateway process keeps open."""
ALL: Final = 200
"""Streams of everybody; each takes a connection for as long as it lasts."""
RETRY_SECONDS: Final = 30.0


class EventStreams:
    """The open streams of a gateway process. Used on the event loop only.

    Args:
        each, most: streams of one person, and of all.
        clock: seconds that never step.
    """

    def __init__(self, each: int = EACH, most: int = ALL, clock: Callable[[], float] = time.monotonic) -> None:
        self._each, self._most, self._clock = each, most, clock
        self._open: collections.Counter[str] = collections.Counter()
        self._news: asyncio.Task[bytes] | None = None
        self._made_at = 0.0

    @contextmanager
    def opened(self, who: str) -> Iterator[None]:
        """The block is an open stream.

        Raises:
            Unavailable: this person, or everybody together, has as many as there may be.
        """
        if self._open[who] >= self._each or self._open.total() >= self._most:
            raise Unavailable(
                f"{self._open[who]} streams of events are open for {who}, {self._open.total()} in all: close some, at most "
                f"{self._each} a person and {self._most} in all are kept",
                reason="TOO_MANY_STREAMS",
                retry_after=RETRY_SECONDS,
            )
        self._open[who] += 1
        try:
            yield
        finally:
            self._open[who] -= 1
            if not self._open[who]:
                del self._open[who]

    async def news(self, make: Callable[[], Awaitable[bytes]], fresh_seconds: float) -> bytes:
        """What all streams send, made anew when it is older than `fresh_seconds`; who asks while it is made waits for the same."""
        made = self._news
        if made is None or (made.done() and self._clock() - self._made_at >= fresh_seconds):
            self._made_at = self._clock()
            made = self._news = asyncio.ensure_future(make())
        try:
            return await finished(made)
        except BaseException:
            if made.done() and self._news is made:
                self._news = None
            raise
