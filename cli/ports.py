"""Ports of the processes: the settings' where they are free, else others, so that two copies run side by side."""

from __future__ import annotations

from collections.abc import Iterable

from common.errors import Unavailable
from common.processes import free_port, port_is_free
from common.settings import Settings

SERVICES = ("auth_address", "ann_addresses", "aggregate_addresses", "trainer_address")


def with_free_ports(settings: Settings) -> Settings:
    """The settings with a free port for every service.

    An address that was chosen by hand (environment or .env) is kept; one that is only the default moves when it is taken.

    Raises:
        Unavailable: the gateway's port, or a port that was chosen by hand, is taken.
    """
    if not port_is_free(settings.gateway_host, settings.gateway_port):
        raise Unavailable(
            f"Port {settings.gateway_port} on {settings.gateway_host} is taken by another program: "
            "stop it, or choose another port with --port",
            reason="PORT_TAKEN",
        )
    taken: set[int] = {settings.gateway_port}
    update: dict[str, str | list[str]] = {}
    for name in SERVICES:
        value = getattr(settings, name)
        fixed = name in settings.model_fields_set
        if isinstance(value, list):
            update[name] = [_free_address(address, taken, fixed, name) for address in value]
        else:
            update[name] = _free_address(value, taken, fixed, name)
    return settings.model_copy(update=update)


def _free_address(address: str, taken: set[int], fixed: bool, name: str) -> str:
    host, _, port = address.rpartition(":")
    if int(port) in taken or not port_is_free(host, int(port)):
        if fixed:
            raise Unavailable(
                f"ROUTING_ML_{name.upper()} names {address}, which is taken by another program: stop it or choose another",
                reason="PORT_TAKEN",
            )
        port = str(_other_port(host, taken))
    taken.add(int(port))
    return f"{host}:{port}"


def _other_port(host: str, taken: Iterable[int]) -> int:
    while True:
        port = free_port(host)
        if port not in taken:
            return port
