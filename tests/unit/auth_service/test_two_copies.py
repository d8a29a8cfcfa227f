"""Two copies of auth_service on one PostgreSQL: one is active, the other takes over, nothing acknowledged is lost, never two at once."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from auth_service.control import leadership, turn
from auth_service.control.leadership import Leadership
from auth_service.control.watch import WatchHub
from auth_service.erp.outbox import Message, Outbox
from auth_service.store.database import Database, several_hosts
from common.errors import (
    AlreadyExists,
    InvalidInput,
    NotFound,
    PreconditionFailed,
    ServiceError,
    TooManyRequests,
    Unavailable,
)
from common.processes import free_port
from common.rpc.client import Caller, connect
from common.settings import Settings
from protos.auth.v1 import auth_pb2, auth_pb2_grpc
from protos.settings.v1 import settings_pb2, settings_pb2_grpc
from tests.unit.auth_service.conftest import ADMIN, ADMIN_PASSWORD, Plant, plant_settings, start_plant, stop_plant

LEASE_SECONDS = 2.5
SECRET = "the secret of both hosts, long enough"


@pytest.fixture
def url(postgresql_url: str) -> str:
    """An empty database."""
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(f"{postgresql_url}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"{postgresql_url}/{name}"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases that end soon, so that nobody waits."""
    monkeypatch.setattr(leadership, "LEASE_SECONDS", LEASE_SECONDS)
    monkeypatch.setattr(leadership, "MARGIN_SECONDS", 0.4)
    for module in (leadership, turn):
        monkeypatch.setattr(module, "RENEW_SECONDS", 0.15)
    monkeypatch.setattr(turn, "LOOK_SECONDS", 0.05)


Start = Callable[..., Awaitable[Plant]]


@pytest.fixture
async def start(url: str, tmp_path: Path) -> AsyncIterator[Start]:
    """Starts a copy on a host of its own."""
    running: list[Plant] = []

    async def copy(host: str, **changes: Any) -> Plant:
        values = {"database_url": url, "service_secret": SECRET, "host_name": host, **changes}
        running.append(await start_plant(plant_settings(tmp_path / host, **values)))
        return running[-1]

    yield copy
    for plant in running:
        await stop_plant(plant)


class Client:
    """Asks whichever copy is active."""

    def __init__(self, *copies: Plant) -> None:
        self.settings: Settings = copies[0].settings.model_copy(
            update={"auth_address": ",".join(copy.settings.auth_address for copy in copies)}
        )
        self.channel = connect(self.settings, self.settings.auth_addresses)
        self._caller = Caller(self.settings, "test", copies[0].credential)
        self.auth = auth_pb2_grpc.AuthServiceStub(self.channel)
        self.control = settings_pb2_grpc.SettingsServiceStub(self.channel)

    async def ask(self, method: Any, request: Any) -> Any:
        return await self._caller.call(method, request, service="auth_service", timeout=5.0)

    async def until_answered(self, method: Any, request: Any) -> tuple[Any, float]:
        """The answer, and the seconds until there was one."""
        began = time.monotonic()
        while True:
            try:
                return await self.ask(method, request), time.monotonic() - began
            except Unavailable:
                assert time.monotonic() - began < 20.0
                await asyncio.sleep(0.05)


def login() -> auth_pb2.LoginRequest:
    return auth_pb2.LoginRequest(username=ADMIN, password=ADMIN_PASSWORD, client_host="10.0.0.9")


async def test_one_is_active_and_calls_find_it(start: Start) -> None:
    first, second = await start("east"), await start("west")
    assert first.program.turn is not None
    assert second.program.turn is not None
    with pytest.raises(Unavailable, match="stands by") as refused:
        await second.ask(second.control.Get, settings_pb2.GetSettingsRequest(), process="cli")
    assert refused.value.reason == "CONTROL_PLANE_STANDBY"
    client = Client(second, first)
    for _ in range(6):
        assert (await client.ask(client.auth.Login, login())).token
    await client.channel.close()


async def test_the_other_takes_over_sessions_settings_and_what_was_refused(start: Start) -> None:
    first, second = await start("east"), await start("west")
    client = Client(first, second)
    token = (await client.ask(client.auth.Login, login())).token
    patch = settings_pb2.PatchSettingsRequest(patch_json='{"search": {"ef_search": 77}}')
    revision = (await client.ask(client.control.Patch, patch)).document.revision
    for _ in range(7):
        with pytest.raises(ServiceError):
            await client.ask(
                client.auth.Login, auth_pb2.LoginRequest(username=ADMIN, password="wrong", client_host="10.6.6.6")
            )
    await first.program.stop()  # as the end of its process, which lets the lease go
    session, seconds = await client.until_answered(client.auth.Login, login())
    assert seconds < 10.0
    assert second.program._context.keys.verify(token).username == ADMIN  # signed by the copy that is gone
    assert second.program._context.keys.verify(session.token).username == ADMIN
    document = await client.ask(client.control.Get, settings_pb2.GetSettingsRequest())
    assert (document.revision, '"ef_search":77' in document.document_json.replace(" ", "")) == (revision, True)
    with pytest.raises(TooManyRequests):
        await client.ask(
            client.auth.Login, auth_pb2.LoginRequest(username=ADMIN, password="wrong", client_host="10.6.6.6")
        )
    await client.channel.close()


async def test_a_copy_that_cannot_renew_its_lease_stops_before_another_begins(start: Start) -> None:
    first, second = await start("east"), await start("west")
    one, two = first.program.turn, second.program.turn
    assert one is not None
    assert two is not None
    cut_off(one.leadership)
    both = 0
    deadline = time.monotonic() + 30.0
    while not two.leadership.active and time.monotonic() < deadline:
        both += one.leadership.active and two.leadership.active
        await asyncio.sleep(0.01)
    assert two.leadership.active
    assert not one.leadership.active
    assert both == 0
    with pytest.raises(Unavailable, match="stands by"):
        await first.program.database.write(lambda session: session.execute(text("SELECT 1")))
    assert two.leadership.epoch > one.leadership.epoch


async def test_a_copy_that_was_frozen_writes_nothing_when_it_wakes(url: str) -> None:
    old, new = Database(url), Database(url)
    before, after = Leadership(old, "auth-1@east x"), Leadership(new, "auth-1@west y")
    before.prepare()
    assert before.take()
    old.fence = before.check_write
    assert not after.take()
    await asyncio.sleep(LEASE_SECONDS + 0.1)  # it is frozen: its lease ends
    assert after.take()
    before._valid_until = time.monotonic() + 60.0  # whatever its clock says
    with pytest.raises(Unavailable, match="stands by"), old.writing() as session:
        session.execute(text("CREATE TABLE never (id INTEGER)"))
    assert not before.take()
    for made in (before, after):
        made.release()
    old.close()
    new.close()


async def test_a_renewal_that_comes_late_does_not_take_back_what_was_let_go(url: str) -> None:
    database = Database(url)
    ended, next_one = Leadership(database, "one"), Leadership(database, "two")
    ended.prepare()
    assert ended.take()
    ended.close()
    assert not ended.take()
    assert next_one.take()
    database.close()


@contextlib.contextmanager
def active_and_standing_by(url: str) -> Iterator[tuple[Database, Database, Leadership]]:
    """Databases of a copy that is active and of one that is not, and the leadership of the latter."""
    old, new = Database(url), Database(url)
    before, after = Leadership(old, "one"), Leadership(new, "two")
    before.prepare()
    assert before.take()
    old.fence = before.check_write
    yield old, new, after
    old.close()
    new.close()


async def test_nobody_takes_over_within_a_unit_of_work_that_is_being_done(url: str) -> None:
    with active_and_standing_by(url) as (old, new, after):
        with old.writing() as session:
            session.execute(text("CREATE TABLE done (id INTEGER)"))
            doing = asyncio.create_task(
                asyncio.to_thread(session.execute, text(f"SELECT pg_sleep({LEASE_SECONDS + 2})"))
            )
            await asyncio.sleep(LEASE_SECONDS + 0.1)
            assert not await asyncio.to_thread(after.take)
            await doing
        assert after.take()
        with new.reading() as session:
            session.execute(text("SELECT * FROM done"))


async def test_a_renewal_that_was_cut_off_in_its_middle_holds_up_nobody(url: str) -> None:
    database = Database(url)
    before, after = Leadership(database, "one"), Leadership(database, "two")
    before.prepare()
    assert before.take()
    with psycopg.connect(url) as cut_off_now:  # within it, the cable is pulled
        cut_off_now.execute("UPDATE leadership SET until = until")
        await asyncio.sleep(LEASE_SECONDS + 0.1)
        assert await asyncio.to_thread(after.take)
        cut_off_now.close()
    database.close()


async def test_a_unit_of_work_of_a_copy_that_has_fallen_silent_is_undone_and_holds_up_nobody(url: str) -> None:
    with active_and_standing_by(url) as (old, new, after):
        unit = old.writing()
        unit.__enter__().execute(text("CREATE TABLE never (id INTEGER)"))
        await asyncio.sleep(LEASE_SECONDS + 0.1)  # its host is frozen, or cut off
        assert after.take()
        with pytest.raises(Unavailable):
            unit.__exit__(None, None, None)
        with new.reading() as session:
            assert session.execute(text("SELECT to_regclass('never')")).scalar() is None


async def test_a_copy_that_starts_again_does_not_wait_for_its_own_lease(start: Start, url: str) -> None:
    first = await start("east")
    assert first.program.turn is not None
    again = Leadership(Database(url), first.program.turn.leadership._name)
    assert again.take()
    assert again.epoch > first.program.turn.leadership.epoch


async def test_a_second_copy_with_another_secret_replaces_no_key(start: Start) -> None:
    first = await start("east")
    token = await first.admin()
    stranger = await start("west", service_secret="quite another secret, as long")
    await first.program.stop()
    await asyncio.sleep(1.0)
    assert stranger.program.turn is not None
    with pytest.raises(Unavailable):
        stranger.program.turn.check()
    third = await start("south", auth_address=f"127.0.0.1:{free_port()}")
    assert third.program._context.keys.verify(token).username == ADMIN


async def test_an_older_program_does_not_take_over_a_newer_database(start: Start, url: str) -> None:
    first, older = await start("east"), await start("west")
    with psycopg.connect(url) as connection:  # the first copy's host was upgraded, and has migrated the database
        connection.execute("UPDATE alembic_version SET version_num = '9999_newer'")
    await first.program.stop()
    await asyncio.sleep(1.0)
    assert older.program.turn is not None
    with pytest.raises(Unavailable):
        older.program.turn.check()
    with pytest.raises(PreconditionFailed, match="newer version of the software"):
        await start("south", auth_address=f"127.0.0.1:{free_port()}")


async def test_alone_it_says_that_the_secret_differs(start: Start) -> None:
    first = await start("east")
    await first.program.stop()
    with pytest.raises(PreconditionFailed, match="ROUTING_ML_SERVICE_SECRET"):
        await start("west", service_secret="quite another secret, as long")


async def test_messages_for_the_erp_outlive_the_copy_that_took_them(start: Start, tmp_path: Path) -> None:
    local = Outbox(tmp_path / "east" / "state" / "erp" / "outbox.db")  # from before there were two
    put_in(local, "older")
    local.close()
    first, second = await start("east"), await start("west")
    outbox = first.program.erp._outbox
    assert outbox is not None
    put_in(outbox, "newer")
    await first.program.stop()
    client = Client(first, second)
    await client.until_answered(client.auth.Login, login())
    taken = second.program.erp._outbox
    assert taken is not None
    assert [taken.get(name).state for name in ("older", "newer")] == ["pending", "pending"]
    assert [taken.content(name, 0) for name in ("older", "newer")] == [b"content", b"content"]
    assert taken.page(limit=10)[1] == 2
    assert taken.cancel("older").state == "cancelled"
    assert taken.counts()["pending"] == 1
    assert taken.next_due(time.time())[0] is not None
    assert taken.forget_old(time.time() + 1e9) == 1
    with pytest.raises(NotFound):
        taken.get("older")
    await client.channel.close()


async def test_two_copies_on_sqlite_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="need one PostgreSQL"):
        await start_plant(plant_settings(tmp_path, auth_address=f"127.0.0.1:{free_port()},127.0.0.2:{free_port()}"))


async def test_two_hosts_of_one_name_do_not_push_each_other_out() -> None:
    hub = WatchHub(settings_pb2.ControlState(revision=1))
    first = hub.join(settings_pb2.Subscribe(process="ann", instance="ann-50051@x", machine="one"))
    with pytest.raises(AlreadyExists, match="ROUTING_ML_HOST_NAME"):
        hub.join(settings_pb2.Subscribe(process="ann", instance="ann-50051@x", machine="two"))
    assert hub.subscribers["ann-50051@x"] is first
    again = hub.join(settings_pb2.Subscribe(process="ann", instance="ann-50051@x", machine="one"))
    assert hub.subscribers["ann-50051@x"] is again


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("sqlite:////a,b/c.db", "sqlite:////a,b/c.db"),
        ("postgresql://me@db/routing", "postgresql://me@db/routing"),
        (
            "postgresql://me:pw@db1:5433,db2/routing?sslmode=require",
            "postgresql://me:pw@/routing?host=db1:5433&host=db2:5432&sslmode=require&target_session_attrs=read-write",
        ),
        (
            "postgresql+psycopg://db1,db2/r?target_session_attrs=any",
            "postgresql+psycopg:///r?host=db1:5432&host=db2:5432&target_session_attrs=any",
        ),
    ],
)
def test_several_database_servers_are_named_in_one_url(given: str, meant: str) -> None:
    assert several_hosts(given) == meant


async def test_a_database_server_that_is_gone_is_passed_over(url: str) -> None:
    place = url.removeprefix("postgresql://routing@")
    host, _, name = place.partition("/")
    database = Database(f"postgresql://routing@127.0.0.1:{free_port()},{host}/{name}")
    database.check()
    database.close()


def put_in(outbox: Outbox, name: str) -> None:
    import hashlib

    message = Message(name, "routing", "s", "S", "json", "file", "me", time.time())
    outbox.open_arrival(message)
    outbox.add_part(name, 0, b"content")
    outbox.close_arrival(name, hashlib.sha256(b"content"), 7, time.time())


def cut_off(lease: Leadership) -> None:
    """Let a copy reach the database no more when it wants to renew."""
    other = Database(f"postgresql://routing@127.0.0.1:{free_port()}/nowhere")
    lease._engine.dispose()
    lease._engine = other.new_engine()
