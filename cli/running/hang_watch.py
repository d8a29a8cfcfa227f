"""Which processes hang: they run and do not answer at all, for longer than a process may be busy.

A process that answers that it is not ready (it loads a version, its source is away) does not hang.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Final, Protocol

from common.patience import busyness

LOOK_SECONDS: Final = 5.0
PATIENCE_SECONDS: Final = 20.0
"""Silence after which a process counts as hanging. Longer than any pause of a healthy one: nothing blocks its event loop this long.
Where other programs keep the machine busy a healthy one is silent longer, by as much as its share of the cores is smaller."""


class Answers(Protocol):
    """Something that can be asked whether it answers."""

    async def answers(self) -> bool:
        """Whether it answers anything at all."""


class HangWatch:
    """Remembers since when each process is silent.

    Args:
        patience_seconds: silence after which a process counts as hanging.
    """

    def __init__(self, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._patience = patience_seconds
        self._silent_since: dict[str, float] = {}

    async def look(self, probes: Mapping[str, Answers]) -> list[str]:
        """Ask every process once; returns the names of those that hang. Processes that are not named are forgotten."""
        names = list(probes)
        asked = time.monotonic()
        answers = await asyncio.gather(*(probes[name].answers() for name in names))
        now = time.monotonic()
        silent = {name for name, answer in zip(names, answers, strict=True) if not answer}
        self._silent_since = {name: self._silent_since.get(name, asked) for name in silent}
        return [
            name for name in names if name in silent and now - self._silent_since[name] >= self._patience * busyness()
        ]

    def forget(self, name: str) -> None:
        """Begin anew with a process, which was started again."""
        self._silent_since.pop(name, None)
