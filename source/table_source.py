"""What sources of several tables have in common: names, columns and batches of canonical frames over whatever a table lies in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import polars as pl

from plant.columns import ColumnType, SourceColumn
from source.canonical import canonical_frame
from source.source import BATCH_ROWS, find_name, no_such_table, resolve_columns


class StoredTable(Protocol):
    """One table as it is stored."""

    def columns(self) -> list[SourceColumn]:
        """Columns in stored order."""

    def count(self) -> int:
        """Rows."""

    def frames(self, columns: Sequence[str], batch_rows: int) -> Iterator[pl.DataFrame]:
        """The named stored columns in frames of at most `batch_rows` rows, as the store has them."""


class TableSource(ABC):
    """A source whose tables are known by name (see `source.source.Source`)."""

    path: Path

    @property
    @abstractmethod
    def description(self) -> str:
        """Kind and path, for people."""

    @abstractmethod
    def identity(self) -> str:
        """Changes whenever the content may have changed."""

    @abstractmethod
    def tables(self) -> list[str]:
        """Names of the tables, sorted."""

    @abstractmethod
    def _open(self, stored: str) -> StoredTable:
        """The table of a stored name."""

    def _check_present(self, stored: str) -> None:  # noqa: B027 - most sources have nothing to look at
        """Raise where the store has vanished while it is read."""

    def columns(self, table: str) -> list[SourceColumn]:
        """Columns of a table in stored order."""
        return self._open(self._stored_name(table)).columns()

    def count(self, table: str) -> int:
        """Rows of a table."""
        return self._open(self._stored_name(table)).count()

    def batches(
        self,
        table: str,
        columns: Sequence[str],
        types: Mapping[str, ColumnType],
        batch_rows: int = BATCH_ROWS,
        *,
        item_column: str = "ITEM_CD",
    ) -> Iterator[pl.DataFrame]:
        """The named columns as canonical frames (see `Source.batches`)."""
        stored = self._stored_name(table)
        opened = self._open(stored)
        chosen = resolve_columns(self, stored, columns, opened.columns())
        wanted = {name: types.get(name, column.type) for name, column in zip(columns, chosen, strict=True)}
        read = 0
        for frame in opened.frames([column.name for column in chosen], batch_rows):
            frame.columns = list(columns)
            yield canonical_frame(frame, wanted, table=stored, item_column=item_column, first_row=read + 1)
            read += frame.height
            self._check_present(stored)

    def _stored_name(self, table: str) -> str:
        tables = self.tables()
        stored = find_name(table, tables)
        if stored is None:
            raise no_such_table(self, table, tables)
        return stored
