"""Stopping and starting what runs: the Windows services in order, elsewhere the supervisor of `routing-ml up`."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from bootstrap.environment import IS_WINDOWS
from bootstrap.progress import SetupFailed
from installer.control_database import process_variables
from installer.layout import Layout
from installer.service_table import services

STOP_SECONDS = 90.0
START_SECONDS = 180.0
POLL_SECONDS = 0.5
NOT_INSTALLED_CODE = 1060
ALREADY_RUNNING_CODE = 1056
NOT_STARTED_CODE = 1062

Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]


class ServiceControl(Protocol):
    """Stops and starts the processes of the installation."""

    def stop(self) -> None:
        """Stop all and wait until they have ended. Raises SetupFailed when one does not."""

    def start(self) -> None:
        """Start all of the current version. Raises SetupFailed when one does not start."""


def run_quietly(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a program and keep what it says."""
    return subprocess.run(list(command), capture_output=True, text=True, errors="replace")


class WindowsServices:
    """The services that install.ps1 has registered, by sc.exe. Those that are not registered are passed over.

    Args:
        names: in the order of their start.
        run: runs a command.
    """

    def __init__(self, names: Sequence[str], run: Run = run_quietly, *, poll_seconds: float = POLL_SECONDS) -> None:
        self._names, self._run, self._poll = list(names), run, poll_seconds

    def state(self, name: str) -> str:
        """STOPPED, RUNNING, START_PENDING ...; "" when the service is not registered.

        The labels of sc.exe follow the language of Windows, the names of the states do not.
        """
        answer = self._run(["sc.exe", "query", name])
        if answer.returncode == NOT_INSTALLED_CODE:
            return ""
        found = re.search(
            r":\s*\d+\s+(STOPPED|RUNNING|START_PENDING|STOP_PENDING|PAUSED|PAUSE_PENDING|CONTINUE_PENDING)\b",
            answer.stdout,
        )
        if not found:
            raise SetupFailed(f"sc.exe query {name} said: {(answer.stdout or answer.stderr).strip()}")
        return found.group(1)

    def stop(self) -> None:
        """Stop in the opposite order; each finishes the requests in flight."""
        for name in reversed(self._names):
            if self.state(name) in ("", "STOPPED"):
                continue
            asked = self._run(["sc.exe", "stop", name])
            if asked.returncode not in (0, NOT_STARTED_CODE):
                raise SetupFailed(f"{name} could not be stopped: {(asked.stdout or asked.stderr).strip()}")
            self._wait(name, "STOPPED", STOP_SECONDS)

    def start(self) -> None:
        """Start in order."""
        for name in self._names:
            if self.state(name) in ("", "RUNNING"):
                continue
            asked = self._run(["sc.exe", "start", name])
            if asked.returncode not in (0, ALREADY_RUNNING_CODE):
                raise SetupFailed(f"{name} could not be started: {(asked.stdout or asked.stderr).strip()}")
            self._wait(name, "RUNNING", START_SECONDS)

    def _wait(self, name: str, wanted: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (state := self.state(name)) != wanted:
            if time.monotonic() > deadline:
                raise SetupFailed(
                    f"{name} is still {state} after {seconds:.0f} s: see its files in the folder of the logs"
                )
            time.sleep(self._poll)


class SupervisedProcesses:
    """The processes under the supervisor of the command line, where there are no Windows services."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def stop(self) -> None:
        """Stop all processes in order."""
        self._command("down")

    def start(self) -> None:
        """Start all processes of the current version; returns when they answer."""
        self._command("up", "--detach")

    def _command(self, *arguments: str) -> None:
        version = self._layout.active()
        if version is None or not self._layout.is_complete(version):
            return
        done = subprocess.run(
            [str(self._layout.python(version)), "-m", "cli", *arguments],
            cwd=self._layout.application(version),
            env=process_variables(),
            capture_output=True,
            text=True,
            errors="replace",
        )
        if done.returncode:
            raise SetupFailed(
                f"routing-ml {arguments[0]} of version {version} failed: {(done.stderr or done.stdout).strip()}"
            )


def service_control(layout: Layout, application: Path) -> ServiceControl:
    """What controls the processes on this system.

    Args:
        application: a version's folder or a release's, which names the services.
    """
    if IS_WINDOWS:
        return WindowsServices([service.name for service in services(application)])
    return SupervisedProcesses(layout)
