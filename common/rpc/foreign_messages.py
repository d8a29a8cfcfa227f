"""Messages that do not parse: told to the caller as bad input, which gRPC itself would report as a failure of the server.

A deserializer never raises: it hands a `Malformed` on, and what takes the messages refuses it before a servicer sees it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from google.protobuf.message import DecodeError

from common.errors import InvalidInput

Deserializer = Callable[[bytes], Any]


class Malformed:
    """Stands for a message whose bytes are not of its type."""

    def __init__(self, length: int) -> None:
        self._length = length

    def refusal(self) -> InvalidInput:
        """What the caller is told."""
        return InvalidInput(
            f"The message of {self._length} bytes is not of the type that this method takes: send what its .proto file says",
            reason="MALFORMED_MESSAGE",
        )


def tolerant(deserializer: Deserializer | None) -> Deserializer | None:
    """The same deserializer, which gives a `Malformed` where it would raise."""
    if deserializer is None:
        return None

    def read(data: bytes) -> Any:
        try:
            return deserializer(data)
        except (DecodeError, ValueError, RecursionError):
            return Malformed(len(data))

    return read


def whole(request: Any) -> Any:
    """The request of a call.

    Raises:
        InvalidInput: it is malformed.
    """
    if isinstance(request, Malformed):
        raise request.refusal()
    return request


class WholeMessages:
    """The messages of a client's stream, up to one that is malformed.

    Attributes:
        refusal: of the malformed one, once it has come: also for servicers that read on in the background.
    """

    def __init__(self, messages: AsyncIterator[Any]) -> None:
        self._messages = messages
        self._iterator: AsyncIterator[Any] | None = None
        self.refusal: InvalidInput | None = None

    def __aiter__(self) -> WholeMessages:
        return self

    async def __anext__(self) -> Any:
        if self.refusal is not None:
            raise self.refusal
        if self._iterator is None:
            self._iterator = aiter(self._messages)
        message = await anext(self._iterator)
        if isinstance(message, Malformed):
            self.refusal = message.refusal()
            raise self.refusal
        return message
