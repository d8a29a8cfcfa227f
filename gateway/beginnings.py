"""Requests begin one after the other, and in between the event loop reads what has come: three hundred that come in the same moment are
worked on for as long as before, but nobody who comes behind them has to wait until all of them have begun.

Small ones do not wait for large ones, which get every fourth turn all the same.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from starlette.types import Scope

BEGINNINGS: Final = "routing_ml_beginnings"
"""Key in the ASGI scope."""

SMALL_BYTES: Final = 4 * 1024
"""Size of a body that takes no longer to read than a request takes anyway."""

SMALL_ONES_FIRST: Final = 3
"""Small requests that begin before a large one whose turn it is."""


class Beginnings:
    """The beginnings of one process. Used on the event loop only."""

    def __init__(self) -> None:
        self._small: deque[asyncio.Future[None]] = deque()
        self._large: deque[asyncio.Future[None]] = deque()
        self._since_large = 0
        self._begun: asyncio.Handle | None = None

    async def turn(self, size: int) -> None:
        """Wait until no other has begun since the event loop has read last.

        Args:
            size: bytes of the request's body.
        """
        loop = asyncio.get_running_loop()
        if self._begun is None:
            self._begun = loop.call_soon(self._next)
            return
        mine: asyncio.Future[None] = loop.create_future()
        (self._small if size <= SMALL_BYTES else self._large).append(mine)
        await mine

    def _next(self) -> None:
        """Let one begin: what wakes it now runs when the loop has read."""
        self._begun = None
        while self._small or self._large:
            of_large = not self._small or (bool(self._large) and self._since_large >= SMALL_ONES_FIRST)
            self._since_large = 0 if of_large else self._since_large + 1
            one = (self._large if of_large else self._small).popleft()
            if not one.done():  # who has hung up has no turn
                one.set_result(None)
                self._begun = asyncio.get_running_loop().call_soon(self._next)
                return


async def begin(scope: Scope, size: int) -> None:
    """Wait for the turn of a request that passed the request middleware; others have none to wait for."""
    beginnings = scope.get(BEGINNINGS)
    if beginnings is not None:
        await beginnings.turn(size)
