"""Clients that send slowly, or never finish what they send."""

from __future__ import annotations

import socket
import time
from typing import Any

import httpx
import pytest

from gateway.http_connection import HttpConnection

BEGINNINGS = [
    b"",
    b"GET /health HTTP/1.1\r\nhost: a\r\nx-slo",
    b"POST /api/auth/login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{",
]


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_a_request_that_never_ends_is_hung_up_on(plant: Any, beginning: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HttpConnection, "read_seconds", 0.5)
    with socket.create_connection(("127.0.0.1", plant.ports["gateway"]), timeout=10) as connection:
        connection.sendall(beginning)
        began = time.monotonic()
        while connection.recv(4096):
            pass
        assert 0.3 < time.monotonic() - began < 5


def test_a_connection_that_is_used_again_is_not_hung_up_on(plant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HttpConnection, "read_seconds", 0.3)
    with httpx.Client(base_url=plant.url, timeout=60.0) as client:
        for _ in range(3):
            first = client.get("/health/live").extensions["network_stream"].get_extra_info("client_addr")
            time.sleep(0.5)
            assert client.get("/health/live").extensions["network_stream"].get_extra_info("client_addr") == first
