"""Compressed answers: only for who asks, only where it is worth it, and whole."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.testclient import TestClient

from gateway.compression import CompressedAnswers, asks_for_gzip

LARGE = {"rows": [{"name": f"row {number}", "value": number} for number in range(20_000)]}
SMALL = {"detail": "no"}


async def _app(scope: Any, receive: Any, send: Any) -> None:
    async def pieces() -> Any:
        yield b'{"a":'
        yield b"1}"

    answers: dict[str, Response] = {
        "/api/large": JSONResponse(LARGE, headers={"vary": "Origin"}),
        "/api/small": JSONResponse(SMALL, 404),
        "/api/file": Response(b"x" * 5000, media_type="application/octet-stream"),
        "/api/stream": StreamingResponse(pieces(), media_type="application/json"),
        "/page": JSONResponse(LARGE),
    }
    await answers[scope["path"]](scope, receive, send)


def _get(path: str, accepted: str) -> Any:
    return TestClient(CompressedAnswers(_app)).get(path, headers={"accept-encoding": accepted})


def test_a_large_answer_is_compressed_and_stays_what_it_was() -> None:
    answer = _get("/api/large", "br;q=1, gzip")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Origin, Accept-Encoding"
    assert answer.json() == LARGE
    assert int(answer.headers["content-length"]) * 5 < len(answer.content)
    assert len(gzip.compress(answer.content)) < len(answer.content)


@pytest.mark.parametrize(
    ("path", "accepted"),
    [
        ("/api/large", "identity"),
        ("/api/large", "gzip;q=0"),
        ("/api/small", "gzip"),
        ("/api/file", "gzip"),
        ("/api/stream", "gzip"),
        ("/page", "gzip"),
    ],
)
def test_everything_else_goes_as_it_is(path: str, accepted: str) -> None:
    answer = _get(path, accepted)
    assert "content-encoding" not in answer.headers
    assert answer.content


def test_what_a_client_accepts_is_read_with_its_weights() -> None:
    read = [
        asks_for_gzip([(b"accept-encoding", text)])
        for text in (b"gzip", b"GZIP ; q=0.5", b"*", b"*;q=0", b"br", b"gzip;q=x", b"gzip;q=0, *")
    ]
    assert read == [True, True, True, False, False, False, False]
    assert not asks_for_gzip([])
