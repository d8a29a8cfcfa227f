"""How long a test waits for a state: as many seconds as a quiet machine needs at most, more where others keep the machine busy."""

from __future__ import annotations

import time
from collections.abc import Callable

from common.patience import busyness

__all__ = ["busyness", "wait_until"]


def wait_until(condition: Callable[[], bool], seconds: float, otherwise: Callable[[], str]) -> None:
    """Wait until something is so; `seconds` are those of a quiet machine.

    Raises:
        AssertionError: it is not in time; the message is what `otherwise` says.
    """
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds * busyness(), otherwise()
        time.sleep(0.05)
