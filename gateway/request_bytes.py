"""Where requests begin and end in the bytes of one HTTP/1.1 connection, and which bytes are too many or can be read in two ways.

Everything that a client sends passes here before the parser sees it. A head is held back until it is whole, so that a parser never puts
one together from pieces, and the work is linear in the bytes, however they are cut.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

_NAME: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CHUNK_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?")
_LONGEST_NUMBER: Final = 15
MOST_BLANK_LINES: Final = 8


@dataclass(frozen=True)
class RequestLimits:
    """What one request may have, in bytes where nothing else is said.

    Attributes:
        request_line: method, address and version.
        header: one header, name and value.
        head: request line and all headers.
        headers: number of headers.
        chunks: number of chunks of a body.
        chunk_line: size and extensions of one chunk.
        chunk_extensions: extensions of all chunks.
        trailers: everything behind the last chunk.
    """

    request_line: int = 16 * 1024
    header: int = 16 * 1024
    head: int = 64 * 1024
    headers: int = 100
    chunks: int = 16_384
    chunk_line: int = 256
    chunk_extensions: int = 16 * 1024
    trailers: int = 8 * 1024


class Refused(Exception):
    """What came is no request that is taken; the connection cannot be used any more.

    Args:
        status: HTTP status of the answer.
        reason: stable name for programs.
        message: what is wrong and what to do.
    """

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status, self.reason, self.message = status, reason, message


@dataclass(frozen=True)
class Taken:
    """What was made of some bytes.

    Attributes:
        for_parser: what the parser gets: a whole head, or a part of a body; b"" while a head is incomplete.
        ended: whether a request ends here.
        rest: bytes that have not been looked at, because they are behind a head or a request.
    """

    for_parser: bytes
    ended: bool
    rest: bytes


class _Part(Enum):
    HEAD = auto()
    BODY = auto()
    CHUNK_LINE = auto()
    CHUNK_DATA = auto()
    CHUNK_END = auto()
    TRAILERS = auto()


class RequestBytes:
    """Takes the bytes of one connection in order, cut anywhere."""

    def __init__(self, limits: RequestLimits) -> None:
        self._limits = limits
        self._part = _Part.HEAD
        self._held = bytearray()
        self._line = 0
        self._lines = 0
        self._blank_lines = 0
        self._left = 0
        self._extensions = 0
        self._chunks = 0

    @property
    def in_chunks(self) -> bool:
        """Whether the next byte belongs to a body in chunks, which may be as small as one byte."""
        return self._part not in (_Part.HEAD, _Part.BODY)

    @property
    def begun(self) -> bool:
        """Whether a request has begun and not ended."""
        return self._part is not _Part.HEAD or bool(self._held)

    def take(self, data: bytes) -> Taken:
        """Look at bytes up to the end of a head, a request, or of `data`.

        Raises:
            Refused: a limit is passed, or the length of a body is not certain.
        """
        if self._part is _Part.HEAD:
            return self._take_head(data)
        if self._part is _Part.BODY:
            part, rest = data[: self._left], data[self._left :]
            self._left -= len(part)
            return Taken(part, self._end_when(not self._left), rest)
        return self._take_chunks(data)

    def _take_head(self, data: bytes) -> Taken:
        before = len(self._held)
        self._held += data
        while True:
            found = self._held.find(b"\n", max(self._line, before))
            end = len(self._held) if found < 0 else found + 1
            self._check_line(end)
            if found < 0:
                return Taken(b"", False, b"")
            line = bytes(self._held[self._line : end])
            blank = not line.strip(b"\r\n")
            if blank and self._lines:
                break
            self._line = end
            self._lines += not blank
            self._blank_lines += blank  # some before a request are allowed
            if self._blank_lines > MOST_BLANK_LINES:
                raise _unclear("there is nothing in it but blank lines")
        head, rest = bytes(self._held[:end]), bytes(self._held[end:])
        self._held, self._line, self._lines, self._blank_lines = bytearray(), 0, 0, 0
        passed_on = self._begin_body(head)
        return Taken(passed_on, self._end_when(self._part is _Part.BODY and not self._left), rest)

    def _check_line(self, end: int) -> None:
        """Refuse the head at the first byte that is too much, the same byte however the bytes are cut."""
        limits, first = self._limits, self._lines == 0
        most = self._line + (limits.request_line if first else limits.header)
        if self._lines > limits.headers and self._held[self._line : min(end, self._line + 1)].strip(b"\r\n"):
            raise Refused(431, "TOO_MANY_HEADERS", f"The request has more than {limits.headers} headers: send fewer")
        if end > min(most, limits.head):
            if limits.head <= most:
                raise Refused(
                    431, "HEADERS_TOO_LARGE", f"The request's headers are larger than {limits.head:,} bytes: send less"
                )
            if first:
                raise Refused(
                    414, "ADDRESS_TOO_LONG", f"The address is longer than {limits.request_line:,} bytes: shorten it"
                )
            raise Refused(431, "HEADERS_TOO_LARGE", f"A header is larger than {limits.header:,} bytes: shorten it")

    def _begin_body(self, head: bytes) -> bytes:
        """Find out how long the body is; returns the head as the parser gets it: without a wish to change the protocol."""
        lines = head.lstrip(b"\r\n").split(b"\n")
        if lines[0][:8].upper() == b"CONNECT ":
            raise Refused(501, "METHOD_NOT_SERVED", "This server is no proxy: it serves no CONNECT")
        version = lines[0].rstrip(b"\r").rpartition(b" ")[2]
        if not version.startswith(b"HTTP/"):
            raise _unclear("its first line does not end with a version of HTTP")
        kept, length, encodings, hosts = [lines[0]], set[bytes](), [], 0
        for line in lines[1:-2]:
            name, colon, value = line.partition(b":")
            if not colon or not _NAME.fullmatch(name):
                raise _unclear("a header has no name, or blanks in it")
            wanted = name.lower()
            if wanted == b"upgrade":
                continue
            if wanted == b"content-length":
                length.add(value.strip(b" \t\r"))
            elif wanted == b"transfer-encoding":
                encodings.append(value.strip(b" \t\r").lower())
            hosts += wanted == b"host"
            kept.append(line)
        if hosts > 1:
            raise _unclear("it is meant for more than one host")
        if encodings:
            if version == b"HTTP/1.0":
                raise _unclear("HTTP/1.0 knows no bodies in chunks")
            if encodings != [b"chunked"] or length:
                raise _unclear("its length is said in two ways, or in one that is not served")
            self._part, self._extensions, self._chunks = _Part.CHUNK_LINE, 0, 0
        else:
            said = length.pop() if length else b"0"
            if length or not said.isdigit() or len(said) > _LONGEST_NUMBER:
                raise _unclear("Content-Length is not one number")
            self._part, self._left = _Part.BODY, int(said)
        return b"\n".join([*kept, *lines[-2:]])

    def _take_chunks(self, data: bytes) -> Taken:
        """Bodies in chunks. Extensions and trailers are looked at and left out: nobody here reads them."""
        passed_on: list[bytes] = []
        at = 0
        while at < len(data):
            if self._part is _Part.CHUNK_DATA:
                part = data[at : at + self._left]
                at, self._left = at + len(part), self._left - len(part)
                passed_on.append(part)
                if not self._left:
                    self._part = _Part.CHUNK_END
                continue
            found = data.find(b"\n", at)
            end = len(data) if found < 0 else found + 1
            line = bytes(self._held) + data[at:end] if self._held else data[at:end]
            at = end
            self._check_chunk_line(len(line))
            if found < 0:
                self._held = bytearray(line)
                break
            self._held = bytearray()
            if self._part is _Part.CHUNK_END:
                if line != b"\r\n":
                    raise _unclear("a chunk is longer than it says")
                passed_on.append(line)
                self._part = _Part.CHUNK_LINE
            elif self._part is _Part.CHUNK_LINE:
                passed_on.append(self._begin_chunk(line))
            else:
                self._left += len(line)
                if line == b"\r\n":
                    passed_on.append(line)
                    return Taken(b"".join(passed_on), self._end_when(True), data[at:])
        return Taken(b"".join(passed_on), False, b"")

    def _check_chunk_line(self, length: int) -> None:
        limits = self._limits
        if self._part is _Part.CHUNK_END and length > 2:
            raise _unclear("a chunk is longer than it says")
        if self._part is _Part.CHUNK_LINE and length > limits.chunk_line:
            raise Refused(431, "CHUNKS_TOO_LARGE", "A chunk of the body has more extensions than are taken: send none")
        if self._part is _Part.TRAILERS and self._left + length > limits.trailers:
            raise Refused(431, "TRAILERS_TOO_LARGE", "There are more headers behind the body than are taken: send none")

    def _begin_chunk(self, line: bytes) -> bytes:
        size = _CHUNK_SIZE.fullmatch(line[:-2]) if line.endswith(b"\r\n") else None
        if size is None:
            raise _unclear("a chunk does not begin with its size")
        digits = size[1]
        self._chunks += 1
        if self._chunks > self._limits.chunks:
            raise Refused(431, "TOO_MANY_CHUNKS", "The body comes in too many chunks: send larger ones, or its length")
        self._extensions += len(line) - 2 - len(digits)
        if self._extensions > self._limits.chunk_extensions:
            raise Refused(
                431, "CHUNKS_TOO_LARGE", "The chunks of the body have more extensions than are taken: send none"
            )
        self._left = int(digits, 16)
        self._part = _Part.CHUNK_DATA if self._left else _Part.TRAILERS
        return digits + b"\r\n"

    def _end_when(self, ended: bool) -> bool:
        if ended:
            self._part, self._left = _Part.HEAD, 0
        return ended


def _unclear(why: str) -> Refused:
    return Refused(400, "UNCLEAR_REQUEST", f"The request cannot be read: {why}")
