"""Bringing columns of any source into the canonical types; a value that does not fit is named by table, item and column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from common.errors import DataProblem
from plant.columns import ColumnType
from source.column_types import POLARS_TYPES, type_of

ABSENT_WORDS: Final = ("", "nan", "null", "none", "-", "--")
"""Texts that mean "no value" in a column of numbers, times or truth values, in lower case."""

_TIME_FORMATS: Final = (
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M:%S%.f",
    "%Y/%m/%d %H:%M",
    "%Y.%m.%d %H:%M:%S",
    "%Y-%m-%d %p %I:%M:%S",
    "%Y-%m-%d %p %I:%M",
    "%m/%d/%Y %H:%M:%S",
    "%d.%m.%Y %H:%M:%S%.f",
    "%d.%m.%Y %H:%M",
)
"""AM and PM stand for 오전 and 오후, with which Windows in Korean writes times. Years have four digits: 12/31/99 could be 2999 too."""
_DATE_FORMATS: Final = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y. %m. %d.", "%Y%m%d", "%m/%d/%Y", "%d.%m.%Y")
_SERIALS: Final = (18_264, 73_050)
_LAST_SERIAL: Final = 2_958_465
_EXCEL_EPOCH: Final = 25_569
"""1970-01-01 as Excel numbers days."""
_TRUE: Final = ("true", "1", "-1", "y", "yes", "t")
_FALSE: Final = ("false", "0", "n", "no", "f")
_WORDS: Final = {
    ColumnType.NUMBER: "a number",
    ColumnType.INTEGER: "a whole number",
    ColumnType.DATETIME: "a date or time (such as 2024-12-31 or 2024-12-31 08:30:00)",
    ColumnType.BOOLEAN: "yes or no",
    ColumnType.TEXT: "text",
}


def canonical_frame(
    frame: pl.DataFrame, types: Mapping[str, ColumnType], *, table: str, item_column: str, first_row: int
) -> pl.DataFrame:
    """The frame with every column in its canonical type.

    Args:
        types: type of every column of the frame.
        item_column: column that names the item in errors, when the frame has it.
        first_row: number of the frame's first row in the table, from 1, for errors.

    Raises:
        DataProblem: a value does not fit; names table, item, row, column and value.
    """
    made = []
    for series in frame.get_columns():
        wanted = types[series.name]
        if what := _not_one_value(series.dtype, wanted):
            raise DataProblem(
                f"Table {table}, column {series.name} holds {what}, which is not {_WORDS[wanted]}: store it as such, times as numbers "
                "in the unit that the input profile names",
                reason="COLUMN_TYPE",
                details={"table": table, "column": series.name, "type": series.dtype},
            )
        if series.dtype == pl.Binary:
            series = _decoded(frame, series, table, item_column, first_row)
        converted = convert(series, wanted)
        if converted.null_count() > series.null_count() and wanted is not ColumnType.TEXT:
            lost = (converted.is_null() & ~_absent(series)).arg_true()
            if lost.len():
                raise _misfit(frame, series, wanted, int(lost[0]), table, item_column, first_row + int(lost[0]))
        made.append(converted)
    return pl.DataFrame(made)


def _not_one_value(dtype: pl.DataType, wanted: ColumnType) -> str:
    """What a column holds that has no one value of the wanted type, for people; "" where it may have."""
    if dtype.is_nested():
        return "lists or records"
    if dtype == pl.Duration:
        return "durations"
    if dtype == pl.Time and wanted is not ColumnType.TEXT:
        return "times of day"
    if dtype.is_temporal() and wanted in (ColumnType.NUMBER, ColumnType.INTEGER, ColumnType.BOOLEAN):
        return "dates or times"
    if dtype == pl.Object:
        return "objects"
    return ""


def _decoded(frame: pl.DataFrame, series: pl.Series, table: str, item_column: str, first_row: int) -> pl.Series:
    """Bytes as the UTF-8 text that they are.

    Raises:
        DataProblem: they are none.
    """
    values: list[str | None] = []
    for at, value in enumerate(series.to_list()):
        try:
            values.append(None if value is None else value.decode("utf-8"))
        except UnicodeDecodeError:
            raise _misfit(frame, series, ColumnType.TEXT, at, table, item_column, first_row + at) from None
    return pl.Series(series.name, values, dtype=pl.String)


def convert(series: pl.Series, wanted: ColumnType) -> pl.Series:
    """The column in its canonical type; values that do not fit become null (`canonical_frame` tells them from absent ones)."""
    dtype = series.dtype
    if wanted is ColumnType.TEXT:
        return _to_text(series)
    if dtype == pl.Null:
        return series.cast(POLARS_TYPES[wanted])
    if dtype == pl.Categorical or dtype == pl.Enum:
        series, dtype = series.cast(pl.String), pl.String()
    if wanted is ColumnType.NUMBER:
        text = _truth_as_number(_plain_text(series)) if dtype == pl.String else series
        number = text.cast(pl.Float64, strict=False)
        return _without(number, ~number.is_finite())
    if wanted is ColumnType.INTEGER:
        return _to_integer(series)
    if wanted is ColumnType.DATETIME:
        return _to_datetime(series)
    return _to_boolean(series)


def narrowest_type(sample: pl.Series) -> ColumnType:
    """The narrowest type that all values of a column fit; TEXT for a column without values and for codes such as 007."""
    if sample.dtype != pl.String:
        return type_of(sample.dtype)
    present = sample.drop_nulls()
    if not present.len() or present.str.contains(r"^\s*0\d").any():
        return ColumnType.TEXT
    if present.str.contains(_CODE_LIKE_NUMBER).any():
        return ColumnType.TEXT
    for kind in (ColumnType.INTEGER, ColumnType.NUMBER, ColumnType.DATETIME):
        if convert(present, kind).null_count() == 0:
            return ColumnType.TEXT if kind is ColumnType.DATETIME and _order_is_unclear(present) else kind
    return ColumnType.TEXT


_CODE_LIKE_NUMBER: Final = r"(?i)^\s*[+-]?\d+e\d+\s*$"
"""What a program would take for a number and people write for something else: 1E5."""


def _order_is_unclear(dates: pl.Series) -> bool:
    """Whether days and months of dates with slashes cannot be told apart: no number is above 12."""
    parts = dates.str.strip_chars().str.extract_groups(r"^(\d{1,2})/(\d{1,2})/\d{4}").struct.unnest()
    fields = [parts.get_column(name).cast(pl.Int64, strict=False) for name in parts.columns]
    return all(field.null_count() < field.len() and not bool((field > 12).any()) for field in fields)


def _without(series: pl.Series, mask: pl.Series) -> pl.Series:
    """The column with null where the mask is true."""
    if not mask.any():
        return series
    return pl.select(pl.when(~mask.fill_null(False)).then(series)).to_series().alias(series.name)


def _truth_as_number(text: pl.Series) -> pl.Series:
    """true and false as 1 and 0: what exports write for a column of yes and no; other texts as they are."""
    if not text.head(1000).str.contains("(?i)^(true|false)$").any():
        return text
    return text.str.replace("(?i)^true$", "1").str.replace("(?i)^false$", "0")


def _absent(series: pl.Series) -> pl.Series:
    if series.dtype == pl.String:
        return series.str.strip_chars().str.to_lowercase().is_in(ABSENT_WORDS).fill_null(True)
    if series.dtype.is_float():
        return series.is_nan().fill_null(True)
    return series.is_null()


def narrow(text: pl.Series) -> pl.Series:
    """Texts with the full-width digits and signs of East Asian keyboards as usual ones; spaces between digits stay what they are."""
    if not text.str.contains("[０-９．，：／－]").any():
        return text
    wide, usual = "０１２３４５６７８９．，：／－", "0123456789.,:/-"
    return text.str.replace_many(list(wide), list(usual))


def _plain_text(series: pl.Series) -> pl.Series:
    """Trimmed, absence words as null, full-width digits narrow; nothing else changed."""
    text = narrow(series.str.strip_chars())
    return _without(text, text.str.to_lowercase().is_in(ABSENT_WORDS))


def _to_text(series: pl.Series) -> pl.Series:
    dtype = series.dtype
    if dtype == pl.String:
        return _without(series, series == "")
    if dtype.is_float() or dtype == pl.Decimal:
        number = series.cast(pl.Float64)
        whole = number.is_finite() & (number == number.round()) & (number.abs() < 2**53)
        plain = number.cast(pl.String)
        short = plain.zip_with(~whole.fill_null(False), number.cast(pl.Int64, strict=False).cast(pl.String))
        return _without(short, number.is_nan())
    if dtype in (pl.Datetime, pl.Date):
        return series.cast(pl.Datetime("ms")).dt.strftime("%Y-%m-%d %H:%M:%S")
    if dtype == pl.Binary:
        return series.cast(pl.String, strict=False)
    return series.cast(pl.String)


def _to_integer(series: pl.Series) -> pl.Series:
    if series.dtype.is_integer() or series.dtype == pl.Boolean:
        return series.cast(pl.Int64, strict=False)  # a larger one than Int64 has becomes null, which is told
    if series.dtype == pl.String:
        text = _plain_text(series)
        whole = text.cast(pl.Int64, strict=False)
        if whole.null_count() == text.null_count():
            return whole
        series = text.cast(pl.Float64, strict=False)
    number = series.cast(pl.Float64, strict=False)
    fits = (number.is_finite() & (number == number.round()) & (number.abs() < 2**53)).fill_null(False)
    return _without(number, ~fits).cast(pl.Int64, strict=False)


def _to_datetime(series: pl.Series) -> pl.Series:
    if series.dtype == pl.Datetime:
        return series.dt.replace_time_zone(None).cast(pl.Datetime("ms"))
    if series.dtype == pl.Date:
        return series.cast(pl.Datetime("ms"))
    if series.dtype.is_float() or series.dtype == pl.Decimal:
        return _of_serials(series.cast(pl.Float64))
    if series.dtype.is_integer():
        serials = _of_serials(series.cast(pl.Float64))
        written = _to_datetime(series.cast(pl.String))  # 20240105
        return written.zip_with(written.is_not_null(), serials)
    if series.dtype != pl.String:
        return pl.Series(series.name, [None] * series.len(), dtype=pl.Datetime("ms"))
    text = _plain_text(series).str.replace("오전", "AM").str.replace("오후", "PM")
    result = pl.Series(series.name, [None] * series.len(), dtype=pl.Datetime("ms"))
    for pattern in _TIME_FORMATS:
        if result.null_count() == text.null_count():
            return result
        parsed = _of_full_years(text.str.to_datetime(pattern, strict=False, time_unit="ms"))
        result = result.zip_with(result.is_not_null(), parsed)
    for pattern in _DATE_FORMATS:
        if result.null_count() == text.null_count():
            return result
        parsed = _of_full_years(text.str.to_date(pattern, strict=False).cast(pl.Datetime("ms")))
        result = result.zip_with(result.is_not_null(), parsed)
    return result


def _of_serials(days: pl.Series) -> pl.Series:
    """Times of the serial numbers by which Excel keeps them, 1950 to 2099 and the last day of 9999; other numbers are none."""
    known = (days.is_between(*_SERIALS) | (days == _LAST_SERIAL)).fill_null(False)
    made = ((days - _EXCEL_EPOCH) * 86_400_000).round().cast(pl.Int64, strict=False).cast(pl.Datetime("ms"))
    return _without(made, ~known)


def _of_full_years(times: pl.Series) -> pl.Series:
    """The times without those of the first century: they come from years of two digits."""
    return _without(times, times.dt.year() < 100)


def _to_boolean(series: pl.Series) -> pl.Series:
    if series.dtype == pl.Boolean:
        return series
    text = _to_text(series).str.strip_chars().str.to_lowercase()
    yes, no = text.is_in(_TRUE), text.is_in(_FALSE)
    return _without(yes, ~(yes | no)).alias(series.name)


def _misfit(
    frame: pl.DataFrame, series: pl.Series, wanted: ColumnType, at: int, table: str, item_column: str, row: int
) -> DataProblem:
    item = frame[item_column][at] if item_column in frame.columns else None
    value = str(series[at])
    shown = value if len(value) <= 40 else value[:40] + "..."
    where = f"item {item!r}" if item is not None else f"row {row:,}"
    return DataProblem(
        f"Table {table}, {where}, column {series.name}: {shown!r} is not {_WORDS[wanted]}. "
        "Correct it in the source, or take the column out of the input profile",
        reason="VALUE_MISFIT",
        details={
            "table": table,
            "item": item or "",
            "row": row,
            "column": series.name,
            "value": shown,
            "wanted": wanted,
        },
    )
