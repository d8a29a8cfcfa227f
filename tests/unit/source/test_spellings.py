"""Formats that a profile declares, and finding them."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest

from plant.columns import ColumnType
from plant.formats import format_problem
from source.canonical import convert
from source.spellings import number_format, read_as

NUMBER, DATETIME = ColumnType.NUMBER, ColumnType.DATETIME


@pytest.mark.parametrize(
    ("text_format", "kind", "texts", "values"),
    [
        ("1.234,5", NUMBER, ["1.234,5", "0,25", "-7", "x"], [1234.5, 0.25, -7.0, None]),
        ("1,234.5", NUMBER, ["1,234.5", "0.25"], [1234.5, 0.25]),
        ("1 234,5", NUMBER, ["1 234,5", "1\u00a0000"], [1234.5, 1000.0]),
        ("1'234.5", NUMBER, ["1'234.5"], [1234.5]),
        ("h:mm", NUMBER, ["06:30", "1:30:36", "2", "1:75"], [6.5, 1.51, 2.0, None]),
        ("m:ss", NUMBER, ["06:15", "1:00:30"], [6.25, 60.5]),
        ("%d/%m/%Y", DATETIME, ["03/02/2024", "2024-05-01"], [datetime(2024, 2, 3), datetime(2024, 5, 1)]),
        ("excel", DATETIME, ["45000.5"], [datetime(2023, 3, 15, 12)]),
    ],
)
def test_texts_of_a_format_are_read(text_format: str, kind: ColumnType, texts: list[str], values: list[object]) -> None:
    assert format_problem(text_format, kind) == ""
    assert read_as(pl.Series("a", texts), text_format, kind).to_list() == [
        pytest.approx(value) if isinstance(value, float) else value for value in values
    ]


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["1.5", "2"], ""),
        (["1,5", "2"], "1.234,5"),
        (["0,125"], "1.234,5"),
        (["1,234", "12"], "1,234.5"),
        (["1.234,50"], "1.234,5"),
        (["06:19", "1:00:00"], "h:mm"),
        (["12-A"], None),
    ],
)
def test_the_format_of_numbers_is_found(texts: list[str], found: str | None) -> None:
    assert number_format(pl.Series(texts)) == found


def test_serial_numbers_of_excel_are_dates_where_years_are_not() -> None:
    assert convert(pl.Series([45000.25, 2012.0, 2958465.0]), DATETIME).to_list() == [
        datetime(2023, 3, 15, 6),
        None,
        datetime(9999, 12, 31),
    ]
    assert convert(pl.Series([20240105, 45000, 2012]), DATETIME).to_list() == [
        datetime(2024, 1, 5),
        datetime(2023, 3, 15),
        None,
    ]


def test_a_format_of_another_type_is_refused() -> None:
    assert "known are 1.234,5" in format_problem("a", NUMBER)
    assert "pattern" in format_problem("1.234,5", DATETIME)
    assert "TEXT has no formats" in format_problem("h:mm", ColumnType.TEXT)
