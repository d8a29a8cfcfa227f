"""Types of columns as every source reports and delivers them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import polars as pl


class ColumnType(StrEnum):
    """What a column holds."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    INTEGER = "INTEGER"
    DATETIME = "DATETIME"
    BOOLEAN = "BOOLEAN"


POLARS_TYPES: Final[dict[ColumnType, pl.DataType]] = {
    ColumnType.TEXT: pl.String(),
    ColumnType.NUMBER: pl.Float64(),
    ColumnType.INTEGER: pl.Int64(),
    ColumnType.DATETIME: pl.Datetime("ms"),
    ColumnType.BOOLEAN: pl.Boolean(),
}
"""Polars type of each column type in canonical frames."""


@dataclass(frozen=True)
class SourceColumn:
    """A column of a table as the source has it.

    Attributes:
        name: as stored.
        type: what it holds.
        nullable: whether values may be absent; true where the source does not say.
    """

    name: str
    type: ColumnType
    nullable: bool = True


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
