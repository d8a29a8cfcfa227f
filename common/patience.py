"""How long a process may take: as long as it works. Not a number of seconds, which a bigger catalogue or a busy machine outgrows."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import psutil

from common.processes import IS_WINDOWS, kill_tree

LOOK_SECONDS: Final = 5.0
BUSY_SHARE: Final = 0.02
"""Share of one core above which a process works: answering the questions after its health takes less."""
BUSY_BYTES: Final = 64 * 1024


MOST_BUSY: Final = 15.0

IDLE_SECONDS: Final = 60.0
"""A process that has done nothing for so long is stuck."""
LONGEST_CALL_SECONDS: Final = 3600.0
"""Deadline of a call behind which processes work whose own patience ends much earlier when they are stuck."""


def busyness() -> float:
    """How many programs share a core of this machine now, 1 to 15: by so much everything takes longer.

    1 where that cannot be told: Windows has no such figure when its performance counters are switched off or damaged.
    """
    try:
        load = max(psutil.getloadavg()[:2])
    except (OSError, RuntimeError):
        return 1.0
    return min(MOST_BUSY, max(1.0, load / (psutil.cpu_count() or 1)))


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
        most_cpu_seconds: seconds of a core that it may take, which says more of one that works without end than the time does.
        work: what a process has done; clock: seconds; both for tests.
    """

    def __init__(
        self,
        pid: int,
        seconds: float,
        *,
        most_cpu_seconds: float = float("inf"),
        work: Callable[[int], Work] = work_of,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pid, self._seconds, self._work, self._clock = pid, seconds, work, clock
        self._looked_at = self._worked_at = clock()
        self._seen = work(pid)
        self._most_cpu_seconds = most_cpu_seconds + self._seen.cpu_seconds

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
        return now - self._worked_at > self._seconds or self._seen.cpu_seconds > self._most_cpu_seconds

    @property
    def why(self) -> str:
        """What a process did whose patience is over."""
        if self._seen.cpu_seconds > self._most_cpu_seconds:
            return "it worked without end"
        return f"it did nothing for {self._seconds:g} s"


class PatienceLost(Exception):
    """A process was ended because it did nothing, or worked without end; the text says which."""


def run_patiently(
    command: Sequence[str],
    *,
    idle_seconds: float = IDLE_SECONDS,
    most_cpu_seconds: float = float("inf"),
    **options: Any,
) -> subprocess.CompletedProcess[bytes]:
    """Run a program to its end and take what it writes, however long it works. Blocks: not on an event loop.

    Args:
        idle_seconds: it is ended when it and its descendants have done nothing for so long.
        most_cpu_seconds: it is ended when they have taken so many seconds of a core.
        options: further ones of `subprocess.Popen`, such as cwd and env.

    Raises:
        OSError: it cannot be started.
        PatienceLost: it was ended.
    """
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    )
    try:
        patience = Patience(child.pid, idle_seconds, most_cpu_seconds=most_cpu_seconds)
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                output, errors = child.communicate(timeout=min(LOOK_SECONDS, idle_seconds))
                return subprocess.CompletedProcess(command, child.returncode, output, errors)
            if patience.over:
                raise PatienceLost(patience.why)
    except BaseException:
        kill_tree(child.pid)
        child.wait()
        if not IS_WINDOWS:  # there it would wait for threads that read, and they for whoever else has the pipe
            for pipe in filter(None, (child.stdout, child.stderr)):
                pipe.close()
        raise
