"""A table in a Parquet file, read in batches of the wanted columns."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from common.errors import DataProblem
from plant.columns import ColumnType, SourceColumn
from source.column_types import type_of
from source.file_parts import FilePart
from source.parts import StoredPart, Whole
from source.source import vanished

MOST_YEAR: Final = 9999


def _type_of(field: pa.Field) -> ColumnType:
    """What a column holds; TEXT where Polars does not know its type, which is told when the column is read."""
    if pa.types.is_decimal(field.type):
        return ColumnType.NUMBER
    try:
        return type_of(pl.DataFrame(pa.schema([field]).empty_table()).schema[field.name])
    except (pa.ArrowException, pl.exceptions.PolarsError, RuntimeError, TypeError, ValueError):
        return ColumnType.TEXT


class ParquetTable:
    """A Parquet file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> list[str]:
        """Names of the columns."""
        return [column.name for column in self.columns()]

    def columns(self) -> list[SourceColumn]:
        """Columns in stored order."""
        with self._open() as file:
            names = file.schema_arrow.names
            wrong = next((name for name in names if not name or names.count(name) > 1), None)
            if wrong is not None:
                why = f"column {wrong} stands twice in it" if wrong else "a column in it has no name"
                raise DataProblem(
                    f"{self.path} is no table: {why}: give each column a name of its own and write it again",
                    reason="SOURCE_DAMAGED",
                    details={"path": self.path},
                )
            return [SourceColumn(field.name, _type_of(field), bool(field.nullable)) for field in file.schema_arrow]

    def count(self) -> int:
        """Rows."""
        with self._open() as file:
            return int(file.metadata.num_rows)

    def frames(self, columns: Sequence[str], batch_rows: int) -> Iterator[pl.DataFrame]:
        """The named columns in frames of at most `batch_rows` rows."""
        with self._open() as file:
            try:
                for batch in file.iter_batches(batch_size=batch_rows, columns=list(dict.fromkeys(columns))):
                    if batch.num_rows:
                        frame = pl.DataFrame([self._series(batch, name) for name in batch.schema.names])
                        yield frame.select(columns)
            except (pa.ArrowException, OSError) as error:
                raise self._unreadable(error) from None

    @contextlib.contextmanager
    def parts(self) -> Iterator[list[StoredPart] | Whole]:
        """The file as one part."""
        yield [FilePart(self.path, self)]

    def _series(self, batch: pa.RecordBatch, name: str) -> pl.Series:
        """A column for Polars; numbers of more digits than it has become floating-point ones."""
        column = batch.column(name)
        try:
            if pa.types.is_decimal256(column.type):
                column = column.cast(pa.float64())
            column.validate(full=True)  # texts that are no UTF-8 would end whoever looks at them
            series = pl.Series(name, column)
            if isinstance(series.dtype, pl.Date | pl.Datetime):
                years = series.dt.year()  # none where it is beyond what Polars counts
                if years.null_count() > series.null_count() or not years.drop_nulls().is_between(1, MOST_YEAR).all():
                    raise ValueError(f"a year before 1 or after {MOST_YEAR}")
            return series
        except (pa.ArrowException, pl.exceptions.PolarsError, RuntimeError, TypeError, ValueError) as error:
            raise DataProblem(
                f"{self.path}, column {name}: type {column.type} cannot be read ({str(error).splitlines()[0]}): store it as a "
                "number, text or time",
                reason="COLUMN_TYPE",
                details={"path": self.path, "column": name},
            ) from None

    def _open(self) -> Any:
        try:
            return pq.ParquetFile(self.path)
        except FileNotFoundError as error:
            raise vanished(self.path, error) from None
        except (pa.ArrowException, OSError) as error:
            raise self._unreadable(error) from None

    def _unreadable(self, error: Exception) -> DataProblem:
        if not self.path.exists():
            return vanished(self.path)
        return DataProblem(
            f"{self.path} is not a complete Parquet file ({str(error).splitlines()[0]}): write it again",
            reason="SOURCE_DAMAGED",
            details={"path": self.path},
        )
