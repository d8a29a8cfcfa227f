"""How long a process may take: as long as it works. Not a number of seconds, which a bigger catalogue or a busy machine outgrows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import psutil

LOOK_SECONDS: Final = 5.0
BUSY_SHARE: Final = 0.02
"""Share of one core above which a process works: answering the questions after its health takes less."""
BUSY_BYTES: Final = 64 * 1024


MOST_BUSY: Final = 15.0


def busyness() -> float:
    """How many programs share a core of this machine now, 1 to 15: by so much everything takes longer."""
    return min(MOST_BUSY, max(1.0, psutil.getloadavg()[0] / (psutil.cpu_count() or 1)))


@dataclass(frozen=True)
class Work:
    """What a process and its descendants have done so far: seconds of a core, bytes from and to disks; who they are."""

    cpu_seconds: float
    disk_bytes: int
    members: frozenset[int]


def work_of(pid: int) -> Work:
    """The work of a process and its descendants; nothing when it is gone."""
    seconds, moved, members = 0.0, 0, set()
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.Error:
        return Work(0.0, 0, frozenset())
    for member in family:
        try:
            times = member.cpu_times()
            seconds += times.user + times.system
            members.add(member.pid)
            counters = member.io_counters()
            moved += counters.read_bytes + counters.write_bytes
        except (psutil.Error, AttributeError, RuntimeError):
            continue
    return Work(seconds, moved, frozenset(members))


class Patience:
    """Patience with one process: it is over when the process has done nothing for a while.

    Args:
        pid: the process.
        seconds: how long it may do nothing.
        work: what a process has done; clock: seconds; both for tests.
    """

    def __init__(
        self,
        pid: int,
        seconds: float,
        *,
        work: Callable[[int], Work] = work_of,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pid, self._seconds, self._work, self._clock = pid, seconds, work, clock
        self._looked_at = self._worked_at = clock()
        self._seen = work(pid)

    def renew(self) -> None:
        """Begin anew: something that the process waits for has gone on."""
        self._worked_at = self._clock()

    @property
    def over(self) -> bool:
        """Whether it has done nothing for too long."""
        now = self._clock()
        if now - self._looked_at >= LOOK_SECONDS:
            done = self._work(self._pid)
            if (
                done.members != self._seen.members
                or done.cpu_seconds - self._seen.cpu_seconds >= BUSY_SHARE * (now - self._looked_at)
                or done.disk_bytes - self._seen.disk_bytes >= BUSY_BYTES
            ):
                self._worked_at = now
            self._seen, self._looked_at = done, now
        return now - self._worked_at > self._seconds
