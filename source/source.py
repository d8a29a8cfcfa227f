"""What every source of plant data can do, and the check that names what is missing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from common.errors import DataProblem, NotFound
from plant.columns import ColumnType, SourceColumn
from plant.mechanical_seals import FILE_TABLES

if TYPE_CHECKING:
    import polars as pl

    from source.parts import Part, Whole

BATCH_ROWS = 50_000


class Source(Protocol):
    """Tables of an Access file or of a folder, read in batches of canonical frames.

    Canonical: TEXT is String with "" as null and otherwise as stored, NUMBER Float64 without NaN, INTEGER Int64, DATETIME
    Datetime("ms") without zone, BOOLEAN Boolean. The same tables give equal frames whatever the source.
    """

    @property
    def path(self) -> Path:
        """The file or folder."""

    @property
    def description(self) -> str:
        """Kind and path, for people."""

    def identity(self) -> str:
        """A short text that changes whenever the content may have changed (path, sizes and times of change).

        Raises:
            DataProblem: the source has vanished.
        """

    def tables(self) -> list[str]:
        """Names of the tables, sorted.

        Raises:
            DataProblem: the source cannot be read.
        """

    def columns(self, table: str) -> list[SourceColumn]:
        """Columns of a table in stored order.

        Raises:
            NotFound: there is no such table.
            DataProblem: the source cannot be read.
        """

    def count(self, table: str) -> int:
        """Rows of a table.

        Raises:
            NotFound: there is no such table.
            DataProblem: the source cannot be read.
        """

    def batches(
        self,
        table: str,
        columns: Sequence[str],
        types: Mapping[str, ColumnType],
        batch_rows: int = BATCH_ROWS,
        *,
        item_column: str = "ITEM_CD",
    ) -> Iterator[pl.DataFrame]:
        """The named columns, in that order, as canonical frames of at most `batch_rows` rows (> 0); none for an empty table.

        Args:
            types: column -> wanted type; a column that is not named keeps the type the source reports.
            item_column: column whose value names the item in errors, when it is among `columns`.

        Raises:
            NotFound: there is no such table or column.
            DataProblem: a value does not fit its type (names table, item and column), or the source broke off.
        """

    def parts(
        self,
        table: str,
        columns: Sequence[str],
        types: Mapping[str, ColumnType],
        batch_rows: int = BATCH_ROWS,
        *,
        item_column: str = "ITEM_CD",
    ) -> AbstractContextManager[Iterable[Part] | Whole]:
        """The parts of a table whose frames, one part after the other, are those of `batches` as far as rows go; or why it is read whole.

        Parts are known by keys: equal keys have equal rows in equal order, also at other times and from other objects.

        Raises:
            NotFound, DataProblem: as `batches`.
        """


def digest(parts: Iterable[object], size: int = 8) -> str:
    """`size` bytes over the parts, as hexadecimal digits."""
    text = "\n".join(str(part) for part in parts)
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=size).hexdigest()


def file_state(path: Path) -> tuple[str, int, int]:
    """Name, size and time of change of a file.

    Raises:
        DataProblem: it has vanished or its folder cannot be reached.
    """
    try:
        state = path.stat()
    except OSError as error:
        raise vanished(path, error) from None
    return path.name, state.st_size, state.st_mtime_ns


def vanished(path: Path, error: OSError | None = None) -> DataProblem:
    """The error of a source that is not there any more."""
    because = f" ({error.strerror})" if error is not None and error.strerror else ""
    return DataProblem(
        f"{path} is gone or cannot be reached{because}: check the path, the network share and the account's rights",
        reason="SOURCE_MISSING",
        details={"path": path},
    )


def find_name(wanted: str, names: Sequence[str]) -> str | None:
    """The name as stored that `wanted` means: the same, or the only one that differs in case alone."""
    if wanted in names:
        return wanted
    folded = [name for name in names if name.casefold() == wanted.casefold()]
    return folded[0] if len(folded) == 1 else None


def find_table(wanted: str, tables: Sequence[str]) -> str | None:
    """The table as stored that `wanted` means, also by the name of the file that a view of the built-in plant lies in."""
    if not wanted:
        return None
    return find_name(wanted, tables) or find_name(FILE_TABLES.get(wanted.casefold(), ""), tables)


def no_such_table(source: Source, table: str, tables: Sequence[str]) -> NotFound:
    """The error for a table that the source does not have."""
    listed = ", ".join(tables[:12]) + (" ..." if len(tables) > 12 else "")
    return NotFound(
        f"{source.description} has no table {table}; it has {listed or 'no tables'}",
        reason="TABLE_MISSING",
        details={"table": table, "path": source.path},
    )


def resolve_columns(
    source: Source, table: str, wanted: Sequence[str], present: Sequence[SourceColumn]
) -> list[SourceColumn]:
    """The stored columns that `wanted` means, in its order.

    Raises:
        NotFound: names the table and all columns it lacks.
    """
    by_name = {column.name: column for column in present}
    names = list(by_name)
    found = [find_name(name, names) for name in wanted]
    missing = [name for name, stored in zip(wanted, found, strict=True) if stored is None]
    if missing:
        raise NotFound(
            f"Table {table} of {source.description} lacks column {', '.join(missing)}",
            reason="COLUMN_MISSING",
            details={"table": table, "columns": ", ".join(missing), "path": source.path},
        )
    return [by_name[stored] for stored in found if stored is not None]
