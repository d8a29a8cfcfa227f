"""Answers of the API, compressed for clients that ask for it: a prediction of 50 items is megabytes of much the same names."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LEAST_BYTES: Final = 1400
"""Smaller answers fit a packet of the network as they are."""
AT_ONCE_BYTES: Final = 128 * 1024
"""Larger ones are compressed in a thread, so that other requests go on."""
LEVEL: Final = 5
KINDS: Final = (b"application/json", b"application/problem+json")

Headers = Iterable[tuple[bytes, bytes]]


def asks_for_gzip(headers: Headers) -> bool:
    """Whether Accept-Encoding names gzip, or everything, with a weight above 0."""
    weights: dict[str, float] = {}
    for name, value in headers:
        if name == b"accept-encoding":
            for part in value.decode("latin-1").lower().split(","):
                coding, _, weight = part.partition(";")
                weights[coding.strip()] = _weight(weight)
    return weights.get("gzip", weights.get("*", 0.0)) > 0.0


def _weight(text: str) -> float:
    name, _, value = text.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


class CompressedAnswers:
    """Compresses JSON answers to `/api/*` that are sent in one piece; streams and files go as they are."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/api/") or not asks_for_gzip(scope["headers"]):
            await self.app(scope, receive, send)
            return
        start: Message | None = None

        async def compressed(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _can_be_compressed(message.get("headers", ())):
                start = message
                return
            if start is not None:
                begun, start = start, None
                body = message.get("body", b"")
                if message["type"] == "http.response.body" and not message.get("more_body"):
                    body = await _gzip(body)
                    message = {**message, "body": body}
                    begun = {**begun, "headers": _headers(begun["headers"], len(body))}
                await send(begun)
            await send(message)

        await self.app(scope, receive, compressed)


def _can_be_compressed(headers: Headers) -> bool:
    named = dict(headers)
    kind = named.get(b"content-type", b"").partition(b";")[0].strip()
    length = named.get(b"content-length", b"")
    return kind in KINDS and b"content-encoding" not in named and length.isdigit() and int(length) >= LEAST_BYTES


def _headers(headers: Headers, length: int) -> list[tuple[bytes, bytes]]:
    kept = [(name, value) for name, value in headers if name not in (b"content-length", b"vary")]
    vary = [value for name, value in headers if name == b"vary"]
    return [
        *kept,
        (b"content-length", str(length).encode("ascii")),
        (b"content-encoding", b"gzip"),
        (b"vary", b", ".join([*vary, b"Accept-Encoding"])),
    ]


async def _gzip(body: bytes) -> bytes:
    if len(body) <= AT_ONCE_BYTES:
        return gzip.compress(body, LEVEL, mtime=0)
    return await asyncio.to_thread(gzip.compress, body, LEVEL, mtime=0)
