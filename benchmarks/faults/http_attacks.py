"""What an anonymous client may do to the gateway over HTTP: too much, for ever, in pieces, slowly; bounded in bytes and time.

`python -m benchmarks.faults.http_attacks --port 8000` runs all of them against a gateway of this machine and asks its health meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

HOST = "127.0.0.1"
MOST_BYTES = 100_000_000
SECONDS = 8.0
BLOCK = b"a" * 65_536
CHUNKED = (
    b"POST /api/auth/login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
)
GET = b"GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n"
BODY = b"POST /api/auth/login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n{"


@dataclass(frozen=True)
class Attack:
    """One kind of attack.

    Attributes:
        name: what is sent.
        pieces: the bytes of one connection, piece by piece, without end or not.
        expected: statuses that may be answered; 0: hung up on without an answer, or still waiting when the attack ends.
        connections: how many do it at the same time.
        pause: seconds between two pieces.
        reads: whether the attacker takes answers before it has sent everything.
    """

    name: str
    pieces: Callable[[], Iterator[bytes]]
    expected: frozenset[int]
    connections: int = 4
    pause: float = 0.0
    reads: bool = False


@dataclass(frozen=True)
class Outcome:
    """How one connection ended: status of the first answer (0: none), bytes that were taken, and whether it was hung up on."""

    status: int
    sent: int
    hung_up: bool
    seconds: float


def _endless(start: bytes, block: bytes = BLOCK) -> Callable[[], Iterator[bytes]]:
    return lambda: itertools.chain([start], itertools.repeat(block))


def _slowly(start: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: itertools.chain([start], itertools.repeat(b"a"))


ATTACKS = (
    Attack("an endless address", _endless(b"GET /"), frozenset({414})),
    Attack("an endless header", _endless(b"GET / HTTP/1.1\r\nx: "), frozenset({431})),
    Attack("an endless name of a header", _endless(b"GET / HTTP/1.1\r\nx"), frozenset({431})),
    Attack("a million small headers", _endless(b"GET / HTTP/1.1\r\n", b"x: y\r\n" * 10_000), frozenset({431})),
    Attack("blank lines without end", _endless(b"\r\n", b"\r\n" * 32_768), frozenset({400})),
    Attack("bytes without a line", _endless(b""), frozenset({414, 400})),
    Attack("an endless chunk extension", _endless(CHUNKED + b"1;x="), frozenset({431})),
    Attack("small chunk extensions", _endless(CHUNKED, b"1;x=" + b"y" * 100 + b"\r\na\r\n"), frozenset({431})),
    Attack("trailers without end", _endless(CHUNKED + b"0\r\n", b"x: y\r\n" * 10_000), frozenset({431})),
    Attack("chunks of one byte", _endless(CHUNKED, b"1\r\n \r\n" * 10_000), frozenset({413, 431})),
    Attack("an endless body", _endless(CHUNKED, b"10000\r\n" + BLOCK + b"\r\n"), frozenset({413})),
    Attack("requests behind each other", _endless(b"", GET * 1000), frozenset({200})),
    Attack("a header byte by byte", _slowly(b"GET / HTTP/1.1\r\nx: "), frozenset({408, 0}), 50, 0.05),
    Attack("a body byte by byte", _slowly(BODY), frozenset({408, 0}), 50, 0.05),
    Attack("half a request and no more", lambda: iter([GET[:20]]), frozenset({408, 503, 0}), 1500, 0.0, True),
    Attack("connections that say nothing", lambda: iter([b""]), frozenset({503, 0}), 1500, 0.0, True),
)


async def attack(port: int, kind: Attack, seconds: float = SECONDS, most_bytes: int = MOST_BYTES) -> list[Outcome]:
    """Do it, on all its connections at once, for at most so many seconds and bytes."""
    each = most_bytes // kind.connections
    return list(await asyncio.gather(*(_one(port, kind, seconds, each) for _ in range(kind.connections))))


async def _one(port: int, kind: Attack, seconds: float, most_bytes: int) -> Outcome:
    began, sent, hung_up, status = time.monotonic(), 0, False, 0
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(HOST, port)
            answer = asyncio.ensure_future(_status(reader))
            try:
                for piece in kind.pieces():
                    if sent >= most_bytes or answer.done():
                        break
                    writer.write(piece)
                    await writer.drain()
                    sent += len(piece)
                    await asyncio.sleep(kind.pause)
            except OSError:
                hung_up = True
            status = await answer
            hung_up = hung_up or await _ends(reader)
    except (OSError, asyncio.IncompleteReadError):
        hung_up = True
    except TimeoutError:
        pass
    finally:
        if writer is not None:
            writer.transport.abort()
    return Outcome(status, sent, hung_up, time.monotonic() - began)


async def _status(reader: asyncio.StreamReader) -> int:
    line = await reader.readline()
    return int(line.split()[1]) if line.startswith(b"HTTP/1.1 ") else 0


async def _ends(reader: asyncio.StreamReader) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(2.0):
            while await reader.read(65_536):
                continue
            return True
    return False


def ask(port: int, path: str) -> tuple[int, float]:
    """Status of a GET on a connection of its own, and its seconds."""

    async def run() -> int:
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"GET %b HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n" % path.encode("ascii"))
        try:
            return await _status(reader)
        finally:
            writer.transport.abort()

    began = time.perf_counter()
    return asyncio.run(run()), time.perf_counter() - began


@dataclass(frozen=True)
class Figure:
    """What an attack did: how its connections ended, and how long the gateway's health took meanwhile, in milliseconds."""

    name: str
    connections: int
    statuses: dict[int, int]
    unexpected: int
    taken_bytes: int
    health_asked: int
    health_failed: int
    health_median_ms: float
    health_longest_ms: float


def measure(port: int, kind: Attack, seconds: float = SECONDS) -> Figure:
    """Attack from a process of its own, and ask for the health all the while."""
    command = [sys.executable, "-m", "benchmarks.faults.http_attacks", "--port", str(port), "--seconds", str(seconds)]
    # A file and not a pipe, which what 1,500 connections tell would fill before anybody reads it
    with (
        tempfile.TemporaryFile() as told,
        subprocess.Popen([*command, "--send", kind.name], stdout=told) as attacking,
    ):
        asked: list[tuple[int, float]] = []
        while attacking.poll() is None:
            asked.append(ask(port, "/api/health"))
            time.sleep(0.02)
        told.seek(0)
        outcomes = [Outcome(**one) for one in json.load(told)]
    times = [took * 1000 for _status, took in asked]
    statuses: dict[int, int] = {}
    for one in outcomes:
        statuses[one.status] = statuses.get(one.status, 0) + 1
    return Figure(
        kind.name,
        kind.connections,
        statuses,
        sum(one.status not in kind.expected for one in outcomes),
        sum(one.sent for one in outcomes),
        len(asked),
        sum(status != 200 for status, _took in asked),
        statistics.median(times),
        max(times),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the attacks, or send one of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults.http_attacks", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port of a gateway on this machine")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="longest time of each attack")
    parser.add_argument("--send", metavar="NAME", help="only send this attack, and print how its connections ended")
    chosen = parser.parse_args(arguments)
    if chosen.send:
        kind = next(kind for kind in ATTACKS if kind.name == chosen.send)
        print(json.dumps([asdict(one) for one in asyncio.run(attack(chosen.port, kind, chosen.seconds))]))
        return
    for kind in ATTACKS:
        print(json.dumps(asdict(measure(chosen.port, kind, chosen.seconds))), flush=True)


if __name__ == "__main__":
    main()
