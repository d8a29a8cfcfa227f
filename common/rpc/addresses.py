"""Where services are found: addresses as they are configured, the network addresses that names stand for, the gRPC targets of both."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from common.errors import InvalidInput
from common.whole_numbers import whole_number


@dataclass(frozen=True)
class Target:
    """One end to connect to.

    Attributes:
        host: IP address, or a name that is not looked up yet.
        port: 1 to 65535.
        name: the name that a certificate has to hold; "" where `host` itself is what it has to hold.
    """

    host: str
    port: int
    name: str = ""

    @property
    def numeric(self) -> bool:
        """Whether `host` is an IP address."""
        return is_ip(self.host)

    @property
    def text(self) -> str:
        """`host:port`, an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def grpc(self) -> str:
        """As gRPC wants it."""
        if not self.numeric:
            return f"dns:///{self.text}"
        return f"{'ipv6' if ':' in self.host else 'ipv4'}:{self.text}"

    @property
    def is_loopback(self) -> bool:
        """Whether it can only be on this machine."""
        return self.host == "localhost" or (self.numeric and ipaddress.ip_address(self.host).is_loopback)


def is_ip(host: str) -> bool:
    """Whether a host is written as an IP address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def parse_address(address: str) -> Target:
    """An address of the settings, `host:port` with a name, an IPv4 address or an IPv6 address in brackets.

    Raises:
        InvalidInput: it is none.
    """
    host, _, port = address.strip().rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not bare or (":" in bare and bare == host) or not (number := whole_number(port, 65535)):
        raise InvalidInput(
            f"{address!r} is no address of a service: write host:port, such as ann1.plant.local:50051 or 10.0.0.5:50051, "
            "an IPv6 address in brackets"
        )
    return Target(bare, number)


async def resolve(targets: Sequence[Target]) -> dict[Target, list[Target]]:
    """What the names among `targets` stand for at this moment; a name that cannot be looked up is missing."""
    loop = asyncio.get_running_loop()

    async def one(target: Target) -> list[Target]:
        try:
            found = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        except OSError:
            return []
        hosts = dict.fromkeys(str(entry[4][0]) for entry in found)
        return [Target(host, target.port, target.host) for host in hosts]

    names = [target for target in targets if not target.numeric]
    answers = await asyncio.gather(*(one(target) for target in names))
    return {target: answer for target, answer in zip(names, answers, strict=True) if answer}


def own_hosts() -> set[str]:
    """Names and IP addresses by which this machine is known to itself."""
    import psutil

    known = {"localhost", "0.0.0.0", "::", socket.gethostname().lower()}
    for entries in psutil.net_if_addrs().values():
        known.update(entry.address.partition("%")[0].lower() for entry in entries)
    return known


def is_own(address: str) -> bool:
    """Whether an address of the settings leads to this machine.

    Raises:
        InvalidInput: it is no address.
    """
    target = parse_address(address)
    if target.is_loopback or target.host.lower() in own_hosts():
        return True
    if target.numeric:
        return False
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return {str(entry[4][0]) for entry in found} <= own_hosts()


def own_address(addresses: Sequence[str]) -> str:
    """The first of several addresses that leads to this machine; the first of all where none does.

    Raises:
        InvalidInput: one is no address.
    """
    return next((address for address in addresses if is_own(address)), addresses[0])
