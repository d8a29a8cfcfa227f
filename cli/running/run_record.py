"""What the supervisor tells others about the running system: `<state>/run/supervisor.json`, written anew at each change."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from common.files import write_text
from common.processes import is_running

FILE_NAME = "supervisor.json"
STOP_FILE_NAME = "supervisor.stop"

STARTING, READY, STOPPING, STOPPED, FAILED = "starting", "ready", "stopping", "stopped", "failed"
RESTARTING = "restarting"


@dataclass
class ProcessRecord:
    """One process of the system.

    Attributes:
        name: its instance, such as ann-50051.
        address: `host:port` it serves on.
        state: starting, ready, restarting or stopped.
        pid: process id; 0 when it does not run.
        started_at: start, seconds since 1970 UTC.
        restarts: how often it was started again since `up`.
        ready_after: seconds from its start until it was ready; 0 while it is not.
    """

    name: str
    address: str
    state: str = STOPPED
    pid: int = 0
    started_at: float = 0.0
    restarts: int = 0
    ready_after: float = 0.0


@dataclass
class RunRecord:
    """One run of the system, from `up` to its end.

    Attributes:
        run_id: told by whoever started it.
        pid, started_at: the supervisor.
        phase: starting, ready, stopping, stopped or failed.
        doing: what is being done while starting, for people.
        progress: share done of `doing`, 0 to 1; negative when unknown.
        error: why it failed; "" when it did not.
        problem: why nothing could be predicted when it had started; "" when that was possible.
        url: address of the gateway.
        dataset: source of the data.
        profile: input profile that was active at the start; "" before that is known.
        processes: in order of their start.
    """

    run_id: str
    pid: int
    started_at: float
    phase: str = STARTING
    doing: str = ""
    progress: float = -1.0
    error: str = ""
    problem: str = ""
    url: str = ""
    dataset: str = ""
    profile: str = ""
    processes: list[ProcessRecord] = field(default_factory=list)

    @property
    def alive(self) -> bool:
        """Whether its supervisor still runs."""
        return self.phase not in (STOPPED, FAILED) and is_running(self.pid, self.started_at)

    def write(self, run_folder: Path) -> None:
        """Publish the record. A disk that is full costs only the publication."""
        with contextlib.suppress(OSError):
            write_text(run_folder / FILE_NAME, json.dumps(dataclasses.asdict(self), ensure_ascii=False, indent=1))


def read_record(run_folder: Path) -> RunRecord | None:
    """The last run's record; None when there is none that can be read."""
    try:
        read = json.loads((run_folder / FILE_NAME).read_text(encoding="utf-8"))
        processes = [ProcessRecord(**process) for process in read.pop("processes")]
        return RunRecord(**read, processes=processes)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def running_record(run_folder: Path) -> RunRecord | None:
    """The record of the run that is alive now; None when nothing runs."""
    record = read_record(run_folder)
    return record if record is not None and record.alive else None


def request_stop(run_folder: Path) -> None:
    """Ask the supervisor to stop everything. A file, since no signal crosses consoles on Windows."""
    write_text(run_folder / STOP_FILE_NAME, str(os.getpid()))
