"""Several ann_service processes on consecutive ports, started, watched and stopped by one."""

from __future__ import annotations

import asyncio
import subprocess
import time
from dataclasses import dataclass
from typing import Final

from common.process_end import CANNOT_START
from common.processes import python_module, start_child, stop_all

LOOK_EVERY_SECONDS: Final = 0.2
STABLE_SECONDS: Final = 30.0
LONGEST_PAUSE_SECONDS: Final = 30.0


@dataclass
class Worker:
    """One process: its port, when it was started, how long to wait before it is started again."""

    port: int
    process: subprocess.Popen[bytes]
    started: float
    pause: float = 0.5
    restart_at: float | None = None
    first_run: bool = True


async def run_workers(ports: list[int], threads: int, stop: asyncio.Event, grace_seconds: float) -> int:
    """Keep a process on each port until told to stop; returns the exit code.

    A process that ends by itself is started again, after a pause that grows while it keeps ending soon. One that cannot start at
    all (its port is taken, a folder cannot be written) ends the others too, with its exit code.
    """
    workers = [Worker(port, _start(port, threads), time.monotonic()) for port in ports]
    try:
        while not stop.is_set():
            for worker in workers:
                code = worker.process.poll()
                if code == CANNOT_START and worker.first_run:
                    return CANNOT_START
                _look_after(worker, code, threads)
            try:
                await asyncio.wait_for(stop.wait(), LOOK_EVERY_SECONDS)
            except TimeoutError:
                continue
        return 0
    finally:
        await asyncio.to_thread(stop_all, [worker.process for worker in workers], grace_seconds=grace_seconds)


def _look_after(worker: Worker, code: int | None, threads: int) -> None:
    now = time.monotonic()
    if code is None:
        if now - worker.started > STABLE_SECONDS:
            worker.pause = 0.5
        return
    if worker.restart_at is None:
        worker.restart_at = now + worker.pause
        worker.pause = min(worker.pause * 2, LONGEST_PAUSE_SECONDS)
    elif now >= worker.restart_at:
        worker.process, worker.started, worker.restart_at = _start(worker.port, threads), now, None
        worker.first_run = False


def _start(port: int, threads: int) -> subprocess.Popen[bytes]:
    return start_child(python_module("ann_service", "--port", str(port), "--threads", str(threads)))
