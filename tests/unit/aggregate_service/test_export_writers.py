"""The writers of the export formats: any number of rows in any parts, texts of any length, what spreadsheets and programs get."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

import openpyxl  # type: ignore[import-untyped]
import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from aggregate_service import export_writers
from aggregate_service.export_writers import FORMATS, MOST_CELL_CHARACTERS, ROW_GROUP, Layout, Part
from common.errors import InvalidInput
from common.tables import number_column, table, text_column
from protos.aggregate.v1 import aggregate_pb2 as pb

COLUMNS = ("ITEM_CD", "JOB_NM", "SETUP_TIME", "SIMILARITY_SCORE")
SMALL_GROUP = 4
"""Rows of a row group in the property test, so that its ends are met often."""


def prediction(texts: Sequence[str], first: int = 0) -> pb.PredictResponse:
    """A routing with an operation a text."""
    count = len(texts)
    return pb.PredictResponse(
        routings=table(1, [text_column("ITEM_CD", ["A-1"]), number_column("SIMILARITY_SCORE", [0.987654321])]),
        operation_offsets=[0, count],
        operations=table(
            count,
            [
                text_column("JOB_NM", list(texts)),
                number_column("SETUP_TIME", [34.20958761556344 + first + row for row in range(count)]),
            ],
        ),
    )


def written(kind: str, parts: Sequence[pb.PredictResponse], *, for_program: bool = False) -> bytes:
    """The file that parts make."""
    stream = io.BytesIO()
    layout = Layout(COLUMNS, None, "utf-8", False, for_program)
    writer = FORMATS[kind][1](stream, layout)
    for part in parts:
        writer.add(Part(part, layout))
    writer.finish()
    return stream.getvalue()


def names_in(kind: str, data: bytes) -> list[Any]:
    """The operations' names in a file."""
    if kind in ("csv", "txt"):
        frame = pl.read_csv(data, separator="," if kind == "csv" else "\t", infer_schema_length=0)
        return frame["JOB_NM"].to_list()
    if kind == "excel":
        rows = list(openpyxl.load_workbook(io.BytesIO(data)).active.iter_rows(values_only=True))
        return [row[1] for row in rows[1:]]
    if kind == "parquet":
        return pl.read_parquet(io.BytesIO(data))["JOB_NM"].to_list()
    if kind == "json":
        return [one["JOB_NM"] for item in json.loads(data)["items"] for one in item["operations"]]
    return [one.text for one in ElementTree.fromstring(data).iter("JOB_NM")]


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(0, 2 * SMALL_GROUP + 1), min_size=1, max_size=6))
@example(sizes=[0])
@example(sizes=[1])
@example(sizes=[SMALL_GROUP - 1])
@example(sizes=[SMALL_GROUP])
@example(sizes=[SMALL_GROUP + 1])
@example(sizes=[1, SMALL_GROUP - 1])
@example(sizes=[SMALL_GROUP, SMALL_GROUP])
@example(sizes=[SMALL_GROUP, 0])
@example(sizes=[0, SMALL_GROUP])
def test_rows_in_parts_of_any_size_are_all_written_once_and_in_order(
    kind: str, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_writers, "ROW_GROUP", SMALL_GROUP)
    parts, wanted = [], list[str]()
    for size in sizes:
        texts = [f"선삭 {len(wanted) + row}" for row in range(size)]
        parts.append(prediction(texts, len(wanted)))
        wanted += texts
    data = written(kind, parts)
    assert names_in(kind, data) == wanted
    if kind == "parquet":
        facts = parquet.ParquetFile(io.BytesIO(data)).metadata
        assert facts.num_rows == len(wanted)


@pytest.mark.parametrize("rows", [0, 1, ROW_GROUP - 1, ROW_GROUP, ROW_GROUP + 1, 2 * ROW_GROUP])
@pytest.mark.parametrize("parts", [1, 3])
def test_a_last_part_that_fills_the_row_group_of_parquet_is_no_accident(rows: int, parts: int) -> None:
    edges = [rows * number // parts for number in range(parts + 1)]
    made = [prediction(["x"] * (end - start), start) for start, end in itertools.pairwise(edges)]
    data = written("parquet", made)
    assert parquet.ParquetFile(io.BytesIO(data)).metadata.num_rows == rows


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind != "excel"])
def test_a_very_long_text_comes_back_whole(kind: str) -> None:
    text = "가나다" * 100_000
    assert names_in(kind, written(kind, [prediction([text])])) == [text]


@pytest.mark.parametrize("text", ["x" * MOST_CELL_CHARACTERS, "가" * MOST_CELL_CHARACTERS])
def test_excel_takes_a_text_that_just_fits_a_cell_and_refuses_a_longer_one(text: str) -> None:
    assert names_in("excel", written("excel", [prediction([text])])) == [text]
    with pytest.raises(InvalidInput, match="JOB_NM in row 1 has 32,768 characters"):
        written("excel", [prediction([text + "x"])])
    with pytest.raises(InvalidInput, match="holds 32,767"):
        written("excel", [prediction(["🔩" * (MOST_CELL_CHARACTERS // 2 + 1)])])


def test_excel_shows_minutes_with_two_decimals_in_columns_as_wide_as_they_need_be() -> None:
    data = written("excel", [prediction(["선삭 및 연삭 가공 공정", "a"]), prediction(["x" * 500])])
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    job, minutes, score = sheet["B2"], sheet["C2"], sheet["D2"]
    assert minutes.value == pytest.approx(34.20958761556344)
    assert (minutes.number_format, score.number_format, job.number_format) == ("#,##0.00", "0.0000", "General")
    widths = [sheet.column_dimensions[letter].width for letter in "ABCD"]
    assert widths[1] >= 60
    assert all(9 <= width <= 61 for width in widths)


ATTACKS = ["=1+1", "-", "-abc", "@x", "+cmd", "a;=1"]


@pytest.mark.parametrize("kind", ["csv", "txt"])
def test_a_program_gets_texts_as_they_are_and_a_spreadsheet_no_formula(kind: str) -> None:
    assert names_in(kind, written(kind, [prediction(ATTACKS)], for_program=True)) == ATTACKS
    guarded = names_in(kind, written(kind, [prediction(ATTACKS)]))
    assert guarded == ["'=1+1", "'-", "'-abc", "'@x", "'+cmd", "a;'=1"]
