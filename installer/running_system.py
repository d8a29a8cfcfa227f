"""What runs the installed program and has to follow each change of it: the services of Windows, elsewhere `routing-ml up`."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from bootstrap.progress import SetupFailed
from installer import ports
from installer.control_database import process_variables
from installer.layout import Layout
from installer.service_table import definitions_differ, write_definitions

WINDOWS_STEPS = ("register", "secrets", "rights", "firewall")
"""Steps that only an installation with Windows services has."""

Before = Mapping[str, Any]
"""How the system was before a change, as it stands in the journal."""


class RunningSystem(Protocol):
    """Stops, starts and arranges what runs."""

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps of WINDOWS_STEPS that it has."""

    @property
    def with_caddy(self) -> bool:
        """Whether Caddy with the installation's `caddy.env` is in front of the gateway."""

    @property
    def migrates(self) -> bool:
        """Whether a change saves and migrates the database; among several copies of auth_service the one that takes over does."""

    @property
    def has_gateway(self) -> bool:
        """Whether a gateway runs here, which tells how the installation is."""

    @property
    def address_settings(self) -> Sequence[str]:
        """The settings of the addresses that processes of this machine listen on."""

    def look(self) -> dict[str, Any]:
        """How it is now, so that it can be put back."""

    def differs(self, version: str) -> set[str]:
        """Steps that a repair has to do, because something is not as `version` has it."""

    def stop(self) -> None:
        """Stop all and wait until they have ended. Raises SetupFailed when one does not."""

    def start(self, before: Before) -> None:
        """Start all of the current version. Raises SetupFailed when one does not start."""

    def keep_programs(self, version: str) -> None:
        """Put the programs that the services need beside a version."""

    def do(self, step: str, version: str) -> None:
        """Do one of the steps define, register, secrets, rights, firewall for a version."""

    def put_back(self, version: str | None, before: Before) -> None:
        """Arrange everything for a former version as it was; None: for no version at all."""

    def trouble(self) -> str:
        """Which processes do not run, in words; "" when all do."""


class SupervisedProcesses:
    """The processes under the supervisor of the command line, where there are no Windows services."""

    steps: tuple[str, ...] = ()
    with_caddy = True
    migrates = True
    has_gateway = True
    address_settings: Sequence[str] = ports.ADDRESS_SETTINGS

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def look(self) -> dict[str, Any]:
        """Nothing that would have to be put back."""
        return {}

    def differs(self, version: str) -> set[str]:
        """The definitions, which lie there also where nobody reads them."""
        return {"define"} if definitions_differ(self._layout, version) else set()

    def stop(self) -> None:
        """Stop all processes in order."""
        self._command("down")

    def start(self, before: Before) -> None:
        """Start all processes of the current version; returns when they answer."""
        self._command("up", "--detach")

    def keep_programs(self, version: str) -> None:
        """There are none."""

    def do(self, step: str, version: str) -> None:
        """Write the definitions."""
        if step == "define":
            write_definitions(self._layout, version)

    def put_back(self, version: str | None, before: Before) -> None:
        """Write the definitions of the former version."""
        if version:
            write_definitions(self._layout, version)

    def trouble(self) -> str:
        """The supervisor itself says what is wrong."""
        return ""

    def _command(self, *arguments: str) -> None:
        version = self._layout.active()
        if version is None or not self._layout.is_complete(version):
            return
        done = subprocess.run(
            [str(self._layout.python(version)), "-P", "-m", "cli", *arguments],
            cwd=self._layout.application(version),
            env=process_variables(),
            capture_output=True,
            text=True,
            errors="replace",
        )
        if done.returncode:
            said = (done.stderr or done.stdout).strip()
            raise SetupFailed(f"routing-ml {arguments[0]} of version {version} failed: {said}")


class NothingRuns(SupervisedProcesses):
    """Leaves starting and stopping to the caller."""

    def stop(self) -> None:
        """Nothing is stopped."""

    def start(self, before: Before) -> None:
        """Nothing is started."""
