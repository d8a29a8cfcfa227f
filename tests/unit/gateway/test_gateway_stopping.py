"""Whose the gateway's port is, and connections that wait while it stops."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Any

import pytest
import uvicorn

from common.processes import IS_WINDOWS
from gateway.http_connection import connections_in
from gateway.places import Places
from gateway.serving import DrainingServer, http_event_loop, listen

REQUEST = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"


async def _greeting(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


def test_a_port_in_use_cannot_be_taken_by_another() -> None:
    with listen("127.0.0.1", 0, shared=False) as first:
        first.listen()
        port = first.getsockname()[1]
        with pytest.raises(OSError, match="taken by another program"):
            listen("127.0.0.1", port, shared=False)


@pytest.mark.skipif(IS_WINDOWS, reason="there a connection that waits cannot be accepted by hand")
def test_connections_that_nobody_has_accepted_yet_are_answered() -> None:
    listening = listen("127.0.0.1", 0, shared=False)
    places = Places(10)
    config = uvicorn.Config(
        _greeting,
        loop="none",
        http=connections_in(places),  # type: ignore[arg-type]
        lifespan="off",
        log_config=None,
        access_log=False,
    )
    server = DrainingServer(config, places)

    async def stop_while_three_wait() -> list[bytes]:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:
            await asyncio.sleep(0.01)
        clients = [socket.create_connection(listening.getsockname(), timeout=10) for _ in range(3)]
        for client in clients:
            client.sendall(REQUEST)
        time.sleep(0.05)  # noqa: ASYNC251 - the loop is busy: nobody accepts them
        await server.shutdown(sockets=[listening])
        serving.cancel()
        answers = [await asyncio.to_thread(client.recv, 4096) for client in clients]
        for client in clients:
            client.close()
        return answers

    loop = http_event_loop()
    try:
        answers = loop.run_until_complete(stop_while_three_wait())
    finally:
        loop.close()
    assert [answer.partition(b"\r\n")[0] for answer in answers] == [b"HTTP/1.1 200 OK"] * 3
