"""Processes that a killed supervisor left behind: ended before the next start, recognised by process id and start time.

The run's record names them; one that was started in the moment of the kill is not in it and is known by a variable in its environment.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import psutil

from cli.running.run_record import RunRecord, read_record
from common.processes import ask_to_stop, is_running, kill_tree
from common.settings import Settings

GRACE_SECONDS: Final = 4.0
"""For requests in flight."""
SUPERVISOR_VARIABLE: Final = "ROUTING_ML_SUPERVISED_BY"
STATE_VARIABLE: Final = "ROUTING_ML_STATE_DIR"
TRAINING: Final = "train_build_index.py"


def supervision_variables(record: RunRecord) -> dict[str, str]:
    """What a supervisor writes into the environment of its processes, so that they are known should it be killed."""
    return {SUPERVISOR_VARIABLE: f"{record.pid} {record.started_at!r}"}


def living_orphans(settings: Settings) -> list[int]:
    """Process ids of this state folder's processes whose supervisor is gone; trainings apart, which end by themselves."""
    record = read_record(settings.run_path)
    return sorted({*_recorded(record), *_marked(settings.state_dir)})


def end_orphans(settings: Settings) -> int:
    """End what a killed supervisor left running; returns how many processes."""
    found = living_orphans(settings)
    for pid in found:
        ask_to_stop(pid)
    deadline = time.monotonic() + GRACE_SECONDS
    while any(is_running(pid) for pid in found) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in found:
        kill_tree(pid)
    return len(found)


def _recorded(record: RunRecord | None) -> list[int]:
    if record is None or record.alive:
        return []
    return [p.pid for p in record.processes if p.pid and is_running(p.pid, p.started_at)]


def _marked(state: Path) -> list[int]:
    """Processes whose environment names this state folder and a supervisor that does not live."""
    found = []
    for process in psutil.process_iter():
        try:
            variables = process.environ()
            supervisor, _, started_at = variables.get(SUPERVISOR_VARIABLE, "").partition(" ")
            if (
                started_at
                and Path(variables.get(STATE_VARIABLE, "")) == state
                and not is_running(int(supervisor), float(started_at))
                and not any(part.endswith(TRAINING) for part in process.cmdline())
            ):
                found.append(process.pid)
        except (psutil.Error, OSError, ValueError):  # gone meanwhile, or of another account
            continue
    return found
