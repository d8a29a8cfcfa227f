"""A sketch of latencies: quantiles within a known relative error, in little room, and added up over processes and times.

A latency is counted in the bucket whose bounds are powers of one number; a bucket stands for a value no further from all that it
holds than the relative error. Two sketches are added bucket by bucket, so any number of processes gives what one would.
"""

from __future__ import annotations

import math
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

    __slots__ = ("_counts",)

    def __init__(self, counts: dict[int, int] | None = None) -> None:
        self._counts = {} if counts is None else counts

    def add(self, seconds: float) -> None:
        """Count one latency."""
        bucket = math.ceil(math.log(max(seconds, SMALLEST_SECONDS)) / _LOG_RATIO)
        self._counts[bucket] = self._counts.get(bucket, 0) + 1

    @property
    def total(self) -> int:
        """Latencies counted."""
        return sum(self._counts.values())

    def quantiles(self, shares: Iterable[float]) -> list[float]:
        """The smallest latencies in seconds that at least these shares (0 to 1, ascending) do not exceed; 0 without latencies.

        Each is within `RELATIVE_ERROR` of a latency that was counted at that rank.
        """
        ordered = sorted(self._counts.items())
        total, seen, position = self.total, 0, -1
        found = []
        for share in shares:
            while position < len(ordered) - 1 and (seen < share * total or position < 0):
                position += 1
                seen += ordered[position][1]
            found.append(_seconds(ordered[position][0]) if ordered else 0.0)
        return found

    def as_json(self) -> dict[str, Any]:
        """For another process; `sketch_of` reads it. `counts` holds every bucket from `first` to the last one with latencies."""
        first, end = (min(self._counts), max(self._counts) + 1) if self._counts else (0, 0)
        counts = [self._counts.get(bucket, 0) for bucket in range(first, end)]
        return {"relative_error": RELATIVE_ERROR, "first": first, "counts": counts}


def merged(sketches: Iterable[LatencySketch]) -> LatencySketch:
    """One sketch of what all of them counted."""
    together: dict[int, int] = {}
    for sketch in sketches:
        for bucket, count in list(sketch._counts.items()):  # another thread may count meanwhile
            together[bucket] = together.get(bucket, 0) + count
    return LatencySketch(together)


def sketch_of(stored: Mapping[str, Any]) -> LatencySketch:
    """A sketch as `LatencySketch.as_json` gave it.

    Raises:
        KeyError, TypeError, ValueError: it is of another program version.
    """
    if stored["relative_error"] != RELATIVE_ERROR:
        raise ValueError("the buckets of the latencies are others")
    return LatencySketch({bucket: count for bucket, count in enumerate(stored["counts"], stored["first"]) if count})


def _seconds(bucket: int) -> float:
    """The value that is as far from the lower bound of a bucket as from the upper one, relative to each."""
    return 2 * _RATIO**bucket / (_RATIO + 1)
