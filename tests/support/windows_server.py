"""A Windows server in memory with releases to install on it, for tests of the plans behind the scripts."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from installer import change as change_module
from installer import ports, verification, version_commands, windows_services
from installer.control_database import ControlDatabase
from installer.layout import Layout
from installer.release_source import FACTS
from installer.windows_system import SECRETS, WindowsSystem
from tests.support.installation import borrowed_environment
from tests.support.windows_machine import Script, WindowsMachine

OLD, NEW = "1.0.0", "1.1.0"
SITE = "https://routing.plant.local:8443"
PROGRAM = b"MZ" + bytes(58) + (64).to_bytes(4, "little") + b"PE\0\0" + (0x8664).to_bytes(2, "little") + bytes(100)
SERVICES = ["RoutingML-Auth", "RoutingML-Aggregate", "RoutingML-Ann", "RoutingML-Trainer", "RoutingML-Gateway"]
CADDY = "RoutingML-Caddy"


ROOT = Path(__file__).resolve().parents[2]


def unpacked(folder: Path, version: str) -> Path:
    """A release with what the plans read of one, and its tools; returns its application."""
    application = folder / "app"
    shutil.copytree(ROOT / "compose-windows", application / "compose-windows")
    for name in (".env.example", "manage.py"):
        shutil.copyfile(ROOT / name, application / name)
    for name, text in {
        "common/__init__.py": f'__version__ = "{version}"\n',
        "frontend/dist/index.html": "<!doctype html>",
    }.items():
        (application / name).parent.mkdir(parents=True, exist_ok=True)
        (application / name).write_text(text, encoding="utf-8")
    (folder / "tools").mkdir()
    (folder / "tools" / "WinSW-x64.exe").write_bytes(PROGRAM + version.encode())
    (folder / "tools" / "caddy.exe").write_bytes(PROGRAM + b"caddy " + version.encode())
    (folder / FACTS).write_text(json.dumps({"version": version, "made_at": 0}), encoding="utf-8")
    return application


@dataclass
class Server:
    """A machine with the folders of an installation."""

    windows: WindowsMachine
    layout: Layout
    releases: dict[str, Path]
    desk: Path

    @property
    def folders(self) -> dict[str, Any]:
        """The options that name the installation."""
        return {"ProgramRoot": str(self.layout.program), "DataRoot": str(self.layout.data)}

    def call(self, command: str, release: str = OLD, *, agrees: bool = True, **options: Any) -> Script:
        """Call a script of a release for this installation."""
        script = Script(self.windows, agrees=agrees)
        script.call(command, self.releases[release], self.desk, **(self.folders | options))
        return script

    def install(self, release: str = OLD, **options: Any) -> Script:
        """Call install.ps1."""
        return self.call("install", release, **({"Site": SITE} | options))

    def files(self) -> dict[str, bytes]:
        """Every file of the installation."""
        found = {}
        for root in (self.layout.program, self.layout.data):
            for path in root.rglob("*"):
                if path.is_file() and not path.is_symlink():
                    found[str(path)] = path.read_bytes()
        return found


def quick(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the processes be those of the machine in memory, and packages cost nothing."""

    def served(_port: int) -> verification.Served:
        runs = {"RoutingML-Auth", "RoutingML-Gateway"} <= set(server.windows.running())
        return verification.Served(runs, runs, server.layout.active() or "")

    def site_answers(_site: str, _port: int, *, patience_seconds: float) -> None:
        assert patience_seconds >= 0

    def make(application: Path, folder: Path, wheels: Path | None) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        borrowed_environment(application, folder, wheels)

    def check_sums(_folder: Path) -> None:
        """The releases of these tests have no sums."""

    def make_secrets(self: WindowsSystem, _version: str) -> None:
        folder = server.layout.data / "var" / "secrets"
        folder.mkdir(parents=True, exist_ok=True)
        for name in SECRETS:
            (folder / name).touch()

    monkeypatch.setattr(WindowsSystem, "_make_secrets", make_secrets)
    monkeypatch.setattr(ControlDatabase, "_run", lambda *_arguments, **_variables: "0001")
    monkeypatch.setattr(verification, "ask", served)
    monkeypatch.setattr(ports, "is_taken", lambda _host, port: port in server.windows.taken_ports)
    monkeypatch.setattr(verification, "verify_site", site_answers)
    monkeypatch.setattr("installer.release_source.check_sums", check_sums)
    monkeypatch.setattr(change_module.Change.__init__, "__kwdefaults__", _defaults(make))
    monkeypatch.setattr(windows_services, "SETTLE_SECONDS", 0.0)
    monkeypatch.setattr(version_commands, "SITE_SECONDS", 0.0)


def _defaults(make: Any) -> dict[str, Any]:
    known = dict(change_module.Change.__init__.__kwdefaults__ or {})
    return known | {"make_environment": make, "patience_seconds": 0.1}


def copied(windows: WindowsMachine) -> WindowsMachine:
    services = {name: type(one)(one.registered, one.runs) for name, one in windows.services.items()}
    return WindowsMachine(services, dict(windows.rights), dict(windows.rules), dict(windows.tasks))
