"""Reading request bodies: never more than the limit, and JSON as the standard says (no NaN, no broken UTF-8, no bottomless nesting)."""

from __future__ import annotations

import codecs
from typing import Any

import orjson
from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from common.errors import InvalidInput
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
        f"The request body is larger than {limit:,} bytes: send less at a time, or raise ROUTING_ML_MAX_BODY_BYTES"
    )


def limited(receive: Receive, limit: int) -> Receive:
    """`receive` that raises BodyTooLarge as soon as more than `limit` bytes have come."""
    seen = 0

    async def receive_some() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > limit:
                raise too_large(limit)
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
