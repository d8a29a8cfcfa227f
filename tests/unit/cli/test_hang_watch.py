"""Processes that hang: noticed by their silence, ended, and told from those that are only not ready."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.care.watchdog_command import find_hanging
from cli.running.hang_watch import HangWatch
from cli.running.readiness import GatewayProbe
from cli.running.supervised_process import Launch, SupervisedProcess
from common.processes import free_port
from common.settings import Settings
from tests.support.patience import busyness

SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503); self.end_headers(); self.wfile.write(b'{}')
    def log_message(self, *arguments): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.fixture(autouse=True)
def quiet_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The patience of these tests does not grow with what else the machine does."""
    monkeypatch.setattr("cli.running.hang_watch.busyness", lambda: 1.0)


def test_a_busy_machine_gets_more_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.running.hang_watch.busyness", lambda: 1000.0)

    async def run() -> list[str]:
        watch = HangWatch(0.05)
        await watch.look({"a": Scripted(False)})
        await asyncio.sleep(0.1)
        return await watch.look({"a": Scripted(False)})

    assert asyncio.run(run()) == []


@dataclass
class Scripted:
    """A process that answers or not, as told."""

    answer: bool = True

    async def answers(self) -> bool:
        return self.answer


def test_only_a_process_that_is_silent_for_long_hangs() -> None:
    async def run() -> None:
        watch, busy, silent = HangWatch(0.05), Scripted(), Scripted(False)
        assert await watch.look({"busy": busy, "silent": silent}) == []
        await asyncio.sleep(0.06)
        assert await watch.look({"busy": busy, "silent": silent}) == ["silent"]
        silent.answer = True
        assert await watch.look({"busy": busy, "silent": silent}) == []
        silent.answer = False
        assert await watch.look({"busy": busy, "silent": silent}) == []

    asyncio.run(run())


def test_a_process_that_was_started_again_begins_anew() -> None:
    async def run() -> None:
        watch, silent = HangWatch(0.05), Scripted(False)
        await watch.look({"a": silent})
        await asyncio.sleep(0.06)
        watch.forget("a")
        assert await watch.look({"a": silent}) == []
        await watch.look({})  # it is being started: not asked
        await asyncio.sleep(0.06)
        assert await watch.look({"a": silent}) == []

    asyncio.run(run())


def test_a_gateway_that_is_slow_under_a_flood_does_not_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.running.readiness.PROBE_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer_late() -> None:
            caller, _address = listening.accept()
            with caller:
                caller.recv(4096)
                time.sleep(0.3)
                caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

        answering = threading.Thread(target=answer_late)
        answering.start()
        probe = GatewayProbe("127.0.0.1", listening.getsockname()[1])
        assert asyncio.run(HangWatch(0.0).look({"gateway": probe})) == []
        answering.join()


@pytest.mark.skipif(sys.platform == "win32", reason="a process is stopped by a signal that Windows lacks")
def test_a_process_that_stands_still_is_found_and_can_be_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.running.readiness.ANSWER_SECONDS", 0.3)
    port = free_port()
    command = (sys.executable, "-c", SERVER, str(port))
    process = SupervisedProcess(
        Launch(f"gateway-{port}", "gateway", command, f"127.0.0.1:{port}"), {}, working_dir=tmp_path, logs=tmp_path
    )
    process.start()
    probe, watch = GatewayProbe("127.0.0.1", port), HangWatch(0.0)
    try:
        deadline = time.monotonic() + 20 * busyness()
        while not asyncio.run(probe.answers()) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert asyncio.run(watch.look({"gateway": probe})) == [], "a process that answers 503 does not hang"
        os.kill(process.record.pid, signal.SIGSTOP)
        assert asyncio.run(watch.look({"gateway": probe})) == ["gateway"]
    finally:
        process.kill()
    assert not process.alive


def test_the_watchdog_names_what_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.running.readiness.ANSWER_SECONDS", 0.3)
    ports = [free_port() for _ in range(5)]
    settings = Settings(
        _env_file=None,
        state_dir=tmp_path,
        auth_address=f"127.0.0.1:{ports[0]}",
        ann_addresses=[f"127.0.0.1:{ports[1]}"],
        aggregate_addresses=[f"127.0.0.1:{ports[2]}"],
        trainer_address=f"127.0.0.1:{ports[3]}",
        gateway_port=ports[4],
    )
    expected = [
        f"{kind}-{port}"
        for kind, port in zip(
            ("auth", "aggregate", "ann", "trainer", "gateway"),
            [ports[0], ports[2], ports[1], ports[3], ports[4]],
            strict=True,
        )
    ]
    assert asyncio.run(find_hanging(settings, 0.2)) == expected
