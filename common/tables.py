"""The Table message to NumPy and Polars and back. Absent text and integers are None, absent numbers NaN.

Polars is imported where a frame is made, and NumPy not at all, so that processes without frames (ann_service) or arrays (gateway) do not
pay for them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeGuard, cast

from common.errors import InvalidInput
from protos.common.v1 import table_pb2 as pb

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl


MOST_ROWS_OF_NOTHING = 100_000
"""Rows that a table without columns may say it has. Such rows cost a sender nothing and whoever makes columns of them everything."""


def _is_array(values: object) -> TypeGuard[npt.NDArray[np.generic]]:
    return hasattr(values, "dtype")


def text_column(name: str, values: Iterable[str | None]) -> pb.Column:
    """A text column; None is absent."""
    listed = list(values)
    if None not in listed:  # most columns; the search runs in C
        return pb.Column(name=name, text=pb.TextValues(values=cast("list[str]", listed)))
    absent = [row for row, value in enumerate(listed) if value is None]
    kept = ["" if value is None else value for value in listed]
    return pb.Column(name=name, text=pb.TextValues(values=kept, absent=absent))


def number_column(name: str, values: Iterable[float | None] | npt.NDArray[np.floating]) -> pb.Column:
    """A float column; None and NaN are absent."""
    if _is_array(values):
        return pb.Column(name=name, number=pb.NumberValues(values=values.tolist()))
    return pb.Column(name=name, number=pb.NumberValues(values=[math.nan if v is None else v for v in values]))


def integer_column(name: str, values: Iterable[int | None] | npt.NDArray[np.integer]) -> pb.Column:
    """A whole-number column; None is absent."""
    if _is_array(values):
        return pb.Column(name=name, integer=pb.IntegerValues(values=values.tolist()))
    listed = list(values)
    absent = [row for row, value in enumerate(listed) if value is None]
    return pb.Column(name=name, integer=pb.IntegerValues(values=[v or 0 for v in listed], absent=absent))


def add_column(to: pb.Table, name: str, values: list[str | None] | npt.NDArray[np.floating | np.integer]) -> None:
    """Add a column to a table, in place and so without copies: text from a list (None is absent), numbers from an array (NaN is)."""
    column = to.columns.add(name=name)
    if isinstance(values, list):
        if None in values:
            column.text.values.extend(["" if value is None else value for value in values])
            column.text.absent.extend([row for row, value in enumerate(values) if value is None])
        else:
            column.text.values.extend(cast("list[str]", values))
        column.text.SetInParent()
    elif values.dtype.kind == "f":
        column.number.values.extend(values.tolist())
        column.number.SetInParent()
    else:
        column.integer.values.extend(values.tolist())
        column.integer.SetInParent()


def table(rows: int, columns: Iterable[pb.Column]) -> pb.Table:
    """A table of `rows` rows."""
    return pb.Table(rows=rows, columns=columns)


def column_values(column: pb.Column) -> list[str | None] | list[float | None] | list[int | None]:
    """Values of a column as Python objects, None where absent."""
    kind = column.WhichOneof("values")
    if kind == "number":
        return [None if v != v else v for v in column.number.values]
    if kind == "integer":
        integers: list[int | None] = list(column.integer.values)
        for row in column.integer.absent:
            integers[row] = None
        return integers
    texts: list[str | None] = list(column.text.values)
    for row in column.text.absent:
        texts[row] = None
    return texts


def columns_of(message: pb.Table) -> dict[str, list[str | None] | list[float | None] | list[int | None]]:
    """All columns as Python lists.

    Raises:
        InvalidInput: a column's length is not the table's, an `absent` row is out of range, or a name comes twice.
    """
    check_table(message)
    return {column.name: column_values(column) for column in message.columns}


def check_table(message: pb.Table) -> None:
    """Refuse a table that contradicts itself.

    Raises:
        InvalidInput: names the column and what is wrong.
    """
    if not message.columns and message.rows > MOST_ROWS_OF_NOTHING:
        raise InvalidInput(
            f"The table says {message.rows:,} rows and has no columns: at most {MOST_ROWS_OF_NOTHING:,} rows can be of nothing"
        )
    seen: set[str] = set()
    for column in message.columns:
        kind = column.WhichOneof("values") or "text"
        part = getattr(column, kind)
        if column.name in seen:
            raise InvalidInput(f"The table has column {column.name!r} twice")
        seen.add(column.name)
        if len(part.values) != message.rows:
            raise InvalidInput(
                f"Column {column.name!r} has {len(part.values)} values; the table says {message.rows} rows"
            )
        if kind != "number" and any(row >= message.rows for row in part.absent):
            raise InvalidInput(f"Column {column.name!r} marks a row as absent that it does not have")


def to_frame(message: pb.Table) -> pl.DataFrame:
    """A Polars frame: text as String, numbers as Float64 with null for NaN, integers as Int64."""
    import polars as pl

    check_table(message)
    series = []
    for column in message.columns:
        kind = column.WhichOneof("values") or "text"
        if kind == "number":
            numbers = pl.Series(column.name, list(column.number.values), dtype=pl.Float64)
            series.append(numbers.fill_nan(None))
        else:
            dtype = pl.Int64 if kind == "integer" else pl.String
            series.append(pl.Series(column.name, column_values(column), dtype=dtype))
    return pl.DataFrame(series)


def from_frame(frame: pl.DataFrame) -> pb.Table:
    """A Table of a Polars frame; other types than text and numbers become text (dates as ISO)."""
    return table(frame.height, (_from_series(frame[name]) for name in frame.columns))


def _from_series(series: pl.Series) -> pb.Column:
    import polars as pl

    if series.dtype.is_float() or series.dtype == pl.Decimal:
        return number_column(series.name, series.cast(pl.Float64).fill_null(math.nan).to_numpy())
    if series.dtype.is_integer() or series.dtype == pl.Boolean:
        return integer_column(series.name, series.cast(pl.Int64).to_list())
    if series.dtype == pl.Datetime or series.dtype == pl.Date:
        return text_column(series.name, series.dt.to_string("iso:strict").to_list())
    return text_column(series.name, series.cast(pl.String).to_list())


def from_mapping(columns: Mapping[str, Sequence[str | None] | Sequence[float | None]], rows: int) -> pb.Table:
    """A Table of Python columns: text where any value is text, else numbers."""
    made = []
    for name, values in columns.items():
        if any(isinstance(value, str) for value in values):
            made.append(text_column(name, [None if v is None else str(v) for v in values]))
        else:
            made.append(number_column(name, [None if v is None else float(v) for v in values]))
    return table(rows, made)
