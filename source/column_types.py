"""Column types and the Polars types that stand for them in canonical frames."""

from __future__ import annotations

from typing import Final

import polars as pl

from plant.columns import ColumnType

POLARS_TYPES: Final[dict[ColumnType, pl.DataType]] = {
    ColumnType.TEXT: pl.String(),
    ColumnType.NUMBER: pl.Float64(),
    ColumnType.INTEGER: pl.Int64(),
    ColumnType.DATETIME: pl.Datetime("ms"),
    ColumnType.BOOLEAN: pl.Boolean(),
}
"""Polars type of each column type in canonical frames."""


def type_of(dtype: pl.DataType) -> ColumnType:
    """The column type that a Polars type stands for; TEXT for everything that is no number, time or truth value."""
    if dtype.is_float() or dtype == pl.Decimal:
        return ColumnType.NUMBER
    if dtype.is_integer():
        return ColumnType.INTEGER
    if dtype in (pl.Date, pl.Datetime):
        return ColumnType.DATETIME
    if dtype == pl.Boolean:
        return ColumnType.BOOLEAN
    return ColumnType.TEXT
