"""Connections of a small server: how many there may be, who makes room, and what is kept of clients that do not wait."""

from __future__ import annotations

import asyncio
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st

from common.processes import IS_WINDOWS, SELECT_SOCKETS, watchable_sockets
from gateway.http_connection import BEHIND_BYTES, HttpConnection, connections_in
from gateway.places import LEAST_CONNECTIONS, MOST_CONNECTIONS, Places, most_connections
from gateway.serving import DrainingServer, http_event_loop, listen
from tests.support.patience import busyness

HELLO = b"GET /hello HTTP/1.1\r\nhost: a\r\n\r\n"
SLOW = b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n"
PATIENCE = 20.0


class SmallSelector(selectors.SelectSelector):
    """Like `select` of CPython on Windows, which refuses one socket more than it was compiled for, and with it the whole loop."""

    capacity = 40
    most_seen = 0

    def select(self, timeout: float | None = None) -> Any:
        watched = len(self.get_map() or {})
        type(self).most_seen = max(self.most_seen, watched)
        if watched > self.capacity:
            raise ValueError("too many file descriptors in select()")
        return super().select(timeout)


class Served:
    """A server on a loop of its own thread, with an application that answers /hello at once and /slow when it is told to."""

    def __init__(self, places: Places, make_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
        self.places, self.loop = places, make_loop()
        self.release = asyncio.Event()
        self.begun = 0
        self.ended = 0
        self.died: BaseException | None = None
        listening = listen("127.0.0.1", 0, shared=False)
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(
            self._answer,
            interface="asgi3",
            loop="none",
            http=connections_in(places),  # type: ignore[arg-type]
            lifespan="off",
            log_config=None,
            access_log=False,
        )
        self.server = DrainingServer(config, places)
        self._thread = threading.Thread(target=self._run, args=(listening,), daemon=True)
        self._thread.start()
        wait_until(lambda: self.server.started)

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        self.begun += 1
        if scope["path"] == "/slow":
            await self.release.wait()
        body = b"x" * 2_000_000 if scope["path"] == "/large" else b"hello"
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for start in range(0, len(body), 65_536):
            more = start + 65_536 < len(body)
            await send({"type": "http.response.body", "body": body[start : start + 65_536], "more_body": more})
        self.ended += 1

    def _run(self, listening: socket.socket) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_until_complete(self.server.serve(sockets=[listening]))
        except BaseException as error:
            self.died = error

    def let_go(self) -> None:
        self.loop.call_soon_threadsafe(self.release.set)

    def connect(self, *sent: bytes) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        for part in sent:
            made.sendall(part)
        return made

    def stop(self) -> None:
        self.let_go()
        self.server.should_exit = True
        self._thread.join(PATIENCE)
        self.loop.close()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE * busyness()
    while not condition():
        assert time.monotonic() < deadline, "it does not come to that"
        time.sleep(0.01)


def small_loop() -> asyncio.AbstractEventLoop:
    SmallSelector.most_seen = 0
    return asyncio.SelectorEventLoop(SmallSelector())


LOOPS: Mapping[str, Callable[[], asyncio.AbstractEventLoop]] = {"usual": http_event_loop, "small selector": small_loop}


@contextmanager
def served(most: int, doorway: int = 4, loop: str = "usual") -> Iterator[Served]:
    made = Served(Places(most, doorway), LOOPS[loop])
    try:
        yield made
    finally:
        made.stop()
        assert made.died is None


def first_line(connection: socket.socket) -> bytes:
    """The first line of the answer; b"" when it was hung up on."""
    try:
        return connection.recv(65_536).partition(b"\r\n")[0]
    except ConnectionError:
        return b""


@pytest.mark.parametrize("loop", LOOPS)
def test_half_sent_requests_make_room_for_whole_ones(loop: str) -> None:
    with served(24, loop=loop) as server:
        half = [server.connect(HELLO[:-4]) for _ in range(100)]
        for _ in range(5):
            with server.connect(HELLO) as whole:
                assert first_line(whole) == b"HTTP/1.1 200 OK"
        assert first_line(half[0]) in (b"HTTP/1.1 408 Request Timeout", b"")  # nothing of it had been read
        for one in half:
            one.close()


@pytest.mark.parametrize("loop", LOOPS)
def test_who_comes_while_all_places_work_is_told_to_try_again(loop: str) -> None:
    with served(24, loop=loop) as server:
        working = [server.connect(SLOW) for _ in range(24)]
        wait_until(lambda: server.begun == 24)
        refused = [server.connect() for _ in range(60)]
        lines = [first_line(one) for one in refused]
        assert lines == [b"HTTP/1.1 503 Service Unavailable"] * 60
        server.let_go()
        assert [first_line(one) for one in working] == [b"HTTP/1.1 200 OK"] * 24
        for one in [*working, *refused]:
            one.close()
        wait_until(lambda: len(server.places) == 0)
        with server.connect(HELLO) as again:
            assert first_line(again) == b"HTTP/1.1 200 OK"


def test_a_selector_of_small_capacity_never_gets_more_than_it_takes() -> None:
    with served(24, loop="small selector") as server:
        for _ in range(3):
            many = [server.connect() for _ in range(200)]
            with server.connect(HELLO) as one:
                assert first_line(one) == b"HTTP/1.1 200 OK"
            for one in many:
                one.close()
    assert 24 <= SmallSelector.most_seen <= SmallSelector.capacity


def test_far_too_many_requests_behind_one_that_waits_are_not_kept() -> None:
    with served(10) as server, server.connect(SLOW) as connection:
        wait_until(lambda: server.begun == 1)
        connection.setblocking(False)
        many, sent = HELLO * 1_000_000, 0
        deadline = time.monotonic() + 1.0
        while sent < len(many) and time.monotonic() < deadline:
            try:
                sent += connection.send(many[sent : sent + 65_536])
            except BlockingIOError:
                time.sleep(0.01)
        guests = [guest for guest in server.server.server_state.connections if isinstance(guest, HttpConnection)]
        assert sent < len(many)
        assert [len(guest._unread) <= BEHIND_BYTES for guest in guests] == [True]


def test_a_client_that_takes_nothing_of_its_answer_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HttpConnection, "write_seconds", 0.3)
    with served(10) as server, server.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(HELLO.replace(b"/hello", b"/large"))
        wait_until(lambda: server.begun == 1)
        wait_until(lambda: len(server.places) == 0)


def test_a_connection_that_was_answered_can_be_used_again_after_a_body_that_nobody_read() -> None:
    body = b"POST /hello HTTP/1.1\r\nhost: a\r\ncontent-length: 300000\r\n\r\n"
    with served(10) as server, server.connect(body, b"a" * 300_000) as connection:
        assert first_line(connection) == b"HTTP/1.1 200 OK"
        connection.sendall(HELLO)
        assert first_line(connection) == b"HTTP/1.1 200 OK"


class Known:
    """A connection of which only the place counts."""

    gone = False

    def give_way(self) -> None:
        self.gone = True


@given(st.lists(st.tuples(st.sampled_from(["enter", "works", "waits", "leave"]), st.integers(0, 30)), max_size=80))
def test_there_are_never_more_connections_than_places(steps: list[tuple[str, int]]) -> None:
    places, inside, working = Places(5, 2), list[Known](), set[Known]()
    for step, which in steps:
        if step == "enter":
            guest = Known()
            entered = places.enter(guest)
            inside = [one for one in inside if not one.gone]
            assert entered or (len(working) == 5 and len(inside) == 5)
            inside += [guest] if entered else []
        elif inside:
            guest = inside[which % len(inside)]
            getattr(places, step)(guest)
            working = working | {guest} if step == "works" else working - {guest}
            inside = [one for one in inside if step != "leave" or one is not guest]
        working = {one for one in working if not one.gone}
        assert len(places) == len(inside) <= 5


def test_the_number_of_connections_is_what_the_system_can_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    assert most_connections(100) == 100
    assert most_connections(0) in (MOST_CONNECTIONS, watchable_sockets(5000) - 96)
    monkeypatch.setattr("common.processes.IS_WINDOWS", True)
    assert watchable_sockets(5000) == SELECT_SOCKETS
    assert most_connections(5000) == 416
    monkeypatch.setattr("gateway.places.watchable_sockets", lambda _wanted: 20)
    assert most_connections(5000) == LEAST_CONNECTIONS


@pytest.mark.skipif(IS_WINDOWS, reason="the system's limits are others there")
def test_a_low_limit_of_open_files_is_raised_as_far_as_the_administrator_allows() -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        assert watchable_sockets(1000) == 1000
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (1000, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
