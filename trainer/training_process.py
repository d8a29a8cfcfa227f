"""The child process that trains on behalf of the trainer service: at most one, started, watched and stopped here."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from common.errors import Conflict, InvalidInput, PreconditionFailed
from common.logs import get_logger
from common.notices import notice
from common.processes import start_child, stop_all
from common.settings import Settings
from trainer.control_cache import write_settings
from trainer.exit_codes import MEANINGS, ExitCode
from trainer.status_file import FAILED, RUNNING, SKIPPED, TrainingStatus, read_status, status_path
from trainer.training_lock import FILE_NAME as LOCK_NAME
from trainer.training_lock import read_holder
from trainer.version_folder import LONGEST_LABEL

log = get_logger(__name__)

SCRIPT: Final = Path(__file__).resolve().parents[1] / "train_build_index.py"
CANCEL_SECONDS: Final = 20.0
_POLL_SECONDS: Final = 0.25
_END_SECONDS: Final = 10.0


@dataclass(frozen=True)
class Wanted:
    """A training to start.

    Attributes:
        label: label for people, part of the version's name.
        projector_metadata: columns of the Projector export; empty: no export.
        dry_run: read and check, write nothing.
        activate: activate the version when it passes the gate.
        requested_by: who asks.
        plant: plant to train for; "": the one that serves.
    """

    label: str = ""
    projector_metadata: Sequence[str] = ()
    dry_run: bool = False
    activate: bool = False
    requested_by: str = ""
    plant: str = ""


@dataclass(frozen=True)
class ControlSettings:
    """What the training is to work with.

    Attributes:
        document_json, profile_json: settings document and input profile; "": the built-in ones.
        revision: control revision they are of.
    """

    document_json: str = ""
    profile_json: str = ""
    revision: int = 0


class TrainingProcess:
    """Starts and watches the child."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._path = status_path(settings.run_path, None)
        self._child: subprocess.Popen[bytes] | None = None
        self._job_id = ""
        self._begun: TrainingStatus | None = None
        self._cancelled_by = ""
        self._starting = asyncio.Lock()

    def status(self) -> TrainingStatus:
        """The current or last training, whoever started it."""
        status = read_status(self._path)
        child, begun = self._child, self._begun
        if child is None or begun is None:
            return status
        code = child.poll()
        if status.job_id != self._job_id:
            if code is None:
                return begun
            return replace(
                begun,
                status=SKIPPED if code == ExitCode.LOCK_HELD else FAILED,
                finished_at=begun.finished_at or time.time(),
                exit_code=code,
                message=self._last_words()
                or notice(
                    "TRAINING_NOT_BEGUN",
                    "The training ended with code {code} before it began ({why})",
                    code=code,
                    why=_meaning(code),
                ),
            )
        if self._cancelled_by and status.status == FAILED:
            return replace(
                status,
                message=notice(
                    "TRAINING_CANCELLED_BY", "Cancelled by {who}; nothing half-written stays", who=self._cancelled_by
                ),
            )
        return status

    async def start(self, wanted: Wanted, control: ControlSettings) -> TrainingStatus:
        """Start a training.

        Raises:
            Conflict: one runs already; with its job and holder.
            InvalidInput: the label is too long.
            OSError: the state folder cannot be written.
        """
        if len(wanted.label) > LONGEST_LABEL:
            raise InvalidInput(
                f"version_label has {len(wanted.label)} characters; at most {LONGEST_LABEL} are possible"
            )
        async with self._starting:
            await self._let_end()
            self._refuse_second()
            self._job_id = uuid.uuid4().hex
            self._cancelled_by = ""
            command = self._command(wanted, control)
            self._begun = TrainingStatus(
                job_id=self._job_id,
                status=RUNNING,
                started_at=time.time(),
                message=notice("STARTING", "Starting"),
                requested_by=wanted.requested_by,
                dry_run=wanted.dry_run,
            )
            output = self._output()
            output.parent.mkdir(parents=True, exist_ok=True)
            output.unlink(missing_ok=True)
            self._child = await asyncio.to_thread(_start, command, self._settings, output)
            log.info("training started", job_id=self._job_id, pid=self._child.pid, requested_by=wanted.requested_by)
            return self.status()

    async def _let_end(self) -> None:
        """Give a child that has said how it ended the moment that its process needs to go."""
        child = self._child
        if child is not None and child.poll() is None and not self.status().running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(child.wait, _END_SECONDS)

    def _refuse_second(self) -> None:
        status = self.status()
        holder = read_holder(self._settings.run_path / LOCK_NAME)
        child_runs = self._child is not None and self._child.poll() is None
        if child_runs or status.running or holder is not None:
            who = holder.describe() if holder else f"job {status.job_id or self._job_id}, {status.message}"
            raise Conflict(
                f"A training runs already: {who}. Wait until it ends, or cancel it",
                reason="TRAINING_RUNS",
                details={"job_id": status.job_id, "progress": status.progress},
            )

    def _command(self, wanted: Wanted, control: ControlSettings) -> list[str]:
        settings_file = self._settings.run_path / "training.settings.json"
        write_settings(settings_file, control.document_json, control.profile_json, control.revision)
        command = [
            sys.executable,
            str(SCRIPT),
            "--job-id",
            self._job_id,
            "--settings",
            str(settings_file.absolute()),
            "--lock-timeout",
            "5",
        ]
        command += ["--state-path", str(self._path.absolute()), "--requested-by", wanted.requested_by]
        command += [f"--version-label={wanted.label}"]
        if wanted.projector_metadata:
            command += ["--projector-metadata", *wanted.projector_metadata]
        command += ["--dry-run"] if wanted.dry_run else []
        command += ["--activate"] if wanted.activate else []
        command += [f"--plant={wanted.plant}"] if wanted.plant else []
        return command

    def _last_words(self) -> str:
        """What a child that ended before it had a status said about it; "" when nothing."""
        try:
            lines = self._output().read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        return next((line.removeprefix("error: ") for line in reversed(lines) if line.startswith("error: ")), "")

    def _output(self) -> Path:
        return self._settings.logs_path / "training-output.jsonl"

    async def follow(self) -> AsyncIterator[TrainingStatus]:
        """The status, again at each change until no training runs."""
        last: TrainingStatus | None = None
        while True:
            status = await asyncio.to_thread(self.status)
            if last is None or replace(status, updated_at=0.0) != replace(last, updated_at=0.0):
                yield status
                last = status
            if not status.running:
                return
            await asyncio.sleep(_POLL_SECONDS)

    async def cancel(self, who: str) -> TrainingStatus:
        """End the running training; returns when it has ended.

        Raises:
            PreconditionFailed: none runs, or it was started elsewhere.
        """
        await self._let_end()
        child = self._child
        if child is None or child.poll() is not None:
            holder = read_holder(self._settings.run_path / LOCK_NAME)
            if holder is not None:
                raise PreconditionFailed(
                    f"The training was not started by this service and cannot be cancelled here: {holder.describe()}",
                    reason="TRAINING_NOT_OURS",
                )
            raise PreconditionFailed("No training runs, so there is nothing to cancel", reason="NO_TRAINING")
        self._cancelled_by = who or "an administrator"
        log.info("training is being cancelled", job_id=self._job_id, by=self._cancelled_by)
        await asyncio.to_thread(stop_all, [child], grace_seconds=CANCEL_SECONDS)
        return self.status()

    async def stop(self, grace_seconds: float) -> None:
        """End the child with the service."""
        if self._child is not None and self._child.poll() is None:
            await asyncio.to_thread(stop_all, [self._child], grace_seconds=grace_seconds)


def _start(command: list[str], settings: Settings, output: Path) -> subprocess.Popen[bytes]:
    whole = settings.whole
    environment = {
        "ROUTING_ML_STATE_DIR": str(whole.state_dir.absolute()),
        "ROUTING_ML_MODELS_DIR": str(whole.models_dir.absolute()),
        "ROUTING_ML_AT_SITE": settings.at_site,
        "PYTHONIOENCODING": "utf-8",
    }
    return start_child(command, environment=environment, output=output)


def _meaning(code: int) -> str:
    with contextlib.suppress(ValueError):
        return MEANINGS[ExitCode(code)]
    return "killed" if code < 0 else "unknown"
