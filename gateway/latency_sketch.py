"""A sketch of latencies: quantiles within a known relative error, in little room, and added up over processes and times.

A latency is counted in the bucket whose bounds are powers of one number; a bucket stands for a value no further from all that it
holds than the relative error. Two sketches are added bucket by bucket, so any number of processes gives what one would.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Mapping
from typing import Any, Final

RELATIVE_ERROR: Final = 0.01
"""How far a quantile lies at most from the latency it stands for, as a share of that."""
SMALLEST_SECONDS: Final = 1e-6
"""Shorter latencies count as this one."""

_RATIO: Final = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_LOG_RATIO: Final = math.log(_RATIO)


class LatencySketch:
    """Counts of latencies by bucket.

    Args:
        counts: latencies by bucket, taken as they are.
    """

    __slots__ = ("_held",)

    def __init__(self, counts: dict[int, int] | None = None) -> None:
        self._held: dict[int, int] | _Ended = {} if counts is None else counts

    def add(self, seconds: float) -> None:
        """Count one latency."""
        bucket = math.ceil(math.log(max(seconds, SMALLEST_SECONDS)) / _LOG_RATIO)
        if not isinstance(self._held, dict):
            self._held = dict(self.counts())
        self._held[bucket] = self._held.get(bucket, 0) + 1

    def end(self) -> None:
        """Take as little memory as can be, as nothing is expected to be added any more."""
        ordered = sorted(self.counts())
        self._held = array("i", [bucket for bucket, _count in ordered]), array("Q", [count for _b, count in ordered])

    def counts(self) -> list[tuple[int, int]]:
        """Buckets with latencies, and how many, in no order; also while another thread counts."""
        held = self._held
        return list(held.items()) if isinstance(held, dict) else list(zip(*held, strict=True))

    @property
    def total(self) -> int:
        """Latencies counted."""
        return sum(count for _bucket, count in self.counts())

    def quantiles(self, shares: Iterable[float]) -> list[float]:
        """The smallest latencies in seconds that at least these shares (0 to 1, ascending) do not exceed; 0 without latencies.

        Each is within `RELATIVE_ERROR` of a latency that was counted at that rank.
        """
        ordered = sorted(self.counts())
        total, seen, position = self.total, 0, -1
        found = []
        for share in shares:
            while position < len(ordered) - 1 and (seen < share * total or position < 0):
                position += 1
                seen += ordered[position][1]
            found.append(_seconds(ordered[position][0]) if ordered else 0.0)
        return found

    def as_json(self) -> dict[str, Any]:
        """For another process; `sketch_of` reads it."""
        ordered = sorted(self.counts())
        return {
            "relative_error": RELATIVE_ERROR,
            "buckets": [bucket for bucket, _count in ordered],
            "counts": [count for _bucket, count in ordered],
        }


_Ended = tuple["array[int]", "array[int]"]


def merged(sketches: Iterable[LatencySketch]) -> LatencySketch:
    """One sketch of what all of them counted."""
    together: dict[int, int] = {}
    for sketch in sketches:
        for bucket, count in sketch.counts():
            together[bucket] = together.get(bucket, 0) + count
    return LatencySketch(together)


def sketch_of(stored: Mapping[str, Any]) -> LatencySketch:
    """A sketch as `LatencySketch.as_json` gave it.

    Raises:
        KeyError, TypeError, ValueError: it is of another program version.
    """
    if stored["relative_error"] != RELATIVE_ERROR:
        raise ValueError("the buckets of the latencies are others")
    return LatencySketch(dict(zip(stored["buckets"], stored["counts"], strict=True)))


def _seconds(bucket: int) -> float:
    """The value that is as far from the lower bound of a bucket as from the upper one, relative to each."""
    return 2 * _RATIO**bucket / (_RATIO + 1)
