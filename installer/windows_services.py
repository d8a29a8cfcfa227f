"""The services of Windows: registered by WinSW or NSSM under accounts of their own, stopped and started in order."""

from __future__ import annotations

import json
import re
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PureWindowsPath
from typing import Any

from bootstrap.progress import SetupFailed, notice
from installer.machine import AUTOMATIC, DISABLED, Machine, RegisteredService, system_program
from installer.service_table import Service
from installer.wording import words

STOP_SECONDS = 90.0
START_SECONDS = 180.0
"""How long a service that stops or starts may show no sign of going on: it takes the time that it needs as long as it shows one."""
LONGEST_SECONDS = 6 * 3600.0
"""After which no sign gives it more time."""
SETTLE_SECONDS = 2.0
DELETE_SECONDS = 30.0
POLL_SECONDS = 0.5
QUERIES = 5
"""How often the service manager is asked before its refusal is believed: one that has just ended a service may fail for a moment."""
NOT_INSTALLED_CODE = 1060
ALREADY_RUNNING_CODE = 1056
NOT_STARTED_CODE = 1062
MARKED_FOR_DELETION_CODE = 1072
WINSW, NSSM = "winsw", "nssm"

_FACTORS = {"sec": 1, "min": 60, "hour": 3600}
_STATES = re.compile(r":\s*\d+\s+(STOPPED|RUNNING|START_PENDING|STOP_PENDING|PAUSED|PAUSE_PENDING|CONTINUE_PENDING)\b")
_PROCESS = re.compile(r"^\s*PID\s*:\s*(\d+)", re.MULTILINE)


def runner_of(service: RegisteredService) -> str:
    """Which program runs a registered service: winsw or nssm."""
    return NSSM if PureWindowsPath(service.program).name.lower() == "nssm.exe" else WINSW


def account_of(name: str) -> str:
    """The virtual account of a service."""
    return f"NT SERVICE\\{name}"


class WindowsServices:
    """Services of one installation.

    Args:
        machine: the Windows they are registered with.
        folder: folder with their programs and definitions.
        last_words: the last line that the process of a service wrote; "" when there is none.
    """

    def __init__(
        self,
        machine: Machine,
        folder: Path,
        *,
        poll_seconds: float = POLL_SECONDS,
        last_words: Callable[[str], str] = lambda _name: "",
    ) -> None:
        self._machine, self._folder, self._poll = machine, folder, poll_seconds
        self._last_words = last_words
        self._sc = system_program("sc.exe")

    def state(self, name: str) -> str:
        """STOPPED, RUNNING, START_PENDING ...; "" when the service is not registered.

        The labels of sc.exe follow the language of Windows, the names of the states do not.
        """
        return self._query(name)[0]

    def process(self, name: str) -> int:
        """Number of the process that a service runs as; 0 when it does not run."""
        return self._query(name)[1]

    def _query(self, name: str) -> tuple[str, int]:
        state, process, _said = self._told(name)
        return state, process

    def _told(self, name: str) -> tuple[str, int, str]:
        """State, number of the process, and all that the service manager says: a service that goes on counts its steps there."""
        for again in reversed(range(QUERIES)):
            answer = self._machine.run([self._sc, "queryex", name])
            if answer.returncode == NOT_INSTALLED_CODE:
                return "", 0, ""
            found = _STATES.search(answer.stdout)
            if found:
                process = _PROCESS.search(answer.stdout)
                return found.group(1), int(process.group(1)) if process else 0, answer.stdout
            if again:
                time.sleep(self._poll)
        raise SetupFailed(f"sc.exe queryex {name}: {(answer.stdout or answer.stderr).strip()}")

    def stop(self, names: Sequence[str]) -> None:
        """Stop in the opposite order, each finishing its requests, and let nothing start them meanwhile.

        A service that crashed a moment ago is about to be started again by the service manager: disabled, it stays stopped.

        Raises:
            SetupFailed: one does not stop.
        """
        present = [name for name in names if self._machine.service(name) is not None]
        for name in present:
            self._machine.ask(self._sc, "config", name, "start=", "disabled")
        for name in reversed(present):
            self.stop_one(name)

    def stop_one(self, name: str) -> None:
        """Stop a service and wait until it has stopped; one that is not registered or does not run is passed over."""
        if self.state(name) in ("", "STOPPED"):
            return
        asked = self._machine.run([self._sc, "stop", name])
        if asked.returncode not in (0, NOT_STARTED_CODE, 1061):  # 1061: it is starting or stopping and takes no order
            raise SetupFailed(words("service.not_stopped", name=name, said=_said(asked.stdout, asked.stderr)))
        self._wait(name, "STOPPED", STOP_SECONDS)
        notice(words("service.stopped", name=name))

    def start(self, names: Sequence[str], *, left_disabled: Sequence[str] = ()) -> None:
        """Let the services start with the machine again, and start them in order.

        Args:
            left_disabled: services that somebody had disabled on purpose.

        Raises:
            SetupFailed: one does not start, or ends at once.
        """
        wanted = [name for name in names if name not in left_disabled and self._machine.service(name) is not None]
        for name in wanted:
            service = self._machine.service(name)
            if service and (service.start != AUTOMATIC or not service.delayed):
                self._machine.ask(self._sc, "config", name, "start=", "delayed-auto")
        started = []
        for name in wanted:
            if self.state(name) == "RUNNING":
                continue
            asked = self._machine.run([self._sc, "start", name])
            if asked.returncode not in (0, ALREADY_RUNNING_CODE):
                raise SetupFailed(words("service.not_started", name=name, said=_said(asked.stdout, asked.stderr)))
            self._wait(name, "RUNNING", START_SECONDS)
            started.append(name)
        if started:
            time.sleep(min(SETTLE_SECONDS, 4 * self._poll))
        for name in started:
            if self.state(name) != "RUNNING":
                raise self._ended(name)
            notice(words("service.runs", name=name))

    def not_running(self, names: Sequence[str]) -> list[str]:
        """Those of the services that are registered and do not run."""
        return [name for name in names if self.state(name) not in ("", "RUNNING")]

    def is_right(self, service: Service, runner: str) -> bool:
        """Whether a service is registered as it should be."""
        found = self._machine.service(service.name)
        return (
            found is not None
            and runner_of(found) == runner
            and Path(found.program).parent == self._folder
            and found.account.lower() == account_of(service.name).lower()
            and (found.start, found.delayed) == (AUTOMATIC, True)
            and set(found.depends_on) == set(service.depends_on)
        )

    def register(self, service: Service, runner: str, variables: Mapping[str, str], command: Sequence[str]) -> None:
        """Register a service, or bring what is registered in order.

        WinSW registers services as LocalSystem and cannot set virtual accounts; so the account is set before the first start.

        Args:
            runner: winsw or nssm.
            variables: environment of the process, for NSSM; WinSW has it in its definition.
            command: program, arguments in one text, folder to run in and folder of the logs, for NSSM.
        """
        found = self._machine.service(service.name)
        if found and (runner_of(found) != runner or Path(found.program).parent != self._folder):
            self.unregister(service.name)
            found = None
        if found is None and runner == WINSW:
            self._machine.ask(str(self._folder / f"{service.name}.exe"), "install")
        if runner == NSSM:
            self._register_with_nssm(service.name, variables, command, is_new=found is None)
        start = "disabled" if found and found.start == DISABLED else "delayed-auto"
        needs = "/".join(service.depends_on) or "/"  # a slash alone: none
        account = account_of(service.name)
        self._machine.ask(self._sc, "config", service.name, "start=", start, "depend=", needs, "obj=", account)
        self._machine.ask(self._sc, "sidtype", service.name, "unrestricted")
        if runner == WINSW:
            self._machine.ask(self._sc, "failure", service.name, *failure_actions(self._definition(service.name)))

    def _definition(self, name: str) -> str:
        return (self._folder / f"{name}.xml").read_text(encoding="utf-8")

    def _register_with_nssm(
        self, name: str, variables: Mapping[str, str], command: Sequence[str], *, is_new: bool
    ) -> None:
        nssm = str(self._folder / "nssm.exe")
        program, arguments, folder, logs = command
        if is_new:
            self._machine.ask(nssm, "install", name, program)
        settings: dict[str, Sequence[str]] = {
            "Application": [program],
            "AppParameters": [arguments],
            "AppDirectory": [folder],
            "AppEnvironmentExtra": [f"{variable}={value}" for variable, value in variables.items()],
            "AppStdout": [f"{logs}\\{name}.out.log"],
            "AppStderr": [f"{logs}\\{name}.err.log"],
            "AppStopMethodConsole": ["30000"],
            "AppRestartDelay": ["5000"],
        }
        for setting, values in settings.items():
            if values:
                self._machine.ask(nssm, "set", name, setting, *values)

    def unregister(self, name: str) -> None:
        """Stop a service and remove it; returns when Windows has forgotten it.

        Raises:
            SetupFailed: it cannot be removed, or a window with the list of services keeps it.
        """
        if self._machine.service(name) is None:
            return
        self.stop_one(name)
        self._machine.ask(self._sc, "delete", name, accepted=(0, NOT_INSTALLED_CODE, MARKED_FOR_DELETION_CODE))
        deadline = time.monotonic() + DELETE_SECONDS
        while self.state(name):
            if time.monotonic() > deadline:
                raise SetupFailed(words("service.not_removed", name=name))
            time.sleep(self._poll)

    def _ended(self, name: str) -> SetupFailed:
        """That a service has ended at once, with what its process said last."""
        ended, said = words("service.ended", name=name), self._last_words(name)
        return SetupFailed(f"{ended}: {said}" if said else ended)

    def _wait(self, name: str, wanted: str, seconds: float) -> None:
        """Wait until a service is in a state, as long as its steps, its process or its state change at least every `seconds`."""
        begun = shown_at = time.monotonic()
        before = ""
        while True:
            state, _process, told = self._told(name)
            if state == wanted:
                return
            if wanted == "RUNNING" and state == "STOPPED":
                raise self._ended(name)
            now = time.monotonic()
            if told != before and now - begun < LONGEST_SECONDS:
                before, shown_at = told, now
            if now - shown_at > seconds:
                raise SetupFailed(words("service.still", name=name, state=state, seconds=f"{seconds:.0f}"))
            time.sleep(self._poll)


def processes_below(machine: Machine, python: str, command: str, *numbers: int) -> dict[str, Any]:
    """The processes that services have started, shown or ended (installer.service_processes).

    Args:
        python: interpreter of the installation.
        command: show or end.
        numbers: processes of the services.

    Raises:
        SetupFailed: they cannot be told or ended.
    """
    below = [str(number) for number in numbers if number]
    said = machine.ask(python, "-P", "-m", "installer.service_processes", command, *below)
    try:
        found: dict[str, Any] = json.loads(said)
    except ValueError:
        program = f"installer.service_processes {command}"
        raise SetupFailed(words("program.failed", program=program, code=0, said=" ".join(said.split()))) from None
    return found


def failure_actions(definition: str) -> list[str]:
    """What sc.exe failure takes, from the <onfailure> of a WinSW definition."""
    root = ElementTree.fromstring(definition)  # noqa: S314 - our own file
    actions = [
        f"{element.attrib['action']}/{seconds_of(element.attrib['delay']) * 1000}"
        for element in root.findall("onfailure")
    ]
    return ["reset=", str(seconds_of(root.findtext("resetfailure") or "1 hour")), "actions=", "/".join(actions)]


def seconds_of(span: str) -> int:
    """Seconds of a span of time as WinSW writes it: 5 sec, 1 hour."""
    number, _, unit = span.partition(" ")
    return int(number) * _FACTORS[unit.removesuffix("s")]


def _said(output: str, errors: str) -> str:
    return " ".join((output or errors).split())
