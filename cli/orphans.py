"""Processes that a killed supervisor left behind: ended before the next start, recognised by process id and start time."""

from __future__ import annotations

from cli.run_record import RunRecord
from common.logs import get_logger
from common.processes import ask_to_stop, is_running, kill_tree

log = get_logger(__name__)


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
        log.warning("left-over process ended", child_pid=pid)
        kill_tree(pid)
    return len(found)
