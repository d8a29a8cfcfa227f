"""The status of the current or last training, in a file that others read while it runs."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

from common.files import write_text
from common.notices import from_record, notice, to_record
from common.processes import is_running

FILE_NAME: Final = "training.status.json"
IDLE, RUNNING, COMPLETED, FAILED, SKIPPED = "idle", "running", "completed", "failed", "skipped"
STAGES: Final = (
    "reading",
    "learning",
    "encoding",
    "building",
    "measuring",
    "judging",
    "writing",
    "registering",
    "activating",
)
"""Stages of a training in their order."""


@dataclass(frozen=True)
class TrainingStatus:
    """How a training goes or went.

    Attributes:
        job_id: identifier; "" when there never was one.
        status: idle, running, completed, failed or skipped.
        started_at, finished_at: seconds since 1970 UTC; 0 when not.
        progress: 0 to 100.
        message: what is being done, or how it ended, for people.
        stage: one of STAGES; "" before and after.
        remaining_seconds: estimate; negative when unknown.
        rate: rows or vectors a second in the stage; 0 when unknown.
        stage_started_at: seconds since 1970 UTC; 0 outside a stage.
        stage_from, stage_until: progress at its beginning and at its end, 0 to 100.
        stage_seconds, later_seconds: how long it and those after it will take, by the training before; 0 when unknown.
        version_name, version_path: the version; the path is "" until it is written.
        requested_by: who asked for it.
        dry_run: whether only checks are made.
        exit_code: of the process; None while it runs.
        metrics: figures, by name.
        pid, process_started_at: the process, to tell a living run from a killed one.
        updated_at: last change of this record, seconds since 1970 UTC.
    """

    job_id: str = ""
    status: str = IDLE
    started_at: float = 0.0
    finished_at: float = 0.0
    progress: int = 0
    message: str = notice("NO_TRAINING_YET", "No training has run yet")
    stage: str = ""
    remaining_seconds: float = -1.0
    rate: float = 0.0
    stage_started_at: float = 0.0
    stage_from: int = 0
    stage_until: int = 0
    stage_seconds: float = 0.0
    later_seconds: float = 0.0
    version_name: str = ""
    version_path: str = ""
    requested_by: str = ""
    dry_run: bool = False
    exit_code: int | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    pid: int = 0
    process_started_at: float = 0.0
    updated_at: float = 0.0

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.status == RUNNING


FIRST_TIME_SECONDS: Final = 30.0
"""Taken for the length of a stage that nothing is known of, so that it is seen to go on."""

NEARLY: Final = 0.9
"""Share of a stage that is done when its usual time is over; the rest comes slower and slower, and never quite."""


def as_of(status: TrainingStatus, now: float) -> TrainingStatus:
    """The status at a later moment than it was written, seconds since 1970 UTC: also stages that count nothing go on."""
    if not status.running or not status.stage_started_at:
        return status
    elapsed = max(0.0, now - status.stage_started_at)
    times = elapsed / (status.stage_seconds or FIRST_TIME_SECONDS)
    share = NEARLY * times if times < 1.0 else 1.0 - (1.0 - NEARLY) * math.exp(1.0 - times)
    by_time = status.stage_from + int((status.stage_until - status.stage_from) * min(share, 0.99))
    remaining = status.remaining_seconds
    if remaining >= 0.0:
        remaining = max(0.0, remaining - max(0.0, now - status.updated_at))
    elif status.stage_seconds:
        remaining = max(0.0, status.stage_seconds - elapsed) + status.later_seconds
    return replace(status, progress=max(status.progress, by_time), remaining_seconds=remaining)


def stage_seconds_before(path: Path) -> dict[str, float]:
    """Seconds of each stage of the training that a status file tells of; empty where it tells none."""
    stages = read_status(path).metrics.get("stages")
    if not isinstance(stages, dict):
        return {}
    return {
        name: float(seconds)
        for name, seconds in stages.items()
        if name in STAGES and isinstance(seconds, int | float) and math.isfinite(seconds) and seconds >= 0
    }


def status_path(run_folder: Path, state_path: Path | None) -> Path:
    """Where the status lies: `state_path` when given (a folder gets the usual file name), else in the run folder."""
    if state_path is None:
        return run_folder / FILE_NAME
    return state_path / FILE_NAME if state_path.is_dir() or not state_path.suffix else state_path


def write_status(path: Path, status: TrainingStatus) -> None:
    """Write a status, all or nothing.

    Raises:
        OSError: the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    record = asdict(replace(status, updated_at=time.time())) | {"message_notice": to_record(status.message)}
    write_text(path, json.dumps(record, ensure_ascii=False, indent=1, default=str) + "\n")


def read_status(path: Path) -> TrainingStatus:
    """The status in a file; a run whose process is gone without having said how it ended reads as failed.

    A missing or unreadable file reads as idle.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return TrainingStatus()
    if not isinstance(record, dict):
        return TrainingStatus()
    known = {item.name for item in fields(TrainingStatus)}
    status = TrainingStatus(**{name: value for name, value in record.items() if name in known})
    status = replace(status, message=from_record(str(status.message), record.get("message_notice")))
    if status.running and not is_running(status.pid, status.process_started_at or None):
        return replace(
            status,
            status=FAILED,
            finished_at=status.updated_at,
            remaining_seconds=-1.0,
            message=notice(
                "TRAINING_LOST",
                "The training ended without a word while {stage} (killed, or the machine went down); "
                "nothing half-written counts as a version",
                stage=status.stage or "starting",
            ),
        )
    return status
