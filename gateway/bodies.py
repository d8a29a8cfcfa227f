"""Reading request bodies: never more than the limit, and JSON as the standard says (no NaN, no broken UTF-8, no bottomless nesting)."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from common.errors import InvalidInput, Unavailable
from gateway.failures import BodyTooLarge


class JsonRequest(Request):
    """A request whose JSON is read by orjson."""

    async def json(self) -> Any:
        """The body's JSON value.

        Raises:
            orjson.JSONDecodeError: the body is not JSON.
        """
        if not hasattr(self, "_json"):
            self._json = orjson.loads((await self.body()).removeprefix(codecs.BOM_UTF8))
        return self._json


def too_large(limit: int) -> BodyTooLarge:
    """The error for a body of more than `limit` bytes."""
    return BodyTooLarge(
        f"The request body is larger than {limit:,} bytes: send less at a time, or (where people are logged in) raise "
        "ROUTING_ML_MAX_BODY_BYTES"
    )


class BodySpace:
    """How much memory the bodies of all requests of a process may take. Small ones always find some.

    Args:
        most: bytes of all large bodies together.
        small: bytes of one body that do not count.
    """

    def __init__(self, most: int = 64 * 1024 * 1024, small: int = 64 * 1024) -> None:
        self._left, self._small = most, small

    @contextmanager
    def of_one_request(self) -> Iterator[Callable[[int], None]]:
        """What to call with the size of a body as it grows; it raises Unavailable when there is no more space."""
        taken = 0

        def grown_to(size: int) -> None:
            nonlocal taken
            wanted = max(0, size - self._small) - taken
            if wanted > self._left:
                raise Unavailable(
                    "The server is reading as many large requests as it can: try again in 5 s",
                    reason="TOO_BUSY",
                    retry_after=5.0,
                )
            taken += wanted
            self._left -= wanted

        try:
            yield grown_to
        finally:
            self._left += taken


def limited(receive: Receive, limit: int, grown_to: Callable[[int], None] = lambda _size: None) -> Receive:
    """`receive` that raises BodyTooLarge as soon as more than `limit` bytes have come.

    Args:
        grown_to: is told how many have.
    """
    seen = 0

    async def receive_some() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > limit:
                raise too_large(limit)
            grown_to(seen)
        return message

    return receive_some


def declared_length(scope: Scope) -> int:
    """The header Content-Length; 0 when absent or not a number."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


def document_text(value: object, field: str) -> str:
    """A JSON value as text for a service.

    Raises:
        InvalidInput: it is nested too deeply.
    """
    try:
        return orjson.dumps(value).decode("utf-8")
    except TypeError:
        raise InvalidInput(f"{field} is nested too deeply: at most 250 levels are stored") from None


def document_value(text: str) -> Any:
    """The JSON value of a service's text; None for ""."""
    return orjson.loads(text) if text else None
