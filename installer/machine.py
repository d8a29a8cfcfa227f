"""The Windows that is installed on: system programs, the registry's word on services, and what PowerShell alone can do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PureWindowsPath
from typing import Any, Protocol

from bootstrap.progress import SetupFailed
from installer.wording import words

AUTOMATIC, BY_HAND, DISABLED = 2, 3, 4
"""How the registry numbers the ways in which a service starts."""

QUICK_PROGRAMS = ("sc.exe", "netstat.exe", "tasklist.exe")
SILENT_SECONDS = 180.0
"""How long a program that only asks Windows may take before it is ended: a service manager that a service has blocked never answers."""
TIMEOUT_CODE = 1460
"""What Windows calls ERROR_TIMEOUT."""

_SERVICES_KEY = r"SYSTEM\CurrentControlSet\Services"

Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]


@dataclass(frozen=True)
class RegisteredService:
    """A service as the registry has it.

    Attributes:
        program: the program that the service manager starts, without arguments.
        account: such as NT SERVICE\\RoutingML-Auth, or LocalSystem.
        start: 2 automatic, 3 by hand, 4 disabled.
        delayed: whether it starts a while after the machine.
        depends_on: services that have to run before.
    """

    program: str
    account: str
    start: int
    delayed: bool
    depends_on: tuple[str, ...]


class Hands(Protocol):
    """Does what PowerShell alone can do: firewall, scheduled tasks, event log. Raises SetupFailed when the system refuses."""

    def __call__(self, step: str, **details: object) -> Any:
        """Do one step and return what it found."""


@dataclass(frozen=True)
class Machine:
    """What the installer asks of Windows.

    Attributes:
        run: runs a program of the system and keeps what it says.
        service: a service in the registry; None when it is not registered.
        hands: what PowerShell does.
    """

    run: Run
    service: Callable[[str], RegisteredService | None]
    hands: Hands

    def ask(self, program: str, *arguments: str, accepted: Sequence[int] = (0,)) -> str:
        """Run a program of the system; returns what it said.

        Raises:
            SetupFailed: it ended with another exit code than the accepted ones.
        """
        done = self.run([program, *arguments])
        said = " ".join(f"{done.stdout} {done.stderr}".split())
        if done.returncode not in accepted:
            name = PureWindowsPath(program).name
            raise SetupFailed(
                words("program.failed", program=f"{name} {' '.join(arguments)}", code=done.returncode, said=said)
            )
        return done.stdout


def system_program(name: str) -> str:
    """Path of a program of Windows, so that none of the same name in another folder is run."""
    return str(PureWindowsPath(os.environ.get("SYSTEMROOT") or r"C:\Windows") / "System32" / name)


def run_program(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a program and keep what it says. Windows' own programs speak the code page of the console, NSSM speaks UTF-16."""
    limit = SILENT_SECONDS if PureWindowsPath(command[0]).name.lower() in QUICK_PROGRAMS else None
    try:
        done = subprocess.run(list(command), capture_output=True, stdin=subprocess.DEVNULL, timeout=limit)
    except OSError as error:
        return subprocess.CompletedProcess(list(command), error.errno or 1, "", str(error))
    except subprocess.TimeoutExpired:
        said = words("program.silent", seconds=f"{SILENT_SECONDS:.0f}")
        return subprocess.CompletedProcess(list(command), TIMEOUT_CODE, "", said)
    return subprocess.CompletedProcess(list(command), done.returncode, _words(done.stdout), _words(done.stderr))


def _words(said: bytes) -> str:
    """What a program of the system said. A zero byte is in no code page's words, but in every line end of UTF-16."""
    encoding = "utf-16-le" if b"\0" in said else "oem" if sys.platform == "win32" else "utf-8"
    text = said.decode(encoding, "replace").removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def registered_service(name: str) -> RegisteredService | None:
    """A service as the registry has it; None when there is none."""
    if sys.platform != "win32":
        return None
    import winreg

    def value(key: Any, item: str, absent: Any) -> Any:
        try:
            return winreg.QueryValueEx(key, item)[0]
        except OSError:
            return absent

    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, f"{_SERVICES_KEY}\\{name}") as key:
            return RegisteredService(
                program_of(os.path.expandvars(str(value(key, "ImagePath", "")))),
                str(value(key, "ObjectName", "LocalSystem")),
                int(value(key, "Start", BY_HAND)),
                bool(value(key, "DelayedAutostart", 0)),
                tuple(str(one) for one in value(key, "DependOnService", None) or () if one),
            )
    except OSError:
        return None


def program_of(command_line: str) -> str:
    """The program in a command line of the registry."""
    text = command_line.strip()
    if text.startswith('"'):
        return text[1:].partition('"')[0]
    end = text.lower().find(".exe")
    return text if end < 0 else text[: end + 4]
