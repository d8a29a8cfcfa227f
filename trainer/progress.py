"""Telling how a training goes: a bar in a terminal, JSON lines otherwise, and the status file for everybody else."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

import orjson

from trainer.status_file import COMPLETED, FAILED, STAGES, TrainingStatus, as_of, write_status

_SHARES: Final = dict(zip(STAGES, (8.0, 48.0, 2.0, 20.0, 10.0, 5.0, 4.0, 1.0, 2.0), strict=True))
"""How much of the whole each stage is, in percent, where no training before has told."""
_LEAST_SHARE: Final = 0.005
"""Of the whole, for a stage that took no time before."""
_PACES: Final = (0.2, 20.0)
"""How much faster or slower than the one before a training may be taken to be."""
_STATUS_EVERY: Final = 1.0
_LINE_EVERY: Final = 2.0


class Display(Protocol):
    """Shows progress to whoever started the run."""

    def begin(self, stage: str, total: int, unit: str) -> None:
        """A stage begins; `total` is 0 when unknown."""

    def advance(self, status: TrainingStatus, done: int) -> None:
        """So much of the stage is done."""

    def note(self, message: str, facts: Mapping[str, Any]) -> None:
        """Something worth knowing."""

    def end(self, status: TrainingStatus) -> None:
        """The run is over."""


class JsonLines:
    """One JSON object a line on standard output."""

    def __init__(self) -> None:
        self._last = 0.0

    def begin(self, stage: str, total: int, unit: str) -> None:
        self._line("stage", stage=stage, total=total, unit=unit)

    def advance(self, status: TrainingStatus, done: int) -> None:
        now = time.monotonic()
        if now - self._last >= _LINE_EVERY:
            self._last = now
            self._line(
                "progress",
                stage=status.stage,
                done=done,
                rate=round(status.rate, 1),
                remaining_seconds=round(status.remaining_seconds, 1),
                progress=status.progress,
            )

    def note(self, message: str, facts: Mapping[str, Any]) -> None:
        self._line("note", message=message, **facts)

    def end(self, status: TrainingStatus) -> None:
        self._line(
            status.status,
            message=status.message,
            exit_code=status.exit_code,
            version=status.version_name,
            path=status.version_path,
            metrics=dict(status.metrics),
        )

    @staticmethod
    def _line(event: str, **facts: Any) -> None:
        line = orjson.dumps(
            {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **facts},
            default=str,
            option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS,
        )
        with contextlib.suppress(OSError):  # nobody reads it any more
            sys.stdout.buffer.write(line + b"\n")
            sys.stdout.buffer.flush()


class TerminalBar:
    """A bar with rate and remaining time for the stage at hand."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._console = Console()
        self._progress = Progress(
            TextColumn("{task.description:<12}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self._console,
        )
        self._task: Any = None
        self._unit = ""

    def begin(self, stage: str, total: int, unit: str) -> None:
        self._progress.start()
        self._complete()
        self._unit = unit
        self._task = self._progress.add_task(stage, total=total or None, rate="")

    def _complete(self) -> None:
        """Show the stage at hand as done."""
        if self._task is not None:
            task = self._progress.tasks[self._task]
            whole = task.total or task.completed or 1
            self._progress.update(self._task, total=whole, completed=whole)

    def advance(self, status: TrainingStatus, done: int) -> None:
        if self._task is not None:
            self._progress.update(
                self._task, completed=done, rate=f"{status.rate:,.0f} {self._unit}/s" if status.rate else ""
            )

    def note(self, message: str, facts: Mapping[str, Any]) -> None:
        self._progress.console.print(message, markup=False, highlight=False)

    def end(self, status: TrainingStatus) -> None:
        if status.status == COMPLETED:
            self._complete()
        self._progress.stop()
        colour = "green" if status.status == COMPLETED else "red"
        self._console.print(status.message, style=colour, markup=False, highlight=False)


class ProgressReport:
    """Keeps the status of a run, writes it to its file (at most once a second) and shows it.

    Args:
        path: the status file; None: none is written (a dry run).
        status: the status to begin with.
        usual: seconds of each stage of the training before; empty: unknown.
    """

    def __init__(
        self, display: Display, path: Path | None, status: TrainingStatus, usual: Mapping[str, float] | None = None
    ) -> None:
        self._display, self._path = display, path
        self.status = status
        self._usual = dict(usual or {})
        self._shares = _shares_of(self._usual)
        self._started = time.monotonic()
        self._begun = self._written = 0.0
        self._before, self._share = 0.0, 0.0
        self._total = 0
        self._worked: dict[str, float] = {}
        self._write(force=True)

    @contextlib.contextmanager
    def stage(self, stage: str, message: str, *, total: int = 0, unit: str = "rows") -> Iterator[None]:
        """Work on a stage, or on a further part of an earlier one; it goes on from where the work came to.

        Args:
            total: how much there is to do; 0 when unknown.
            unit: what is counted.
        """
        self._begun, self._total = time.monotonic(), total
        place = STAGES.index(stage)
        until = sum(self._shares[name] for name in STAGES[: place + 1])
        begun = max(until - self._shares[stage], float(as_of(self.status, time.time()).progress))
        self._before, self._share = begun, max(until - begun, 0.0)
        pace = self._pace(STAGES[:place])
        left = max(0.0, pace * self._usual.get(stage, 0.0) - self._worked.get(stage, 0.0))
        self.status = replace(
            self.status,
            stage=stage,
            message=message,
            progress=int(self._before),
            rate=0.0,
            remaining_seconds=-1.0,
            stage_started_at=time.time(),
            stage_from=int(self._before),
            stage_until=int(max(until, begun)),
            stage_seconds=left,
            later_seconds=pace * sum(self._usual.get(name, 0.0) for name in STAGES[place + 1 :]),
        )
        self._display.begin(stage, total, unit)
        self._write(force=True)
        yield
        self._worked[stage] = self._worked.get(stage, 0.0) + time.monotonic() - self._begun

    def _pace(self, done: Sequence[str]) -> float:
        """How many times as long as in the training before the finished stages took."""
        usual = sum(self._usual.get(name, 0.0) for name in done)
        least, most = _PACES
        return min(most, max(least, (time.monotonic() - self._started) / usual)) if usual > 0 else 1.0

    def advance(self, done: int) -> None:
        """So much of the stage is done."""
        elapsed = time.monotonic() - self._begun
        rate = done / elapsed if elapsed > 0 else 0.0
        share = min(1.0, done / self._total) if self._total else 0.0
        self.status = replace(
            self.status,
            rate=rate,
            progress=int(self._before + self._share * share),
            remaining_seconds=self._remaining(elapsed, share),
        )
        self._display.advance(self.status, done)
        self._write()

    def _remaining(self, elapsed: float, share: float) -> float:
        """Seconds to the end: of this stage by its rate, of later ones by their usual share of the whole."""
        if share <= 0.02:
            return -1.0
        whole_stage = elapsed / share
        if self.status.later_seconds:
            return whole_stage * (1 - share) + self.status.later_seconds
        later = 100.0 - self._before - self._share
        return whole_stage * (1 - share) + (whole_stage * later / self._share if self._share else 0.0)

    def note(self, message: str, **facts: Any) -> None:
        """Tell something worth knowing to whoever started the run."""
        self._display.note(message, facts)

    def name_version(self, name: str, path: Path | None = None) -> None:
        """Say which version it is, and where once it is written."""
        self.status = replace(self.status, version_name=name, version_path=str(path) if path else "")
        self._write(force=True)

    def add_metrics(self, figures: Mapping[str, Any]) -> None:
        """Add figures to the status."""
        self.status = replace(self.status, metrics={**self.status.metrics, **figures})

    def end(self, *, ok: bool, message: str, exit_code: int) -> None:
        """The run is over."""
        self.status = replace(
            self.status,
            status=COMPLETED if ok else FAILED,
            message=message,
            exit_code=exit_code,
            finished_at=time.time(),
            progress=100 if ok else self.status.progress,
            remaining_seconds=0.0,
            rate=0.0,
            stage_started_at=0.0,
        )
        self._write(force=True)
        self._display.end(self.status)

    def _write(self, *, force: bool = False) -> None:
        now = time.monotonic()
        if self._path is None or (not force and now - self._written < _STATUS_EVERY):
            return
        self._written = now
        with contextlib.suppress(OSError):  # a status that cannot be written ends no training
            write_status(self._path, self.status)


def _shares_of(usual: Mapping[str, float]) -> dict[str, float]:
    """How much of the whole each stage is, in percent: as in the training before, and none of them nothing."""
    if not usual:
        return dict(_SHARES)
    least = _LEAST_SHARE * sum(usual.values())
    parts = {name: max(usual.get(name, 0.0), least) for name in STAGES}
    whole = sum(parts.values()) or 1.0
    return {name: 100.0 * part / whole for name, part in parts.items()}


def display_for(stream: object) -> Display:
    """A bar for a terminal, JSON lines for everything else."""
    return TerminalBar() if getattr(stream, "isatty", lambda: False)() else JsonLines()
