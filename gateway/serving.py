"""Running the gateway: one uvicorn server a process, several processes where the settings say so."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import socket
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import uvicorn

import common
from common.errors import ServiceError
from common.event_log import report_cannot_start, report_failed, report_started, report_stopped
from common.exit_codes import ExitCode
from common.logs import configure_logging, get_logger
from common.processes import (
    IS_WINDOWS,
    new_event_loop,
    own_address,
    port_is_free,
    python_module,
    run_until_stopped,
    start_child,
)
from common.restarts import keep_running
from common.settings import Settings
from common.tracing import start_tracing, stop_tracing
from gateway.app import build_app
from gateway.http_connection import HttpConnection, connections_in
from gateway.places import Places, most_connections
from gateway.proxies import behind_proxies
from gateway.request_middleware import RequestMiddleware

log = get_logger(__name__)

DRAIN_SECONDS = 0.5
"""How long requests are still taken after the signal to stop; their answers close the connections."""
UNREAD_SECONDS = 0.2
"""How long connections that were accepted last have to send their request."""
SWITCH_SECONDS = 0.0005
"""How long a thread that puts a large answer together keeps the interpreter from the event loop, which needs it many times a request."""
LOOP_TURNS = 3
"""A loop reads what has come only after what was due: where it was late, both are due at once, and the request must not be missed."""


def serve(settings: Settings, port: int, worker: int | None) -> int:
    """Serve on `port` until told to stop; returns the exit code.

    Args:
        worker: number of this process among several that share the port; None: the only one.
    """
    instance = settings.instance("gateway", str(port) if worker is None else f"{port}-{worker}")
    try:
        configure_logging(settings, "gateway", instance)
        start_tracing(settings, "gateway", instance)
        listening = listen(settings.gateway_host, port, shared=worker is not None)
        app = build_app(settings, instance)
    except (OSError, ServiceError) as error:
        print(f"{instance} cannot start: {error}", file=sys.stderr, flush=True)
        report_cannot_start(instance, str(error))
        return ExitCode.NOT_RUNNING

    async def main(stop: asyncio.Event) -> int:
        return await run_server(settings, app, listening, stop)

    sys.setswitchinterval(SWITCH_SECONDS)
    address = f"{settings.gateway_host}:{port}"
    log.info("started", address=address, pid=os.getpid())
    report_started(instance, address, common.__version__)
    try:
        code = run_until_stopped(main, http_event_loop)
    except Exception as error:
        log.exception("failed")
        report_failed(instance, f"{type(error).__name__}: {error}")
        raise
    stop_tracing()
    log.info("stopped", address=address)
    report_stopped(instance)
    return code


def http_event_loop() -> asyncio.AbstractEventLoop:
    """uvloop where it exists, else the loop that gRPC works best on."""
    try:
        import uvloop
    except ImportError:
        return new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


class DrainingServer(uvicorn.Server):
    """A server whose last connections get their answer: uvicorn resets those that wait to be accepted, and closes those whose request
    it has not read yet.

    Args:
        places: the connections of this process.
    """

    def __init__(self, config: uvicorn.Config, places: Places) -> None:
        super().__init__(config)
        self.places = places

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `run_until_stopped`: uvicorn would stop listening at the first one, before answers close their connections."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept who waits, stop listening, read what was accepted, then let everything in flight finish."""
        waiting = [] if IS_WINDOWS else [client for listening in sockets or [] for client in _waiting(listening)]
        for server in self.servers:
            server.close()
        for client in waiting:
            await asyncio.get_running_loop().connect_accepted_socket(self._connection, client)
        await self._last_requests()
        await super().shutdown(sockets=sockets)

    async def _last_requests(self) -> None:
        """Wait until those who have connected have sent something, or have had the time to."""
        silent = [
            asyncio.ensure_future(connection.spoken.wait())
            for connection in self.server_state.connections
            if isinstance(connection, HttpConnection) and not connection.spoken.is_set()
        ]
        if not silent:
            return
        await asyncio.wait(silent, timeout=UNREAD_SECONDS)
        for _ in range(LOOP_TURNS):
            await asyncio.sleep(0)
        for waiting in silent:
            waiting.cancel()

    def _connection(self) -> asyncio.Protocol:
        return connections_in(self.places)(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )


def _waiting(listening: socket.socket) -> Iterator[socket.socket]:
    """The connections that wait in the queue of a socket."""
    while True:
        try:
            client, _address = listening.accept()
        except OSError:  # nobody waits, or the socket is closed
            return
        client.setblocking(False)
        yield client


async def run_server(settings: Settings, app: RequestMiddleware, listening: socket.socket, stop: asyncio.Event) -> int:
    """Run uvicorn on a bound socket until `stop` is set, then let requests in flight finish."""
    places = Places(most_connections(settings.gateway_connections))
    config = uvicorn.Config(
        behind_proxies(app, settings.proxies, settings.proxy_token),
        loop="none",
        http=connections_in(places),  # type: ignore[arg-type]
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=max(1, math.ceil(settings.stop_grace_seconds)),
        timeout_keep_alive=75,
    )
    server = DrainingServer(config, places)

    async def watch() -> None:
        await stop.wait()
        app.stopping.set()
        await places.emptied(DRAIN_SECONDS)  # who sends a request meanwhile is told that the connection ends
        server.should_exit = True

    watching = asyncio.create_task(watch())
    try:
        await server.serve(sockets=[listening])
    finally:
        watching.cancel()
    return 0 if server.started else ExitCode.NOT_RUNNING


def listen(host: str, port: int, *, shared: bool) -> socket.socket:
    """A bound socket.

    Args:
        shared: several processes bind the same port and the system spreads connections over them (not on Windows).

    Raises:
        OSError: the port is taken.
    """
    if not shared and not port_is_free(host, port):
        raise OSError(
            f"Port {port} on {host} is taken by another program: stop it, or choose another port with --port or "
            "ROUTING_ML_GATEWAY_PORT"
        )
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    own_address(made)
    if shared:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind((host, port))
    made.setblocking(False)
    return made


def worker_commands(settings: Settings, port: int) -> list[list[str]]:
    """Command lines of the worker processes: sharing one port, on Windows on consecutive ports."""
    if IS_WINDOWS:
        return [
            python_module("gateway", "--port", str(port + number), "--alone")
            for number in range(settings.gateway_workers)
        ]
    return [
        python_module("gateway", "--port", str(port), "--worker", str(number))
        for number in range(settings.gateway_workers)
    ]


def supervise(settings: Settings, port: int) -> int:
    """Run several worker processes, start again those that end, until told to stop; returns the exit code."""
    if not port_is_free(settings.gateway_host, port):
        print(f"gateway-{port} cannot start: port {port} on {settings.gateway_host} is taken", file=sys.stderr)
        return ExitCode.NOT_RUNNING
    starts = [partial(start_child, command, working_dir=Path.cwd()) for command in worker_commands(settings, port)]
    return run_until_stopped(lambda stop: keep_running(starts, stop, grace_seconds=settings.stop_grace_seconds + 1.0))
