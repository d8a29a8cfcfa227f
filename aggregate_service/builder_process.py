"""Runs the child process that builds a snapshot, and passes its progress on."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import orjson

from aggregate_service.snapshot_build import Progress
from common.errors import DataProblem, Unavailable
from common.files import write_text
from common.processes import python_module, start_child, stop_all

PAUSE_SECONDS: Final = 0.05
STOP_SECONDS: Final = 2.0
NO_SPACE_BYTES: Final = 1024 * 1024


class BuilderProcess:
    """Builds snapshots of one installation in child processes, one at a time.

    Args:
        snapshots: the folder of the snapshots.
        run: the folder for what running processes leave for each other.
        instance: name of this process, for file names.
    """

    def __init__(self, snapshots: Path, run: Path, instance: str) -> None:
        self._snapshots, self._run, self._instance = snapshots, run, instance
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def build(self, source: Path, profile_json: str, *, force: bool, report: Callable[[Progress], None]) -> Path:
        """Build the snapshot of a source and wait for it; returns its folder.

        Raises:
            DataProblem: the source cannot be read, or the builder died; what was there before is untouched.
            Unavailable: this process is stopping.
        """
        with self._lock:
            name = f"{self._instance}-snapshot-{uuid.uuid4().hex[:8]}"
            output, profile = self._run / f"{name}.jsonl", self._run / f"{name}.profile.json"
            command = python_module(
                "aggregate_service.build_snapshot", "--source", str(source), "--snapshots", str(self._snapshots)
            )
            try:
                self._run.mkdir(parents=True, exist_ok=True)
                if profile_json:
                    write_text(profile, profile_json)
                    command += ["--profile", str(profile)]
                if force:
                    command.append("--force")
                return self._watch(command, output, report)
            except OSError as error:
                raise DataProblem(
                    f"A snapshot of {source} cannot be started: {error}", reason="SNAPSHOT_NOT_WRITTEN"
                ) from error
            finally:
                self._child = None
                for path in (output, profile):
                    with contextlib.suppress(OSError):
                        path.unlink(missing_ok=True)

    def stop(self) -> None:
        """End a build that is running; nothing of it is left but a folder that a later build clears away."""
        self._stopped = True
        child = self._child
        if child is not None:
            stop_all([child], grace_seconds=STOP_SECONDS)

    def _watch(self, command: list[str], output: Path, report: Callable[[Progress], None]) -> Path:
        if self._stopped:
            raise Unavailable("The service is stopping")
        output.touch()
        with open(output, "rb") as stream:
            child = self._child = start_child(command, output=output)
            reader = _Lines(report)
            while child.poll() is None:
                if not reader.read(stream.read()):
                    time.sleep(PAUSE_SECONDS)
            reader.read(stream.read())
        if reader.folder:
            return Path(reader.folder)
        if self._stopped:
            raise Unavailable("The service is stopping")
        if reader.error:
            raise DataProblem(reader.error["error"], reason=reader.error["reason"], details=reader.error.get("details"))
        raise DataProblem(
            f"The process that builds the snapshot ended with code {child.returncode}: "
            f"{reader.other.strip()[-500:] or self._why_silent()}",
            reason="SNAPSHOT_BUILDER_DIED",
        )

    def _why_silent(self) -> str:
        """What can be known of a builder that could not even write why it ended."""
        for folder in (self._run, self._snapshots):
            with contextlib.suppress(OSError):
                if shutil.disk_usage(folder).free < NO_SPACE_BYTES:
                    return f"the disk of {folder} is full: free space"
        return "it said nothing"


class _Lines:
    """Takes the child's output apart: progress, result, and whatever else it said (a traceback)."""

    def __init__(self, report: Callable[[Progress], None]) -> None:
        self._report = report
        self._rest = b""
        self.folder = ""
        self.error: dict[str, Any] | None = None
        self.other = ""

    def read(self, data: bytes) -> bool:
        """Take in more output; tells whether there was any."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._line(line)
        return bool(data)

    def _line(self, line: bytes) -> None:
        try:
            content = orjson.loads(line)
        except orjson.JSONDecodeError:
            self.other += line.decode("utf-8", "replace") + "\n"
            return
        if "folder" in content:
            self.folder = content["folder"]
        elif "error" in content:
            self.error = content
        else:
            self._report(Progress(**content))
