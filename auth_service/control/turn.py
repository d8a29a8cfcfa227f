"""Taking turns: one copy of auth_service is active, the others look whether they have to take over, at last when its lease ends."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

from auth_service.control.leadership import RENEW_SECONDS, Leader, Leadership, standing_by
from common.errors import ServiceError, Unavailable
from common.finishing import ended
from common.logs import get_logger

log = get_logger(__name__)

SOON_SECONDS = 0.1
"""How soon a copy looks again while nobody is active."""
LOOK_SECONDS = 0.2
"""How soon a copy notices that its lease has ended while the database does not answer."""
REST_SECONDS = 5.0
"""How long a copy that could not begin leaves it to the others."""


class Turn:
    """Begins and ends what the active copy does.

    Args:
        begin: makes this copy serve; raises ServiceError when it cannot.
        end: makes it stop serving; called while another may already serve.
        tell: told whether this copy is well and stands by.
    """

    def __init__(
        self,
        leadership: Leadership,
        *,
        begin: Callable[[], Awaitable[None]],
        end: Callable[[], Awaitable[None]],
        tell: Callable[[bool], Awaitable[None]],
    ) -> None:
        self.leadership = leadership
        self._begin, self._end, self._tell = begin, end, tell
        self._serves = False
        self._leader: Leader | None = None
        self._watching: asyncio.Task[None] | None = None

    def check(self) -> None:
        """Refuse where this copy is not active.

        Raises:
            Unavailable: it stands by; nothing was done.
        """
        if not (self._serves and self.leadership.active):
            raise standing_by(self._leader)

    async def start(self) -> None:
        """Be active where nobody is, else stand by, and look after it from now on.

        Raises:
            ServiceError: the database does not answer, or this copy cannot serve what is in it.
        """
        await asyncio.to_thread(self.leadership.prepare)
        if await asyncio.to_thread(self.leadership.take):
            try:
                await self._begin_serving()
            except ServiceError:
                await asyncio.to_thread(self.leadership.release)
                raise
        else:
            await self._stand_by()
        self._watching = asyncio.create_task(self._watch(), name="turn")

    async def stop_watching(self) -> None:
        """Look no more; the lease is still to be released."""
        if self._watching is not None:
            await ended(self._watching)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._pause())
            try:
                await self._look()
            except Exception:
                log.exception("looking after the lease failed")

    def _pause(self) -> float:
        """Seconds until the next look: a copy that stands by looks when the lease ends by which the other is active."""
        if self._serves:
            return RENEW_SECONDS
        left = self._leader.seconds_left if self._leader is not None else 0.0
        return min(max(left, SOON_SECONDS), RENEW_SECONDS)

    async def _look(self) -> None:
        taking = asyncio.create_task(asyncio.to_thread(self.leadership.take))
        while not taking.done():
            await asyncio.wait({taking}, timeout=LOOK_SECONDS)
            if self._serves and not self.leadership.active:
                await self._step_down()
        active = taking.result()
        if active and not self._serves:
            try:
                await self._begin_serving()
            except ServiceError as error:
                log.error("this copy cannot take over", error=error.message, reason=error.reason)
                with contextlib.suppress(Exception):
                    await self._end()
                await asyncio.to_thread(self.leadership.release)
                await asyncio.sleep(REST_SECONDS)
        elif self._serves and not active:
            await self._step_down()
        elif not active:
            await self._stand_by()

    async def _begin_serving(self) -> None:
        since = time.monotonic()
        beginning = asyncio.ensure_future(self._begin())
        try:
            while not beginning.done():  # it may migrate the database, which takes longer than a lease
                await asyncio.wait({beginning}, timeout=RENEW_SECONDS)
                if not beginning.done():
                    await asyncio.to_thread(self.leadership.take)
            beginning.result()
        except BaseException:
            beginning.cancel()
            raise
        self._serves = True
        log.info("this copy is active", epoch=self.leadership.epoch, start_seconds=round(time.monotonic() - since, 3))

    async def _step_down(self) -> None:
        self._serves = False
        log.warning("this copy is not active any more", epoch=self.leadership.epoch)
        await self._end()

    async def _stand_by(self) -> None:
        """Learn who is active; a copy that cannot even ask is not well."""
        try:
            found = await asyncio.to_thread(self.leadership.leader)
        except Unavailable:
            await self._tell(False)
            return
        if found is not None and (self._leader is None or found.epoch != self._leader.epoch):
            log.info("this copy stands by", active=found.holder.partition(" ")[0], epoch=found.epoch)
        self._leader = found
        await self._tell(True)
