"""A Windows in memory: services, rights, firewall, tasks and event log that answer as Windows does, and a list of what was told to it.

What it answers was compared with Windows' programs as far as their documentation goes; tests/windows plays the same steps with the
programs themselves.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath
from typing import Any

from bootstrap.progress import SetupFailed
from installer.machine import AUTOMATIC, BY_HAND, DISABLED, Machine, RegisteredService

NO_ACCOUNT, NO_SERVICE, RUNS_ALREADY, NOT_STARTED, DEPENDENTS_RUN = 1332, 1060, 1056, 1062, 1051
LOOKS = ("query", "queryex", "/showsid", "-ano", "/fi", "show")


@dataclass
class ServiceInMemory:
    """A service: what the registry has of it, and whether it runs."""

    registered: RegisteredService
    runs: bool = False
    marked: bool = False


@dataclass
class WindowsMachine:
    """The machine.

    Attributes:
        services: by name.
        rights: right by path and account, as icacls.exe was told.
        rules: port by name of the firewall rule. tasks: definition by name.
        events: number, kind and text.
        told: every change, in order, as the words of the command.
        refuses: words; a change that has all of one entry's words is refused.
        refused_looks: words; a look that has all of one entry's words is refused.
        ends_at_once: services whose program ends right after it was started.
        programs: processes that run from a folder, as PowerShell lists them.
        taken_ports: ports that programs of others listen on.
    """

    services: dict[str, ServiceInMemory] = field(default_factory=dict)
    rights: dict[tuple[str, str], str] = field(default_factory=dict)
    rules: dict[str, int] = field(default_factory=dict)
    tasks: dict[str, str] = field(default_factory=dict)
    events: list[tuple[int, str, str]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    refuses: list[tuple[str, ...]] = field(default_factory=list)
    refused_looks: list[tuple[str, ...]] = field(default_factory=list)
    ends_at_once: set[str] = field(default_factory=set)
    programs: list[dict[str, Any]] = field(default_factory=list)
    taken_ports: set[int] = field(default_factory=set)
    defender: dict[str, Any] | None = None
    on_told: Callable[[str], None] = lambda _words: None

    def machine(self) -> Machine:
        """What the installer is given."""
        return Machine(self.run, self.service, self.hands)

    def service(self, name: str) -> RegisteredService | None:
        """A service in the registry."""
        found = self.services.get(name)
        return found.registered if found else None

    def running(self) -> list[str]:
        """Names of the services that run."""
        return [name for name, service in self.services.items() if service.runs]

    def _tell(self, words: str) -> bool:
        """Note a change; returns whether it is allowed."""
        self.on_told(words)
        if any(all(part in words for part in parts) for parts in self.refuses):
            return False
        self.told.append(words)
        return True

    def run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a program of Windows."""
        program = PureWindowsPath(command[0]).name.lower()
        if not command[0].startswith("C:\\"):
            program = Path(command[0]).name.lower()
        arguments = list(command[1:])
        looked = " ".join([program, *arguments])
        if any(all(part in looked for part in parts) for parts in self.refused_looks):
            return subprocess.CompletedProcess(list(command), 5, "", "액세스가 거부되었습니다. (5)")
        if program.startswith("python"):
            return self._python(command, arguments)
        words = " ".join([program, *arguments])
        if not (arguments and arguments[0] in LOOKS) and not self._tell(words):
            return subprocess.CompletedProcess(list(command), 5, "", "액세스가 거부되었습니다. (5)")
        answers: dict[str, Callable[..., tuple[int, str]]] = {
            "sc.exe": self._sc,
            "icacls.exe": self._icacls,
            "nssm.exe": self._nssm,
            "schtasks.exe": lambda *_: (0, 'SUCCESS: The SID "S-1-5-87-11-22" for the user name has been computed.'),
            "netstat.exe": lambda *_: (0, ""),
        }
        if program.startswith("routingml-"):
            code, said = self._winsw(command[0], arguments)
        else:
            code, said = answers[program](arguments)
        return subprocess.CompletedProcess(list(command), code, said, "")

    def _python(self, command: Sequence[str], arguments: list[str]) -> subprocess.CompletedProcess[str]:
        if "installer.service_processes" in arguments:
            if "end" in arguments:
                self._tell(" ".join(arguments[2:]))
            found = {"processes": [77], "youngest_seconds": 1000.0}
            return subprocess.CompletedProcess(list(command), 0, json.dumps(found), "")
        return subprocess.run(list(command), capture_output=True, text=True)

    def _winsw(self, program: str, arguments: list[str]) -> tuple[int, str]:
        name = Path(program).stem
        if arguments == ["install"]:
            if name in self.services:
                return 23, "already exists"
            self.services[name] = ServiceInMemory(RegisteredService(program, "LocalSystem", AUTOMATIC, True, ()))
        return 0, ""

    def _nssm(self, arguments: list[str]) -> tuple[int, str]:
        if arguments[0] == "install":
            folder = Path(arguments[2]).parents[3] / "services"
            if not str(arguments[2]).endswith("python.exe"):
                folder = Path(arguments[2]).parent
            self.services[arguments[1]] = ServiceInMemory(
                RegisteredService(str(folder / "nssm.exe"), "LocalSystem", AUTOMATIC, False, ())
            )
        return 0, ""

    def _sc(self, arguments: list[str]) -> tuple[int, str]:
        command, name, *options = arguments
        service = self.services.get(name)
        if service is None:
            return NO_SERVICE, "[SC] EnumQueryServicesStatus:OpenService 1060"
        if command == "queryex":
            state = "4  RUNNING" if service.runs else "1  STOPPED"
            number = 1000 + list(self.services).index(name) if service.runs else 0
            return (
                0,
                f"\nSERVICE_NAME: {name}\n        상태               : {state}\n        PID                : {number}\n",
            )
        if command == "config":
            return self._config(name, service, dict(zip(options[::2], options[1::2], strict=True)))
        if command == "start":
            return self._start(name, service)
        if command == "stop":
            if not service.runs:
                return NOT_STARTED, ""
            if any(other.runs and name in other.registered.depends_on for other in self.services.values()):
                return DEPENDENTS_RUN, ""
            service.runs = False
        if command == "delete":
            del self.services[name]
        return 0, ""

    def _config(self, name: str, service: ServiceInMemory, options: dict[str, str]) -> tuple[int, str]:
        old = service.registered
        account = options.get("obj=", old.account)
        if account.startswith("NT SERVICE\\") and account != f"NT SERVICE\\{name}":
            return 1057, ""
        start, delayed = old.start, old.delayed
        if "start=" in options:
            start = {"disabled": DISABLED, "delayed-auto": AUTOMATIC, "demand": BY_HAND}[options["start="]]
            delayed = options["start="] == "delayed-auto"
        needs = tuple(one for one in options["depend="].split("/") if one) if "depend=" in options else old.depends_on
        service.registered = RegisteredService(old.program, account, start, delayed, needs)
        return 0, ""

    def _start(self, name: str, service: ServiceInMemory) -> tuple[int, str]:
        if service.runs:
            return RUNS_ALREADY, ""
        if service.registered.start == DISABLED:
            return 1058, "disabled"
        for needed in service.registered.depends_on:
            self.services[needed].runs = True
        service.runs = name not in self.ends_at_once
        return 0, ""

    def _icacls(self, arguments: list[str]) -> tuple[int, str]:
        path, mode = arguments[0], ""
        if not Path(path).exists():
            return 2, "not found"
        for word in arguments[1:]:
            if word.startswith("/"):
                mode = word
            elif mode in ("/grant", "/grant:r"):
                account, _, right = word.partition(":")
                if account.startswith("NT SERVICE\\") and account[11:] not in self.services:
                    return NO_ACCOUNT, "계정 이름과 보안 ID 사이에 맵핑이 이루어지지 않았습니다."
                self.rights[path, account] = right
            elif mode == "/remove:g":
                self.rights.pop((path, word), None)
        return 0, ""

    def hands(self, step: str, **details: Any) -> Any:
        """Do what PowerShell does."""
        if step.startswith("look-"):
            return self._look(step, details)
        words = " ".join([step, *(str(details[name]) for name in ("name", "port", "id") if name in details)])
        if step == "event":
            self.events.append((details["id"], details["kind"], details["message"]))
            return True
        if not self._tell(words):
            raise SetupFailed(f"Windows refused the step {step}: Access is denied.")
        if step == "firewall":
            self.rules.pop(details["name"], None)
            if details["port"]:
                self.rules[details["name"]] = details["port"]
        elif step == "register-task":
            self.tasks[details["name"]] = details["xml"]
        elif step == "remove-task":
            del self.tasks[details["name"]]
        return True

    def _look(self, step: str, details: dict[str, Any]) -> Any:
        if step == "look-firewall":
            return str(self.rules.get(details["name"], ""))
        if step == "look-task":
            task = self.tasks.get(details["name"])
            user = task.partition("<UserId>")[2].partition("</UserId>")[0] if task else ""
            return {"user": {"S-1-5-20": "NETWORK SERVICE"}.get(user, user)} if task else None
        if step == "look-processes":
            return self.programs
        return self.defender


class Script:
    """The other end of the door: a script of compose-windows/ with its answers, and what it was told.

    Args:
        windows: what does the steps.
        agrees: whether the plan is to be carried out.
    """

    def __init__(self, windows: WindowsMachine, *, agrees: bool = True) -> None:
        self._windows, self._agrees = windows, agrees
        self._waiting: list[bytes] = []
        self.said: list[tuple[str, str]] = []
        self.plan: list[str] = []
        self.given: list[str] = []
        self.asked = 0
        self.ended: int | None = None

    def call(self, command: str, application: Path, folder: Path, **options: object) -> int:
        """Call a script; returns the exit code."""
        from installer.front_door import serve

        request = {
            "command": command,
            "application": str(application),
            "folder": str(folder),
            "options": options,
            "preview": not self._agrees,
        }
        self._waiting.append(json.dumps(request).encode() + b"\n")
        return serve(self, self, run=self._windows.run, service=self._windows.service)  # type: ignore[arg-type]

    def readline(self) -> bytes:
        """The next line for the installer."""
        return self._waiting.pop(0) if self._waiting else b""

    def write(self, line: bytes) -> int:
        """Take a line of the installer and answer it."""
        message = json.loads(line.decode("ascii"))
        if "say" in message:
            self.said.append((message["level"], message["say"]))
        elif "give" in message:
            self.given.append(message["give"])
        elif "plan" in message:
            self.plan, self.asked = message["plan"], self.asked + 1
            self._answer({"done": self._agrees})
        elif "do" in message:
            try:
                self._answer({"done": self._windows.hands(message["do"], **message["with"])})
            except SetupFailed as error:
                self._answer({"refused": str(error)})
        elif "end" in message:
            self.ended = message["end"]
        return len(line)

    def flush(self) -> None:
        """Lines are taken as they come."""

    def _answer(self, answer: dict[str, Any]) -> None:
        self._waiting.append(json.dumps(answer).encode("ascii") + b"\n")

    def text(self, level: str = "") -> str:
        """All that was said, or what was said of one level."""
        return "\n".join(line for at, line in self.said if not level or at == level)


def steps_of(script: Script) -> Iterator[str]:
    """Names of the steps of the plan that was shown."""
    for line in script.plan:
        yield line.split()[0]
