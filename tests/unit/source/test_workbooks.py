"""Excel workbooks as sources: titles, headers over two rows, mixed columns; what is no table is refused with what to do."""

from __future__ import annotations

import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import polars as pl
import pytest
import xlsxwriter

from common.errors import DataProblem
from plant.columns import ColumnType
from source import Source, open_source, workbook_size
from source.sheet_header import find_header
from source.workbook_size import is_small


def workbook(path: Path, **sheets: list[list[Any]]) -> Source:
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(path)
    return open_source(path)


def whole(source: Source, table: str) -> pl.DataFrame:
    return pl.concat(list(source.batches(table, [column.name for column in source.columns(table)], {}, 2)))


def test_every_sheet_with_cells_is_a_table(tmp_path: Path) -> None:
    source = workbook(
        tmp_path / "p.xlsx",
        Teile=[
            ["Nr", "Länge", "Ab", "aktiv"],
            ["007", 1.5, date(2024, 1, 5), True],
            ["008", None, None, False],
            ["9", 2, None, None],
        ],
        Plan=[["Teil", "Folge"], ["007", 10]],
        leer=[],
    )
    assert source.tables() == ["Plan", "Teile"]
    assert {column.name: column.type for column in source.columns("Teile")} == {
        "Nr": ColumnType.TEXT,
        "Länge": ColumnType.NUMBER,
        "Ab": ColumnType.DATETIME,
        "aktiv": ColumnType.BOOLEAN,
    }
    frame = whole(source, "Teile")
    assert frame["Nr"].to_list() == ["007", "008", "9"]
    assert frame["Länge"].to_list() == [1.5, None, 2.0]
    assert frame["Ab"].to_list() == [datetime(2024, 1, 5), None, None]
    assert source.count("Plan") == 1


def test_a_column_of_texts_and_numbers_is_text_as_people_wrote_it(tmp_path: Path) -> None:
    source = workbook(tmp_path / "p.xlsx", a=[["Nr", "n"], [12, 1], ["12-A", 2], [1.5, 3], [time(6, 19), 4]])
    assert whole(source, "a")["Nr"].to_list() == ["12", "12-A", "1.5", "06:19:00"]


def test_titles_and_empty_rows_stand_above_the_header(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["Stückliste 2024"],
        [],
        ["Werk", "Nord"],
        ["Artikel", "Folge", "Zeit (min)", "Platz"],
        ["A", 10, 1.5, "D1"],
        ["A", 20, 2, "D2"],
    ]
    assert whole(workbook(tmp_path / "p.xlsx", a=rows), "a").columns == ["Artikel", "Folge", "Zeit (min)", "Platz"]


def test_merged_header_cells_group_the_columns_below_them(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet["B2"] = "List of parts"
    sheet.merge_cells("B2:F2")
    for cell, text in {"B4": "No.", "C4": "Size", "E4": "Made", "F4": "Qty", "C5": "Length", "D5": "Width"}.items():
        sheet[cell] = text
    for area in ("C4:D4", "B4:B5", "E4:E5", "F4:F5"):
        sheet.merge_cells(area)
    sheet.append([None, "A1", 10.5, 3, datetime(2024, 5, 1), 7])
    made.save(tmp_path / "m.xlsx")
    source = open_source(tmp_path / "m.xlsx")
    [table] = source.tables()
    assert whole(source, table).to_dicts() == [
        {"No.": "A1", "Size Length": 10.5, "Size Width": 3, "Made": datetime(2024, 5, 1), "Qty": 7}
    ]


def test_columns_without_a_name_are_called_by_their_letter_and_names_are_one_line() -> None:
    header = find_header([["Part\nno.", "", "Qty"], ["A", "x", 1]], [], 1)
    assert not isinstance(header, str)
    assert header.columns == {"Part no.": 0, "Column C": 1, "Qty": 2}


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([["a", "b", "a"], [1, 2, 3]], "column a stands twice"),
        ([[1, 2], [3, 4]], "no row has the names of the columns"),
    ],
)
def test_a_sheet_without_names_for_its_columns_is_refused(tmp_path: Path, rows: list[list[Any]], problem: str) -> None:
    source = workbook(tmp_path / "p.xlsx", a=rows)
    with pytest.raises(DataProblem, match=f"Sheet a of .*{problem}"):
        source.columns("a")


def test_an_empty_workbook_and_one_that_is_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataProblem, match="has no sheet with cells") as refused:
        workbook(tmp_path / "e.xlsx", a=[])
    assert refused.value.reason == "SOURCE_EMPTY"
    (tmp_path / "b.xlsx").write_bytes(b"PK\x03\x04 not a zip")
    with pytest.raises(DataProblem, match="cannot be read as a workbook"):
        open_source(tmp_path / "b.xlsx")


def test_a_workbook_with_a_password_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "p.xlsx").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 5000)
    with pytest.raises(DataProblem, match="protected by a password: save a copy without one") as refused:
        open_source(tmp_path / "p.xlsx")
    assert refused.value.reason == "SOURCE_PROTECTED"


def test_a_sheet_that_is_full_was_cut_off_and_is_refused(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "full.xlsx"), {"constant_memory": True}) as made:
        sheet = made.add_worksheet("a")
        sheet.write_row(0, 0, ["Part", "Step"])
        sheet.write_row(1_048_575, 0, ["A", 10])
    with pytest.raises(DataProblem, match=r"full to its last row, 1,048,576.*Export it as CSV or Parquet"):
        open_source(tmp_path / "full.xlsx").columns("a")


def test_a_cell_far_away_does_not_end_the_process_that_reads(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "far.xlsx")
    sheet = book.add_worksheet("Teile")
    sheet.write_row(0, 0, ["Nr", "L"])
    sheet.write_row(1, 0, ["7", 1.5])
    sheet.write(1_048_575, 16_383, 1)
    book.close()
    with pytest.raises(DataProblem, match="Delete the empty rows and columns") as refused:
        open_source(tmp_path / "far.xlsx")
    assert refused.value.reason == "SOURCE_TOO_LARGE"


def test_a_part_that_was_made_to_fill_memory_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_size, "BLOWN_UP_BYTES", 1024 * 1024)
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(12 * 1024 * 1024))
    with pytest.raises(DataProblem, match="needs more memory than there is"):
        open_source(tmp_path / "bomb.xlsx")


def test_the_corner_of_a_sheet_says_whether_it_is_small(tmp_path: Path) -> None:
    for row, column, small in ((99, 20, True), (200_000, 30, False), (0, 16_383, True)):
        book = xlsxwriter.Workbook(tmp_path / "b.xlsx")
        book.add_worksheet().write(row, column, "x")
        book.close()
        assert is_small(tmp_path / "b.xlsx") is small
    assert not is_small(tmp_path / "b.ods")
    assert is_small(tmp_path / "b.xls")


def test_a_larger_workbook_is_measured_by_a_process_of_its_own_and_read(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "large.xlsx")
    sheet = book.add_worksheet("Teile")
    sheet.write_row(0, 0, ["Nr", "L"])
    sheet.write_row(1, 0, ["7", 1.5])
    sheet.write_row(200_000, 30, ["x"])
    book.close()
    assert open_source(tmp_path / "large.xlsx").tables() == ["Teile"]
