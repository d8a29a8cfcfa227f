"""Who the client is: the one that connects, unless a proxy that is known as one says who connected to it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from common.settings import Settings
from gateway.proxies import behind_proxies

SAID = (b"x-forwarded-for", b"203.0.113.9")
HTTPS = (b"x-forwarded-proto", b"https")


def seen(peer: str, *headers: tuple[bytes, bytes], proxies: list[str], token: str = "") -> tuple[str, str]:
    """Client and scheme that the application sees."""
    found: list[tuple[str, str]] = []

    async def application(scope: Any, _receive: Any, _send: Any) -> None:
        found.append((scope["client"][0], scope["scheme"]))

    scope = {"type": "http", "scheme": "http", "client": (peer, 5), "headers": list(headers)}
    nothing: Any = None
    asked: Any = behind_proxies(application, proxies, token)(scope, nothing, nothing)
    asyncio.run(asked)
    return found[0]


def test_without_a_proxy_nobody_says_who_the_client_is() -> None:
    settings = Settings(_env_file=None)
    assert seen("127.0.0.1", SAID, HTTPS, proxies=settings.proxies) == ("127.0.0.1", "http")


def test_where_browsers_use_https_the_proxy_of_this_machine_says_it() -> None:
    settings = Settings(_env_file=None, cookie_secure=True)
    assert seen("127.0.0.1", SAID, HTTPS, proxies=settings.proxies) == ("203.0.113.9", "https")
    assert seen("10.0.0.1", SAID, HTTPS, proxies=settings.proxies) == ("10.0.0.1", "http")


def test_the_setting_names_other_proxies_or_none() -> None:
    assert Settings(_env_file=None, trusted_proxies="10.0.0.0/8").proxies == ["10.0.0.0/8"]
    assert seen("10.1.2.3", SAID, proxies=["10.0.0.0/8"])[0] == "203.0.113.9"
    assert Settings(_env_file=None, trusted_proxies=[], cookie_secure=True).proxies == []


@pytest.mark.parametrize(
    "shown",
    [(), ((b"x-routing-ml-proxy", b"guess"),), ((b"x-routing-ml-proxy", b"word"), (b"x-routing-ml-proxy", b"word"))],
)
def test_another_program_of_the_proxys_machine_does_not_know_the_word(shown: tuple[tuple[bytes, bytes], ...]) -> None:
    assert seen("127.0.0.1", SAID, *shown, proxies=["127.0.0.1"], token="word")[0] == "127.0.0.1"
    word = (b"x-routing-ml-proxy", b"word")
    assert seen("127.0.0.1", SAID, word, proxies=["127.0.0.1"], token="word")[0] == "203.0.113.9"


def test_what_a_client_writes_before_its_proxy_does_counts_for_nothing() -> None:
    made_up = (b"x-forwarded-for", b"198.51.100.1, 203.0.113.9")
    assert seen("127.0.0.1", made_up, proxies=["127.0.0.1"])[0] == "203.0.113.9"
