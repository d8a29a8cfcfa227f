"""Which installation a script is about: the folders it was given, else the one it lies in, else the one whose services are registered."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from bootstrap.environment import IS_WINDOWS
from installer.layout import Layout
from installer.machine import Machine
from installer.program_files import HOME_FILE

DEFAULT_PROGRAM = "C:\\Program Files\\RoutingML" if IS_WINDOWS else "/opt/routing-ml"
DEFAULT_DATA = "C:\\ProgramData\\RoutingML" if IS_WINDOWS else "/var/lib/routing-ml"


def absolute(text: str | None, folder: Path) -> Path | None:
    """A path as the caller means it, who stands in `folder`; None for an empty one."""
    return Path(os.path.abspath(folder / text)) if text else None  # noqa: PTH100 - resolve() would follow `current`


def home_of(application: Path) -> Path | None:
    """The data folder of the installation that a program belongs to; None for a release or a clone."""
    try:
        return Path(json.loads((application / HOME_FILE).read_text(encoding="utf-8"))["home"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def locate(
    program: Path | None, data: Path | None, application: Path, machine: Machine, services: Sequence[str]
) -> Layout:
    """The folders of the installation that is meant.

    Args:
        program: folder that was named; None: none was. data: the same for the data folder.
        application: where the script and this program lie.
        services: names of the services, to find out where the registered ones are.
    """
    own = home_of(application)
    if program is None and own is not None and data in (None, own):
        program = application.parent.parent
    if program is None:
        program = _program_of_services(machine, services) or Path(DEFAULT_PROGRAM)
    if data is None:
        data = home_of(program / "current" / "app") or Path(DEFAULT_DATA)
    return Layout(program, data)


def _program_of_services(machine: Machine, services: Sequence[str]) -> Path | None:
    for name in services:
        service = machine.service(name)
        folder = Path(service.program).parent if service else None
        if folder is not None and folder.name.lower() == "services":
            return folder.parent
    return None
