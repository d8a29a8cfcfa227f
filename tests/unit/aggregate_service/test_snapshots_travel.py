"""Snapshots on several hosts: one reads the source, the others fetch; what the store has wrong is read from the source instead."""

from __future__ import annotations

import dataclasses
import threading
import time
from pathlib import Path

import pytest

from aggregate_service import snapshot_travel
from aggregate_service.snapshot_store import SnapshotFacts, SnapshotStore
from aggregate_service.snapshot_travel import SnapshotTravel
from common.settings import Settings
from trained.travel import place_of

FACTS = SnapshotFacts(tag="tag1", source="s", lineage="line", identity="i", read_at=1.0)


@pytest.fixture
def share(tmp_path: Path) -> Path:
    (tmp_path / "share").mkdir()
    return tmp_path / "share"


def host(tmp_path: Path, name: str, share: Path, *, leads: bool = False) -> tuple[SnapshotTravel, SnapshotStore]:
    store = SnapshotStore(tmp_path / name)
    return SnapshotTravel(place_of(str(share)), store, leads=leads), store


def made(store: SnapshotStore, facts: SnapshotFacts = FACTS) -> Path:
    built = store.temporary()
    (built / "items").mkdir()
    (built / "items" / "CODE.bin").write_bytes(b"codes")
    facts.write(built)
    return store.publish(built, facts.tag)


def test_what_one_host_has_read_the_others_fetch(tmp_path: Path, share: Path) -> None:
    east, its_store = host(tmp_path, "east", share, leads=True)
    west, other_store = host(tmp_path, "west", share)
    assert west.fetch("tag1", "line", patient=False) is None
    folder = made(its_store)
    east.offer(folder, "tag1")
    fetched = west.fetch("tag1", "line", patient=False)
    assert fetched == other_store.with_tag("line", "tag1")
    assert fetched is not None
    assert (fetched / "items" / "CODE.bin").read_bytes() == b"codes"
    assert SnapshotFacts.read(fetched) == FACTS


def test_who_serves_already_waits_for_the_first_host(tmp_path: Path, share: Path) -> None:
    east, its_store = host(tmp_path, "east", share, leads=True)
    west, _ = host(tmp_path, "west", share)
    folder = made(its_store)
    threading.Timer(0.3, lambda: east.offer(folder, "tag1")).start()
    assert west.fetch("tag1", "line", patient=True) is not None
    began = time.monotonic()
    assert east.fetch("tag2", "line", patient=True) is None  # who leads waits for nobody
    assert time.monotonic() - began < 5.0


@pytest.mark.parametrize("damage", ["other bytes", "missing", "list"])
def test_what_is_damaged_or_half_there_is_not_taken(tmp_path: Path, share: Path, damage: str) -> None:
    east, its_store = host(tmp_path, "east", share, leads=True)
    west, other_store = host(tmp_path, "west", share)
    east.offer(made(its_store), "tag1")
    folder = share / "snapshots" / "tag1"
    blob = next(path for path in folder.iterdir() if path.read_bytes() == b"codes")
    if damage == "other bytes":
        blob.write_bytes(b"edoc!")
    elif damage == "missing":
        blob.unlink()
    else:
        (folder / "files.json").write_bytes(b'{"../../outside": "00"}')
    assert west.fetch("tag1", "line", patient=False) is None
    assert other_store.found() == []
    assert [path for path in other_store.folder.iterdir() if path.name.startswith(".building")] == []


def test_a_store_that_is_away_stops_nobody(tmp_path: Path) -> None:
    east, its_store = host(tmp_path, "east", tmp_path / "nowhere", leads=True)
    east.offer(made(its_store), "tag1")
    west, _ = host(tmp_path, "west", tmp_path / "nowhere")
    assert west.fetch("tag1", "line", patient=True) is None


def test_the_store_keeps_the_newest(tmp_path: Path, share: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_travel, "KEPT", 2)
    east, its_store = host(tmp_path, "east", share, leads=True)
    for number in range(3):
        tag = f"tag{number}"
        east.offer(made(its_store, dataclasses.replace(FACTS, tag=tag, read_at=float(number))), tag)
        time.sleep(0.02)
    assert sorted(path.name for path in (share / "snapshots").iterdir()) == ["tag1", "tag2"]


def test_one_machine_needs_none_of_it(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, artifact_store=str(tmp_path))
    assert SnapshotTravel.of(settings, SnapshotStore(tmp_path)) is None
    several = settings.model_copy(update={"host_name": "east"})
    assert SnapshotTravel.of(several, SnapshotStore(tmp_path)) is not None
