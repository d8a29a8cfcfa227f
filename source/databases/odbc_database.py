"""Any database that has an ODBC driver here: SQL Server, Oracle, MySQL, PostgreSQL."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from source.access_driver import odbc
from source.databases.address import DatabaseAddress, password_for
from source.databases.errors import database_problem
from source.odbc_table import OdbcTable
from source.source import digest
from source.table_source import StoredTable, TableSource

_CONNECT_SECONDS: Final = 10
_KINDS: Final = frozenset({"TABLE", "VIEW", "SYNONYM", "MATERIALIZED VIEW", "FOREIGN TABLE", "PARTITIONED TABLE"})
_SYSTEM: Final = frozenset(
    {"information_schema", "pg_catalog", "pg_toast", "sys", "system", "mysql", "performance_schema", "xdb", "mdsys"}
)
_USUAL: Final = ("public", "dbo")


class OdbcSource(TableSource):
    """The tables and views of a database behind an ODBC driver; those of other schemas than the usual one by `schema.table`."""

    def __init__(self, path: Path, address: DatabaseAddress) -> None:
        self.path = path
        self._address = address
        self._names: dict[str, tuple[str, ...]] | None = None
        self._mark = '"'
        self._opened: dict[str, OdbcTable] = {}

    @property
    def description(self) -> str:
        """Kind and address, for people."""
        return f"ODBC database {self._address.database or '(default)'} on {self._address.server or '(default)'}"

    def identity(self) -> str:
        """Changes with the tables and their numbers of rows: ODBC has no way to tell that a row was changed."""
        counts = [f"{name}:{self.count(name)}" for name in self.tables()]
        return digest(["odbc", self._address.text, *counts])

    def tables(self) -> list[str]:
        """Names of the tables and views, sorted."""
        return sorted(self._listed())

    def _listed(self) -> dict[str, tuple[str, ...]]:
        if self._names is None:
            found: dict[str, tuple[str, ...]] = {}
            with self._cursor("list the tables") as cursor:
                self._mark = cursor.connection.getinfo(odbc().SQL_IDENTIFIER_QUOTE_CHAR).strip() or self._mark
                for row in cursor.tables():
                    schema = row.table_schem or ""
                    if str(row.table_type).upper() not in _KINDS or schema.casefold() in _SYSTEM:
                        continue
                    plain = not schema or schema.casefold() in _USUAL
                    found[row.table_name if plain else f"{schema}.{row.table_name}"] = (
                        (schema, row.table_name) if schema else (row.table_name,)
                    )
            self._names = found
        return self._names

    def _quoted(self, name: str) -> str:
        return self._mark + name.replace(self._mark, self._mark * 2) + self._mark

    def _open(self, stored: str) -> StoredTable:
        if stored not in self._opened:
            name = ".".join(self._quoted(part) for part in self._listed()[stored])
            sample = f"SELECT * FROM {name} WHERE 1 = 0"  # noqa: S608 - names are quoted
            self._opened[stored] = OdbcTable(self._cursor, stored, name, self._quoted, sample)
        return self._opened[stored]

    @contextlib.contextmanager
    def _cursor(self, doing: str) -> Iterator[Any]:
        """A cursor on a connection of its own; ODBC errors within become DataProblem."""
        pyodbc = odbc()
        secret = password_for(self.path)
        connection = None
        try:
            connection = pyodbc.connect(
                self._address.text + (f";PWD={{{secret.replace('}', '}}')}}}" if secret else ""),
                autocommit=True,
                timeout=_CONNECT_SECONDS,
                readonly=True,
            )
            yield connection.cursor()
        except pyodbc.Error as error:
            raise database_problem(error, self.path, self.description, doing, secret) from None
        finally:
            if connection is not None:
                with contextlib.suppress(pyodbc.Error):
                    connection.close()
