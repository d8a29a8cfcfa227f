"""Several ann_service processes on consecutive ports, started, watched and stopped by one."""

from __future__ import annotations

import asyncio
from functools import partial

from common.processes import python_module, start_child
from common.restarts import keep_running


async def run_workers(ports: list[int], threads: int, stop: asyncio.Event, grace_seconds: float) -> int:
    """Keep a process on each port until told to stop (`keep_running`); returns the exit code."""
    commands = [python_module("ann_service", "--port", str(port), "--threads", str(threads)) for port in ports]
    return await keep_running(
        [partial(start_child, command) for command in commands], stop, grace_seconds=grace_seconds
    )
