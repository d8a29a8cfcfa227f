"""What the columns of an unknown table hold, as far as it tells what they are: shape, uniqueness, regularity. Names play no part here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import polars as pl

from plant.columns import ColumnType
from plant.formats import HOURS, SIZES_WITH_UNITS, TIMES_WITH_UNITS
from plant.units import SIZE, TIME
from source.canonical import narrow
from source.spellings import is_unclear, number_format, read_as
from source.suggestion.vocabulary import fit, measured_in, unit_in

GUID: Final = re.compile(r"^\{?[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\}?$")
SIZES_IN_TEXT: Final = r"\d[\d.,]*\s*[xX×*]\s*\d|[øØ⌀Φ]\s*\d|\bM\d+\s*[xX×]\s*\d|\d+\s*/\s*\d+\s*(?:\"|inch)"
DENSE_RANGE: Final = 3.0
"""Whole numbers whose range is at most this many times their count lie dense: they are contained in any other numbering by chance."""


class Shape(StrEnum):
    """What a column's values look like."""

    EMPTY = "empty"
    WHOLE = "whole"
    NUMBER = "number"
    DATE = "date"
    FLAG = "flag"
    TEXT = "text"


class Unclear(StrEnum):
    """What the values of a column do not show of their spelling."""

    DATE_ORDER = "date_order"
    """Whether day or month comes first: no day is above 12."""
    DECIMAL_SIGN = "decimal_sign"
    """Whether a sign before three digits separates thousands or decimals."""
    DURATION = "duration"
    """Whether 12:30 are hours and minutes, or minutes and seconds."""


@dataclass(frozen=True)
class ColumnFacts:
    """A column and what was seen of it.

    Attributes:
        table, name: as stored.
        shape: what its values look like.
        rows: rows that were read.
        present: rows with a value.
        distinct: different values.
        texts: values as trimmed text, null where absent, shape (rows,).
        numbers: values as numbers where the shape is whole or number.
        times: values as times where the shape is date.
        guid: whether its values are globally unique identifiers.
        dense: whether its values are whole numbers without gaps worth speaking of.
        sizes: share of its texts that state sizes (300x70, Ø30, M8x1.25).
        spelled: format in which its texts write numbers or dates (`plant.formats`); "" where they need none.
        unclear: what of its spelling the values leave open, one of `Unclear`; None for nothing.
        shown_by: the column that shows what its own values leave open; "" where they do not, or somebody said it.
        digits: length of its texts where all have the same and are digits only; 0 otherwise. Codes such as 00001234.
    """

    table: str
    name: str
    shape: Shape
    rows: int
    present: int
    distinct: int
    texts: pl.Series = field(repr=False)
    numbers: pl.Series | None = field(default=None, repr=False)
    times: pl.Series | None = field(default=None, repr=False)
    guid: bool = False
    dense: bool = False
    sizes: float = 0.0
    digits: int = 0
    longest: int = 0
    spelled: str = ""
    unclear: Unclear | None = None
    shown_by: str = ""

    @property
    def unique(self) -> bool:
        """Whether every row has a value of its own."""
        return self.rows > 0 and self.distinct == self.present == self.rows

    @property
    def constant(self) -> bool:
        """Whether it says nothing: at most one value."""
        return self.distinct == 0 or (self.distinct == 1 and self.present == self.rows)

    @property
    def examples(self) -> tuple[str, ...]:
        """Up to five different values, the most frequent first."""
        counted = self.texts.drop_nulls().value_counts(sort=True)
        return tuple(counted.get_column(self.texts.name)[:5].to_list())


@dataclass(frozen=True)
class TableFacts:
    """A table and its columns; `rows` were read of `total`.

    Attributes:
        sql: SELECT that makes its rows where no table of the source has them; "" for a table.
        origin: the table that it is made of; "" for a table.
        made_of: columns of `origin` that became its rows.
    """

    name: str
    rows: int
    total: int
    columns: Mapping[str, ColumnFacts]
    sql: str = ""
    origin: str = ""
    made_of: frozenset[str] = frozenset()

    @property
    def whole(self) -> bool:
        """Whether all its rows were read."""
        return self.rows == self.total


def facts_of_table(name: str, frame: pl.DataFrame, total: int | None = None) -> TableFacts:
    """What a table's rows tell; `total` is its number of rows where `frame` has only the first of them."""
    columns = {series.name: facts_of_column(name, series) for series in frame.get_columns()}
    return TableFacts(name, frame.height, frame.height if total is None else total, columns)


def facts_of_column(table: str, series: pl.Series) -> ColumnFacts:
    """What a column's values tell. Text columns are read as what all their values are: 007 stays text, 12.50 is a number."""
    texts = _texts(series)
    present = texts.len() - texts.null_count()
    values = texts.drop_nulls().unique()
    distinct = values.len()
    (numbers, spelled), times = _numbers(series, texts), None
    unclear = (
        _unclear_number(series.name, values, spelled) if numbers is not None and series.dtype == pl.String else None
    )
    if numbers is None:
        times, spelled, unclear = _times(series, texts)
    shape = _shape(series, values, numbers, times)
    lengths = values.str.len_chars()
    longest = max(lengths.to_list(), default=0)
    same_length = distinct > 1 and lengths.n_unique() == 1 and values.str.contains(r"^\d+$").all()
    dense = False
    if numbers is not None and shape is Shape.WHOLE and distinct > 1:
        low, high = numbers.min(), numbers.max()
        dense = isinstance(low, float) and isinstance(high, float) and (high - low + 1) <= DENSE_RANGE * distinct
    return ColumnFacts(
        table=table,
        name=series.name,
        shape=shape,
        rows=texts.len(),
        present=present,
        distinct=distinct,
        texts=texts,
        numbers=numbers if shape in (Shape.WHOLE, Shape.NUMBER) else None,
        times=times,
        guid=distinct > 0 and bool(values.head(200).str.contains(GUID.pattern).all()),
        dense=dense,
        sizes=(mean_of(values.head(2000).str.contains(SIZES_IN_TEXT)) if shape is Shape.TEXT and distinct else 0.0),
        digits=longest if same_length else 0,
        longest=longest,
        spelled=spelled,
        unclear=unclear,
    )


def _unclear_number(name: str, values: pl.Series, spelled: str) -> Unclear | None:
    if spelled == HOURS:
        told = values.str.contains(r":.*:").any() or CLOCK.search(name) is not None or unit_in(name) is not None
        return None if told else Unclear.DURATION
    return Unclear.DECIMAL_SIGN if spelled in ("", "1,234.5", "1.234,5") and is_unclear(values) else None


def mean_of(series: pl.Series) -> float:
    """Mean of numbers or share of true values; 0 where there are none."""
    mean = series.cast(pl.Float64).mean()
    return mean if isinstance(mean, float) else 0.0


def _texts(series: pl.Series) -> pl.Series:
    if series.dtype.is_float():
        whole = series.is_finite() & (series == series.round()) & (series.abs() < 2**53)
        as_whole = series.cast(pl.Int64, strict=False).cast(pl.String)
        texts = series.cast(pl.String).zip_with(~whole.fill_null(False), as_whole)
        texts = texts.set(series.is_nan().fill_null(False), None)
    elif series.dtype == pl.Binary:
        texts = pl.Series(series.name, [None] * series.len(), dtype=pl.String)
    else:
        texts = series.cast(pl.String, strict=False)
    texts = texts.str.strip_chars()
    absent = texts.str.to_lowercase().is_in(["", "nan", "null", "none", "-", "--", "nat"]).fill_null(True)
    return texts.set(absent, None).alias(series.name)


def _numbers(series: pl.Series, texts: pl.Series) -> tuple[pl.Series | None, str]:
    """The values as numbers when all of them are, and the format that they are written in; None for codes with leading zeros, dates, and
    columns without a value. Durations are hours."""
    if series.dtype.is_numeric():
        return series.cast(pl.Float64), ""
    if series.dtype != pl.String or texts.null_count() == texts.len():
        return None, ""
    values = texts.drop_nulls()
    spelled = number_format(values)
    if spelled in (HOURS, TIMES_WITH_UNITS, SIZES_WITH_UNITS) and not _is_measure(series.name, values, spelled):
        return None, ""
    if spelled is None or (spelled not in (HOURS, TIMES_WITH_UNITS) and values.str.contains(r"^[+-]?0\d").any()):
        return None, ""
    numbers = read_as(texts, spelled, ColumnType.NUMBER) if spelled else narrow(texts).cast(pl.Float64, strict=False)
    return (numbers, spelled) if numbers.null_count() == texts.null_count() else (None, "")


def _is_measure(name: str, values: pl.Series, spelled: str) -> bool:
    """Whether texts that could be times or sizes are: because the column's name says so, or because no code is written like that.

    6H, 8D and 12M are classes, grades and revisions as well, and 1:50 a ratio.
    """
    if spelled in (HOURS, TIMES_WITH_UNITS):
        named = max(fit(name, meaning) for meaning in ("time", "setup", "run", "queue", "wait", "move")) >= 0.5
        if named or measured_in(name) == TIME:
            return True
        return spelled == TIMES_WITH_UNITS and bool(values.str.contains(_TOLD_UNIT).any())
    if measured_in(name) == SIZE or max(fit(name, "specification"), fit(name, "size")) >= 0.5:
        return True
    return bool(values.str.contains(_TOLD_UNIT).any() or values.str.contains('[øØ⌀φΦ∅"″/½¼¾]').any())


_TOLD_UNIT: Final = r"\d\s*[^\W\d_]{2,}|[\u3131-\u9fff]|\d\s*[hH]\s*\d"
"""A number whose unit is a word, or hours with minutes behind them: what no code looks like."""
CLOCK: Final = re.compile(r"[hm]{1,2}:[ms]{2}", re.IGNORECASE)


def _times(series: pl.Series, texts: pl.Series) -> tuple[pl.Series | None, str, Unclear | None]:
    """The values as times when all of them are, the format to declare ("" where none is needed), and whether another one fits as well."""
    if series.dtype in (pl.Date, pl.Datetime):
        return series.cast(pl.Datetime("ms")), "", None
    if series.dtype != pl.String or texts.null_count() == texts.len():
        return None, "", None
    values = texts.drop_nulls()
    if not values.head(50).str.contains(r"^\d{1,4}[-./]\s?\d{1,2}[-./]\s?\d{1,4}").all():
        return None, "", None
    for pattern in _PATTERNS:
        parsed = _parsed(texts, pattern)
        if parsed is not None:
            return parsed, "", None
    for pattern in _MONTHS_FIRST:
        month_first, day_first = _parsed(texts, pattern), _parsed(texts, day_first_of(pattern))
        if month_first is not None and day_first is not None and not month_first.equals(day_first):
            return month_first, pattern, Unclear.DATE_ORDER
        if month_first is not None:
            return month_first, pattern, None
        if day_first is not None:
            return day_first, day_first_of(pattern), None
    return None, "", None


def _parsed(texts: pl.Series, pattern: str) -> pl.Series | None:
    parsed = texts.str.to_datetime(pattern, strict=False, time_unit="ms")
    return parsed if parsed.null_count() == texts.null_count() else None


def is_month_first(pattern: str) -> bool | None:
    """Whether a pattern has the month before the day; None for one whose order is the same in all countries."""
    if pattern in _MONTHS_FIRST:
        return True
    return False if pattern in [day_first_of(each) for each in _MONTHS_FIRST] else None


def day_first_of(pattern: str) -> str:
    """The pattern of dates with day and month the other way round."""
    return pattern.replace("%m", "%D").replace("%d", "%m").replace("%D", "%d")


_PATTERNS: Final = (
    "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y/%m/%d %H:%M:%S%.f", "%Y/%m/%d %H:%M", "%Y/%m/%d",
    "%Y.%m.%d %H:%M:%S", "%Y.%m.%d", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y",
)  # fmt: skip
_MONTHS_FIRST: Final = tuple(f"%m{sign}%d{sign}%Y{clock}" for sign in "/-" for clock in ("", " %H:%M", " %H:%M:%S"))
"""Dates whose order differs between countries; with points the day is first everywhere."""

_FLAGS: Final = ({"true", "false"}, {"0", "1"}, {"0", "-1"})
"""Pairs of texts that can be read as yes and no, as numbers."""


def _shape(series: pl.Series, values: pl.Series, numbers: pl.Series | None, times: pl.Series | None) -> Shape:
    if not values.len():
        return Shape.EMPTY
    if series.dtype == pl.Boolean:
        return Shape.FLAG
    if values.len() == 2 and set(values.str.to_lowercase().to_list()) in _FLAGS:
        return Shape.FLAG
    if numbers is not None:
        return shape_of_numbers(numbers)
    return Shape.DATE if times is not None else Shape.TEXT


def shape_of_numbers(numbers: pl.Series) -> Shape:
    """Whole where none has a fraction."""
    finite = numbers.drop_nulls().drop_nans()
    return Shape.WHOLE if bool((finite == finite.round()).all()) else Shape.NUMBER
