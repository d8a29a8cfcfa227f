"""Databases for the tests of auth_service: SQLite files, and a real PostgreSQL server where one is installed."""

from __future__ import annotations

import asyncio
import shutil
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import psycopg
import pytest

from auth_service.program import AuthProgram
from auth_service.store import schema
from auth_service.store.database import Database
from common.errors import PreconditionFailed
from common.identity import Authenticator, KeyRing, ServiceCredential
from common.processes import free_port
from common.program import ServiceContext
from common.rpc.balancing import STANDBY
from common.rpc.client import Caller, connect
from common.rpc.server import STANDBY_HEALTH, RpcServer
from common.rpc.status import from_rpc_error
from common.settings import Settings
from common.watch import ControlFollower
from protos.auth.v1 import auth_pb2, auth_pb2_grpc
from protos.registry.v1 import registry_pb2_grpc
from protos.settings.v1 import settings_pb2, settings_pb2_grpc
from tests.support.auth_process import AuthProcess
from tests.support.postgresql import postgresql_server

STANDBY_ATTEMPTS = 30
"""Times that a call is made while no copy is active, a second apart."""


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """URL (without database name) of a PostgreSQL server that lives as long as the tests."""
    with postgresql_server() as url:
        yield url


def new_postgresql(server: str, template: str = "template1") -> str:
    """URL of a new database, which begins as the template is."""
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return f"{server}/{name}"


def upgraded(url: str) -> None:
    """Give a database the newest schema."""
    database = Database(url, busy_seconds=30.0)
    schema.upgrade(database)
    database.close()


@pytest.fixture(scope="session")
def newest_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the newest schema, to copy: the migrations themselves are run by the tests that are about them."""
    path = tmp_path_factory.mktemp("newest") / "routing.db"
    upgraded(f"sqlite:///{path.as_posix()}")
    return path


@pytest.fixture(scope="session")
def newest_postgresql(postgresql_url: str) -> str:
    """Name of a PostgreSQL database with the newest schema, to make others of."""
    url = new_postgresql(postgresql_url)
    upgraded(url)
    return url.rpartition("/")[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without tables, on both engines."""
    if request.param == "sqlite":
        url = f"sqlite:///{(tmp_path / 'routing.db').as_posix()}"
    else:
        url = new_postgresql(request.getfixturevalue("postgresql_url"))
    database = Database(url, busy_seconds=1.0)
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with the newest schema, on both engines."""
    if request.param == "sqlite":
        path = tmp_path / "routing.db"
        shutil.copy(request.getfixturevalue("newest_sqlite"), path)
        url = f"sqlite:///{path.as_posix()}"
    else:
        template = request.getfixturevalue("newest_postgresql")
        url = new_postgresql(request.getfixturevalue("postgresql_url"), template)
    database = Database(url, busy_seconds=1.0)
    yield database
    database.close()


@pytest.fixture
def sqlite(newest_sqlite: Path, tmp_path: Path) -> Iterator[Database]:
    """A SQLite database with the newest schema."""
    path = tmp_path / "only.db"
    shutil.copy(newest_sqlite, path)
    database = Database(f"sqlite:///{path.as_posix()}", busy_seconds=0.3)
    yield database
    database.close()


class Followed:
    """Handlers of a follower that notes what it was told, and refuses or waits where a test wants it to."""

    def __init__(self) -> None:
        self.states: list[settings_pb2.ControlState] = []
        self.prepared: list[str] = []
        self.abandoned: list[str] = []
        self.serving = ""
        self.refuse_to_prepare = ""
        self.refuse_to_apply: Callable[[settings_pb2.ControlState], str] = lambda _state: ""
        self.before_prepare: Callable[[], Awaitable[None]] | None = None

    async def prepare(self, version: settings_pb2.ActiveVersion) -> None:
        if self.before_prepare:
            await self.before_prepare()
        if self.refuse_to_prepare:
            raise PreconditionFailed(self.refuse_to_prepare)
        self.prepared.append(version.version_name)

    async def abandon(self, version_name: str) -> None:
        self.abandoned.append(version_name)

    async def apply(self, state: settings_pb2.ControlState) -> None:
        reason = self.refuse_to_apply(state)
        if reason:
            raise PreconditionFailed(reason)
        self.states.append(state)
        self.serving = state.active.version_name

    def serving_version(self) -> str:
        return self.serving


@dataclass
class Plant:
    """An auth_service on a free port, its stubs, its followers and its first administrator."""

    settings: Settings
    credential: ServiceCredential
    program: AuthProgram
    server: RpcServer
    channel: grpc.aio.Channel
    followers: list[ControlFollower] = field(default_factory=list)

    @property
    def auth(self) -> Any:
        return auth_pb2_grpc.AuthServiceStub(self.channel)

    @property
    def registry(self) -> Any:
        return registry_pb2_grpc.RegistryServiceStub(self.channel)

    @property
    def control(self) -> Any:
        return settings_pb2_grpc.SettingsServiceStub(self.channel)

    async def ask(
        self,
        method: Any,
        request: Any,
        *,
        token: str | None = None,
        process: str | None = None,
        timeout: float | None = 60.0,
    ) -> Any:
        """Call in the name of a person (token), of a process, or of nobody; errors as ServiceErrors.

        As clients do, it asks again while no copy is active, which a busy machine can bring about: nothing was done.
        """
        metadata: list[tuple[str, str]] = []
        if token is not None:
            metadata.append(("authorization", f"Bearer {token}"))
        if process is not None:
            metadata.append(("authorization", self.credential.header(process)))
        for again in range(STANDBY_ATTEMPTS):
            try:
                return await method(request, metadata=metadata, timeout=timeout)
            except grpc.aio.AioRpcError as error:
                found = from_rpc_error(error)
                if found.reason != STANDBY or again + 1 == STANDBY_ATTEMPTS:
                    raise found from None
                await asyncio.sleep(1.0)
        raise AssertionError("no attempt")

    async def login(
        self, username: str, password: str, host: str = "10.0.0.1", timeout: float = 300.0
    ) -> auth_pb2.Session:
        """A session; log-ins of a burst wait for their turn up to five minutes."""
        request = auth_pb2.LoginRequest(username=username, password=password, client_host=host)
        session: auth_pb2.Session = await self.ask(self.auth.Login, request, timeout=timeout)
        return session

    async def admin(self) -> str:
        """A token of the first administrator."""
        return (await self.login(ADMIN, ADMIN_PASSWORD)).token

    async def user(self, username: str = "park@plant.example", password: str = "Seal-Ring-42x") -> str:
        """A token of an approved user."""
        await self.ask(self.auth.Register, auth_pb2.RegisterRequest(username=username, password=password))
        await self.ask(self.auth.Approve, auth_pb2.ApproveRequest(username=username), process="cli")
        return (await self.login(username, password)).token

    async def follow(
        self, process: str, instance: str = "", handlers: Followed | None = None
    ) -> tuple[ControlFollower, Followed]:
        """A follower that has applied the state of the moment."""
        handlers = handlers or Followed()
        follower = ControlFollower(
            self.settings,
            process=process,
            instance=instance or f"{process}-1",
            credential=self.credential,
            keys=KeyRing(),
            handlers=handlers,
        )
        self.followers.append(follower)
        await follower.start(patience_seconds=10.0)
        return follower, handlers


ADMIN, ADMIN_PASSWORD = "admin@plant.example", "Start-Pass-99"


async def start_plant(settings: Settings) -> Plant:
    """Start auth_service within this process, as common.service does."""
    credential, keys = ServiceCredential.of(settings), KeyRing()
    parts: dict[str, RpcServer] = {}

    async def set_serving(serving: bool) -> None:
        await parts["server"].set_serving(serving)

    async def set_standby(standing_by: bool) -> None:
        await parts["server"].set_serving(standing_by, [STANDBY_HEALTH])

    context = ServiceContext(
        settings=settings,
        process="auth",
        instance="auth-test",
        address=settings.auth_address,
        credential=credential,
        keys=keys,
        caller=Caller(settings, "auth-test", credential),
        set_serving=set_serving,
        revision=lambda: 0,
        set_standby=set_standby,
    )
    program = AuthProgram(context)
    server = parts["server"] = RpcServer(
        settings,
        process="auth",
        instance="auth-test",
        address=settings.auth_address,
        authenticator=Authenticator(keys, credential),
        services=program.services(),
        facts=program.facts,
        admit=program.admit,
    )
    await server.start()
    try:
        await program.start()
    except BaseException:
        await server.stop()
        await program.stop()
        raise
    return Plant(settings, credential, program, server, connect(settings, [settings.auth_address]))


async def stop_plant(plant: Plant) -> None:
    """Stop the followers and the service."""
    for follower in plant.followers:
        await follower.stop()
    await plant.channel.close()
    plant.program.drain()
    await plant.server.stop()
    await plant.program.stop()


def plant_settings(folder: Path, **changes: Any) -> Settings:
    """Settings of a plant in `folder`, with cheap password hashes."""
    values: dict[str, Any] = {
        "state_dir": folder / "state",
        "models_dir": folder / "models",
        "auth_address": f"127.0.0.1:{free_port()}",
        "admin_email": ADMIN,
        "admin_password": ADMIN_PASSWORD,
        "password_time_cost": 1,
        "password_memory_kib": 64,
        "password_parallelism": 1,
        "stop_grace_seconds": 0.2,
    }
    return Settings(_env_file=None, **{**values, **changes})


@pytest.fixture
async def plant(newest_sqlite: Path, tmp_path: Path) -> AsyncIterator[Plant]:
    """A running auth_service on SQLite."""
    settings = plant_settings(tmp_path)
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    shutil.copy(newest_sqlite, settings.state_dir / "routing.db")
    running = await start_plant(settings)
    yield running
    await stop_plant(running)


@pytest.fixture
async def plant_on_each_database(database: Database, tmp_path: Path) -> AsyncIterator[Plant]:
    """A running auth_service, on both engines."""
    url = database.url.render_as_string(hide_password=False)
    running = await start_plant(plant_settings(tmp_path, database_url=url))
    yield running
    await stop_plant(running)


@pytest.fixture
async def plant_starter() -> AsyncIterator[Callable[[Path], Awaitable[Plant]]]:
    """Starts an auth_service in a folder."""
    running: list[Plant] = []

    async def start(folder: Path) -> Plant:
        running.append(await start_plant(plant_settings(folder)))
        return running[-1]

    yield start
    for plant in running:
        await stop_plant(plant)


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[AuthProcess]:
    made = AuthProcess(tmp_path)
    yield made
    made.kill()
    if made.channel:
        await made.channel.close()


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[AuthProcess]:
    made = AuthProcess(tmp_path)
    yield made
    made.kill()
