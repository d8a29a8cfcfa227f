"""Child processes under measurement: wall time, peak memory, unique memory."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

SAMPLE_SECONDS = 0.05


@dataclass(frozen=True)
class ChildRun:
    """How a child went: seconds of wall time, peak resident bytes of it and its descendants together, its output."""

    seconds: float
    peak_bytes: int
    output: str


def run_measured(command: Sequence[str | Path], environment: Mapping[str, str], folder: Path) -> ChildRun:
    """Run a command to its end.

    Raises:
        RuntimeError: it failed; the message has its output.
    """
    started = time.perf_counter()
    child = subprocess.Popen(
        [str(part) for part in command],
        env=dict(environment),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    peak = 0
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.is_set():
            peak = max(peak, resident_bytes_of_tree(child.pid))
            done.wait(SAMPLE_SECONDS)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    output = child.communicate()[0].decode("utf-8", "replace")
    seconds = time.perf_counter() - started
    done.set()
    watcher.join()
    if child.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} ended with code {child.returncode}:\n{output[-4000:]}")
    return ChildRun(seconds, peak, output)


def resident_bytes_of_tree(pid: int) -> int:
    """Resident memory of a process and its descendants; 0 when it is gone."""
    try:
        root = psutil.Process(pid)
        return sum(member.memory_info().rss for member in [root, *root.children(recursive=True)])
    except psutil.NoSuchProcess:
        return 0


def unique_bytes(pid: int) -> int:
    """Memory that would be freed if the process ended (unique set size)."""
    return int(psutil.Process(pid).memory_full_info().uss)
