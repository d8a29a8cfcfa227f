"""The table of services, rights and names of a version (compose-windows/services.json), and the definitions of its services for WinSW."""

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
    """A Windows service: its name, the Python package it runs (None for Caddy), the services it needs, and the setting of its address."""

    name: str
    package: str | None
    depends_on: tuple[str, ...]
    address_setting: str | None = None


@dataclass(frozen=True)
class Right:
    """Who may read and who may change a file or folder of the data folder.

    Attributes:
        path: relative to the data folder, with backslashes; "." is the folder itself.
        is_folder: whether it is made where it is missing.
        spreads: whether what is in it has the same rights.
        read: services that may read. modify: services that may read, write and delete.
    """

    path: str
    is_folder: bool
    spreads: bool
    read: tuple[str, ...]
    modify: tuple[str, ...]


@dataclass(frozen=True)
class ServiceTable:
    """What a version says about its services on Windows.

    Attributes:
        services: in order of their start.
        https_port: port that the firewall opens unless another is wanted.
        event_source: name of the event source. The others: names of the firewall rule and of the scheduled tasks.
    """

    services: tuple[Service, ...]
    rights: tuple[Right, ...]
    https_port: int
    firewall_rule: str
    training_task: str
    watchdog_task: str
    event_source: str

    def wanted(self, *, with_proxy: bool) -> list[Service]:
        """The services to run: all, or without the proxy where another one serves the site."""
        return [service for service in self.services if with_proxy or service.package]


def service_table(application: Path) -> ServiceTable:
    """The table of a version."""
    table = json.loads((application / FOLDER / "services.json").read_text(encoding="utf-8"))
    return ServiceTable(
        services=tuple(
            Service(entry["name"], entry["package"], tuple(entry["depends_on"]), entry.get("address_setting"))
            for entry in table["services"]
        ),
        rights=tuple(
            Right(
                entry["path"],
                entry["kind"] == "folder",
                entry["scope"] == "tree",
                tuple(entry["read"]),
                tuple(entry["modify"]),
            )
            for entry in table["rights"]
        ),
        https_port=int(table["https_port"]),
        firewall_rule=table["firewall_rule"],
        training_task=table["training_task"],
        watchdog_task=table["watchdog_task"],
        event_source=table["event_source"],
    )


def services(application: Path) -> list[Service]:
    """The services of a version in order of their start."""
    return list(service_table(application).services)


def definitions(layout: Layout, version: str) -> dict[Path, str]:
    """The WinSW definitions of a version with this installation's data folder in them, by the file each belongs in."""
    made = {}
    for service in services(layout.application(version)):
        source = layout.application(version) / FOLDER / "services" / f"{service.name}.xml"
        made[layout.services / source.name] = definition(source.read_text(encoding="utf-8"), layout.data)
    return made


def write_definitions(layout: Layout, version: str) -> None:
    """Write the definitions of a version into the services' folder."""
    layout.services.mkdir(parents=True, exist_ok=True)
    for target, text in definitions(layout, version).items():
        write_text(target, text)


def definitions_differ(layout: Layout, version: str) -> bool:
    """Whether a definition is missing or is not that of the version."""
    try:
        return any(target.read_text(encoding="utf-8") != text for target, text in definitions(layout, version).items())
    except OSError:
        return True


def definition(text: str, data: Path) -> str:
    """A definition with `data` in the place of the default data folder, written as XML wants it."""
    place = str(data)
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), ('"', "&quot;")):
        place = place.replace(character, entity)
    return text.replace(DEFAULT_DATA_ROOT, place)
