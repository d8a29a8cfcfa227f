"""What a snapshot holds, and what it says about odd data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from aggregate_service.column_files import TextColumn
from aggregate_service.snapshot import Snapshot
from aggregate_service.snapshot_store import SnapshotStore
from common.errors import DataProblem, Unavailable
from plant.time_columns import RUN

from .conftest import CATALOGUE, DATA, build, edit

Change = Callable[[pl.DataFrame], pl.DataFrame]


def times_of(snapshot: Snapshot, code: str, column: int = RUN) -> list[float]:
    item = snapshot.codes.find(code)
    start, end = snapshot.operations.offsets[item : item + 2]
    return [float(value) for value in snapshot.operations.times[start:end, column]]


def routing_of(snapshot: Snapshot, code: str, column: str) -> list[str | None]:
    item = snapshot.codes.find(code)
    start, end = snapshot.operations.offsets[item : item + 2]
    found = snapshot.routing[column]
    assert isinstance(found, TextColumn)
    return found.take(np.arange(start, end))


def test_the_snapshot_holds_all_items_and_only_their_current_routings(demo: Snapshot) -> None:
    routing = pl.read_parquet(CATALOGUE / "routing.parquet")
    current = (
        routing.with_columns(newest=pl.col("INSRT_DT").max().over("ITEM_CD", "ROUT_NO"))
        .sort("newest", "ROUT_NO")
        .group_by("ITEM_CD")
        .agg(pl.col("ROUT_NO").last().alias("current"))
    )
    kept = (
        routing.join(current, on="ITEM_CD").filter(pl.col("ROUT_NO") == pl.col("current")).sort("ITEM_CD", "PROC_SEQ")
    )
    assert demo.facts.items == 2000
    assert demo.facts.routing_rows == routing.height
    assert demo.facts.operations == kept.height
    np.testing.assert_array_equal(demo.operations.sequence, kept["PROC_SEQ"].to_numpy())
    np.testing.assert_array_equal(demo.operations.times[:, RUN], kept["RUN_TIME"].to_numpy())
    names = demo.routing["NC_PROGRAM"]
    assert isinstance(names, TextColumn)
    assert names.take(np.arange(kept.height)) == kept["NC_PROGRAM"].to_list()


def test_access_and_parquet_give_the_same_snapshot(small_tables: Path, tmp_path: Path) -> None:
    one, other = build(DATA / "small.accdb", tmp_path / "a"), build(small_tables, tmp_path / "b")
    assert one.facts.findings == other.facts.findings
    np.testing.assert_array_equal(one.operations.times, other.operations.times)
    np.testing.assert_array_equal(one.operations.actual, other.operations.actual)
    rows = np.arange(150)
    for name, column in one.items.items():
        np.testing.assert_array_equal(column.take(rows), other.items[name].take(rows))


def test_the_newest_entry_wins_and_the_routing_number_decides_on_a_tie(tables: Path, tmp_path: Path) -> None:
    def older_number_newer_entry(frame: pl.DataFrame) -> pl.DataFrame:
        code = frame["ITEM_CD"][0]
        mine = frame.filter(pl.col("ITEM_CD") == code).with_columns(pl.col("ROUT_NO").str.replace(".*", "R00"))
        newer = mine.with_columns(pl.lit("NEW").alias("JOB_CD"), pl.col("INSRT_DT").dt.offset_by("1y"))
        tied = mine.with_columns(pl.lit("R99").alias("ROUT_NO"), pl.lit("TIE").alias("JOB_CD"))
        return pl.concat([frame, newer, tied])

    code = pl.read_parquet(tables / "routing.parquet")["ITEM_CD"][0]
    edit(tables, "routing", older_number_newer_entry)
    assert set(routing_of(build(tables, tmp_path / "s"), code, "JOB_CD")) == {"NEW"}

    edit(tables, "routing", lambda frame: frame.filter(pl.col("JOB_CD") != "NEW"))
    assert set(routing_of(build(tables, tmp_path / "s"), code, "JOB_CD")) == {"TIE"}


def test_negative_and_absurd_times_are_absent_and_reported(tables: Path, tmp_path: Path) -> None:
    code = pl.read_parquet(tables / "routing.parquet")["ITEM_CD"][0]
    first = pl.int_range(pl.len()) == 0
    second = pl.int_range(pl.len()) == 1
    edit(
        tables,
        "routing",
        lambda frame: frame.with_columns(
            pl.when(first).then(-5.0).when(second).then(2e6).otherwise(pl.col("RUN_TIME")).alias("RUN_TIME")
        ),
    )
    snapshot = build(tables, tmp_path / "s")
    assert np.isnan(times_of(snapshot, code)[:2]).all()
    assert any("RUN_TIME are negative" in text and code in text for text in snapshot.facts.findings)
    assert any("RUN_TIME are above 1,000,000 minutes" in text for text in snapshot.facts.findings)


def test_the_first_of_duplicate_item_codes_counts(tables: Path, tmp_path: Path) -> None:
    code = pl.read_parquet(tables / "items.parquet")["ITEM_CD"][0]
    edit(
        tables,
        "items",
        lambda frame: pl.concat(
            [
                frame,
                frame.head(1).with_columns(
                    pl.lit(f" {code.lower()}").alias("ITEM_CD"), pl.lit("두 번째").alias("ITEM_NM")
                ),
            ]
        ),
    )
    snapshot = build(tables, tmp_path / "s")
    names = snapshot.items["ITEM_NM"]
    assert isinstance(names, TextColumn)
    assert names.take(np.array([snapshot.codes.find(code)])) != ["두 번째"]
    assert len(snapshot.codes) == 150
    assert any("repeat an item code" in text for text in snapshot.facts.findings)


def test_rows_of_unknown_items_and_repeated_keys_are_left_out_and_reported(tables: Path, tmp_path: Path) -> None:
    before = build(tables, tmp_path / "before").facts.operations
    edit(
        tables,
        "routing",
        lambda frame: pl.concat([frame, frame.head(3).with_columns(pl.lit("GHOST-1").alias("ITEM_CD")), frame.tail(2)]),
    )
    edit(
        tables,
        "work_orders",
        lambda frame: pl.concat([frame, frame.head(4).with_columns(pl.lit("GHOST-2").alias("ITEM_CD"))]),
    )
    snapshot = build(tables, tmp_path / "s")
    findings = "\n".join(snapshot.facts.findings)
    assert snapshot.facts.operations == before
    assert "3 rows of dbo_BI_ROUTING_VIEW belong to items that the item master does not have" in findings
    assert "'GHOST-1'" in findings
    assert "'GHOST-2'" in findings
    assert "2 rows of dbo_BI_ROUTING_VIEW repeat ITEM_CD, ROUT_NO and PROC_SEQ" in findings


def test_an_operation_that_comes_twice_in_a_routing_is_two_operations(tables: Path, tmp_path: Path) -> None:
    code = pl.read_parquet(tables / "routing.parquet")["ITEM_CD"][0]
    edit(tables, "routing", lambda frame: frame.with_columns(pl.lit("TUR").alias("JOB_CD")))
    snapshot = build(tables, tmp_path / "s")
    item = snapshot.codes.find(code)
    start, end = snapshot.operations.offsets[item : item + 2]
    assert len(set(snapshot.operations.operation[start:end].tolist())) == end - start


def test_actual_times_of_the_results_stand_beside_the_routing(demo: Snapshot) -> None:
    setup, run = demo.operations.actual[:, 0], demo.operations.actual[:, 1]
    known = ~np.isnan(run)
    assert 0.5 < known.mean() < 1.0
    ratio = run[known] / demo.operations.times[known, RUN]
    assert 0.9 < np.median(ratio) < 1.2
    assert (setup[~np.isnan(setup)] >= 0).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / "items.parquet").unlink(), "lacks table dbo_BI_ITEM_INFO_VIEW"),
        (lambda folder: edit(folder, "items", lambda f: f.head(0)), "dbo_BI_ITEM_INFO_VIEW holds no item"),
        (lambda folder: edit(folder, "items", lambda f: f.drop("ITEM_CD")), "ITEM_CD"),
        (
            lambda folder: edit(
                folder,
                "routing",
                lambda f: f.with_columns(
                    pl.when(pl.int_range(pl.len()) == 5)
                    .then(pl.lit("12분"))
                    .otherwise(pl.col("RUN_TIME").cast(pl.String))
                    .alias("RUN_TIME")
                ),
            ),
            "RUN_TIME",
        ),
        (lambda folder: (folder / "routing.parquet").write_bytes(b"PAR1 cut off"), "routing"),
    ],
    ids=["no items", "empty items", "no key column", "text in a number", "damaged file"],
)
def test_a_source_that_cannot_be_used_is_refused_and_leaves_no_trace(
    change: Callable[[Path], None], message: str, tables: Path, tmp_path: Path
) -> None:
    good = build(tables, tmp_path / "s")
    change(tables)
    with pytest.raises(DataProblem, match=message):
        build(tables, tmp_path / "s")
    assert [path.name for path in (tmp_path / "s").iterdir() if path.is_dir() and path.name[0] != "."] == [
        good.folder.name
    ]
    assert len(Snapshot(good.folder).codes) == 150


@pytest.mark.parametrize("name", ["missing_column.accdb", "truncated.accdb"])
def test_a_damaged_access_file_is_refused_in_words(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataProblem, match="OUTDIAMETER" if name.startswith("missing") else "truncated.accdb"):
        build(DATA / name, tmp_path / "s")


def test_a_catalogue_without_any_routing_is_read_with_a_remark(tables: Path, tmp_path: Path) -> None:
    edit(tables, "routing", lambda frame: frame.head(0))
    snapshot = build(tables, tmp_path / "s")
    assert snapshot.facts.items_with_routing == 0
    assert any("no routing predicted" in text for text in snapshot.facts.findings)


def test_a_source_without_work_results_is_read(tables: Path, tmp_path: Path) -> None:
    (tables / "work_orders.parquet").unlink()
    snapshot = build(tables, tmp_path / "s")
    assert snapshot.facts.work_result_rows == 0
    assert np.isnan(snapshot.operations.actual).all()


def test_codes_with_blanks_quotes_korean_and_emoji_are_items_like_others(tables: Path, tmp_path: Path) -> None:
    odd = [" 4H69065ZZ", 'O\'RING "5"', "슬리브-1", "🔩 나사", "　전각 "]
    edit(
        tables,
        "items",
        lambda frame: pl.concat([frame, frame.head(len(odd)).with_columns(pl.Series("ITEM_CD", odd, dtype=pl.String))]),
    )
    snapshot = build(tables, tmp_path / "s")
    for code in odd:
        position = snapshot.codes.find(code.strip().lower())
        assert position >= 0
        assert snapshot.codes.code(position) == code


def test_an_unchanged_source_is_not_read_twice_and_the_newest_two_snapshots_are_kept(
    tables: Path, tmp_path: Path
) -> None:
    first = build(tables, tmp_path / "s")
    assert build(tables, tmp_path / "s").folder == first.folder
    forced = build(tables, tmp_path / "s", force=True)
    assert forced.folder != first.folder
    assert forced.tag == first.tag
    edit(tables, "items", lambda frame: frame.head(149))
    newest = build(tables, tmp_path / "s")
    folders = {path.name for path in (tmp_path / "s").iterdir() if path.is_dir() and path.name[0] != "."}
    assert folders == {forced.folder.name, newest.folder.name}


def test_changes_against_the_snapshot_before_are_counted(tables: Path, tmp_path: Path) -> None:
    build(tables, tmp_path / "s")
    codes = pl.read_parquet(tables / "items.parquet")["ITEM_CD"].to_list()
    with_routing = pl.read_parquet(tables / "routing.parquet")["ITEM_CD"].to_list()
    quiet = [code for code in codes if code not in with_routing]

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        fresh = frame.head(2).with_columns(pl.Series("ITEM_CD", ["NEW-1", "NEW-2"]))
        renamed = pl.when(pl.col("ITEM_CD") == codes[3]).then(pl.lit("새 이름")).otherwise(pl.col("ITEM_NM"))
        return pl.concat([frame.filter(pl.col("ITEM_CD") != quiet[0]).with_columns(renamed.alias("ITEM_NM")), fresh])

    edit(tables, "items", change)
    edit(
        tables,
        "routing",
        lambda frame: frame.with_columns(
            pl.when(pl.int_range(pl.len()) == frame.height - 1)
            .then(99.5)
            .otherwise(pl.col("RUN_TIME"))
            .alias("RUN_TIME")
        ),
    )
    changes = build(tables, tmp_path / "s").facts.changes
    assert changes == {
        "items_added": 2,
        "items_changed": 2,
        "items_removed": 1,
        "routing_rows_added": 1,
        "routing_rows_removed": 1,
    }


def test_a_second_builder_waits_for_the_first_and_says_so_when_it_takes_too_long(tables: Path, tmp_path: Path) -> None:
    store = SnapshotStore(tmp_path / "s")
    with store.building(1), pytest.raises(Unavailable, match="Another process has been building"), store.building(0.05):
        pass


def test_a_snapshot_with_a_damaged_file_is_refused(tables: Path, tmp_path: Path) -> None:
    folder = build(tables, tmp_path / "s").folder
    (folder / "times.npy").write_bytes(b"\x93NUMPY cut off")
    with pytest.raises(DataProblem, match=r"times.npy"):
        Snapshot(folder)
