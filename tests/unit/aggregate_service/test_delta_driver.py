"""A new item of the source is found without a training: aggregate_service and ann_service over real channels, Parquet files in between."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from aggregate_service.delta_driver import DeltaDriver
from aggregate_service.snapshot_keeper import SourceChoice
from common.identity import ServiceCredential
from common.processes import free_port
from common.rpc.client import Caller
from common.settings import Settings
from plant.input_profile import InputProfile
from protos.aggregate.v1 import aggregate_pb2 as pb
from protos.ann.v1 import ann_pb2
from protos.settings.v1 import settings_pb2
from source import open_source
from tests.support.describing_service import host_settings, same_port, serve
from tests.support.small_versions import Running as Ann
from tests.support.small_versions import run_ann
from trained.artifacts import sha256_of
from trained.encoder import BlockEncoder
from trained.index.engine import build_index
from trained.index.recall import measure
from trained.version_files import TrainedVersion, write_version
from trainer.catalogue import read_catalogue

from .conftest import Running, Start, edit

NEW = "NEW-품목 1"


def train(source: Path, folder: Path) -> settings_pb2.ActiveVersion:
    """A version over the whole item master of a source."""
    opened = open_source(source)
    catalogue = read_catalogue(opened, InputProfile.built_in())
    encoder = BlockEncoder.fit(catalogue.columns)
    vectors = encoder.transform(catalogue.columns)
    index = build_index("faiss", vectors)
    folder.mkdir(parents=True)
    write_version(
        folder,
        TrainedVersion(
            encoder=encoder,
            vectors=vectors,
            index=index,
            item_codes=catalogue.codes.to_pylist(),
            recall_curve=measure(index, vectors, (64,), k=10, queries=20),
            unlike_below=0.0,
            metadata={"source_identity": opened.identity()},
        ),
    )
    manifest = folder / "manifest.json"
    return settings_pb2.ActiveVersion(
        version_name=folder.name,
        artifact_dir=str(folder),
        manifest_path=str(manifest),
        manifest_sha256=sha256_of(manifest),
    )


class Plant:
    """One aggregate_service and two ann_service processes' worth of servers."""

    def __init__(self, tables: Path, folder: Path, ports: list[int], stopping: list[Callable[[], Awaitable[None]]]):
        self.tables, self.folder, self.ports, self._stopping = tables, folder, ports, stopping
        self.ann: list[Ann] = []
        self.aggregate: Running

    def ann_state(self, number: int) -> Path:
        return self.folder / f"ann-{number}"

    async def start_ann(self, number: int, version: settings_pb2.ActiveVersion) -> Ann:
        return await run_ann(self.ann_state(number), version, self._stopping, self.ports[number])

    async def until_held(self, ann: Ann, items: int) -> None:
        for _ in range(600):
            info = await ann.stub.Info(ann_pb2.InfoRequest(), metadata=ann.metadata)
            if info.delta_items == items:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"the delta still holds {info.delta_items} items instead of {items}")


@pytest.fixture
async def plant(
    tables: Path, tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[[], Awaitable[Plant]]]:
    monkeypatch.setattr("aggregate_service.delta_driver.LOOK_SECONDS", 0.1)
    monkeypatch.setattr("aggregate_service.snapshot_keeper.POLL_SECONDS", 0.1)
    monkeypatch.setattr("aggregate_service.snapshot_keeper.REST_FACTOR", 0.0)
    stopping: list[Callable[[], Awaitable[None]]] = []
    ports = [free_port(), free_port()]
    addresses = ",".join(f"127.0.0.1:{port}" for port in ports)
    monkeypatch.setenv("ROUTING_ML_ANN_ADDRESSES", addresses)

    async def begin() -> Plant:
        made = Plant(tables, tmp_path, ports, stopping)
        version = await asyncio.to_thread(train, tables, tmp_path / "models" / "v1")
        state = tmp_path / "state"
        ServiceCredential.load(state / "secrets")
        for number in range(2):
            shutil.copytree(state / "secrets", made.ann_state(number) / "secrets")  # one installation
            made.ann.append(await made.start_ann(number, version))
        made.aggregate = await start(tables, state)
        await made.aggregate.until(lambda info: info.items > 0)
        return made

    yield begin
    for stop in reversed(stopping):
        await stop()


def add_item(tables: Path, like: str, code: str) -> None:
    """Put an item like another one into the item master, without a routing."""

    def grow(items: pl.DataFrame) -> pl.DataFrame:
        row = items.filter(pl.col("ITEM_CD") == like).head(1).with_columns(pl.lit(code).alias("ITEM_CD"))
        return pl.concat([items, row])

    edit(tables, "items", grow)


def with_routing(tables: Path) -> list[str]:
    codes: list[str] = pl.read_parquet(tables / "routing.parquet")["ITEM_CD"].unique(maintain_order=True).to_list()
    return codes


async def neighbours(ann: Ann, code: str) -> list[str]:
    answer = await ann.by_code(code, top_k=10)
    assert not answer.unknown, f"{code} is not known to the index"
    return list(answer.neighbours.item_codes)


async def test_a_new_item_is_found_by_others_and_predicts_by_the_index_in_every_process(
    plant: Callable[[], Awaitable[Plant]],
) -> None:
    here = await plant()
    like = with_routing(here.tables)[0]
    assert NEW not in await neighbours(here.ann[0], like)
    await asyncio.to_thread(add_item, here.tables, like, NEW)
    for ann in here.ann:
        await here.until_held(ann, 1)
        assert NEW in await neighbours(ann, like)
    found = await here.ann[1].by_code(NEW.lower(), top_k=10)
    assert not found.unknown
    assert found.neighbours.item_codes[0] == like
    await here.aggregate.until(lambda info: info.items == 151)
    answer: Any = await here.aggregate.call(
        "Predict", pb.PredictRequest(item_codes=[NEW], neighbours=found.neighbours, model_version="v1")
    )
    assert not answer.unknown
    assert answer.routings.rows >= 1


async def test_a_process_that_lost_its_delta_gets_it_again_and_a_training_folds_it_in(
    plant: Callable[[], Awaitable[Plant]],
) -> None:
    here = await plant()
    like = with_routing(here.tables)[0]
    await asyncio.to_thread(add_item, here.tables, like, NEW)
    for ann in here.ann:
        await here.until_held(ann, 1)
    for path in (here.ann_state(0) / "derived").glob("delta-*.npz"):
        path.unlink()
    await here.until_held(here.ann[0], 1)
    assert NEW in await neighbours(here.ann[0], like)
    trained = await asyncio.to_thread(train, here.tables, here.folder / "models" / "v2")
    await here.ann[1].control.apply(settings_pb2.ControlState(revision=2, active=trained))
    await here.until_held(here.ann[1], 0)
    await asyncio.to_thread(add_item, here.tables, like, "NEWER")
    await here.until_held(here.ann[1], 1)
    await here.until_held(here.ann[0], 2)
    assert {NEW, "NEWER"} <= set(await neighbours(here.ann[1], like))


async def test_items_that_change_or_vanish_are_found_as_they_are_now(plant: Callable[[], Awaitable[Plant]]) -> None:
    here = await plant()
    items = pl.read_parquet(here.tables / "items.parquet")
    gone, changed = items["ITEM_CD"][3], items["ITEM_CD"][4]

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        moved = pl.when(pl.col("ITEM_CD") == changed).then(pl.lit(9_999.0)).otherwise(pl.col("OUTDIAMETER"))
        return frame.filter(pl.col("ITEM_CD") != gone).with_columns(moved.alias("OUTDIAMETER"))

    await asyncio.to_thread(edit, here.tables, "items", change)
    for ann in here.ann:
        await here.until_held(ann, 1)
        answer = await ann.by_code(gone, changed, top_k=5)
        assert list(answer.unknown) == [0]
    await asyncio.to_thread(items.write_parquet, here.tables / "items.parquet")
    for ann in here.ann:
        await here.until_held(ann, 0)
    for _ in range(100):
        if not (await here.ann[0].by_code(gone, top_k=5)).unknown:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{gone} came back and is not found")


async def test_a_source_under_another_path_brings_its_changed_items_as_the_same_path_does(
    plant: Callable[[], Awaitable[Plant]],
) -> None:
    here = await plant()
    await here.until_held(here.ann[0], 0)
    elsewhere = Path(await asyncio.to_thread(shutil.copytree, here.tables, here.folder / "elsewhere"))
    changed = pl.read_parquet(elsewhere / "items.parquet")["ITEM_CD"][4]

    def widen(frame: pl.DataFrame) -> pl.DataFrame:
        wider = pl.when(pl.col("ITEM_CD") == changed).then(pl.lit(9_999.0)).otherwise(pl.col("OUTDIAMETER"))
        return frame.with_columns(wider.alias("OUTDIAMETER"))

    await asyncio.to_thread(edit, elsewhere, "items", widen)
    await until_compared(here)
    await here.aggregate.program._keeper.choose(SourceChoice(elsewhere, ""))
    for ann in here.ann:
        await here.until_held(ann, 1)


async def until_compared(here: Plant) -> None:
    """Wait until what the version began with is known."""
    for _ in range(600):
        if list((here.folder / "state").rglob("deltas/*.npz")):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the version was never compared with the source")


def test_one_process_of_a_machine_does_it(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, state_dir=tmp_path)
    caller: Any = None
    first, second = (DeltaDriver(settings, caller, lambda: None) for _ in range(2))
    assert first._leads_here()
    assert not second._leads_here()
    first._lock.release()
    assert second._leads_here()
    second._lock.release()


async def test_of_several_hosts_the_first_that_serves_does_it(tmp_path: Path) -> None:
    first, second = same_port(["127.0.0.2", "127.0.0.3"])
    settings = host_settings(
        tmp_path, host_name="west", aggregate_addresses=[f"203.0.113.9:{first.rpartition(':')[2]}", first, second]
    )
    monkey = pytest.MonkeyPatch()
    monkey.setattr("aggregate_service.delta_driver.is_own", lambda address: address == second)
    driver = DeltaDriver(settings, Caller(settings, "west", None), lambda: None)
    driver.start()
    try:
        assert await driver._leads_all()
        other = await serve(settings, first, "east")
        while await driver._leads_all():
            await asyncio.sleep(0.05)
        await other.stop()
        while not await driver._leads_all():
            await asyncio.sleep(0.05)
    finally:
        await driver.stop()
        monkey.undo()
