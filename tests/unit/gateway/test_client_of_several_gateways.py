"""The Python client with a list of gateways: those that do not answer are passed over, a change is never sent twice."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from benchmarks.hosts.caddy import caddy_before
from common.processes import free_port
from routing_ml_client import ApiError, RoutingMlClient
from tests.support.patience import wait_until


class Gateway(ThreadingHTTPServer):
    """Answers with its name; can be told to hang or to drop connections."""

    daemon_threads = True

    def __init__(self, name: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.name, self.hangs, self.drops = name, False, False
        self.status = 200
        self.asked: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.go_on = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def handle_error(self, *_who: object) -> None:
        """Say nothing of those who have not waited for their answer."""

    def end(self) -> None:
        self.go_on.set()
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    server: Gateway
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.asked.append(self.path)
        if self.server.hangs:
            self.server.go_on.wait(20)
        if self.server.drops:
            self.close_connection = True
            self.connection.close()
            return
        body = json.dumps({"status": self.server.name}).encode()
        self.send_response(self.server.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def two() -> Iterator[tuple[Gateway, Gateway]]:
    made = Gateway("east"), Gateway("west")
    yield made
    for gateway in made:
        gateway.end()


def test_a_gateway_that_is_not_there_is_passed_over_and_asked_last_from_then_on(two: tuple[Gateway, Gateway]) -> None:
    with RoutingMlClient([f"http://127.0.0.1:{free_port()}", two[1].url]) as client:
        assert client.json("POST", "/api/auth/login", body={})["status"] == "west"
        assert client.json("GET", "/api/health")["status"] == "west"


def test_a_gateway_that_hangs_costs_a_read_a_second_or_two_once(two: tuple[Gateway, Gateway]) -> None:
    east, west = two
    with RoutingMlClient([east.url, west.url]) as client:
        assert client.json("POST", "/api/predict", body={})["status"] == "east"
        east.hangs = True
        began = time.monotonic()
        assert client.json("POST", "/api/predict", body={})["status"] == "west"
        assert time.monotonic() - began < 2.5
        began = time.monotonic()
        assert client.json("GET", "/api/health")["status"] == "west"
        assert time.monotonic() - began < 0.7


def test_a_slow_answer_of_a_gateway_that_lives_is_waited_for(two: tuple[Gateway, Gateway]) -> None:
    east, _west = two

    class Slow(Handler):
        server: Gateway

        def do_POST(self) -> None:
            time.sleep(1.2)
            self.do_GET()

    east.RequestHandlerClass = Slow
    with RoutingMlClient([east.url, two[1].url]) as client:
        assert client.json("POST", "/api/predict", body={})["status"] == "east"
    assert "/health/live" in east.asked


def test_a_change_is_not_sent_to_another_gateway_once_it_may_have_arrived(two: tuple[Gateway, Gateway]) -> None:
    east, west = two
    east.drops = True
    with RoutingMlClient([east.url, west.url]) as client, pytest.raises(httpx.TransportError):
        client.json("POST", "/api/routing/groups", body={})
    assert west.asked == []


def test_where_nobody_answers_it_is_an_error_of_the_transport() -> None:
    urls = [f"http://127.0.0.1:{free_port()}" for _ in range(2)]
    with RoutingMlClient(urls, retries=0) as client, pytest.raises(httpx.TransportError):
        client.json("GET", "/api/health")
    with pytest.raises(ValueError, match="at least one"):
        RoutingMlClient([])


@pytest.fixture
def caddy(two: tuple[Gateway, Gateway], tmp_path: Path) -> Iterator[str]:
    """The URL of a real Caddy, with the file that comes with the product, before both gateways."""
    program = shutil.which("caddy")
    if program is None:
        pytest.skip("Caddy is not installed (Debian: apt-get install caddy)")
    with caddy_before([gateway.url for gateway in two], "127.0.0.1", tmp_path) as url:
        yield url


def test_behind_caddy_a_gateway_that_hangs_or_is_gone_fails_no_read(two: tuple[Gateway, Gateway], caddy: str) -> None:
    east, west = two
    with RoutingMlClient(caddy) as client:
        names = {client.json("POST", "/api/predict", body={"item_codes": ["A"]})["status"] for _ in range(8)}
        assert names == {"east", "west"}
        east.hangs = True  # its cable is pulled: it takes what comes and says nothing
        slowest = 0.0
        for _ in range(6):
            began = time.monotonic()
            assert client.json("POST", "/api/predict", body={"item_codes": ["A"]})["status"] == "west"
            slowest = max(slowest, time.monotonic() - began)
        assert slowest < 3.0
        east.hangs = False
        east.go_on.set()
        ask = partial(client.json, "POST", "/api/predict", body={"item_codes": ["A"]})
        wait_until(lambda: ask()["status"] == "east", 20.0, lambda: "Caddy does not see that it is back")
        west.drops = True  # its process is gone
        assert client.json("POST", "/api/predict", body={"item_codes": ["A"]})["status"] == "east"


def test_what_changes_something_is_asked_once_whatever_a_proxy_says(two: tuple[Gateway, Gateway]) -> None:
    east = two[0]
    east.status = 502
    with RoutingMlClient(east.url) as client:
        with pytest.raises(ApiError):
            client.json("POST", "/api/routing/groups", body={})
        assert len(east.asked) == 1
        with pytest.raises(ApiError):
            client.json("POST", "/api/predict", body={})
        assert len(east.asked) == 5
