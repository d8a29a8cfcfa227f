"""How long a test waits for a state: as many seconds as a quiet machine needs at most, more where others keep the machine busy."""

from __future__ import annotations

import time
from collections.abc import Callable

import psutil

MOST = 20.0


def busyness() -> float:
    """How many programs share a core now, at least 1: by so much everything takes longer."""
    return min(MOST, max(1.0, max(psutil.getloadavg()[:2]) / (psutil.cpu_count() or 1)))


def wait_until(condition: Callable[[], bool], seconds: float, otherwise: Callable[[], str]) -> None:
    """Wait until something is so; `seconds` are those of a quiet machine.

    Raises:
        AssertionError: it is not in time; the message is what `otherwise` says.
    """
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds * busyness(), otherwise()
        time.sleep(0.05)
