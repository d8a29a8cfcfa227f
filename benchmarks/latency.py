"""Latencies of repeated calls: percentiles and rate, by one client or many."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Latency:
    """Latencies of one kind of call, in milliseconds, and calls answered a second."""

    calls: int
    p50: float
    p95: float
    p99: float
    per_second: float

    @classmethod
    def of(cls, seconds: list[float], wall: float) -> Latency:
        """From the time of each call and of all together, in seconds."""
        p50, p95, p99 = np.percentile(np.array(seconds) * 1000.0, [50, 95, 99])
        return cls(
            len(seconds),
            round(float(p50), 3),
            round(float(p95), 3),
            round(float(p99), 3),
            round(len(seconds) / wall, 1),
        )


async def measure(call: Callable[[int], Awaitable[object]], *, calls: int, clients: int, warm_up: int = 20) -> Latency:
    """Make `calls` calls by `clients` clients at once, after a warm-up that does not count.

    Args:
        call: makes the call with this number (0, 1, ...).
    """
    for number in range(warm_up):
        await call(number)
    numbers = iter(range(calls))
    seconds: list[float] = []

    async def client() -> None:
        for number in numbers:
            started = time.perf_counter()
            await call(number)
            seconds.append(time.perf_counter() - started)

    started = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return Latency.of(seconds, time.perf_counter() - started)
