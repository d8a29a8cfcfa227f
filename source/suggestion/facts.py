"""What the columns of an unknown table hold, as far as it tells what they are: shape, uniqueness, regularity. Names play no part here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import polars as pl

from plant.columns import ColumnType
from plant.formats import HOURS, TIMES_WITH_UNITS
from source.spellings import number_format, read_as

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
    if numbers is None:
        times = _times(series, texts)
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
        spelled=spelled if numbers is not None else _day_first(values) if times is not None else "",
    )


def _day_first(values: pl.Series) -> str:
    """The format of dates with slashes or dashes that have the day first, which some day that is no month shows; "" where they have not."""
    for pattern, shape in _DAYS_FIRST.items():
        days = values.str.extract(shape, 1).cast(pl.Int64, strict=False)
        if days.null_count() == 0:
            return pattern if bool((days > 12).any()) else ""
    return ""


_DAYS_FIRST: Final = {
    "%d/%m/%Y": r"^(\d{1,2})/\d{1,2}/\d{4}$",
    "%d/%m/%Y %H:%M": r"^(\d{1,2})/\d{1,2}/\d{4} \d{1,2}:\d{2}$",
    "%d/%m/%Y %H:%M:%S": r"^(\d{1,2})/\d{1,2}/\d{4} \d{1,2}:\d{2}:\d{2}$",
    "%d-%m-%Y": r"^(\d{1,2})-\d{1,2}-\d{4}$",
    "%d-%m-%Y %H:%M": r"^(\d{1,2})-\d{1,2}-\d{4} \d{1,2}:\d{2}$",
    "%d-%m-%Y %H:%M:%S": r"^(\d{1,2})-\d{1,2}-\d{4} \d{1,2}:\d{2}:\d{2}$",
}
"""Format -> what its texts look like."""


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
    if spelled is None or (spelled not in (HOURS, TIMES_WITH_UNITS) and values.str.contains(r"^[+-]?0\d").any()):
        return None, ""
    numbers = read_as(texts, spelled, ColumnType.NUMBER) if spelled else texts.cast(pl.Float64, strict=False)
    return (numbers, spelled) if numbers.null_count() == texts.null_count() else (None, "")


def _times(series: pl.Series, texts: pl.Series) -> pl.Series | None:
    if series.dtype in (pl.Date, pl.Datetime):
        return series.cast(pl.Datetime("ms"))
    if series.dtype != pl.String or texts.null_count() == texts.len():
        return None
    values = texts.drop_nulls()
    if not values.head(50).str.contains(r"^\d{1,4}[-./]\s?\d{1,2}[-./]\s?\d{1,4}").all():
        return None
    for pattern in _PATTERNS:
        parsed = texts.str.to_datetime(pattern, strict=False, time_unit="ms")
        if parsed.null_count() == texts.null_count():
            return parsed
    return None


_PATTERNS: Final = (
    "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y/%m/%d %H:%M:%S%.f", "%Y/%m/%d %H:%M", "%Y/%m/%d",
    "%Y.%m.%d %H:%M:%S", "%Y.%m.%d", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y",
    *_DAYS_FIRST,
)  # fmt: skip

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
        finite = numbers.drop_nulls().drop_nans()
        return Shape.WHOLE if bool((finite == finite.round()).all()) else Shape.NUMBER
    return Shape.DATE if times is not None else Shape.TEXT
