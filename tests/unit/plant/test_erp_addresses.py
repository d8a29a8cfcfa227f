"""Addresses that the ERP may not have unless they are permitted, in every notation."""

from __future__ import annotations

import ipaddress

import pytest

from plant.settings.erp_addresses import entry_problem, literal_address, refusal

LOCAL = [
    "127.0.0.1",
    "127.8.9.10",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "localhost",
    "erp.LOCALHOST.",
    "0.0.0.0",
    "0.1.2.3",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[2002:7f00:1::]",
    "[64:ff9b::7f00:1]",
    "169.254.169.254",
    "169.254.1.1",
    "[fe80::1%25eth0]",
    "[::ffff:169.254.169.254]",
    "[fd00:ec2::254]",
    "168.63.129.16",
    "100.100.100.200",
    "224.0.0.1",
    "255.255.255.255",
]


@pytest.mark.parametrize("host", LOCAL)
def test_addresses_of_this_machine_links_and_clouds_are_refused_however_they_are_written(host: str) -> None:
    address = literal_address(host)
    assert address is not None
    assert "erp.allowed_addresses" in refusal(host, address, [])
    assert refusal(host, address, [host]) == ""


@pytest.mark.parametrize("host", ["10.1.2.3", "192.168.0.10", "172.16.0.1", "8.8.8.8", "[2001:db8::1]", "[fd12::1]"])
def test_addresses_of_the_plants_network_need_no_permission(host: str) -> None:
    address = literal_address(host)
    assert address is not None
    assert refusal(host, address, []) == ""


def test_names_are_no_addresses() -> None:
    assert [literal_address(name) for name in ("erp.plant.local", "127.0.0.1.nip.io", "local", "")] == [None] * 4


@pytest.mark.parametrize(
    ("entry", "permits"),
    [
        ("127.0.0.0/8", True),
        ("erp.plant", True),
        ("::ffff:127.0.0.0/104", True),
        ("10.0.0.0/8", False),
        ("plant", False),
    ],
)
def test_a_permission_is_an_address_a_network_or_the_name(entry: str, permits: bool) -> None:
    mapped = ipaddress.ip_address("::ffff:127.0.0.1")
    assert (refusal("erp.plant", mapped, [entry]) == "") is permits


def test_entries_that_mean_nothing_are_told() -> None:
    assert [bool(entry_problem(entry)) for entry in ("", " ", "a b", "10.0.0.0/99", "x/8")] == [True] * 5
    assert [entry_problem(entry) for entry in ("127.0.0.1", "::1", "fe80::/10", "erp.plant")] == [""] * 4
