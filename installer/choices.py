"""What the administrator chose for an installation: proxy, runner of the services, port, roles. Remembered for repairs and upgrades."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from common.files import write_text
from installer.layout import Layout
from installer.service_table import GATEWAY
from installer.windows_services import WINSW

CADDY, IIS = "caddy", "iis"


@dataclass(frozen=True)
class Choices:
    """How the services of an installation run.

    Attributes:
        proxy: caddy, a service of its own, or iis.
        runner: winsw or nssm.
        https_port: port that the firewall opens.
        roles: what this host among several is for; empty: everything.
    """

    proxy: str = CADDY
    runner: str = WINSW
    https_port: int = 443
    roles: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "roles", tuple(self.roles))  # which a file has as a list

    def has(self, role: str) -> bool:
        """Whether this host is for something."""
        return not self.roles or role in self.roles

    @property
    def with_caddy(self) -> bool:
        """Whether Caddy is one of the services."""
        return self.proxy == CADDY and self.has(GATEWAY)

    @property
    def opened_port(self) -> int:
        """Port that the firewall opens; 0: none, where no browser comes."""
        return self.https_port if self.has(GATEWAY) else 0


@dataclass(frozen=True)
class Tools:
    """Programs that are no part of the release and were named by the administrator; None: those of the release."""

    winsw: Path | None = None
    caddy: Path | None = None
    nssm: Path | None = None


def choices_file(layout: Layout) -> Path:
    """Where the choices of an installation are kept."""
    return layout.data / "install" / "choices.json"


def read_choices(layout: Layout) -> Choices | None:
    """The remembered choices; None where there are none, or none that can be understood."""
    try:
        return Choices(**json.loads(choices_file(layout).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_choices(layout: Layout, choices: Choices) -> None:
    """Remember the choices."""
    choices_file(layout).parent.mkdir(parents=True, exist_ok=True)
    write_text(choices_file(layout), json.dumps(asdict(choices), indent=1))
