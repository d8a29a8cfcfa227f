"""One process of the system under supervision: started, watched, started again with growing delay, stopped."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from cli.running.run_record import READY, RESTARTING, STARTING, STOPPED, ProcessRecord
from common.processes import ask_to_stop, kill_tree, start_child
from common.restarts import Restarts


@dataclass(frozen=True)
class Launch:
    """How to start a process.

    Attributes:
        name: its instance, such as ann-50051.
        kind: auth, aggregate, ann, trainer or gateway.
        command: command line.
        address: `host:port` it serves on.
    """

    name: str
    kind: str
    command: tuple[str, ...]
    address: str


class SupervisedProcess:
    """A process and its record.

    Args:
        variables: environment variables on top of this process's.
        logs: folder of the file that gets its standard output and error.
    """

    def __init__(self, launch: Launch, variables: dict[str, str], *, working_dir: Path, logs: Path) -> None:
        self.launch = launch
        self.record = ProcessRecord(launch.name, launch.address)
        self.output = logs / f"{launch.name}.out"
        self._variables, self._working_dir = variables, working_dir
        self._child: subprocess.Popen[bytes] | None = None
        self._restarts = Restarts()
        self._output_from = 0
        self._started = 0.0

    @property
    def alive(self) -> bool:
        """Whether it runs now."""
        return self._child is not None and self._child.poll() is None

    @property
    def exit_code(self) -> int | None:
        """Exit code of the process that ended last; None while it runs or when it never ran."""
        return None if self._child is None else self._child.poll()

    def start(self) -> None:
        """Start it.

        Raises:
            OSError: it cannot be started, or its output file not be written.
        """
        self._output_from = self.output.stat().st_size if self.output.exists() else 0
        self._child = start_child(
            list(self.launch.command),
            environment=self._variables,
            working_dir=self._working_dir,
            output=self.output,
        )
        self._started = time.monotonic()
        self._restarts.note_start()
        self.record.pid = self._child.pid
        self.record.state = STARTING
        self.record.ready_after = 0.0
        try:
            self.record.started_at = psutil.Process(self._child.pid).create_time()
        except psutil.NoSuchProcess:
            self.record.started_at = time.time()

    def mark_ready(self) -> None:
        """Note that it answers."""
        self.record.state = READY
        self.record.ready_after = round(time.monotonic() - self._started, 2)

    def note_death(self) -> float:
        """Note that it ended by itself; returns the seconds until it is started again."""
        delay = self._restarts.note_death()
        self.record.state, self.record.pid = RESTARTING, 0
        return delay

    def restart_when_due(self) -> bool:
        """Start it again when its delay is over; returns whether it did."""
        if self.record.state != RESTARTING or not self._restarts.due:
            return False
        self.record.restarts += 1
        self.start()
        return True

    def ask_to_stop(self) -> None:
        """Ask it to finish what it does and end."""
        if self._child is not None and self.alive:
            ask_to_stop(self._child.pid)

    def kill(self) -> None:
        """End it and its descendants at once, when it still runs."""
        if self._child is not None and self.alive:
            kill_tree(self._child.pid)
            self._child.wait()

    def mark_stopped(self) -> None:
        """Note that it has ended for good."""
        self.record.state, self.record.pid = STOPPED, 0

    def said(self, lines: int = 6) -> str:
        """The last lines that it wrote since it was started."""
        try:
            with open(self.output, "rb") as stream:
                stream.seek(self._output_from)
                text = stream.read().decode("utf-8", "replace")
        except OSError:
            return ""
        return "\n".join(text.strip().splitlines()[-lines:])
