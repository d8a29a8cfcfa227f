"""Time of each stage of a training and the most memory that its process has had."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil


def peak_resident_bytes() -> int:
    """Most resident memory this process has had."""
    peak = getattr(psutil.Process().memory_info(), "peak_wset", None)  # Windows
    if peak is not None:
        return int(peak)
    with contextlib.suppress(
        OSError, ValueError, StopIteration
    ):  # Linux; getrusage would count what came before exec too
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) * 1024
    return int(psutil.Process().memory_info().rss)


class StageClock:
    """Adds up the seconds of named stages."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._started = time.perf_counter()

    @contextlib.contextmanager
    def measuring(self, stage: str) -> Iterator[None]:
        """Count the time of the block to `stage`."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - started

    def figures(self) -> dict[str, Any]:
        """`stages` (stage -> seconds), `total_seconds` and `peak_memory_bytes`."""
        return {
            "stages": {stage: round(value, 3) for stage, value in self.seconds.items()},
            "total_seconds": round(time.perf_counter() - self._started, 3),
            "peak_memory_bytes": peak_resident_bytes(),
        }
