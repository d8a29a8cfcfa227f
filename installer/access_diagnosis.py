"""Why an Access file can or cannot be read on Windows: drivers, Python, share, rights, lock file, connection, and one verdict."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path, PureWindowsPath

from installer.checks import access_drivers
from installer.control_database import process_variables
from installer.door import ERROR
from installer.front_door import DONE, FAILED, NOT_INSTALLED, WRONG_USAGE, Call
from installer.machine import system_program
from installer.wording import words

CONNECT = (
    "import sys, pyodbc; pyodbc.pooling = False; pyodbc.connect('DRIVER={Microsoft Access Driver (*.mdb, *.accdb)};DBQ=' "
    "+ sys.argv[1] + ';ReadOnly=1', autocommit=True).close()"
)
SHARING_VIOLATIONS = (32, 33)
IN_USE_CODES = ("-1024", "-1302", "-1305", "-1303")
"""Numbers that the driver puts behind its text, in whatever language that is, when another program has the file exclusively."""


@dataclass(frozen=True)
class AccessReport:
    """What was looked at, in the order in which it is shown."""

    ok: bool
    verdict: str
    path: str
    python: str
    python_bitness: int
    drivers_64: list[str]
    drivers_32: list[str]
    office: str
    share: str
    exists: bool
    connection: str
    lock_file: bool
    service: str
    account: str
    on_network: str
    rights: list[str]


def diagnose(call: Call) -> int:
    """Look at everything between the service and the file, without changing anything, and say what is wrong."""
    path = call.text("Path")
    if not path:
        call.door.say(words("access.no_path"), ERROR)
        return WRONG_USAGE
    python = call.path("Python") or call.layout.python("current")
    bits = _bitness(python)
    if not bits:
        call.door.say(words("access.no_python", python=python), ERROR)
        return NOT_INSTALLED
    report = _report(call, path if path.startswith("\\\\") else str(call.path("Path")), python, bits)
    if call.switch("Json"):
        call.door.give(json.dumps(asdict(report), ensure_ascii=False, indent=1))
    else:
        for name, value in asdict(report).items():
            shown = ", ".join(value) if isinstance(value, list) else str(value)
            call.door.say(f"{name:<15}: {shown}")
    return DONE if report.ok else FAILED


def _report(call: Call, path: str, python: Path, bits: int) -> AccessReport:
    service = call.text("Service") or "RoutingML-Aggregate"
    registered = call.machine.service(service)
    account = registered.account if registered else ""
    share = share_of(path)
    reachable = not share or Path(share).exists()
    exists = reachable and Path(path).is_file()
    drivers = {bitness: access_drivers(bits=bitness) for bitness in (64, 32)}
    connection = _connect(python, path) if exists and drivers[bits] else "not tried"
    ok, verdict = _verdict(
        path,
        bits,
        drivers,
        share=share,
        reachable=reachable,
        exists=exists,
        connection=connection,
        locked=_locked(path),
    )
    on_network = account
    if share and account.upper().startswith("NT SERVICE\\"):
        computer = f"{os.environ.get('USERDOMAIN', '')}\\{os.environ.get('COMPUTERNAME', '')}$"
        on_network = words("access.computer", computer=computer)
    if ok:
        verdict = words("access.readable", service=service, account=on_network or account or service)
    return AccessReport(
        ok=ok,
        verdict=verdict,
        path=path,
        python=str(python),
        python_bitness=bits,
        drivers_64=drivers[64],
        drivers_32=drivers[32],
        office=office_bitness(),
        share=share,
        exists=exists,
        connection=connection,
        lock_file=exists and lock_file(path).exists(),
        service=service,
        account=account,
        on_network=on_network,
        rights=_rights(call, path) if exists else [],
    )


def _verdict(
    path: str,
    bits: int,
    drivers: dict[int, list[str]],
    *,
    share: str,
    reachable: bool,
    exists: bool,
    connection: str,
    locked: bool,
) -> tuple[bool, str]:
    """Whether the file can be read, and what is wrong when it cannot."""
    if not drivers[bits]:
        package = "AccessDatabaseEngine_X64.exe" if bits == 64 else "AccessDatabaseEngine.exe"
        other = words("access.other_bitness") if drivers[96 - bits] else ""
        return False, words("access.no_driver", bits=bits, package=package, other=other)
    if not reachable:
        return False, words("access.no_share", share=share)
    if not exists:
        drive = PureWindowsPath(path).drive
        if drive.endswith(":") and not Path(f"{drive}\\").exists():
            return False, words("access.no_drive", drive=drive)
        return False, words("access.no_file", path=path)
    if connection and (locked or any(f"({code})" in connection for code in IN_USE_CODES)):
        return False, words("access.exclusive", lock=lock_file(path))
    if connection:
        return False, words("access.cannot_open", reason=connection)
    return True, ""


def share_of(path: str) -> str:
    """The share that a path begins with, such as \\\\files\\plant; "" for a path with a drive."""
    found = re.match(r"\\\\[^\\]+\\[^\\]+", path)
    return found.group(0) if found else ""


def lock_file(path: str) -> Path:
    """The file that Access makes beside an open one."""
    return Path(path).with_suffix(".ldb" if path.lower().endswith(".mdb") else ".laccdb")


def _bitness(python: Path) -> int:
    """32 or 64; 0 when it does not run."""
    if not python.is_file():
        return 0
    try:
        done = subprocess.run(
            [str(python), "-c", "import struct; print(struct.calcsize('P') * 8)"],
            capture_output=True,
            text=True,
            errors="replace",
            env=process_variables(),
        )
        return int(done.stdout)
    except (OSError, ValueError):
        return 0


def _connect(python: Path, path: str) -> str:
    """What went wrong when the file was opened without a DSN by the Python that the services use; "" when nothing did."""
    done = subprocess.run(
        [str(python), "-P", "-c", CONNECT, path],
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=process_variables(),
    )
    if done.returncode == 0:
        return ""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return lines[-1] if lines else f"exit code {done.returncode}"


def _locked(path: str) -> bool:
    """Whether another program keeps everybody from the file, by the word of Windows."""
    try:
        with open(path, "rb"):
            return False
    except OSError as error:
        return getattr(error, "winerror", 0) in SHARING_VIOLATIONS


def _rights(call: Call, path: str) -> list[str]:
    """The lines of icacls.exe about a file."""
    said = call.machine.run([system_program("icacls.exe"), path]).stdout
    lines = [line.replace(path, "", 1).strip() for line in said.splitlines()]
    return [line for line in lines if re.search(r":(\([A-Z,]+\))+$", line)]


def office_bitness() -> str:
    """Bitness of an installed Office by its own word; "" when there is none."""
    if sys.platform != "win32":
        return ""
    import winreg

    places = (
        (r"SOFTWARE\Microsoft\Office\ClickToRun\Configuration", "Platform"),
        (r"SOFTWARE\Microsoft\Office\16.0\Outlook", "Bitness"),
    )
    for place, name in places:
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, place) as key:
                return str(winreg.QueryValueEx(key, name)[0])
        except OSError:
            continue
    return ""
