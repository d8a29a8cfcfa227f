"""Access files as they are stored: every kind of value exactly, and what is no value refused by table, column and cure."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from common.errors import DataProblem
from source import Source, open_source
from source.access_file import pages as access_pages
from source.access_file.access_source import AccessFileSource, AccessTable
from source.access_file.definitions import Kind, StoredColumn, catalogue_of
from source.access_file.rows import Rows
from source.access_file.texts import decoded
from source.access_file.values import ColumnReader
from source.diagnosis import diagnose

DATA = Path(__file__).resolve().parents[2] / "data"
ITEMS, ROUTING = "dbo_BI_ITEM_INFO_VIEW", "dbo_BI_ROUTING_VIEW"


def column(source: Source, table: str, name: str) -> list[object]:
    return pl.concat(list(source.batches(table, [name], {})))[name].to_list()


def test_calculated_columns_have_the_results_that_access_stored() -> None:
    source = open_source(DATA / "cases" / "calculated-run-time.accdb")
    names = ["MACH_WORKED_HOURS", "RUN_TIME", "JOB_CD", "RES_CD", "JOB_NM"]
    rows = pl.concat(list(source.batches(ROUTING, names, {})))
    assert rows["RUN_TIME"].null_count() < rows.height
    assert rows["RUN_TIME"].is_null().equals(rows["MACH_WORKED_HOURS"].is_null())
    assert rows.select((pl.col("MACH_WORKED_HOURS") * 60 - pl.col("RUN_TIME")).abs().max()).item() < 1e-6
    assert rows["JOB_NM"].equals((rows["JOB_CD"] + "-" + rows["RES_CD"]).alias("JOB_NM"))


def test_a_calculation_without_a_result_is_absent() -> None:
    head, value = bytes(16) + struct.pack("<I", 8), struct.pack("<d", 45000.5)
    stored = head + value + bytes(3), bytes(23)  # as Access stores them
    rows = _StoredRows(stored)
    reader = ColumnReader(_pages(), "t", replace(_column(Kind.DATETIME, 0), calculated=True, fixed=False))
    assert reader.read(rows).to_list() == [datetime(2023, 3, 15, 12), None]  # type: ignore[arg-type]


class _StoredRows:
    """Rows of one variable column."""

    def __init__(self, values: tuple[bytes, ...]) -> None:
        self.stored = b"".join(values)
        self._ends = np.cumsum([len(value) for value in values])
        self._begins = self._ends - [len(value) for value in values]

    def present(self, column: StoredColumn) -> np.ndarray[Any, np.dtype[np.bool_]]:
        return np.ones(len(self._ends), bool)

    def variable(self, column: StoredColumn, present: Any) -> tuple[Any, Any, Any]:
        return self._begins, self._ends, present


def test_large_numbers_and_extended_dates_come_exactly() -> None:
    source = open_source(DATA / "cases" / "large-number-diameter.accdb")
    assert 100 in column(source, ITEMS, "OUTDIAMETER")
    assert None not in column(source, ITEMS, "OUTDIAMETER")
    extended = column(open_source(DATA / "cases" / "date-time-extended.accdb"), ROUTING, "INSRT_DT")
    assert datetime(2025, 1, 1) in extended
    assert None not in extended


def test_dates_of_the_far_future_are_dates() -> None:
    assert set(column(open_source(DATA / "cases" / "date-9999.accdb"), ROUTING, "VALID_TO_DT")) == {
        datetime(9999, 12, 31)
    }


@pytest.mark.parametrize(
    ("stored", "expected"),
    [(0.0, "1899-12-30"), (-1.25, "1899-12-29 06:00"), (-657434.0, "0100-01-01"), (2958465.5, "9999-12-31 12:00")],
)
def test_dates_before_1899_and_in_year_9999(stored: float, expected: str) -> None:
    reader = ColumnReader(_pages(), "t", _column(Kind.DATETIME, 8))
    made = reader._numbers(np.frombuffer(struct.pack("<d", stored), np.uint8).reshape(1, 8))
    assert made.dt.strftime("%Y-%m-%d %H:%M")[0].removesuffix(" 00:00") == expected


def test_a_date_that_is_none_is_named() -> None:
    reader = ColumnReader(_pages(), "t", _column(Kind.DATETIME, 8))
    with pytest.raises(DataProblem, match=r"column a: .*outside of the years 100 to 9999"):
        reader._numbers(np.frombuffer(struct.pack("<d", 1e9), np.uint8).reshape(1, 8))


@pytest.mark.parametrize(
    ("stored", "encoding", "text"),
    [
        (b"\xff\xfeABC", "", "ABC"),
        ("가나".encode("utf-16-le"), "", "가나"),
        (b"\xff\xfeM8\x00" + "선삭".encode("utf-16-le") + b"\x00x", "", "M8선삭x"),
        ("선삭".encode("cp949"), "cp949", "선삭"),
        (b"a\x81\x9d\x80", "cp1252", "a\x81\x9d€"),
    ],
)
def test_texts_of_every_age_are_read(stored: bytes, encoding: str, text: str) -> None:
    assert decoded(stored, encoding) == text


def test_decimal_numbers_have_their_scale_and_sign() -> None:
    reader = ColumnReader(_pages(), "t", _column(Kind.NUMERIC, 17, scale=3))
    words = struct.pack("<4I", 0, 0, 0, 123456)
    assert [reader._decimal(b"\x00" + words), reader._decimal(b"\x80" + words)] == [123.456, -123.456]


def test_rows_of_access_97_with_more_than_256_bytes_find_their_values() -> None:
    long, short = b"x" * 300, b"tail"
    body = bytes([2]) + long + short
    offsets = [1, 301 - 256, 305 - 256]  # the second and third lie behind the first jump at column 1
    row = body + bytes(reversed(offsets)) + bytes([1]) + bytes([2]) + bytes([0b11])
    size = 2048
    page = bytearray(size)
    page[0] = 1
    struct.pack_into("<I", page, 4, 7)
    struct.pack_into("<H", page, 8, 1)
    struct.pack_into("<H", page, 10, size - len(row))
    page[size - len(row) :] = row
    rows = Rows(bytes(page), np.array([3]), 7, access_pages._ACCESS_97, Path("a.mdb"))
    read = []
    for number in range(2):
        begin, end, _ = rows.variable(_column(Kind.TEXT, 0, number=number), np.array([True]))
        read.append(rows.stored[int(begin[0]) : int(end[0])])
    assert read == [long, short]


def test_an_encrypted_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    stored = bytearray((DATA / "small.accdb").read_bytes())
    hidden = access_pages.rc4(b"\xc7\xda\x39\x6b", bytes(stored[0x18 : 0x18 + 128]))
    changed = hidden[: 0x3E - 0x18] + b"\x01\x02\x03\x04" + hidden[0x3E - 0x18 + 4 :]
    stored[0x18 : 0x18 + 128] = access_pages.rc4(b"\xc7\xda\x39\x6b", changed)
    (tmp_path / "e.accdb").write_bytes(stored)
    with pytest.raises(DataProblem, match="encrypted with a password: save a copy without it") as refused:
        open_source(tmp_path / "e.accdb")
    assert refused.value.reason == "SOURCE_PROTECTED"
    assert diagnose(tmp_path / "e.accdb").verdict == refused.value.message


@pytest.mark.parametrize(("kind", "what"), [(5, "a saved query"), (6, "linked from another database")])
def test_queries_and_linked_tables_are_explained(tmp_path: Path, kind: int, what: str) -> None:
    path = _patched(tmp_path, lambda stored: _set_object_type(stored, ROUTING, kind))
    source = open_source(path)
    assert ROUTING not in source.tables()
    with pytest.raises(DataProblem, match=f"{ROUTING} .* is {what}; only tables that lie in the file are read"):
        source.columns(ROUTING)
    assert what in diagnose(path).verdict


@pytest.mark.parametrize(
    ("kind", "what"), [(Kind.COMPLEX, "attachments or several values"), (Kind.OLE, "embedded objects")]
)
def test_attachments_and_objects_are_refused_by_table_and_column(tmp_path: Path, kind: Kind, what: str) -> None:
    path = _patched(tmp_path, lambda stored: _set_column_kind(stored, ITEMS, "ITEM_SPEC", kind))
    with pytest.raises(DataProblem, match=rf"{ITEMS} .*column ITEM_SPEC holds {what}.*take the column out"):
        list(open_source(path).batches(ITEMS, ["ITEM_SPEC"], {}))
    assert column(open_source(path), ITEMS, "ITEM_CD")
    found = diagnose(path)
    assert not found.ok
    assert "column ITEM_SPEC" in found.verdict


def _pages() -> access_pages.Pages:
    return access_pages.Pages(DATA / "small.accdb")


def _column(kind: Kind, size: int, *, number: int = 0, scale: int = 0) -> StoredColumn:
    return StoredColumn("a", kind, number, kind is not Kind.TEXT, number, size, scale, False, True)


def _patched(folder: Path, change: Callable[[bytearray], None]) -> Path:
    stored = bytearray((DATA / "small.accdb").read_bytes())
    change(stored)
    path = folder / "patched.accdb"
    path.write_bytes(stored)
    return path


def _set_object_type(stored: bytearray, name: str, kind: int) -> None:
    pages = _pages()
    definition = catalogue_of(pages)
    known = {column.name: column for column in definition.columns}
    for page in definition.pages:
        rows = Rows(pages.page(int(page)), np.array([page]), definition.page, pages.layout, pages.path)
        names = ColumnReader(pages, "MSysObjects", known["Name"]).read(rows).to_list()
        if name in names:
            at = int(page) * pages.layout.page + int(rows.start[names.index(name)]) + 2 + known["Type"].place
            struct.pack_into("<h", stored, at, kind)


def _set_column_kind(stored: bytearray, table: str, name: str, kind: Kind) -> None:
    source = open_source(DATA / "small.accdb")
    assert isinstance(source, AccessFileSource)
    opened = source._open(table)
    assert isinstance(opened, AccessTable)
    pages, layout = _pages(), access_pages._SINCE_2000
    definition = opened._definition
    start = definition.page * layout.page
    indexes = struct.unpack_from("<I", stored, start + layout.definition[3])[0]
    entry = start + layout.definition[5] + indexes * layout.index_entry
    numbers = [struct.unpack_from("<H", stored, entry + n * 25 + 5)[0] for n in range(len(definition.columns))]
    wanted = next(column.number for column in definition.columns if column.name == name)
    stored[entry + numbers.index(wanted) * 25] = kind
    assert pages.count
