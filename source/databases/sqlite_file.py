"""A SQLite file as a source. Its columns hold values of any type: what they hold, not what they were declared as, is their type."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl

from common.errors import DataProblem
from common.sql_names import quoted
from plant.columns import SourceColumn
from source.canonical import narrowest_type
from source.python_rows import series_of
from source.source import digest, file_state, vanished
from source.table_source import StoredTable, TableSource

_MARK: Final = b"SQLite format 3\0"
_SAMPLE_ROWS: Final = 10_000


class SqliteSource(TableSource):
    """A SQLite file, opened for reading only.

    Raises:
        DataProblem: it is missing, or no SQLite database.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with open(path, "rb") as file:
                head = file.read(len(_MARK))
        except FileNotFoundError as error:
            raise vanished(path, error) from None
        except OSError as error:
            raise _problem(path, f"cannot be read ({error.strerror})", "SOURCE_LOCKED") from None
        if head != _MARK:
            raise _problem(path, "is not a SQLite database, or is encrypted", "SOURCE_NOT_A_DATABASE")
        self._opened: dict[str, SqliteTable] = {}

    @property
    def description(self) -> str:
        """Kind and path, for people."""
        return f"SQLite file {self.path}"

    def identity(self) -> str:
        """Changes with the file's path, size or time of change, and those of its journal."""
        journal = self.path.with_name(self.path.name + "-wal")
        state = file_state(journal) if journal.exists() else ()
        return digest(["sqlite", self.path.resolve(), *file_state(self.path), *state])

    def tables(self) -> list[str]:
        """Names of the tables and views, sorted."""
        with self.connection("list the tables") as connection:
            rows = connection.execute(
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
            )
            return sorted(str(name) for (name,) in rows)

    def _open(self, stored: str) -> StoredTable:
        if stored not in self._opened:
            self._opened[stored] = SqliteTable(self, stored)
        return self._opened[stored]

    def _check_present(self, stored: str) -> None:
        if not self.path.exists():
            raise vanished(self.path)

    @contextlib.contextmanager
    def connection(self, doing: str) -> Iterator[sqlite3.Connection]:
        """A connection that only reads; its errors become DataProblem."""
        connection = None
        try:
            connection = sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro", uri=True, timeout=10)
            connection.text_factory = lambda stored: stored.decode("utf-8", "replace")
            yield connection
        except sqlite3.Error as error:
            locked = "locked" in str(error)
            because = "another program writes it; try again" if locked else "copy it again completely"
            raise _problem(
                self.path, f"cannot {doing} ({error}): {because}", "SOURCE_LOCKED" if locked else "SOURCE_DAMAGED"
            ) from None
        finally:
            if connection is not None:
                connection.close()


class SqliteTable:
    """One table or view."""

    def __init__(self, source: SqliteSource, name: str) -> None:
        self._source, self._name = source, name
        self._columns: list[SourceColumn] | None = None

    def columns(self) -> list[SourceColumn]:
        """Columns in stored order; the type is the narrowest that fits the first 10,000 rows."""
        if self._columns is None:
            with self._source.connection(f"read the columns of {self._name}") as connection:
                names = [
                    row[1] for row in connection.execute(f"PRAGMA table_xinfo({quoted(self._name)})") if not row[6]
                ]
                cursor = connection.execute(self._select(names) + f" LIMIT {_SAMPLE_ROWS}") if names else None
                rows = cursor.fetchall() if cursor is not None else []
            self._columns = [
                SourceColumn(name, narrowest_type(series_of(name, [row[place] for row in rows])))
                for place, name in enumerate(names)
            ]
        return list(self._columns)

    def count(self) -> int:
        """Rows."""
        with self._source.connection(f"count the rows of {self._name}") as connection:
            return int(connection.execute(f"SELECT count(*) FROM {quoted(self._name)}").fetchone()[0])  # noqa: S608

    def frames(self, columns: Sequence[str], batch_rows: int) -> Iterator[pl.DataFrame]:
        """The named columns in frames of at most `batch_rows` rows (see `StoredTable.frames`)."""
        with self._source.connection(f"read table {self._name}") as connection:
            cursor = connection.execute(self._select(columns))
            while rows := cursor.fetchmany(batch_rows):
                values: Sequence[Sequence[Any]] = list(zip(*rows, strict=True))
                yield pl.DataFrame([series_of(name, held) for name, held in zip(columns, values, strict=True)])

    def _select(self, columns: Sequence[str]) -> str:
        return f"SELECT {', '.join(quoted(name) for name in columns)} FROM {quoted(self._name)}"  # noqa: S608


def _problem(path: Path, what: str, reason: str) -> DataProblem:
    return DataProblem(f"{path} {what}", reason=reason, details={"path": path})
