"""Where requests begin and end in the bytes of a connection, and what is refused: the same however the bytes are cut."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.request_bytes import Refused, RequestBytes, RequestLimits

SMALL = RequestLimits(
    request_line=60, header=50, head=200, headers=5, chunks=7, chunk_line=20, chunk_extensions=24, trailers=40
)
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /x HTTP/1.1\r\nContent-Length: 4\r\n\r\nabcd"
CHUNKED = b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"


def read(pieces: Sequence[bytes], limits: RequestLimits = SMALL) -> tuple[list[bytes], str]:
    """The whole requests as the parser gets them, and why nothing was taken any more; "" while everything was."""
    reader, requests, part = RequestBytes(limits), [], b""
    try:
        for piece in pieces:
            rest = piece
            while rest:
                taken = reader.take(rest)
                part, rest = part + taken.for_parser, taken.rest
                if taken.ended:
                    requests.append(part)
                    part = b""
    except Refused as refused:
        return requests, f"{refused.status} {refused.reason}"
    return requests, ""


@pytest.mark.parametrize(
    ("sent", "passed_on"),
    [
        (GET, [GET]),
        (b"\r\n\r\n" + GET + GET, [GET, GET]),
        (POST + GET, [POST, GET]),
        (CHUNKED + b"3;a=b\r\nabc\r\n0\r\n\r\n" + GET, [CHUNKED + b"3\r\nabc\r\n0\r\n\r\n", GET]),
        (CHUNKED + b"A\r\n0123456789\r\n0\r\nCookie: x\r\n\r\n", [CHUNKED + b"A\r\n0123456789\r\n0\r\n\r\n"]),
        (
            b"GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
            [b"GET / HTTP/1.1\r\nConnection: upgrade\r\n\r\n"],
        ),
    ],
)
def test_requests_are_told_apart(sent: bytes, passed_on: list[bytes]) -> None:
    assert read([sent]) == (passed_on, "")


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"GET /" + b"a" * 100, "414 ADDRESS_TOO_LONG"),
        (b"GET / HTTP/1.1\r\nA: " + b"a" * 100, "431 HEADERS_TOO_LARGE"),
        (b"GET / HTTP/1.1\r\n" + b"A: 1234567890123456789012345678901234567890\r\n" * 5, "431 HEADERS_TOO_LARGE"),
        (b"GET / HTTP/1.1\r\n" + b"A: 1\r\n" * 6, "431 TOO_MANY_HEADERS"),
        (b"\r\n" * 9, "400 UNCLEAR_REQUEST"),
        (b"\r" * 201, "414 ADDRESS_TOO_LONG"),
        (CHUNKED + b"1;" + b"a" * 100, "431 CHUNKS_TOO_LARGE"),
        (CHUNKED + b"1;abcdefgh\r\na\r\n" * 4, "431 CHUNKS_TOO_LARGE"),
        (CHUNKED + b"1\r\na\r\n" * 8, "431 TOO_MANY_CHUNKS"),
        (CHUNKED + b"0\r\n" + b"A: 1\r\n" * 20, "431 TRAILERS_TOO_LARGE"),
        (CHUNKED + b"1\r\nab\r\n", "400 UNCLEAR_REQUEST"),
        (CHUNKED + b"-1\r\n", "400 UNCLEAR_REQUEST"),
        (CHUNKED + b"1\na\r\n", "400 UNCLEAR_REQUEST"),
        (b"POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n", "400 UNCLEAR_REQUEST"),
        (b"POST / HTTP/1.1\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n", "400 UNCLEAR_REQUEST"),
        (b"POST / HTTP/1.1\r\nContent-Length: +4\r\n\r\n", "400 UNCLEAR_REQUEST"),
        (b"POST / HTTP/1.1\r\nContent-Length : 4\r\n\r\n", "400 UNCLEAR_REQUEST"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "400 UNCLEAR_REQUEST"),
        (b"GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", "400 UNCLEAR_REQUEST"),
        (b"CONNECT a:1 HTTP/1.1\r\n\r\n", "501 METHOD_NOT_SERVED"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n", "400 UNCLEAR_REQUEST"),
        (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "400 UNCLEAR_REQUEST"),
        (b"GET /\r\n\r\n", "400 UNCLEAR_REQUEST"),
        (b"GET\r\n\r\n", "400 UNCLEAR_REQUEST"),
    ],
)
def test_what_is_too_much_or_unclear_is_refused(sent: bytes, why: str) -> None:
    assert read([sent])[1] == why


@pytest.mark.parametrize("size", [0, 1])
def test_a_limit_is_the_last_size_that_is_taken(size: int) -> None:
    limits = replace(SMALL, head=1000, headers=3)
    first = b"GET /" + b"a" * (limits.request_line - 16 + size) + b" HTTP/1.1\r\n"
    header = b"A: " + b"a" * (limits.header - 5 + size) + b"\r\n"
    assert (len(first), len(header)) == (limits.request_line + size, limits.header + size)
    assert bool(read([first + b"\r\n"], limits)[1]) == bool(size)
    assert bool(read([b"GET / HTTP/1.1\r\n" + header + b"\r\n"], limits)[1]) == bool(size)
    assert bool(read([b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * (limits.headers + size) + b"\r\n"], limits)[1]) == bool(
        size
    )
    whole = b"GET / HTTP/1.1\r\nA: b\r\n\r\n"
    assert bool(read([whole], replace(limits, head=len(whole) - size))[1]) == bool(size)


HEADS = (GET, POST, CHUNKED, b"GET / HTTP/1.1\r\n", b"A: b\r\n", b"Content-Length: 2\r\n")
CHUNKS = (b"3\r\nabc\r\n", b"0\r\n\r\n", b"0\r\nA: 1\r\n\r\n", b"1;e=1\r\n", b"5")
SMALL_CHANGE = (b"\r\n", b"\n", b"\r", b" ", b":", b"a", b"\x00", b"\xff", b"x" * 30)
FRAGMENTS = st.sampled_from([*HEADS, *CHUNKS, *SMALL_CHANGE])
STREAMS = st.lists(FRAGMENTS | st.binary(max_size=8), max_size=25).map(b"".join)


@st.composite
def cut_streams(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    stream = draw(STREAMS)
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    return stream, [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


@given(cut_streams())
def test_any_cut_of_the_bytes_gives_the_same_requests_and_the_same_verdict(case: tuple[bytes, list[bytes]]) -> None:
    stream, pieces = case
    whole = read([stream])
    assert read(pieces) == whole
    assert read([stream[at : at + 1] for at in range(len(stream))]) == whole


class Parsed:
    """What the parser made of what it got."""

    ended = 0

    def on_message_complete(self) -> None:
        self.ended += 1


@given(STREAMS)
def test_the_parser_ends_no_request_elsewhere(stream: bytes) -> None:
    parsed = Parsed()
    parser = httptools.HttpRequestParser(parsed)
    for number, request in enumerate(read([stream])[0]):
        try:
            parser.feed_data(request[:-1])
            assert parsed.ended == number
            parser.feed_data(request[-1:])
        except httptools.HttpParserError:
            return  # refused by both
        assert parsed.ended == number + 1


def test_the_work_grows_with_the_bytes_and_not_with_their_square() -> None:
    limits = RequestLimits(request_line=10**8, header=10**8, head=10**8)

    def seconds(size: int) -> float:
        reader, began = RequestBytes(limits), time.process_time()
        reader.take(b"GET / HTTP/1.1\r\nA: ")
        for _ in range(size):
            reader.take(b"a")
        return time.process_time() - began

    seconds(1000)
    assert seconds(100_000) < 40 * max(seconds(10_000), 0.002)
