"""A source around another: what it does not make otherwise is what the other gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from plant.columns import ColumnType, SourceColumn
from source.parts import Part, Whole
from source.source import BATCH_ROWS, Source


class SourceAround:
    """All of a `Source` but its rows, from another.

    Attributes:
        source: the other.
    """

    source: Source

    @property
    def path(self) -> Path:
        """The file or folder of the source."""
        return self.source.path

    @property
    def description(self) -> str:
        """Kind and path, for people."""
        return self.source.description

    def identity(self) -> str:
        """That of the source."""
        return self.source.identity()

    def tables(self) -> list[str]:
        """Names of its tables."""
        return self.source.tables()

    def columns(self, table: str) -> list[SourceColumn]:
        """Columns of a table."""
        return self.source.columns(table)

    def count(self, table: str) -> int:
        """Rows of a table."""
        return self.source.count(table)

    def parts(
        self,
        table: str,
        columns: Sequence[str],
        types: Mapping[str, ColumnType],
        batch_rows: int = BATCH_ROWS,
        *,
        item_column: str = "ITEM_CD",
    ) -> AbstractContextManager[Iterable[Part] | Whole]:
        """The parts of a table in the source (see `Source.parts`)."""
        return self.source.parts(table, columns, types, batch_rows, item_column=item_column)
