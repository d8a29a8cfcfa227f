"""A refresh that reads what changed makes the snapshot that reading everything makes, byte for byte; a column that is gone stops it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from aggregate_service.snapshot_build import build_snapshot
from aggregate_service.snapshot_store import SnapshotFacts
from common.errors import DataProblem
from plant.input_profile import InputProfile
from source import open_source
from source.access_file import AccessFileSource
from source.role_reading import read_role

ACCESS = Path(__file__).resolve().parents[2] / "data" / "small.accdb"
ITEMS, ROUTING, RESULTS = "dbo_BI_ITEM_INFO_VIEW", "dbo_BI_ROUTING_VIEW", "dbo_BI_WORK_ORDER_RESULTS"
Edit = Callable[[pl.DataFrame], pl.DataFrame]


def built(source: Path, snapshots: Path) -> Path:
    return build_snapshot(source, "", snapshots, lambda _progress: None, force=False, lock_timeout=5.0)


def values_of(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.suffix != ".json"
    }


EDITS: dict[str, tuple[str, Edit]] = {
    "an item is gone": (ITEMS, lambda frame: frame[3:]),
    "times change and their date goes back": (
        ROUTING,
        lambda frame: frame.with_columns(pl.col("RUN_TIME") * 2, pl.col("INSRT_DT") - pl.duration(days=900)),
    ),
    "a column comes": (ITEMS, lambda frame: frame.with_columns(FURTHER=pl.lit(1))),
    "a column that nobody requires is gone": (ROUTING, lambda frame: frame.drop("NC_PROGRAM")),
    "no results are left": (RESULTS, lambda frame: frame.head(0)),
}


def test_what_changed_is_read_and_the_snapshot_is_that_of_everything(tmp_path: Path) -> None:
    source = tmp_path / "plant"
    source.mkdir()
    opened = open_source(ACCESS)
    for table in opened.tables():
        frames = opened.batches(table, [column.name for column in opened.columns(table)], {})
        pl.concat(list(frames)).write_parquet(source / f"{table}.parquet")
    built(source, tmp_path / "s")
    for number, (what, (table, edit)) in enumerate(EDITS.items()):
        path = source / f"{table}.parquet"
        edit(pl.read_parquet(path)).write_parquet(path)
        snapshot = built(source, tmp_path / "s")
        said = {line.partition(":")[0]: line.partition(": ")[2] for line in SnapshotFacts.read(snapshot).readings}
        assert said == {name: f"{int(name == table)} of 1 parts read" for name in (ITEMS, ROUTING, RESULTS)}, what
        whole = built(source, tmp_path / f"whole{number}")
        assert values_of(snapshot) == values_of(whole), what
        assert SnapshotFacts.read(snapshot).findings == SnapshotFacts.read(whole).findings, what
    path = source / f"{ITEMS}.parquet"
    pl.read_parquet(path).drop("ITEM_CD").write_parquet(path)
    with pytest.raises(DataProblem, match="lacks column ITEM_CD"):
        built(source, tmp_path / "s")


def test_columns_are_asked_for_in_the_same_order_by_every_process() -> None:
    asked: list[Sequence[str]] = []

    class Asked(AccessFileSource):
        def batches(self, table: str, columns: Sequence[str], *rest: Any, **named: Any) -> Iterator[pl.DataFrame]:
            asked.append(columns)
            return super().batches(table, columns, *rest, **named)

    profile = InputProfile.built_in()
    list(read_role(Asked(ACCESS), profile, "routing"))
    assert list(asked[0]) == [column.source for column in profile.columns_of("routing").values()]
