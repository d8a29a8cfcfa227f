"""The table of services, rights and names of a version (compose-windows/services.json), and the definitions of its services for WinSW."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from common.files import write_text
from installer.layout import Layout

FOLDER = "compose-windows"
DEFAULT_DATA_ROOT = "%ProgramData%\\RoutingML"
"""How the definitions name the data folder, as WinSW expands it."""


CONTROL, SERVING, GATEWAY, TRAINING = "control", "serving", "gateway", "training"
ROLES: Final = (CONTROL, SERVING, GATEWAY, TRAINING)
"""What a host among several can be for; a host alone has all of them."""


@dataclass(frozen=True)
class Service:
    """A Windows service.

    Attributes:
        name: of the service.
        package: Python package that it runs; None for Caddy.
        depends_on: services that it needs.
        address_setting: setting of its address.
        role: what its host is for.
    """

    name: str
    package: str | None
    depends_on: tuple[str, ...]
    address_setting: str | None = None
    role: str = ""


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

    def wanted(self, *, with_proxy: bool, roles: Sequence[str] = ()) -> list[Service]:
        """The services to run, each with those of them that it needs.

        Args:
            with_proxy: whether the proxy is one of them; it is not where another one serves the site.
            roles: what this host is for; empty: everything.
        """
        chosen = [
            service
            for service in self.services
            if (with_proxy or service.package) and (not roles or service.role in roles)
        ]
        names = {service.name for service in chosen}
        return [
            replace(service, depends_on=tuple(name for name in service.depends_on if name in names))
            for service in chosen
        ]


def service_table(application: Path) -> ServiceTable:
    """The table of a version."""
    table = json.loads((application / FOLDER / "services.json").read_text(encoding="utf-8"))
    return ServiceTable(
        services=tuple(
            Service(
                entry["name"],
                entry["package"],
                tuple(entry["depends_on"]),
                entry.get("address_setting"),
                entry.get("role", ""),
            )
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
