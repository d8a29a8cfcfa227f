"""Formats that a profile declares, and finding them."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest

from plant.columns import ColumnType
from plant.formats import format_problem
from source.canonical import convert
from source.spellings import number_format, read_as
from source.suggestion.facts import Shape, facts_of_column

NUMBER, DATETIME = ColumnType.NUMBER, ColumnType.DATETIME


@pytest.mark.parametrize(
    ("text_format", "kind", "texts", "values"),
    [
        ("1.234,5", NUMBER, ["1.234,5", "0,25", "-7", "x"], [1234.5, 0.25, -7.0, None]),
        ("1,234.5", NUMBER, ["1,234.5", "0.25"], [1234.5, 0.25]),
        ("1 234,5", NUMBER, ["1 234,5", "1\u00a0000"], [1234.5, 1000.0]),
        ("1'234.5", NUMBER, ["1'234.5"], [1234.5]),
        ("1 234.5", NUMBER, ["1\u2009234.5", "１２．５"], [1234.5, 12.5]),
        (
            "1h 30m",
            NUMBER,
            ["1h 30m", "12 Min.", "1시간 5분", "45", "2,5 h", "90 s", "3 kg"],
            [90.0, 12.0, 65.0, 45.0, 150.0, 1.5, None],
        ),
        (
            '1 1/2"',
            NUMBER,
            ['1 1/2"', "Ø30", "2,5 cm", "½ inch", "3/4″", "30 mm", "12", "1h"],
            [38.1, 30.0, 25.0, 12.7, 19.05, 30.0, 12.0, None],
        ),
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
        (["1\u2009234,5", "7"], "1 234,5"),
        (["1 234.5"], "1 234.5"),
        (["１２", "５．５"], ""),
        (["1h 30m", "12 Min.", "45"], "1h 30m"),
        (["1/2", "3/4"], None),
        (['1 1/2"', '3/4"', '2"'], '1 1/2"'),
        (["Ø30", "ø 12,5"], '1 1/2"'),
        (["30 mm", "M8"], None),
        (["1h", "30 mm"], None),
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


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["03/02/2024", "25/02/2024"], "%d/%m/%Y"),
        (["02/03/2024", "02/25/2024"], "%m/%d/%Y"),
        (["03-02-2024 10:15", "25-02-2024 09:00"], "%d-%m-%Y %H:%M"),
        (["2024-02-25"], ""),
    ],
)
def test_the_days_of_a_column_tell_whether_they_stand_before_the_month(texts: list[str], found: str) -> None:
    facts = facts_of_column("t", pl.Series("a", texts))
    assert (facts.shape, facts.spelled) == (Shape.DATE, found)


def test_full_width_digits_are_numbers_and_dates() -> None:
    assert convert(pl.Series(["１２．５", "3"]), NUMBER).to_list() == [12.5, 3.0]
    assert convert(pl.Series(["２０２４－０１－０５"]), DATETIME).to_list() == [datetime(2024, 1, 5)]


def test_a_format_of_another_type_is_refused() -> None:
    assert "known are 1.234,5" in format_problem("a", NUMBER)
    assert "pattern" in format_problem("1.234,5", DATETIME)
    assert "TEXT has no formats" in format_problem("h:mm", ColumnType.TEXT)
