"""The services of an installation and their definitions for WinSW, from compose-windows/ of a version."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from common.files import write_text
from installer.layout import Layout

FOLDER = "compose-windows"
DEFAULT_DATA_ROOT = "%ProgramData%\\RoutingML"
"""How the definitions name the data folder, as WinSW expands it."""


@dataclass(frozen=True)
class Service:
    """A Windows service: its name, the Python package it runs (None for Caddy) and the services it needs."""

    name: str
    package: str | None
    depends_on: tuple[str, ...]


def services(application: Path) -> list[Service]:
    """The services of a version in order of their start."""
    table = json.loads((application / FOLDER / "services.json").read_text(encoding="utf-8"))
    return [Service(entry["name"], entry["package"], tuple(entry["depends_on"])) for entry in table["services"]]


def write_definitions(layout: Layout, version: str) -> list[Path]:
    """Write the WinSW definitions of a version into the services' folder, with this installation's data folder in them."""
    layout.services.mkdir(parents=True, exist_ok=True)
    written = []
    for service in services(layout.application(version)):
        source = layout.application(version) / FOLDER / "services" / f"{service.name}.xml"
        target = layout.services / source.name
        write_text(target, definition(source.read_text(encoding="utf-8"), layout.data))
        written.append(target)
    return written


def definition(text: str, data: Path) -> str:
    """A definition with `data` in the place of the default data folder, written as XML wants it."""
    place = str(data)
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), ('"', "&quot;")):
        place = place.replace(character, entity)
    return text.replace(DEFAULT_DATA_ROOT, place)
