"""A table behind an ODBC driver, read in chunks of rows; only one chunk is Python objects at a time."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

import numpy as np
import polars as pl

from common.errors import DataProblem
from plant.columns import ColumnType, SourceColumn
from source.column_types import POLARS_TYPES

Cursors = Callable[[str], AbstractContextManager[Any]]
"""A cursor on a connection of its own, by what is done with it; errors of the driver become DataProblem."""

_CHUNK_ROWS: Final = 4096
_PYTHON_TYPES: Final[dict[type, ColumnType]] = {
    str: ColumnType.TEXT,
    int: ColumnType.INTEGER,
    float: ColumnType.NUMBER,
    decimal.Decimal: ColumnType.NUMBER,
    bool: ColumnType.BOOLEAN,
    datetime.datetime: ColumnType.DATETIME,
    datetime.date: ColumnType.DATETIME,
}
_SINGLE_DIGITS: Final = 7
"""Decimal digits of a single-precision number, as drivers describe one."""
_NARROWED_FROM: Final = 64
"""Numbers from which on it is no chance that all of them fit single precision, and not one a short decimal."""


class OdbcTable:
    """A table or view.

    Args:
        cursors: see `Cursors`.
        name: for people.
        sql: quoted name for SQL.
        quote: quotes the name of a column.
        sample: SQL with the columns of the table and few rows or none.
    """

    def __init__(self, cursors: Cursors, name: str, sql: str, quote: Callable[[str], str], sample: str) -> None:
        self._cursors, self._name, self._sql, self._quote, self._sample = cursors, name, sql, quote, sample
        self._columns: list[SourceColumn] | None = None
        self._single: set[str] = set()

    def columns(self) -> list[SourceColumn]:
        """Columns in stored order."""
        if self._columns is None:
            with self._cursors(f"read the columns of {self._name}") as cursor:
                cursor.execute(self._sample)
                self._columns = [
                    SourceColumn(column[0], _PYTHON_TYPES.get(column[1], ColumnType.TEXT), bool(column[6]))
                    for column in cursor.description
                ]
                self._single = {c[0] for c in cursor.description if c[1] is float and 0 < c[4] <= _SINGLE_DIGITS}
        return list(self._columns)

    def count(self) -> int:
        """Rows."""
        with self._cursors(f"count the rows of {self._name}") as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM {self._sql}")  # noqa: S608 - names are quoted
            return int(cursor.fetchone()[0])

    def frames(self, columns: Sequence[str], batch_rows: int) -> Iterator[pl.DataFrame]:
        """The named columns in frames of at most `batch_rows` rows (see `StoredTable.frames`)."""
        known = {column.name: column.type for column in self.columns()}
        kinds = [(name, known[name]) for name in columns]
        with self._cursors(f"read table {self._name}") as cursor:
            listed = ", ".join(self._quote(name) for name in columns)
            cursor.execute(f"SELECT {listed} FROM {self._sql}")  # noqa: S608 - names are quoted
            parts: list[pl.DataFrame] = []
            gathered, ended = 0, False
            while not ended:
                size = min(_CHUNK_ROWS, batch_rows - gathered)
                rows = cursor.fetchmany(size)
                ended = len(rows) < size
                if rows:
                    parts.append(_columnar(rows, kinds))
                    gathered += len(rows)
                if gathered and (ended or gathered >= batch_rows):
                    frame = pl.concat(parts, how="vertical_relaxed")
                    self._refuse_narrowed(frame, columns)
                    yield frame
                    parts, gathered = [], 0

    def _refuse_narrowed(self, frame: pl.DataFrame, columns: Sequence[str]) -> None:
        """Refuse double-precision columns that the driver has handed over in single precision: 0.1 would be 0.10000000149."""
        for series, name in zip(frame.get_columns(), columns, strict=True):
            if series.dtype != pl.Float64 or name in self._single:
                continue
            values = series.drop_nulls().to_numpy()
            broken = values[np.rint(values * 1000) / 1000 != values]
            if len(broken) < _NARROWED_FROM or not (broken.astype(np.float32).astype(np.float64) == broken).all():
                continue
            raise DataProblem(
                f"Table {self._name}, column {name}: the ODBC driver hands numbers of double precision over in single precision, so that "
                f"{float(np.float32(0.1))!r} stands for 0.1. Use another driver, or make a view that casts the column to DECIMAL",
                reason="DRIVER_NARROWS",
                details={"table": self._name, "column": name},
            )


def _columnar(rows: Sequence[Any], kinds: Sequence[tuple[str, ColumnType]]) -> pl.DataFrame:
    made = []
    for (name, kind), values in zip(kinds, zip(*rows, strict=True), strict=True):
        try:
            made.append(pl.Series(name, values, dtype=POLARS_TYPES[kind]))
        except (TypeError, ValueError, pl.exceptions.PolarsError):
            plain = [str(value) if value is not None else None for value in values]
            made.append(pl.Series(name, plain, dtype=pl.String))
    return pl.DataFrame(made)
