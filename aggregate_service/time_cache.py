"""Time summaries that were asked for before, by the bytes of the request: the least recently used ones go first."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class AnswerCache(Generic[Answer]):
    """At most `entries` answers. For one thread (the event loop)."""

    def __init__(self, entries: int) -> None:
        self._entries = entries
        self._answers: OrderedDict[bytes, Answer] = OrderedDict()
        self.hits = 0
        self.misses = 0

    def get(self, key: bytes) -> Answer | None:
        """The answer to a request; None when it has to be computed."""
        answer = self._answers.get(key)
        if answer is None:
            self.misses += 1
            return None
        self.hits += 1
        self._answers.move_to_end(key)
        return answer

    def put(self, key: bytes, answer: Answer) -> None:
        """Remember an answer."""
        self._answers[key] = answer
        self._answers.move_to_end(key)
        if len(self._answers) > self._entries:
            self._answers.popitem(last=False)
