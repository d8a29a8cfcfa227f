"""Tables of an Access file, read by ODBC in batches of columns."""

from __future__ import annotations

import contextlib
import datetime
import decimal
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from common.errors import DataProblem
from plant.columns import ColumnType, SourceColumn
from source.access_driver import Driver, check_file, damaged, explain, find_driver, odbc
from source.canonical import canonical_frame
from source.column_types import POLARS_TYPES
from source.source import BATCH_ROWS, digest, file_state, find_name, no_such_table, resolve_columns, vanished

_SYSTEM_FLAGS: Final = -0x7FFFFFFE
"""Bits of MSysObjects.Flags that mark tables of Access itself (0x80000002 as a signed number)."""
_LOCAL, _LINKED_ODBC, _LINKED_ACCESS, _QUERY = 1, 4, 6, 5
_CHUNK_ROWS: Final = 4096
"""Rows that exist as Python objects at a time."""
_PYTHON_TYPES: Final[dict[type, ColumnType]] = {
    str: ColumnType.TEXT,
    int: ColumnType.INTEGER,
    float: ColumnType.NUMBER,
    decimal.Decimal: ColumnType.NUMBER,
    bool: ColumnType.BOOLEAN,
    datetime.datetime: ColumnType.DATETIME,
    datetime.date: ColumnType.DATETIME,
}
_DECIMAL_BYTES: Final = 17
"""Bytes of a stored decimal number, as MDBTools describes the texts that it gives for them."""
_BRACKETABLE = re.compile(r"[^\[\]\x00-\x1f]{1,64}")


class AccessSource:
    """An Access file (.accdb or .mdb).

    Raises:
        DataProblem: it is missing, no database, cut off, locked, or no driver is installed.
    """

    def __init__(self, path: Path) -> None:
        check_file(path)
        self.path = path
        self.driver: Driver = find_driver(path)
        self._tables: list[str] | None = None
        self._linked: dict[str, str] = {}
        self._columns: dict[str, list[SourceColumn]] = {}
        self._narrow: dict[str, dict[str, int]] = {}

    @property
    def description(self) -> str:
        """Kind and path, for people."""
        return f"Access file {self.path}"

    @property
    def connection_string(self) -> str:
        """How the driver is told to open the file."""
        return self.driver.connection_string(self.path.resolve())

    def identity(self) -> str:
        """Changes with the file's path, size or time of change."""
        return digest(["access", self.path.resolve(), *file_state(self.path)])

    def tables(self) -> list[str]:
        """Names of the tables that the driver can read, sorted; tables of Access itself are left out."""
        if self._tables is None:
            with self._cursor("list the tables") as cursor:
                self._tables = sorted(
                    self._catalogue(cursor) if self.driver.has_catalogue else self._system_table(cursor)
                )
        return list(self._tables)

    @staticmethod
    def _catalogue(cursor: Any) -> list[str]:
        kinds = {"TABLE", "VIEW", "SYNONYM", "LINK"}
        return [
            row.table_name
            for row in cursor.tables()
            if row.table_type in kinds and not row.table_name.startswith("MSys")
        ]

    def _system_table(self, cursor: Any) -> list[str]:
        """MDBTools knows no catalogue calls, but reads the table in which Access keeps its objects."""
        cursor.execute("SELECT Name, Type, Flags FROM MSysObjects")
        names = []
        for name, kind, flags in cursor.fetchall():
            kind, flags = int(kind), int(flags or 0)
            if not name or flags & _SYSTEM_FLAGS or name.startswith(("MSys", "~")):
                continue
            if kind == _LOCAL:
                names.append(name)
            elif kind in (_LINKED_ODBC, _LINKED_ACCESS, _QUERY):
                self._linked[name] = "a query" if kind == _QUERY else "linked from another database"
        return names

    def columns(self, table: str) -> list[SourceColumn]:
        """Columns of a table in stored order."""
        stored = self._stored_name(table)
        if stored not in self._columns:
            with self._cursor(f"read the columns of {stored}") as cursor:
                if self.driver.has_catalogue:
                    nullable = {row.column_name: bool(row.nullable) for row in cursor.columns(table=stored)}
                else:
                    nullable = {}
                cursor.execute(f"SELECT TOP 1 * FROM {bracketed(stored)}")  # noqa: S608 - names are bracketed
                described = [(self._name_of(column[0]), column[1], column[3]) for column in cursor.description]
                self._columns[stored] = [
                    SourceColumn(name, self._type_of(kind, size), nullable.get(name, True))
                    for name, kind, size in described
                ]
                self._narrow[stored] = (
                    {}
                    if self.driver.has_catalogue
                    else {name: size for name, kind, size in described if kind in (int, float)}
                )
        return list(self._columns[stored])

    def _name_of(self, described: str) -> str:
        return described if self.driver.has_catalogue else name_in_utf16(described)

    def _type_of(self, kind: type, size: int | None) -> ColumnType:
        if kind is str and size == _DECIMAL_BYTES and not self.driver.has_catalogue:
            return ColumnType.NUMBER
        return _PYTHON_TYPES.get(kind, ColumnType.TEXT)

    def count(self, table: str) -> int:
        """Rows of a table."""
        stored = self._stored_name(table)
        with self._cursor(f"count the rows of {stored}") as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM {bracketed(stored)}")  # noqa: S608 - names are bracketed
            row = cursor.fetchone()
            return int(row[0])  # MDBTools gives it as text

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
        chosen = resolve_columns(self, stored, columns, self.columns(stored))
        expected = self.count(stored)
        wanted = {name: types.get(name, column.type) for name, column in zip(columns, chosen, strict=True)}
        read = 0
        with self._cursor(f"read table {stored}") as cursor:
            listed = ", ".join(bracketed(column.name) for column in chosen)
            cursor.execute(f"SELECT {listed} FROM {bracketed(stored)}")  # noqa: S608 - names are bracketed
            kinds = dict(zip(columns, (column.type for column in chosen), strict=True))
            sizes = [self._narrow[stored].get(column.name, 0) for column in chosen]
            for frame in _frames(cursor, kinds, sizes, batch_rows):
                yield canonical_frame(frame, wanted, table=stored, item_column=item_column, first_row=read + 1)
                read += frame.height
                if not self.path.exists():
                    raise vanished(self.path)
        if read < expected and not self.driver.has_catalogue:
            # MDBTools ends silently where pages are missing; the table's own count tells.
            raise damaged(self.path, f"table {stored} should have {expected:,} rows, only {read:,} can be read")

    def _stored_name(self, table: str) -> str:
        tables = self.tables()
        stored = find_name(table, tables)
        if stored is not None:
            return stored
        linked = find_name(table, list(self._linked))
        if linked is not None:
            raise DataProblem(
                f"{linked} in {self.path} is {self._linked[linked]}; MDBTools reads only tables stored in the file. "
                "Import it as a local table, or read the file on Windows",
                reason="TABLE_LINKED",
                details={"table": linked, "path": self.path},
            )
        raise no_such_table(self, table, tables)

    @contextlib.contextmanager
    def _cursor(self, doing: str) -> Iterator[Any]:
        """A cursor on a connection of its own; ODBC errors within become DataProblem."""
        pyodbc = odbc()
        connection = None
        try:
            with self.driver.reachable(self.path.resolve()) as path:
                connection = pyodbc.connect(self.driver.connection_string(path), autocommit=True)
            if not self.driver.has_catalogue:
                connection.setdecoding(pyodbc.SQL_WMETADATA, encoding="latin-1", ctype=pyodbc.SQL_WCHAR)
            yield connection.cursor()
        except pyodbc.Error as error:
            raise explain(error, self.path, doing) from None
        finally:
            if connection is not None:
                with contextlib.suppress(pyodbc.Error):
                    connection.close()


def name_in_utf16(stored: str) -> str:
    """A column's name of its UTF-16 bytes as Latin-1 characters, without what follows its end.

    MDBTools counts bytes where the caller reads characters: behind the end lies whatever was in memory, which may be no text at all.
    """
    return stored.encode("latin-1").decode("utf-16-le", errors="replace").partition("\0")[0]


def bracketed(name: str) -> str:
    """A table or column name for SQL.

    Raises:
        DataProblem: the name cannot be quoted.
    """
    if not _BRACKETABLE.fullmatch(name):
        raise DataProblem(
            f"The name {name!r} cannot be used in Access SQL: rename it in the source", reason="NAME_UNUSABLE"
        )
    return f"[{name}]"


def _frames(
    cursor: Any, types: Mapping[str, ColumnType], sizes: Sequence[int], batch_rows: int
) -> Iterator[pl.DataFrame]:
    """Rows of a cursor as frames of `batch_rows` rows; only a chunk of them is Python objects at a time.

    The end is a chunk that is not full: MDBTools begins anew when it is asked again after its last row.
    """
    parts: list[pl.DataFrame] = []
    gathered, ended = 0, False
    while not ended:
        size = min(_CHUNK_ROWS, batch_rows - gathered)
        rows = cursor.fetchmany(size)
        ended = len(rows) < size
        if rows:
            parts.append(_columnar(rows, types, sizes))
            gathered += len(rows)
        if gathered and (ended or gathered >= batch_rows):
            yield pl.concat(parts)
            parts, gathered = [], 0


def _columnar(rows: Sequence[Any], types: Mapping[str, ColumnType], sizes: Sequence[int]) -> pl.DataFrame:
    made = []
    for (name, kind), size, received in zip(types.items(), sizes, zip(*rows, strict=True), strict=True):
        values = _widened(received, kind, size)
        try:
            made.append(pl.Series(name, values, dtype=POLARS_TYPES[kind]))
        except (TypeError, ValueError, pl.exceptions.PolarsError):
            plain = [str(v) if v is not None else None for v in values]
            made.append(pl.Series(name, plain, dtype=pl.String))
    return pl.DataFrame(made)


def _widened(values: Sequence[Any], kind: ColumnType, size: int) -> Sequence[Any]:
    """Numbers of columns that are stored in fewer bytes than the caller's buffer has.

    MDBTools fills only as many bytes of it as the column has: a single-precision number comes in the lower half of a double whose
    upper half is what was there before, a negative 16-bit number without its sign.
    """
    if kind is ColumnType.NUMBER and size == np.dtype(np.float32).itemsize:
        halves = np.array([0.0 if value is None else value for value in values], "<f8").view("<f4")[::2]
        return [None if value is None else half for value, half in zip(values, halves.tolist(), strict=True)]
    if kind is ColumnType.INTEGER and size == np.dtype(np.int16).itemsize:
        return [None if value is None else ((value & 0xFFFF) ^ 0x8000) - 0x8000 for value in values]
    return values
