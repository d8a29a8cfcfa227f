"""Starting processes again that end by themselves: after a delay that grows while they keep ending soon."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Callable, Sequence
from typing import Final

from common.exit_codes import ExitCode
from common.processes import stop_all

FIRST_DELAY_SECONDS: Final = 0.5
LONGEST_DELAY_SECONDS: Final = 30.0
STEADY_SECONDS: Final = 60.0
"""A process that lived this long is started again without delay growth from earlier deaths."""

LOOK_SECONDS: Final = 0.2

Child = subprocess.Popen[bytes]


def restart_delay(deaths: int) -> float:
    """Seconds to wait before a start after `deaths` deaths in a row, 1 or more: 0.5, 1, 2, ... up to 30."""
    return float(min(FIRST_DELAY_SECONDS * 2.0 ** min(deaths - 1, 30), LONGEST_DELAY_SECONDS))


class Restarts:
    """When one process is started again.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._deaths = 0
        self._started: float | None = None
        self._due = 0.0

    def note_start(self) -> None:
        """Note that it runs."""
        self._started = self._clock()

    def note_death(self) -> float:
        """Note that it ended by itself, or could not be started; returns the seconds until it is started again."""
        now = self._clock()
        steady = self._started is not None and now - self._started > STEADY_SECONDS
        self._started = None
        self._deaths = 1 if steady else self._deaths + 1
        delay = restart_delay(self._deaths)
        self._due = now + delay
        return delay

    @property
    def due(self) -> bool:
        """Whether the delay after the last death is over."""
        return self._clock() >= self._due


class _KeptProcess:
    """A process that is started again when it ends."""

    def __init__(self, start: Callable[[], Child]) -> None:
        self._start = start
        self._restarts = Restarts()
        self.child: Child | None = None
        self._first = True

    def start(self) -> None:
        self.child = self._start()
        self._restarts.note_start()

    def look(self) -> bool:
        """Start it again when it has ended and its delay is over; returns whether it could not start the first time."""
        if self.child is not None:
            code = self.child.poll()
            if code is None:
                return False
            if code == ExitCode.NOT_RUNNING and self._first:
                return True
            self.child, self._first = None, False
            self._restarts.note_death()
        elif self._restarts.due:
            try:
                self.start()
            except OSError:  # no memory or too many processes: later
                self._restarts.note_death()
        return False


async def keep_running(starts: Sequence[Callable[[], Child]], stop: asyncio.Event, *, grace_seconds: float) -> int:
    """Keep a process of each kind running until told to stop; returns the exit code.

    A process that ends by itself is started again (`Restarts`). One that cannot start the first time (its port is taken, a folder
    cannot be written) ends the others too, with its exit code.

    Args:
        starts: start one process each.
        grace_seconds: how long they may take to stop before they are killed.

    Raises:
        OSError: a process cannot be started the first time; the others are stopped.
    """
    kept = [_KeptProcess(start) for start in starts]
    try:
        for process in kept:
            process.start()
        while not stop.is_set():
            if any(process.look() for process in kept):
                return ExitCode.NOT_RUNNING
            try:
                await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
            except TimeoutError:
                continue
        return 0
    finally:
        children = [process.child for process in kept if process.child is not None]
        await asyncio.to_thread(stop_all, children, grace_seconds=grace_seconds)
