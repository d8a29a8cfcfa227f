"""An Access file through Microsoft's driver on Windows, for what lies outside of the file: saved queries, linked tables."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from common.errors import DataProblem
from source.access_driver import Driver, check_file, explain, find_driver, odbc
from source.odbc_table import OdbcTable
from source.source import digest, file_state, vanished
from source.table_source import StoredTable, TableSource

_BRACKETABLE: Final = re.compile(r"[^\[\]\x00-\x1f]{1,64}")


class MicrosoftAccessSource(TableSource):
    """An Access file (.accdb or .mdb).

    Raises:
        DataProblem: it is missing, no database, cut off, locked, or no driver is installed.
    """

    def __init__(self, path: Path) -> None:
        check_file(path)
        self.path = path
        self.driver: Driver = find_driver(path)
        self._tables: list[str] | None = None
        self._opened: dict[str, OdbcTable] = {}

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
            kinds = {"TABLE", "VIEW", "SYNONYM", "LINK"}
            with self._cursor("list the tables") as cursor:
                self._tables = sorted(
                    row.table_name
                    for row in cursor.tables()
                    if row.table_type in kinds and not row.table_name.startswith("MSys")
                )
        return list(self._tables)

    def _open(self, stored: str) -> StoredTable:
        if stored not in self._opened:
            name = bracketed(stored)
            sample = f"SELECT TOP 1 * FROM {name}"  # noqa: S608 - names are bracketed
            self._opened[stored] = OdbcTable(self._cursor, stored, name, bracketed, sample)
        return self._opened[stored]

    def _check_present(self, stored: str) -> None:
        if not self.path.exists():
            raise vanished(self.path)

    @contextlib.contextmanager
    def _cursor(self, doing: str) -> Iterator[Any]:
        """A cursor on a connection of its own; ODBC errors within become DataProblem."""
        pyodbc = odbc()
        connection = None
        try:
            connection = pyodbc.connect(self.connection_string, autocommit=True)
            yield connection.cursor()
        except pyodbc.Error as error:
            raise explain(error, self.path, doing) from None
        finally:
            if connection is not None:
                with contextlib.suppress(pyodbc.Error):
                    connection.close()


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
