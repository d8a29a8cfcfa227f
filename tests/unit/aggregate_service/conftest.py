"""A running aggregate_service over a real channel, and sources to read: Access files and Parquet folders, whole and damaged."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import polars as pl
import pytest

from aggregate_service.program import AggregateProgram
from aggregate_service.snapshot import Snapshot
from aggregate_service.snapshot_build import Progress, build_snapshot
from common.identity import Authenticator, KeyRing, ServiceCredential
from common.processes import free_port
from common.program import ServiceContext
from common.rpc.client import Caller, connect
from common.rpc.server import RpcServer
from common.rpc.status import from_rpc_error
from common.settings import Settings
from common.tables import columns_of
from protos.aggregate.v1 import aggregate_pb2 as pb
from protos.aggregate.v1 import aggregate_pb2_grpc
from protos.common.v1 import table_pb2
from protos.settings.v1 import settings_pb2
from source import open_source

DATA = Path(__file__).parents[2] / "data"
CATALOGUE = Path(__file__).parents[3] / "demo" / "catalogue"
VIEWS = {
    "items": "dbo_BI_ITEM_INFO_VIEW",
    "routing": "dbo_BI_ROUTING_VIEW",
    "work_orders": "dbo_BI_WORK_ORDER_RESULTS",
}


def copy_tables(source: Path, target: Path) -> Path:
    """Write the three tables of a source into a folder of Parquet files."""
    target.mkdir(parents=True, exist_ok=True)
    opened = open_source(source)
    for name, table in VIEWS.items():
        columns = opened.columns(table)
        frames = opened.batches(table, [c.name for c in columns], {c.name: c.type for c in columns})
        pl.concat(list(frames)).write_parquet(target / f"{name}.parquet")
    return target


def edit(folder: Path, table: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    """Change one table of a Parquet folder."""
    path = folder / f"{table}.parquet"
    change(pl.read_parquet(path)).write_parquet(path)


@pytest.fixture(scope="session")
def small_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The 150 items of small.accdb as Parquet; not to be changed."""
    return copy_tables(DATA / "small.accdb", tmp_path_factory.mktemp("small"))


@pytest.fixture
def tables(small_tables: Path, tmp_path: Path) -> Path:
    """A copy of them that a test may change."""
    return Path(shutil.copytree(small_tables, tmp_path / "tables"))


def build(source: Path, folder: Path, *, force: bool = False, profile_json: str = "") -> Snapshot:
    """Build a snapshot in this process and open it."""

    def nobody_listens(_progress: Progress) -> None:
        pass

    path = build_snapshot(source, profile_json, folder, nobody_listens, force=force, lock_timeout=10)
    return Snapshot(path)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A snapshot of the demo catalogue (2,000 items)."""
    return build(CATALOGUE, tmp_path_factory.mktemp("demo"))


def neighbour_message(*lists: Sequence[tuple[str, float]]) -> table_pb2.Neighbours:
    """Neighbours of several items, each as pairs of code and similarity."""
    message = table_pb2.Neighbours(offsets=[0])
    for pairs in lists:
        message.item_codes.extend(code for code, _similarity in pairs)
        message.similarities.extend(similarity for _code, similarity in pairs)
        message.offsets.append(len(message.item_codes))
    return message


def rows_of(table: table_pb2.Table) -> list[dict[str, Any]]:
    """Rows of a table message as dictionaries."""
    columns: Mapping[str, Any] = columns_of(table)
    return [{name: values[row] for name, values in columns.items()} for row in range(table.rows)]


@dataclass
class Running:
    """A running service: its program, a stub with the installation's credential, and the settings it runs with."""

    program: AggregateProgram
    settings: Settings
    stub: Any
    serving: list[bool] = field(default_factory=list)

    async def apply(self, document_json: str = "", *, version: str = "", profile_json: str = "") -> None:
        """Push a control state, as auth_service does."""
        state = settings_pb2.ControlState(
            settings=settings_pb2.SettingsDocument(document_json=document_json), input_profile_json=profile_json
        )
        if version:
            state.active.version_name = version
        await self.program.apply(state)

    async def call(self, method: str, request: Any) -> Any:
        """Call a unary method; errors as the service raised them."""
        try:
            return await getattr(self.stub, method)(request, metadata=self.metadata)
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error, "aggregate_service") from None

    async def refresh(self, *, force: bool = False) -> list[pb.RefreshProgress]:
        """All messages of a refresh."""
        try:
            stream = self.stub.Refresh(pb.RefreshRequest(reason="demand", force=force), metadata=self.metadata)
            return [step async for step in stream]
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error, "aggregate_service") from None

    async def info(self) -> pb.SnapshotInfoResponse:
        """What SnapshotInfo says."""
        answer: pb.SnapshotInfoResponse = await self.call("SnapshotInfo", pb.SnapshotInfoRequest())
        return answer

    async def until(self, condition: Callable[[pb.SnapshotInfoResponse], bool], seconds: float = 30.0) -> None:
        """Wait until SnapshotInfo says so."""
        for _ in range(int(seconds / 0.05)):
            if condition(await self.info()):
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"still {await self.info()}")

    metadata: tuple[tuple[str, str], ...] = ()


Start = Callable[..., Awaitable[Running]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Starts services: `await start(source)`; all stop at the end."""
    running: list[tuple[AggregateProgram, RpcServer, grpc.aio.Channel]] = []

    async def begin(source: Path | None, state: Path | None = None) -> Running:
        settings = Settings(
            state_dir=state or tmp_path / "state", dataset=source, stop_grace_seconds=0.1, _env_file=None
        )
        credential = ServiceCredential.load(settings.secrets_path)
        keys, address = KeyRing(), f"127.0.0.1:{free_port()}"
        serving: list[bool] = []

        async def set_serving(now: bool) -> None:
            serving.append(now)

        context = ServiceContext(
            settings=settings,
            process="aggregate",
            instance=f"aggregate-{address.rpartition(':')[2]}",
            address=address,
            credential=credential,
            keys=keys,
            caller=Caller(settings, "test", credential),
            set_serving=set_serving,
            revision=lambda: 0,
        )
        program = AggregateProgram(context)
        server = RpcServer(
            settings,
            process="aggregate",
            instance=context.instance,
            address=address,
            authenticator=Authenticator(keys, credential),
            services=program.services(),
        )
        await server.start()
        await program.start()
        channel = connect(settings, [address])
        await channel.channel_ready()
        running.append((program, server, channel))
        return Running(
            program,
            settings,
            aggregate_pb2_grpc.AggregateServiceStub(channel),
            serving,
            metadata=(("authorization", credential.header("test")),),
        )

    yield begin
    for program, server, channel in running:
        await channel.close()
        await server.stop()
        await program.stop()


@pytest.fixture(scope="session")
def small_state(small_tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with a snapshot of the 150 items."""
    state = tmp_path_factory.mktemp("state")
    build(small_tables, state / "snapshots")
    return state


@pytest.fixture
async def small(start: Start, small_tables: Path, small_state: Path) -> Running:
    """A service that serves the 150 items from a snapshot that was there already."""
    return await start(small_tables, small_state)
