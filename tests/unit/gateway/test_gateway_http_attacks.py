"""What anonymous clients send to take the gateway down is hung up on early, with an answer, and nobody else notices."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import httpx
import pytest

from benchmarks.faults.http_attacks import ATTACKS, CHUNKED, GET, Attack, attack

AT_ONCE = [kind for kind in ATTACKS if kind.connections < 10 and kind.expected != {200}]
TAKEN_BYTES = 12_000_000
"""What is read before the end is told, what is read of clients that still send, and what lies in the buffers between the two."""


@pytest.mark.parametrize("kind", AT_ONCE, ids=lambda kind: kind.name)
def test_what_has_no_end_is_refused_and_hung_up_on(plant: Any, kind: Attack) -> None:
    outcomes = asyncio.run(attack(plant.ports["gateway"], kind, seconds=30.0))
    assert [(one.status in kind.expected, one.hung_up) for one in outcomes] == [(True, True)] * kind.connections
    assert max(one.sent for one in outcomes) < TAKEN_BYTES
    assert httpx.get(f"{plant.url}/health/live", timeout=20.0).status_code == 200


def conversation(plant: Any, *parts: bytes) -> bytes:
    """Everything that is answered to these bytes until the gateway hangs up."""
    with socket.create_connection(("127.0.0.1", plant.ports["gateway"]), timeout=20) as connection:
        for part in parts:
            connection.sendall(part)
        answer = b""
        while received := connection.recv(65_536):
            answer += received
        return answer


def test_the_answer_says_what_is_wrong_as_every_other_answer_does(plant: Any) -> None:
    head, _, body = conversation(plant, b"GET / HTTP/1.1\r\nx: " + b"a" * 70_000).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
    assert b"x-error-reason: HEADERS_TOO_LARGE" in head
    assert b"connection: close" in head
    assert body.startswith(b'{"detail":"A header is larger than 16,384 bytes')


def test_a_client_that_still_sends_reads_why_its_body_is_not_taken(plant: Any) -> None:
    sent = (
        b"POST /api/auth/login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9000000\r\n\r\n"
    )
    answer = conversation(plant, sent, b"a" * 2_000_000)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"BODY_TOO_LARGE" in answer


def test_headers_behind_a_body_reach_nobody(plant: Any) -> None:
    body = b'{"username":"a@b.c","password":"x"}'
    chunk = b"%x;a=b\r\n%b\r\n0\r\nCookie: routing_ml_session=x\r\n\r\n" % (len(body), body)
    answer = conversation(plant, CHUNKED + chunk + GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
    assert answer.count(b"HTTP/1.1 ") == 2
    assert answer.endswith(b'{"live":true}')


def test_requests_behind_each_other_are_answered_one_after_the_other(plant: Any) -> None:
    last = GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
    answer = conversation(plant, GET * 50 + last)
    assert answer.count(b"HTTP/1.1 200 OK") == 51


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_upgrade_to_another_protocol_is_not_made(plant: Any, method: str) -> None:
    asked = GET.replace(b"GET", method.encode()).replace(
        b"\r\n\r\n", b"\r\nconnection: upgrade, close\r\nupgrade: h2c\r\n\r\n"
    )
    assert conversation(plant, asked).startswith(b"HTTP/1.1 200 OK")
