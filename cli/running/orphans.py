"""Processes that a killed supervisor left behind: ended before the next start, recognised by process id and start time."""

from __future__ import annotations

import time
from typing import Final

from cli.running.run_record import RunRecord
from common.processes import ask_to_stop, is_running, kill_tree

GRACE_SECONDS: Final = 4.0
"""For requests in flight."""


def living_orphans(record: RunRecord | None) -> list[int]:
    """Process ids of the record's processes that live although their supervisor does not."""
    if record is None or record.alive:
        return []
    return [p.pid for p in record.processes if p.pid and is_running(p.pid, p.started_at)]


def end_orphans(record: RunRecord | None) -> int:
    """End what a killed supervisor left running; returns how many processes."""
    found = living_orphans(record)
    for pid in found:
        ask_to_stop(pid)
    deadline = time.monotonic() + GRACE_SECONDS
    while any(is_running(pid) for pid in found) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in found:
        kill_tree(pid)
    return len(found)
