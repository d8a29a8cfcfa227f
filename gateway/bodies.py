"""Reading request bodies: never more than the limit, and JSON as the standard says (no NaN, no broken UTF-8, no bottomless nesting)."""

from __future__ import annotations

import asyncio
import codecs
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import orjson
from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from common.errors import InvalidInput, Unavailable
from gateway.failures import BodyTooLarge
from gateway.large_bodies import FirstProblem

Result = TypeVar("Result")

MOST_VALUES: Final = 200_000
"""Values of a body: reading takes time by their number, in which nobody else is answered, and not by the length of their texts."""

MANY_VALUES: Final = 2_000
"""Bodies with fewer are told of everything that is wrong with them."""

LARGE_BYTES: Final = 256 * 1024
"""Bodies above it are read one after the other, with time for others in between."""


class JsonRequest(Request):
    """A request whose JSON is read by orjson, and a large one when its turn has come.

    Args:
        turns: of the large bodies of this process.

    Attributes:
        has_many_values: whether its body has more than MANY_VALUES; known when it has been read.
    """

    def __init__(self, scope: Scope, receive: Receive, turns: Turns) -> None:
        super().__init__(scope, receive)
        self._turns = turns
        self.has_many_values = False

    async def json(self) -> Any:
        """The body's JSON value.

        Raises:
            orjson.JSONDecodeError: the body is not JSON.
        """
        if not hasattr(self, "_json"):
            text = (await self.body()).removeprefix(codecs.BOM_UTF8)
            self._json = await self._turns.take(lambda: orjson.loads(text), len(text))
        return self._json

    async def problems(self, first: FirstProblem) -> list[dict[str, object]]:
        """What is wrong with a body of many values; empty where nothing is, and where it is no JSON, which is told elsewhere."""
        try:
            value = await self.json()
        except orjson.JSONDecodeError:
            return []
        return await self._turns.take(lambda: first.problems(value), len(await self.body()))

    async def read(self) -> None:
        """Take in the whole body.

        Raises:
            BodyTooLarge: it has too many bytes or too many values.
        """
        text = await self.body()
        self.has_many_values = len(text) > 2 * MANY_VALUES and has_more_values(text, MANY_VALUES)
        if self.has_many_values and has_more_values(text, MOST_VALUES):
            raise BodyTooLarge(
                f"The request body holds more than {MOST_VALUES:,} values: send less at a time",
                reason="TOO_MANY_VALUES",
            )


def has_more_values(text: bytes, most: int) -> bool:
    """Whether JSON has more values than `most`; within 30 ms for 8 MB."""
    if _separators(text) <= most:
        return False
    without_escapes = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    if without_escapes.count(b'"') > 2 * most:  # so many texts
        return True
    return sum(map(_separators, without_escapes.split(b'"')[::2])) > most


def _separators(text: bytes) -> int:
    """How often a value ends or a list or object begins, as if there were no texts."""
    return text.count(b",") + text.count(b"[") + text.count(b"{")


class Turns:
    """Lets large bodies be read one after the other, and everybody else be answered between two of them. Used on the event loop only."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def take(self, work: Callable[[], Result], size: int) -> Result:
        """The result of `work()`, which reads a body of `size` bytes and holds the event loop meanwhile."""
        if size <= LARGE_BYTES:
            return work()
        await self._lock.acquire()
        began, rest = time.perf_counter(), 0.0
        try:
            result = work()
            rest = time.perf_counter() - began
            await asyncio.sleep(rest)  # so long others are answered; what follows at once is the check of what was read
            return result
        finally:
            asyncio.get_running_loop().call_later(2 * rest, self._lock.release)


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
