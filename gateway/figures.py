"""Figures of the requests this gateway process answered: for Prometheus, and the last hour for the dashboard."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson
from prometheus_client import Counter, Histogram

from common.rpc.metrics import BUCKETS
from gateway.latency_sketch import LatencySketch, merged, sketch_of

BIN_SECONDS = 10
KEPT_BINS = 360
CLIENT_GONE = 499
"""Status of a request whose client did not wait for the answer: neither failed nor refused."""

requests = Counter("routing_http_requests", "Requests answered", ["method", "route", "status"])
site_requests = Counter("routing_site_requests", "Requests answered for each site", ["site", "status"])
refused = Counter("routing_http_refused", "Requests refused because there was too much work", ["lane"])
seconds = Histogram("routing_http_seconds", "Time of a request inside the gateway", ["route"], buckets=BUCKETS)


@dataclass
class Bin:
    """Requests of ten seconds.

    Attributes:
        start: seconds since 1970 UTC.
        latencies: how long they took.
        total_seconds: sum of their latencies.
        failed: answers with status 500 or above.
        refused: answers with status 400 to 499.
    """

    start: int
    latencies: LatencySketch = field(default_factory=LatencySketch)
    total_seconds: float = 0.0
    failed: int = 0
    refused: int = 0

    def as_json(self) -> dict[str, Any]:
        """For another process; `bins_of` reads it."""
        return {
            "start": self.start,
            "latencies": self.latencies.as_json(),
            "total_seconds": self.total_seconds,
            "failed": self.failed,
            "refused": self.refused,
        }


class RecentRequests:
    """Requests to `/api/*` of the last hour in bins of ten seconds."""

    def __init__(self) -> None:
        self._bins: deque[Bin] = deque(maxlen=KEPT_BINS)
        self._ended: deque[orjson.Fragment] = deque(
            maxlen=KEPT_BINS - 1
        )  # written once: nothing is added to them any more

    def add(self, elapsed: float, status: int, at: float | None = None) -> None:
        """Count one request; `elapsed` in seconds."""
        start = int((time.time() if at is None else at) // BIN_SECONDS) * BIN_SECONDS
        if not self._bins or self._bins[-1].start != start:
            for last in list(self._bins)[-1:]:
                last.latencies.end()
                self._ended.append(_written(last))
            self._bins.append(Bin(start))
        current = self._bins[-1]
        current.latencies.add(elapsed)
        current.total_seconds += elapsed
        current.failed += status >= 500
        current.refused += 400 <= status < CLIENT_GONE

    def history(self, last_seconds: int = 3600, others: Iterable[Bin] = ()) -> list[dict[str, float]]:
        """One entry for ten seconds with requests, oldest first: at, requests, error_rate (0 to 1), mean, p50, p95 and p99 in ms.

        Args:
            others: what the other gateway processes counted.
        """
        together: dict[int, list[Bin]] = {}
        for one in self._since(last_seconds, others):
            together.setdefault(one.start, []).append(one)
        return [{"at": float(start), **summary(together[start])} for start in sorted(together)]

    def summary(self, last_seconds: int = 300, others: Iterable[Bin] = ()) -> dict[str, float]:
        """The same figures over the last seconds."""
        return summary(self._since(last_seconds, others))

    def as_json(self) -> list[Any]:
        """The bins for the other processes, for orjson; `bins_of` reads them."""
        return [*self._ended, *(one.as_json() for one in list(self._bins)[-1:])]

    def _since(self, last_seconds: int, others: Iterable[Bin]) -> list[Bin]:
        since = time.time() - last_seconds
        return [one for one in [*self._bins, *others] if one.start + BIN_SECONDS > since]


def _written(one: Bin) -> orjson.Fragment:
    """A bin as JSON. orjson leaves its whole buffer of 64 kB with what it returns, which a copy does not."""
    return orjson.Fragment(bytes(memoryview(orjson.dumps(one.as_json()))))


def bins_of(stored: Iterable[dict[str, Any]]) -> list[Bin]:
    """Bins as `RecentRequests.as_json` gave them.

    Raises:
        KeyError, TypeError, ValueError: they are of another program version.
    """
    return [Bin(**{**one, "latencies": sketch_of(one["latencies"])}) for one in stored]


def summary(bins: list[Bin]) -> dict[str, float]:
    """Requests, error rate (0 to 1), mean and quantiles (milliseconds, to the microsecond) over bins."""
    latencies = merged(one.latencies for one in bins)
    total = latencies.total
    elapsed = sum(one.total_seconds for one in bins)
    p50, p95, p99 = (round(seconds * 1000, 3) for seconds in latencies.quantiles((0.50, 0.95, 0.99)))
    return {
        "requests": total,
        "error_rate": sum(one.failed for one in bins) / total if total else 0.0,
        "refused": sum(one.refused for one in bins),
        "mean_ms": round(elapsed / total * 1000, 3) if total else 0.0,
        "p50_ms": p50,
        "p95_ms": p95,
        "p99_ms": p99,
    }
