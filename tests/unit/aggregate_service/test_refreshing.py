"""How the snapshot follows its source: changes, failures, restarts, several workers."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path

import polars as pl
import pytest

from aggregate_service import builder_process, snapshot_keeper
from aggregate_service import servicer as servicer_module
from aggregate_service.snapshot_keeper import SourceChoice
from common.errors import DataProblem, PermissionDenied, PreconditionFailed, Unauthenticated, Unavailable
from plant.input_profile import InputProfile
from protos.aggregate.v1 import aggregate_pb2 as pb

from .conftest import DATA, Running, Start, build, edit, neighbour_message

BICYCLES = Path(__file__).parents[3] / "demo" / "plants" / "adventureworks"


@pytest.fixture(autouse=True)
def quick_rhythm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the source every 50 ms instead of every 5 s."""
    monkeypatch.setattr(snapshot_keeper, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(snapshot_keeper, "RETRY_SECONDS", 0.2)
    monkeypatch.setattr(snapshot_keeper, "REST_FACTOR", 0.0)


@pytest.fixture
def state(tables: Path, tmp_path: Path) -> Path:
    """A state folder that holds a snapshot of `tables`."""
    build(tables, tmp_path / "state" / "snapshots")
    return tmp_path / "state"


async def serving(start: Start, source: Path, state: Path) -> Running:
    running = await start(source, state)
    assert (await running.info()).items == 150
    return running


async def test_a_new_service_reads_its_source_and_then_reports_serving(start: Start, tables: Path) -> None:
    running = await start(tables)
    with pytest.raises(Unavailable, match="No snapshot of the source serves yet"):
        await running.call("Predict", pb.PredictRequest(item_codes=["A"]))
    await running.until(lambda info: bool(info.tag))
    info = await running.info()
    assert running.serving == [True]
    assert (info.items, info.last_error) == (150, "")
    assert info.bytes > 0
    assert info.age_seconds < 60
    assert info.source == str(tables)
    assert any("have no routing" in text for text in info.findings)


async def test_a_changed_file_is_read_again_by_itself(start: Start, tables: Path, state: Path) -> None:
    running = await serving(start, tables, state)
    edit(tables, "items", lambda frame: pl.concat([frame, frame.head(1).with_columns(ITEM_CD=pl.lit("NEW-1"))]))
    await running.until(lambda info: info.items == 151)
    answer = await running.call("ItemFeatures", pb.ItemFeaturesRequest(item_codes=["new-1"]))
    assert list(answer.stored_codes) == ["NEW-1"]


async def test_a_refresh_on_demand_tells_its_progress_and_what_changed(start: Start, tables: Path, state: Path) -> None:
    running = await serving(start, tables, state)
    unchanged = (await running.refresh())[-1]
    assert unchanged.stage == "done"
    assert unchanged.changes.unchanged
    forced = await running.refresh(force=True)
    assert [step.stage for step in forced[-1:]] == ["done"]
    assert {"reading", "writing", "sorting"} <= {step.stage for step in forced}
    shares = [step.progress for step in forced]
    assert shares == sorted(shares)
    assert not forced[-1].changes.unchanged
    assert forced[-1].changes.items_changed == 0
    assert forced[-1].snapshot.items == 150


async def test_a_refresh_is_for_administrators(start: Start, tables: Path, state: Path) -> None:
    running = await serving(start, tables, state)
    running.metadata = ()
    with pytest.raises((PermissionDenied, Unauthenticated)):
        await running.refresh()


def vanish(folder: Path) -> None:
    shutil.rmtree(folder)


def lose_a_column(folder: Path) -> None:
    edit(folder, "items", lambda frame: frame.drop("ITEM_CD"))


def cut_off(folder: Path) -> None:
    path = folder / "routing.parquet"
    path.write_bytes(path.read_bytes()[:1000])


def text_among_times(folder: Path) -> None:
    edit(folder, "routing", lambda frame: frame.with_columns(RUN_TIME=pl.lit("약 12분")))


@pytest.mark.parametrize("damage", [vanish, lose_a_column, cut_off, text_among_times])
async def test_a_source_that_breaks_leaves_the_last_snapshot_serving_until_it_is_whole_again(
    damage: object, start: Start, small_tables: Path, tables: Path, state: Path
) -> None:
    assert callable(damage)
    running = await serving(start, tables, state)
    tag = (await running.info()).tag
    damage(tables)
    await running.until(lambda info: bool(info.last_error))
    info = await running.info()
    assert info.tag == tag
    assert info.last_attempt_at > 0
    code = pl.read_parquet(small_tables / "routing.parquet")["ITEM_CD"][0]
    answer = await running.call("Predict", pb.PredictRequest(item_codes=[code]))
    assert answer.routings.rows == 1
    with pytest.raises(DataProblem):
        await running.refresh(force=True)
    shutil.copytree(small_tables, tables, dirs_exist_ok=True)
    os.utime(tables / "items.parquet")
    await running.until(lambda info: not info.last_error)
    assert (await running.info()).items == 150


async def test_a_restart_serves_the_old_snapshot_at_once_even_without_the_source(
    start: Start, tables: Path, tmp_path: Path, state: Path
) -> None:
    first = await serving(start, tables, state)
    tag = (await first.info()).tag
    shutil.rmtree(tables)
    second = await start(tables, state)
    info = await second.info()
    assert info.tag == tag
    assert second.serving == [True]
    await second.until(lambda info: bool(info.last_error))


async def test_several_workers_build_one_snapshot(start: Start, tables: Path, tmp_path: Path) -> None:
    workers = await asyncio.gather(*(start(tables, tmp_path / "state") for _ in range(3)))
    for worker in workers:
        await worker.until(lambda info: bool(info.tag))
    folders = [path for path in (tmp_path / "state" / "snapshots").iterdir() if path.is_dir() and path.name[0] != "."]
    assert len(folders) == 1


async def test_a_killed_builder_leaves_the_snapshot_before_and_no_half_one(
    start: Start, tables: Path, tmp_path: Path, state: Path
) -> None:
    running = await serving(start, tables, state)
    tag = (await running.info()).tag
    builder = running.program._keeper._builder
    refresh = asyncio.create_task(running.refresh(force=True))
    while builder._child is None:
        await asyncio.sleep(0.005)
    builder._child.kill()
    with pytest.raises(DataProblem, match="ended with code"):
        await refresh
    info = await running.info()
    assert info.tag == tag
    assert "ended with code" in info.last_error
    assert (
        len([p for p in (tmp_path / "state" / "snapshots").iterdir() if p.is_dir() and not p.name.startswith(".")]) == 1
    )


async def test_a_forced_refresh_that_failed_is_told_until_it_is_done_again(
    start: Start, tables: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_keeper, "RETRY_SECONDS", 1.0)
    running = await serving(start, tables, state)
    before = (await running.info()).read_at
    builder = running.program._keeper._builder
    refresh = asyncio.create_task(running.refresh(force=True))
    while builder._child is None:
        await asyncio.sleep(0.005)
    builder._child.kill()
    with pytest.raises(DataProblem, match="ended with code"):
        await refresh
    await asyncio.sleep(0.4)
    assert "ended with code" in (await running.info()).last_error, "a look at the unchanged source forgot it"
    await running.until(lambda info: not info.last_error)
    assert (await running.info()).read_at > before, "the source was not read again"


async def test_requests_go_on_while_the_snapshot_is_swapped(
    start: Start, tables: Path, small_tables: Path, state: Path
) -> None:
    running = await serving(start, tables, state)
    code = pl.read_parquet(small_tables / "routing.parquet")["ITEM_CD"][0]
    stop = asyncio.Event()
    answered = 0

    async def ask() -> None:
        nonlocal answered
        while not stop.is_set():
            answer = await running.call("Predict", pb.PredictRequest(item_codes=[code]))
            assert answer.routings.rows == 1
            answered += 1

    asking = [asyncio.create_task(ask()) for _ in range(4)]
    await running.refresh(force=True)
    stop.set()
    await asyncio.gather(*asking)
    assert answered > 10


async def test_other_settings_choose_another_source_and_a_bad_one_keeps_the_old_serving(
    start: Start, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        shutil.copy(DATA / "small.accdb", tmp_path / f"{name}.accdb")
    shutil.copy(DATA / "truncated.accdb", tmp_path / "bad.accdb")
    running = await start(None)

    async def choose(name: str) -> None:
        await running.apply(json.dumps({"data_source": {"access_path": str(tmp_path / name)}}))

    await choose("one.accdb")
    await running.until(lambda info: bool(info.tag))
    first = (await running.info()).tag
    await choose("two.accdb")
    await running.until(lambda info: info.tag != first)
    second = (await running.info()).tag
    await choose("bad.accdb")
    await running.until(lambda info: "bad.accdb" in info.last_error)
    assert (await running.info()).tag == second


async def test_a_missing_access_file_is_replaced_by_its_first_backup_that_exists(start: Start, tmp_path: Path) -> None:
    shutil.copy(DATA / "small.accdb", tmp_path / "backup.accdb")
    paths = {"access_path": str(tmp_path / "gone.accdb"), "backup_paths": [str(tmp_path / "backup.accdb")]}
    running = await start(None)
    await running.apply(json.dumps({"data_source": paths}))
    await running.until(lambda info: info.items == 150)


async def test_a_state_folder_that_cannot_be_written_is_told(
    start: Start, tables: Path, tmp_path: Path, state: Path
) -> None:
    running = await serving(start, tables, state)
    snapshots = tmp_path / "state" / "snapshots"
    moved = tmp_path / "moved"
    snapshots.rename(moved)
    snapshots.write_text("a file where the folder should be")
    with pytest.raises(DataProblem, match="cannot be written"):
        await running.refresh(force=True)
    assert (await running.info()).items == 150


async def test_an_activation_of_another_version_looks_at_the_source_again(
    start: Start, tables: Path, monkeypatch: pytest.MonkeyPatch, state: Path
) -> None:
    running = await serving(start, tables, state)
    reasons: list[str] = []
    monkeypatch.setattr(running.program._keeper, "look_again", reasons.append)
    await running.apply(version="v1")
    await running.apply(version="v2")
    assert reasons == ["training"]


async def test_a_schedule_reads_a_source_anew_whose_files_look_unchanged(
    start: Start, tables: Path, state: Path
) -> None:
    running = await serving(start, tables, state)
    read_at = (await running.info()).read_at
    keeper = running.program._keeper
    await running.apply(json.dumps({"snapshot": {"refresh_minutes": 60}}))
    keeper._next_scheduled = 0.0
    await running.until(lambda info: info.read_at > read_at)


async def test_a_builder_that_could_not_even_say_why_it_ended_is_explained_by_the_full_disk(
    start: Start, tables: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = await serving(start, tables, state)
    monkeypatch.setattr(builder_process, "NO_SPACE_BYTES", 1 << 62)
    monkeypatch.setattr(
        builder_process, "python_module", lambda *_arguments: [sys.executable, "-c", "raise SystemExit(1)"]
    )
    with pytest.raises(DataProblem, match=r"ended with code 1: the disk of .* is full"):
        await running.refresh(force=True)


async def test_a_prediction_waits_for_the_plant_whose_version_has_just_become_active(
    start: Start, tables: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The version of another plant is active at once, its data are read a moment later."""
    running = await serving(start, tables, state)
    servicer, keeper = running.program._servicer, running.program._keeper
    profile = InputProfile.parse((BICYCLES / "profile.json").read_text(encoding="utf-8"))
    may_read = asyncio.Event()
    look = keeper._look

    async def held_back(reason: str) -> None:
        await may_read.wait()
        await look(reason)

    monkeypatch.setattr(keeper, "_look", held_back)
    servicer.trained = profile.plant
    asked = pb.PredictRequest(item_codes=["680"], neighbours=neighbour_message([("680", 1.0)]))
    with pytest.raises(PreconditionFailed, match="make the profile of AdventureWorks Cycles active again"):
        await running.call("Predict", asked)
    await keeper.choose(SourceChoice(BICYCLES, profile.to_json()))
    monkeypatch.setattr(servicer_module, "TAKE_OVER_SECONDS", 0.05)
    with pytest.raises(Unavailable, match="is being read for the first time"):
        await running.call("Predict", asked)
    monkeypatch.setattr(servicer_module, "TAKE_OVER_SECONDS", 60.0)
    waiting = asyncio.create_task(running.call("Predict", asked))
    await asyncio.sleep(0)
    may_read.set()
    answer = await waiting
    assert list(answer.unknown) == []


async def test_a_prediction_does_not_wait_for_a_plant_that_cannot_be_read(
    start: Start, tables: Path, state: Path, tmp_path: Path
) -> None:
    running = await serving(start, tables, state)
    profile = InputProfile.parse((BICYCLES / "profile.json").read_text(encoding="utf-8"))
    running.program._servicer.trained = profile.plant
    await running.program._keeper.choose(SourceChoice(tmp_path / "nowhere", profile.to_json()))
    await running.until(lambda info: "nowhere" in info.last_error)
    assert not running.program._keeper.is_replacing
    with pytest.raises(PreconditionFailed, match="cannot serve"):
        await running.call(
            "Predict", pb.PredictRequest(item_codes=["680"], neighbours=neighbour_message([("680", 1.0)]))
        )
