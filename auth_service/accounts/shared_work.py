"""The same costly question asked several times at once is answered once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from common.finishing import finished

Answer = TypeVar("Answer")


@dataclass
class _Running(Generic[Answer]):
    task: asyncio.Task[Answer]
    waiting: int = 0


class SharedWork(Generic[Answer]):
    """Runs one task a key at a time; who asks meanwhile gets the same answer or error. Nothing is kept once it is answered."""

    def __init__(self) -> None:
        self._running: dict[Hashable, _Running[Answer]] = {}

    async def answer(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
        """The answer of `work()`, or of the one that already runs for `key`. When nobody waits any more the work is given up."""
        running = self._running.get(key)
        if running is None:
            running = self._running[key] = _Running(asyncio.ensure_future(work()))
            running.task.add_done_callback(lambda task: self._forget(key, task))
        running.waiting += 1
        try:
            return await finished(running.task)
        finally:
            running.waiting -= 1
            if not running.waiting and not running.task.done():
                self._forget(key, running.task)
                running.task.cancel()

    def _forget(self, key: Hashable, task: asyncio.Task[Answer]) -> None:
        if key in self._running and self._running[key].task is task:
            del self._running[key]
