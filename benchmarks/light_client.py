"""An HTTP client that costs next to nothing, so that on few cores the server is measured and not its client."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson

from benchmarks.latency import Latency

MakeRequest = Callable[[int], bytes]


def request_bytes(
    url: str, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
) -> bytes:
    """A request as it goes over the wire.

    Args:
        url: of the gateway.
        body: JSON; None: no body.
    """
    data = b"" if body is None else orjson.dumps(body)
    lines = [f"{method} {path} HTTP/1.1", f"host: {urlsplit(url).netloc}", f"content-length: {len(data)}"]
    lines += ["content-type: application/json"] if data else []
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + data


class _Connection(asyncio.Protocol):
    """One connection, one request at a time; every answer says its length."""

    def __init__(self) -> None:
        self._answer: asyncio.Future[bytes] | None = None
        self._received = b""
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("the gateway has closed the connection"))

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator or self._answer is None:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        if len(body) >= length:
            self._received = b""
            answer, self._answer = self._answer, None
            if head[9:12] == b"200":
                answer.set_result(body)
            else:
                answer.set_exception(RuntimeError(f"{head[:60]!r}: {body[:300]!r}"))

    async def ask(self, request: bytes) -> bytes:
        """Send a request; returns the body of its answer.

        Raises:
            RuntimeError: the answer is another one than 200.
            ConnectionError: there is none.
        """
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        """Hang up."""
        self._transport.close()


async def measure_requests(url: str, make: MakeRequest, *, calls: int, clients: int = 1, warm_up: int = 20) -> Latency:
    """Send `calls` requests by `clients` connections, after a warm-up that does not count.

    Args:
        make: the bytes of the request with this number (0, 1, ...), see `request_bytes`.

    Raises:
        RuntimeError: an answer is another one than 200.
    """
    place = urlsplit(url)
    host, port = place.hostname or "127.0.0.1", place.port or 80
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(_Connection, host, port) for _ in range(clients)]
    connections = [connection for _transport, connection in made]
    for number in range(warm_up):
        await connections[number % clients].ask(make(number))
    numbers = iter(range(calls))
    seconds: list[float] = []

    async def client(connection: _Connection) -> None:
        for number in numbers:
            request = make(number)
            started = time.perf_counter()
            await connection.ask(request)
            seconds.append(time.perf_counter() - started)

    started = time.perf_counter()
    await asyncio.gather(*map(client, connections))
    wall = time.perf_counter() - started
    for connection in connections:
        connection.close()
    return Latency.of(seconds, wall)
