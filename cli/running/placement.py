"""Which services run on this machine, and which are found elsewhere: by the addresses of the settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from common.rpc.addresses import is_own
from common.settings import Settings


@dataclass(frozen=True)
class Placement:
    """Addresses by kind of service, in the order in which services start.

    Attributes:
        here: on this machine.
        elsewhere: on others.
    """

    here: Mapping[str, Sequence[str]]
    elsewhere: Mapping[str, Sequence[str]]

    @property
    def alone(self) -> bool:
        """Whether everything is here."""
        return not any(self.elsewhere.values())

    def describe_elsewhere(self) -> str:
        """The services on other machines, for people; "" when there are none."""
        return "; ".join(f"{kind} at {', '.join(addresses)}" for kind, addresses in self.elsewhere.items() if addresses)


def placement_of(settings: Settings) -> Placement:
    """Where the services of the settings are.

    Raises:
        InvalidInput: an address cannot be understood.
    """
    here: dict[str, list[str]] = {}
    elsewhere: dict[str, list[str]] = {}
    for kind, addresses in settings.service_addresses.items():
        here[kind], elsewhere[kind] = [], []
        for address in addresses:
            (here if is_own(address) else elsewhere)[kind].append(address)
    return Placement(here, elsewhere)
