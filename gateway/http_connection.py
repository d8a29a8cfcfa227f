"""One HTTP connection: every byte is looked at before the parser sees it, one request at a time reaches the application, and neither a
slow sender nor a slow reader keeps the connection for ever."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any, Final, cast

import httptools
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from common.logs import get_logger
from gateway import figures
from gateway.answers import json_text
from gateway.places import Places
from gateway.request_bytes import Refused, RequestBytes, RequestLimits

log = get_logger(__name__)

READ_SECONDS: Final = 60.0
"""Longest time from the first byte of a request (or the beginning of a connection) to the last one of its body."""

WRITE_SECONDS: Final = 20.0
"""Longest time in which a client takes none of what is ready for it."""

LINGER_SECONDS: Final = 1.0
LINGER_BYTES: Final = 4 * 1024 * 1024
"""How long, and how much, is still read from a client that has been told that it is hung up on: who sends would not see the answer."""

TURN_BYTES: Final = 16 * 1024
CHUNKS_TURN_BYTES: Final = 2 * 1024
"""What one connection has looked at before others have their turn; chunks may be small, so it is less of them."""

BEHIND_BYTES: Final = 64 * 1024
"""What is kept of requests behind the one that is being answered."""

LATE_BYTES: Final = 1024 * 1024
"""What is still taken of a body whose request has been answered already."""

TOO_MANY: Final = Refused(
    503, "TOO_MANY_CONNECTIONS", "As many requests as this server takes at a time are being answered: try again"
)
TOO_SLOW: Final = Refused(408, "REQUEST_TOO_SLOW", "The request did not arrive in time: send it again")


class ReadingFlow(FlowControl):
    """Flow control whose reading rests while the application asks for it or bytes that came wait for their turn."""

    _held = False

    def hold(self) -> None:
        """Read nothing for the moment."""
        if not self._held:
            self._held = True
            if not self.read_paused and not self._transport.is_closing():
                self._transport.pause_reading()

    def let_go(self) -> None:
        """Read on, unless the application does not want it yet."""
        if self._held:
            self._held = False
            if not self.read_paused and not self._transport.is_closing():
                self._transport.resume_reading()

    def pause_reading(self) -> None:
        """The application has enough."""
        if not self.read_paused:
            self.read_paused = True
            if not self._held and not self._transport.is_closing():
                self._transport.pause_reading()

    def resume_reading(self) -> None:
        """The application wants more."""
        if self.read_paused:
            self.read_paused = False
            if not self._held and not self._transport.is_closing():
                self._transport.resume_reading()


class HttpConnection(HttpToolsProtocol):
    """HTTP/1.1 with limits to bytes, time and connections.

    Args:
        places: the connections of this process.
        options: what uvicorn gives its protocols.
    """

    limits = RequestLimits()
    read_seconds = READ_SECONDS
    write_seconds = WRITE_SECONDS
    flow: ReadingFlow

    def __init__(self, *, places: Places, **options: Any) -> None:
        super().__init__(**options)
        self._places = places
        self._bytes = RequestBytes(self.limits)
        self._unread = b""
        self._late = 0
        self._pumping: asyncio.Handle | None = None
        self._reading: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None
        self._lingering: asyncio.TimerHandle | None = None
        self._discarded = 0
        self._message_complete = False
        self.spoken = asyncio.Event()

    def connection_made(self, transport: Any) -> None:
        """A client has connected."""
        super().connection_made(transport)
        self.flow = ReadingFlow(transport)
        if self._places.enter(self):
            self._expect_request()
        else:
            self._refuse(TOO_MANY, linger=self._places.see_off(self))

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        self.spoken.set()
        self._places.leave(self)
        for timer in (self._pumping, self._reading, self._writing, self._lingering):
            if timer is not None:
                timer.cancel()
        self._unread = b""
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        self._unset_keepalive_if_required()
        self.spoken.set()
        if self._lingering is not None:
            self._discarded += len(data)
            if self._discarded > LINGER_BYTES:
                self.transport.abort()
            return
        if self._reading is None and not self._answering():
            self._expect_request()
        self._unread += data
        if self._pumping is None:
            self._pump()

    def _answering(self) -> bool:
        """Whether a request has arrived whole and its answer is not finished."""
        return self.cycle is not None and not self.cycle.response_complete and not self._bytes.begun

    def _pump(self) -> None:
        """Look at what came, and hand it on, until it is somebody else's turn or the next request has to wait for an answer."""
        self._pumping = None
        turn = 0
        while self._unread and not self._answering():
            most = CHUNKS_TURN_BYTES if self._bytes.in_chunks else TURN_BYTES
            if turn >= most:
                self._pumping = self.loop.call_soon(self._pump)
                break
            piece, self._unread = self._unread[:most], self._unread[most:]
            turn += len(piece)
            try:
                taken = self._bytes.take(piece)
                self._unread = taken.rest + self._unread
                self._parse(taken.for_parser, ended=taken.ended)
            except Refused as refused:
                self._refuse(refused)
            if self._lingering is not None or self.transport.is_closing():
                self._unread = b""
                return
            turn -= len(taken.rest)
        self._rest()

    def _parse(self, data: bytes, *, ended: bool) -> None:
        """Hand bytes to the parser, which has to agree about where the request ends."""
        if not data:
            return
        try:
            self.parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            raise Refused(400, "BAD_REQUEST", f"The request is not HTTP/1.1: {error}"[:200]) from None
        if self._message_complete != ended:
            raise Refused(400, "UNCLEAR_REQUEST", "The request cannot be read: its end is not certain")
        if ended:
            self._places.works(self)
        elif self.cycle is not None and self.cycle.response_complete:
            self._late += len(data)
            if self._late > LATE_BYTES:
                self._end()

    def _rest(self) -> None:
        """Stop reading while bytes wait for their turn; who sends much more than one request at a time is hung up on after the answer."""
        if not self._unread:
            self.flow.let_go()
            return
        self.flow.hold()
        if self._answering() and len(self._unread) > BEHIND_BYTES:
            self._unread = b""
            self.cycle.keep_alive = False

    def on_message_begin(self) -> None:
        """A request begins."""
        self._message_complete = False
        self._late = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The application gets a request."""
        super().on_headers_complete()
        self.cycle.transport = cast(asyncio.Transport, _Leaving(self))

    def on_message_complete(self) -> None:
        """A request has arrived."""
        self._message_complete = True
        self._forget()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """A request has been answered."""
        super().on_response_complete()
        if self.transport.is_closing() or self._lingering is not None:
            self._unset_keepalive_if_required()
            return
        self._places.waits(self)
        if self._unread and self._pumping is None:
            self._unset_keepalive_if_required()
            self._expect_request()
            self._pumping = self.loop.call_soon(self._pump)

    def pause_writing(self) -> None:
        """The client does not take what is ready for it."""
        super().pause_writing()
        if self._writing is None:
            self._writing = self.loop.call_later(self.write_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """It does again."""
        super().resume_writing()
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None

    def timeout_keep_alive_handler(self) -> None:
        """The connection has rested long enough."""
        self._end()

    def give_way(self) -> None:
        """Hang up on a client whose request does not come: another needs the place, or it has taken too long."""
        if self._lingering is None and self._bytes.begun:
            self._refuse(TOO_SLOW, linger=False)
        self._end()

    def leave(self) -> None:
        """Close the connection after an answer; a client that still sends gets a moment to read it."""
        if self._bytes.begun or self._unread:
            self._linger()
        else:
            self.transport.close()

    def _refuse(self, refused: Refused, *, linger: bool = True) -> None:
        """Say what is wrong and hang up."""
        cycle = self.cycle
        begun = False
        if cycle is not None and not cycle.response_complete:
            begun = cycle.response_started
            cycle.disconnected = True
            cycle.message_event.set()
        if begun:
            self.transport.close()
            return
        figures.requests.labels("none", "none", refused.status).inc()
        log.info("hung up", status=refused.status, reason=refused.reason, client=self.client[0] if self.client else "")
        self.transport.write(_answer(refused, self.server_state.default_headers))
        if linger:
            self._linger()
        else:
            self._end()

    def _linger(self) -> None:
        if self._lingering is None:
            self._forget()
            self._lingering = self.loop.call_later(LINGER_SECONDS, self.transport.abort)
            if self.transport.can_write_eof():
                self.transport.write_eof()
            self.flow.resume_reading()
            self.flow.let_go()

    def _expect_request(self) -> None:
        self._forget()
        self._reading = self.loop.call_later(self.read_seconds, self._give_up)

    def _give_up(self) -> None:
        self._reading = None
        self.give_way()

    def _forget(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _end(self) -> None:
        """Hang up, without waiting for a client that does not read."""
        if self.transport.is_closing():
            return
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()


class _Leaving:
    """The transport as an answer sees it: closing it leaves the client time to read."""

    def __init__(self, connection: HttpConnection) -> None:
        self._connection = connection
        self.write = connection.transport.write
        self.is_closing = connection.transport.is_closing

    def close(self) -> None:
        self._connection.leave()


def connections_in(places: Places) -> Callable[..., HttpConnection]:
    """Makes the connections of a server, all with the same places."""
    return functools.partial(HttpConnection, places=places)


def _answer(refused: Refused, more: list[tuple[bytes, bytes]]) -> bytes:
    body = json_text({"detail": refused.message})
    headers = [
        *more,
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode("ascii")),
        (b"x-content-type-options", b"nosniff"),
        (b"x-error-reason", refused.reason.encode("ascii")),
        (b"connection", b"close"),
    ]
    if refused.status == 503:
        headers.append((b"retry-after", b"1"))
    return STATUS_LINE[refused.status] + b"".join(b"%b: %b\r\n" % header for header in headers) + b"\r\n" + body
