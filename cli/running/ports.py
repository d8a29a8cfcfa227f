"""Ports of the processes: the settings' where they are free, else others, so that two copies run side by side."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from filelock import FileLock, Timeout

from common.errors import Unavailable
from common.processes import free_port, port_is_free
from common.rpc.addresses import is_own
from common.settings import Settings

CLAIMS = Path(tempfile.gettempdir()) / "routing-ml-ports"
"""Locks by which copies that start at the same moment tell each other which ports they are about to use."""
SERVICES = ("auth_address", "ann_addresses", "aggregate_addresses", "trainer_address")


def with_free_ports(settings: Settings) -> Settings:
    """The settings with a free port for every service.

    An address of another machine is left as it is. One that was chosen by hand (environment or .env) is kept; one that is
    only the default moves when it is taken, also by a copy that has not bound it yet. This process holds what it chose until it ends.

    Raises:
        InvalidInput: an address cannot be understood. Unavailable: the gateway's port, or a port that was chosen by hand, is taken.
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
        several = value if isinstance(value, list) else [part.strip() for part in value.split(",")]
        here = [_free_address(one, taken, fixed, name) if is_own(one) else one for one in several]
        update[name] = here if isinstance(value, list) else ",".join(here)
    return settings.model_copy(update=update)


def _free_address(address: str, taken: set[int], fixed: bool, name: str) -> str:
    host, _, port = address.rpartition(":")
    if int(port) in taken or not port_is_free(host, int(port)) or not (fixed or _claimed(int(port))):
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
        if port not in taken and _claimed(port):
            return port


_claims: dict[int, FileLock] = {}


def _claimed(port: int) -> bool:
    """Whether no other process is about to use the port; the lock goes with this process."""
    if port in _claims:
        return True
    lock = FileLock(CLAIMS / f"{port}.lock", timeout=0)
    try:
        CLAIMS.mkdir(exist_ok=True)
        lock.acquire()
    except Timeout:
        return False
    except OSError:  # a folder that another account made; its copies have other ports as soon as these are bound
        return True
    _claims[port] = lock
    return True
