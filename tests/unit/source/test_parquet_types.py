"""Parquet columns of every type that a writer may choose: right values, or an error that names the column; never a traceback."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from common.errors import DataProblem
from source import ColumnType, open_source
from source.parquet_table import ParquetTable

ITEMS = "dbo_BI_ITEM_INFO_VIEW"


def read(folder: Path, values: list[Any], kind: pa.DataType, wanted: ColumnType) -> list[Any]:
    """A column of a Parquet file as a role wants it."""
    table = pa.table({"ITEM_CD": pa.array(["A"] * len(values)), "X": pa.array(values, type=kind)})
    pq.write_table(table, folder / "items.parquet")
    source = open_source(folder)
    assert [column.name for column in source.columns(ITEMS)] == ["ITEM_CD", "X"]
    types = {"ITEM_CD": ColumnType.TEXT, "X": wanted}
    frames = list(source.batches(ITEMS, ["ITEM_CD", "X"], types))
    return list(pl.concat(frames)["X"].to_list())


RIGHT = [
    ([5, None], pa.uint64(), ColumnType.INTEGER, [5, None]),
    ([2**63], pa.uint64(), ColumnType.NUMBER, [2.0**63]),
    ([Decimal("1.25"), None], pa.decimal256(60, 2), ColumnType.NUMBER, [1.25, None]),
    ([Decimal("12")], pa.decimal256(60, 0), ColumnType.INTEGER, [12]),
    ([Decimal("1.5")], pa.decimal128(30, 2), ColumnType.NUMBER, [1.5]),
    (["선삭".encode(), None], pa.binary(), ColumnType.TEXT, ["선삭", None]),
    ([b"2.5"], pa.large_binary(), ColumnType.NUMBER, [2.5]),
    ([datetime.time(8, 30)], pa.time64("us"), ColumnType.TEXT, ["08:30:00"]),
    (["a", "a"], pa.dictionary(pa.int8(), pa.string()), ColumnType.TEXT, ["a", "a"]),
    ([1.5], pa.float16(), ColumnType.NUMBER, [1.5]),
    ([None, None], pa.null(), ColumnType.NUMBER, [None, None]),
]


@pytest.mark.parametrize(("values", "kind", "wanted", "right"), RIGHT, ids=lambda value: str(value)[:24])
def test_values_that_a_type_has_are_read(
    tmp_path: Path, values: Any, kind: Any, wanted: ColumnType, right: Any
) -> None:
    found = read(tmp_path, values, kind, wanted)
    assert [one[:8] if isinstance(one, str) else one for one in found] == right


WRONG = [
    ([datetime.time(0, 12, 30)], pa.time64("ns"), ColumnType.NUMBER),
    ([datetime.time(0, 12)], pa.time32("ms"), ColumnType.INTEGER),
    ([datetime.timedelta(minutes=5)], pa.duration("us"), ColumnType.NUMBER),
    ([datetime.timedelta(minutes=5)], pa.duration("ns"), ColumnType.TEXT),
    ([[1.0, 2.0]], pa.list_(pa.float64()), ColumnType.NUMBER),
    ([["a"]], pa.list_(pa.string()), ColumnType.TEXT),
    ([{"a": 1}], pa.struct([("a", pa.int64())]), ColumnType.NUMBER),
    ([[("k", 1)]], pa.map_(pa.string(), pa.int64()), ColumnType.TEXT),
    ([2**63], pa.uint64(), ColumnType.INTEGER),
    ([b"\xff\xfe"], pa.binary(), ColumnType.TEXT),
    ([datetime.date(2024, 1, 2)], pa.date32(), ColumnType.NUMBER),
]


@pytest.mark.parametrize(("values", "kind", "wanted"), WRONG, ids=lambda value: str(value)[:24])
def test_what_has_no_value_of_the_wanted_type_is_told_with_its_column(
    tmp_path: Path, values: Any, kind: Any, wanted: ColumnType
) -> None:
    with pytest.raises(DataProblem, match="column X") as told:
        read(tmp_path, values, kind, wanted)
    assert told.value.reason in ("COLUMN_TYPE", "VALUE_MISFIT")


NO_UTF8 = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe")])


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["A", "A"]), "column A stands twice"),
        (pa.Table.from_arrays([pa.array([1])], names=[""]), "has no name"),
        (pa.table({"A": NO_UTF8}), "column A: type string cannot be read"),
        (pa.table({"A": pa.array([-(2**62)], pa.timestamp("us"))}), "a year before 1 or after 9999"),
        (pa.table({"A": pa.array([2**30], pa.date32())}), "a year before 1 or after 9999"),
    ],
)
def test_what_no_table_holds_is_told_and_ends_nothing(tmp_path: Path, table: pa.Table, told: str) -> None:
    pq.write_table(table, tmp_path / "items.parquet")
    stored = ParquetTable(tmp_path / "items.parquet")
    with pytest.raises(DataProblem, match=told):
        list(stored.frames([column.name for column in stored.columns()], 100))
