"""Connections that take for ever to send a request are closed, so that they cannot use up what the process may have open.

uvicorn has a limit for connections that rest between two requests, and none for a request that never ends.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

READ_SECONDS: Final = 60.0
"""Longest time from the first byte of a request (or the beginning of a connection) to the last one of its body."""


class PromptProtocol(HttpToolsProtocol):
    """HTTP/1.1 with a limit to the time in which a request has to arrive."""

    read_seconds = READ_SECONDS
    _reading: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A client has connected."""
        super().connection_made(transport)
        self._expect_request()

    def data_received(self, data: bytes) -> None:
        """Bytes came: a request begins, unless one is being answered."""
        if self._reading is None and (self.cycle is None or self.cycle.response_complete):
            self._expect_request()
        super().data_received(data)

    def on_message_complete(self) -> None:
        """A request has arrived."""
        self._forget()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        self._forget()
        super().connection_lost(exc)

    def _expect_request(self) -> None:
        self._reading = self.loop.call_later(self.read_seconds, self._hang_up)

    def _hang_up(self) -> None:
        self._reading = None
        if not self.transport.is_closing():
            self.transport.close()

    def _forget(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
