"""Which addresses the ERP may have: any but this machine's own, link-local ones and those of cloud metadata, unless explicitly permitted.

What can be reached there trusts whoever is on the machine, so that an endpoint must not lead there by a slip or by a name that changed.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from typing import Final

from common.notices import notice

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

METADATA: Final = frozenset(
    map(
        ipaddress.ip_address,
        ("169.254.169.254", "168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"),
    )
)
"""Where clouds tell machines their credentials, whatever network that is in."""

_TRANSLATED: Final = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48")))
"""IPv6 addresses whose last 32 bits are an IPv4 address."""


def literal_address(host: str) -> Address | None:
    """The address that a host is written as, in any notation that systems understand (`127.1`, `0x7f000001`); None for a name."""
    text = host.strip().strip("[]").partition("%")[0].rstrip(".")
    if text.lower() == "localhost" or text.lower().endswith(".localhost"):
        return ipaddress.IPv4Address("127.0.0.1")
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(text))
    except (OSError, ValueError):
        return None


def refusal(host: str, address: Address, permitted: Sequence[str]) -> str:
    """Why nothing may be sent to an address, for people; "" when it may.

    Args:
        host: as it stands in the endpoint.
        permitted: `erp.allowed_addresses`: addresses, networks or host names.
    """
    kind = _kind(address)
    if kind is None or any(_covers(entry, host, address) for entry in permitted):
        return ""
    code, said = kind
    return notice(
        f"ERP_ADDRESS_{code}",
        f"export.erp_endpoint leads to {{address}}, {said}: name the ERP's own address, or permit this one explicitly by adding "
        "it to erp.allowed_addresses in the settings",
        address=address,
    )


def entry_problem(entry: str) -> str:
    """Why an entry of `erp.allowed_addresses` cannot be used; "" when it can."""
    if "/" not in entry:
        if entry.strip() and not any(letter.isspace() for letter in entry.strip()):
            return ""
        return notice("ERP_ENTRY_BLANK", "it is empty or has spaces")
    try:
        ipaddress.ip_network(entry.strip(), strict=False)
    except ValueError as error:
        return notice(
            "ERP_ENTRY_NO_NETWORK", "{entry} is no network such as 127.0.0.0/8 ({why})", entry=repr(entry), why=error
        )
    return ""


def _kind(address: Address) -> tuple[str, str] | None:
    """What an address is that nothing may be sent to: its code and words; None where anything may."""
    for one in {address, *_within(address)}:
        if one in METADATA:
            return "OF_METADATA", "where a cloud tells its machines their credentials"
        if one.is_loopback or one.is_unspecified:
            return "OF_THIS_MACHINE", "which is this machine"
        if one.is_link_local:
            return "LINK_LOCAL", "a link-local address"
        if one.is_multicast or (one.version == 4 and (one.is_reserved or one == ipaddress.IPv4Address(2**32 - 1))):
            return "OF_MANY", "which is no address of one machine"
        if one.version == 4 and one in ipaddress.IPv4Network("0.0.0.0/8"):
            return "OF_THIS_MACHINE", "which is this machine"
    return None


def _within(address: Address) -> list[Address]:
    """IPv4 addresses that an IPv6 one carries: mapped, 6to4, translated."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    carried: list[Address] = [one for one in (address.ipv4_mapped, address.sixtofour) if one is not None]
    if address.teredo is not None:
        carried += address.teredo
    if any(address in network for network in _TRANSLATED) or (int(address) >> 32 == 0 and int(address) > 1):
        carried.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return carried


def _covers(entry: str, host: str, address: Address) -> bool:
    text = entry.strip().strip("[]")
    if text.lower() == host.strip().strip("[]").lower():
        return True
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return any(one.version == network.version and one in network for one in (address, *_within(address)))
