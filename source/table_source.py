"""What sources of several tables have in common: names, columns and batches of canonical frames over whatever a table lies in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol, runtime_checkable

import polars as pl

from plant.columns import ColumnType, SourceColumn
from source.canonical import canonical_frame
from source.parts import Part, StoredPart, Whole
from source.source import BATCH_ROWS, digest, find_name, no_such_table, resolve_columns


class StoredTable(Protocol):
    """One table as it is stored."""

    def columns(self) -> list[SourceColumn]:
        """Columns in stored order."""

    def count(self) -> int:
        """Rows."""

    def frames(self, columns: Sequence[str], batch_rows: int) -> Iterator[pl.DataFrame]:
        """The named stored columns in frames of at most `batch_rows` rows, as the store has them."""


@runtime_checkable
class PartedTable(StoredTable, Protocol):
    """A stored table that tells parts of it apart."""

    def parts(self) -> AbstractContextManager[Iterable[StoredPart] | Whole]:
        """Its parts in the order of its rows, as they are while the context lasts; or why it has none."""


class TableSource(ABC):
    """A source whose tables are known by name (see `source.source.Source`)."""

    path: Path
    why_whole = "its kind of source does not tell which rows changed"
    """Why tables that tell no parts apart are read whole, for people."""

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
        chosen, wanted = self._chosen(stored, opened, columns, types)
        yield from self._canonical(opened.frames(chosen, batch_rows), stored, wanted, item_column, 1)

    @contextmanager
    def parts(
        self,
        table: str,
        columns: Sequence[str],
        types: Mapping[str, ColumnType],
        batch_rows: int = BATCH_ROWS,
        *,
        item_column: str = "ITEM_CD",
    ) -> Iterator[Iterable[Part] | Whole]:
        """The parts that together are `batches`, in that order; or why there are none (see `Source.parts`)."""
        stored = self._stored_name(table)
        opened = self._open(stored)
        chosen, wanted = self._chosen(stored, opened, columns, types)
        if not isinstance(opened, PartedTable):
            yield Whole(self.why_whole)
            return
        asked = repr((stored, chosen, [(name, str(kind)) for name, kind in wanted.items()], batch_rows))

        def made(part: StoredPart) -> Part:
            return Part(
                key=digest([part.fingerprint, asked], size=16),
                frames=lambda first: self._canonical(
                    part.frames(chosen, batch_rows), stored, wanted, item_column, first
                ),
                beyond=part.beyond,
                still=part.still,
            )

        with opened.parts() as parts:
            yield parts if isinstance(parts, Whole) else map(made, parts)

    def _chosen(
        self, stored: str, opened: StoredTable, columns: Sequence[str], types: Mapping[str, ColumnType]
    ) -> tuple[list[str], dict[str, ColumnType]]:
        """The stored columns that `columns` means, and the type that each of `columns` is read in."""
        chosen = resolve_columns(self, stored, columns, opened.columns())
        wanted = {name: types.get(name, column.type) for name, column in zip(columns, chosen, strict=True)}
        return [column.name for column in chosen], wanted

    def _canonical(
        self,
        frames: Iterable[pl.DataFrame],
        stored: str,
        wanted: Mapping[str, ColumnType],
        item_column: str,
        first_row: int,
    ) -> Iterator[pl.DataFrame]:
        for frame in frames:
            frame.columns = list(wanted)
            yield canonical_frame(frame, wanted, table=stored, item_column=item_column, first_row=first_row)
            first_row += frame.height
            self._check_present(stored)

    def _stored_name(self, table: str) -> str:
        tables = self.tables()
        stored = find_name(table, tables)
        if stored is None:
            raise no_such_table(self, table, tables)
        return stored
