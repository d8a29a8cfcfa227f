"""A table in a Parquet file, read in batches of the wanted columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from common.errors import DataProblem
from plant.columns import SourceColumn, type_of
from source.source import vanished


class ParquetTable:
    """A Parquet file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def columns(self) -> list[SourceColumn]:
        """Columns in stored order."""
        with self._open() as file:
            schema = file.schema_arrow
            types = pl.DataFrame(schema.empty_table()).schema
            return [SourceColumn(field.name, type_of(types[field.name]), bool(field.nullable)) for field in schema]

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
                        frame = pl.DataFrame(pa.Table.from_batches([batch]))
                        yield frame.select(columns)
            except (pa.ArrowException, OSError) as error:
                raise self._unreadable(error) from None

    def _open(self) -> Any:
        try:
            return pq.ParquetFile(self._path)
        except FileNotFoundError as error:
            raise vanished(self._path, error) from None
        except (pa.ArrowException, OSError) as error:
            raise self._unreadable(error) from None

    def _unreadable(self, error: Exception) -> DataProblem:
        if not self._path.exists():
            return vanished(self._path)
        return DataProblem(
            f"{self._path} is not a complete Parquet file ({str(error).splitlines()[0]}): write it again",
            reason="SOURCE_DAMAGED",
            details={"path": self._path},
        )
