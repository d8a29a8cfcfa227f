"""A PostgreSQL database as a source, read by ADBC: rows arrive as Arrow batches."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import polars as pl
import pyarrow as pa

from common.sql_names import quoted
from plant.columns import ColumnType, SourceColumn
from source.databases.address import DatabaseAddress, password_for
from source.databases.errors import database_problem, missing_extra
from source.parts import StoredPart, Whole
from source.source import digest
from source.table_source import StoredTable, TableSource

_CONNECT_SECONDS: Final = 10
_TABLES: Final = """
SELECT n.nspname AS schema, c.relname AS name, c.oid::bigint AS oid
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
  AND has_table_privilege(c.oid, 'SELECT')
"""
_COLUMNS: Final = """
SELECT a.attname AS name, t.typname AS type, NOT a.attnotnull AS nullable
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type d ON d.oid = a.atttypid
JOIN pg_catalog.pg_type t ON t.oid = CASE WHEN d.typtype = 'd' THEN d.typbasetype ELSE d.oid END
WHERE a.attrelid = {oid} AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
_CHANGES: Final = """
SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint AS changes, count(*)::bigint AS tables,
       coalesce(sum(c.relfilenode::bigint), 0)::bigint AS files
FROM pg_catalog.pg_stat_user_tables s JOIN pg_catalog.pg_class c ON c.oid = s.relid
"""
_STORED: Final = """
SELECT c.relkind IN ('r', 'm') AND NOT c.relhassubclass AND c.relam = (SELECT oid FROM pg_catalog.pg_am WHERE amname = 'heap')
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute g WHERE g.attrelid = c.oid AND g.attgenerated = 'v')
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute g
                       WHERE g.attrelid = c.oid AND NOT g.attisdropped AND g.atttypid >= 16384) AS by_place,
       current_setting('server_version_num')::int >= {ranges} AS ranges,
       concat_ws('/', c.relfilenode, c.reltablespace, current_setting('server_version_num'), current_setting('TimeZone'),
                 current_setting('DateStyle'), current_setting('IntervalStyle'), current_setting('lc_monetary'),
                 current_setting('bytea_output'), current_setting('extra_float_digits')) AS state,
       (SELECT string_agg(concat_ws(':', a.attnum, a.attname, a.atttypid, a.atttypmod, a.attisdropped, a.attmissingval::text), '/'
                          ORDER BY a.attnum) FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0) AS columns
FROM pg_catalog.pg_class c WHERE c.oid = {oid}
"""
_ROWS_BY_PLACE: Final = """
SELECT (ctid::text::point)[0]::bigint / {blocks} AS part, count(*)::bigint AS rows,
       sum(hashtextextended(ctid::text || xmin::text, 0))::text AS first, sum(hashtextextended(ctid::text || xmin::text, 1))::text AS second
FROM {table} GROUP BY 1 ORDER BY 1
"""
_ROWS_BY_VALUE: Final = """
SELECT count(*)::bigint AS rows, sum(hashtextextended(v.said, v.at))::text AS first, sum(hashtextextended(v.said, -v.at))::text AS second
FROM (SELECT t::text AS said, row_number() OVER () AS at FROM {table} AS t) AS v
"""
_IN_ORDER: Final = """
SELECT set_config(name, CASE vartype WHEN 'bool' THEN 'off' ELSE '0' END, true) FROM pg_catalog.pg_settings
WHERE name IN ('synchronize_seqscans', 'enable_indexonlyscan', 'max_parallel_workers_per_gather')
"""
"""Without what would read the rows of a table in another order than that of their places."""
_PART_BLOCKS: Final = 2048
_OLDEST_WITH_RANGES: Final = 140_000
"""Version that reads a range of places without the rest of the table."""
_WHOLE: Final = frozenset({"int2", "int4", "int8", "oid"})
_NUMBERS: Final = frozenset({"float4", "float8", "numeric", "money"})
_MOMENTS: Final = frozenset({"date", "timestamp", "timestamptz"})
_POLARS: Final = {
    ColumnType.INTEGER: pl.Int64(),
    ColumnType.NUMBER: pl.Float64(),
    ColumnType.BOOLEAN: pl.Boolean(),
    ColumnType.DATETIME: pl.Datetime("ms"),
    ColumnType.TEXT: pl.String(),
}


class PostgresqlSource(TableSource):
    """The tables and views of a PostgreSQL database that its user may read; those of other schemas by `schema.table`.

    Raises:
        DataProblem: the driver is not installed.
    """

    def __init__(self, path: Path, address: DatabaseAddress) -> None:
        self.path = path
        self._address = address
        try:
            self._driver: Any = importlib.import_module("adbc_driver_postgresql.dbapi")
        except ImportError:
            raise missing_extra("PostgreSQL", "adbc-driver-postgresql") from None
        self._oids: dict[str, tuple[int, str]] | None = None
        self._opened: dict[str, PostgresqlTable] = {}

    @property
    def driver_error(self) -> type[Exception]:
        """What the driver raises."""
        error: type[Exception] = self._driver.Error
        return error

    @property
    def description(self) -> str:
        """Kind and address, for people."""
        return f"PostgreSQL database {self._address.database} on {self._address.server}"

    def identity(self) -> str:
        """Changes with what PostgreSQL counts as inserted, changed and deleted rows."""
        with self.cursor("see what changed") as cursor:
            cursor.execute(_CHANGES)
            return digest(["postgresql", self._address.text, *cursor.fetchone()])

    def tables(self) -> list[str]:
        """Names of the tables and views that may be read, sorted."""
        return sorted(self._listed())

    def _listed(self) -> dict[str, tuple[int, str]]:
        if self._oids is None:
            plain = self._address.schema or "public"
            with self.cursor("list the tables") as cursor:
                cursor.execute(_TABLES)
                found = cursor.fetchall()
            self._oids = {
                name if schema == plain else f"{schema}.{name}": (int(oid), f"{quoted(schema)}.{quoted(name)}")
                for schema, name, oid in found
            }
        return self._oids

    def _open(self, stored: str) -> StoredTable:
        if stored not in self._opened:
            oid, sql = self._listed()[stored]
            self._opened[stored] = PostgresqlTable(self, stored, oid, sql)
        return self._opened[stored]

    @contextlib.contextmanager
    def cursor(self, doing: str) -> Iterator[Any]:
        """A cursor on a connection of its own that only reads; errors of the driver become DataProblem."""
        connection = None
        try:
            connection = self._driver.connect(self._uri())
            cursor = connection.cursor()
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute(_IN_ORDER)
            cursor.fetchall()
            try:
                yield cursor
            finally:
                with contextlib.suppress(Exception):
                    cursor.close()
        except (self._driver.Error, pa.ArrowException, OSError) as error:
            raise database_problem(error, self.path, self.description, doing, self._secret()) from None
        finally:
            if connection is not None:
                with contextlib.suppress(Exception):
                    connection.close()

    def _secret(self) -> str:
        return password_for(self.path)

    def _uri(self) -> str:
        parts = urlsplit(self._address.text)
        options = [(key, value) for key, value in parse_qsl(parts.query) if key != "schema"]
        if not any(key == "connect_timeout" for key, _ in options):
            options.append(("connect_timeout", str(_CONNECT_SECONDS)))
        secret = self._secret()
        user, _, host = parts.netloc.rpartition("@")
        login = f"{user}:{quote(secret, safe='')}@" if secret else f"{user}@" if user else ""
        return urlunsplit((parts.scheme, f"{login}{host}", parts.path, urlencode(options), ""))


class PostgresqlTable:
    """One table or view."""

    def __init__(self, source: PostgresqlSource, name: str, oid: int, sql: str) -> None:
        self._source, self._name, self._oid, self._sql = source, name, oid, sql
        self._types: dict[str, tuple[str, bool]] | None = None

    def _typed(self) -> dict[str, tuple[str, bool]]:
        if self._types is None:
            with self._source.cursor(f"read the columns of {self._name}") as cursor:
                cursor.execute(_COLUMNS.format(oid=self._oid))
                self._types = {str(name): (str(kind), bool(nullable)) for name, kind, nullable in cursor.fetchall()}
        return self._types

    def columns(self) -> list[SourceColumn]:
        """Columns in stored order."""
        return [SourceColumn(name, _type_of(kind), nullable) for name, (kind, nullable) in self._typed().items()]

    def count(self) -> int:
        """Rows."""
        with self._source.cursor(f"count the rows of {self._name}") as cursor:
            cursor.execute(f"SELECT count(*) FROM {self._sql}")  # noqa: S608 - names are quoted
            return int(cursor.fetchone()[0])

    def frames(self, columns: Sequence[str], batch_rows: int) -> Iterator[pl.DataFrame]:
        """The named columns in frames of at most `batch_rows` rows (see `StoredTable.frames`)."""
        with self._source.cursor(f"read table {self._name}") as cursor:
            yield from self.selected(cursor, columns, batch_rows)

    def selected(self, cursor: Any, columns: Sequence[str], batch_rows: int, where: str = "") -> Iterator[pl.DataFrame]:
        """The named columns of some rows, read by a cursor.

        Args:
            where: a condition with its WHERE; "": all rows.
        """
        kinds = {name: self._typed()[name][0] for name in columns}
        listed = ", ".join(f"{_expression(quoted(name), kind)} AS {quoted(name)}" for name, kind in kinds.items())
        schema = {name: _POLARS[_type_of(kind)] for name, kind in kinds.items()}
        cursor.execute(f"SELECT {listed} FROM {self._sql} {where}")  # noqa: S608 - names are quoted
        waiting: list[pl.DataFrame] = []
        for batch in cursor.fetch_record_batch():
            if not batch.num_rows:
                continue
            frame = pl.DataFrame(pa.Table.from_batches([batch]))
            waiting.append(frame.cast(schema))  # type: ignore[arg-type]
            while sum(part.height for part in waiting) >= batch_rows:
                whole = pl.concat(waiting)
                yield whole[:batch_rows]
                waiting = [whole[batch_rows:]]
        rest = pl.concat(waiting) if waiting else None
        if rest is not None and rest.height:
            yield rest

    @contextlib.contextmanager
    def parts(self) -> Iterator[Iterable[StoredPart] | Whole]:
        """Parts of a table by the places of its rows, each known by which version of each row lies there, as PostgreSQL sees it in one
        transaction. What has no places of its own, such as a view, is one part, known by the values of its rows."""
        with self._source.cursor(f"see what changed in {self._name}") as cursor:
            try:
                parts: list[PostgresqlPart] | Whole = self._told_apart(cursor)
            except self._source.driver_error as error:  # versions before 12, and servers that only speak its protocol
                said = str(error).strip().splitlines()[0]
                parts = Whole(f"the server does not tell which rows changed ({said[:200]})")
            yield parts

    def _told_apart(self, cursor: Any) -> list[PostgresqlPart]:
        cursor.execute(_STORED.format(oid=self._oid, ranges=_OLDEST_WITH_RANGES))
        by_place, ranges, state, columns = cursor.fetchone()
        known = [self._sql, state, columns]
        if not by_place:
            cursor.execute(_ROWS_BY_VALUE.format(table=self._sql))
            return [PostgresqlPart(self, cursor, digest([*known, *cursor.fetchone()], size=16), "")]
        cursor.execute(_ROWS_BY_PLACE.format(table=self._sql, blocks=_PART_BLOCKS))
        found = cursor.fetchall()
        if not ranges:
            return [PostgresqlPart(self, cursor, digest([*known, *found], size=16), "")]
        return [
            PostgresqlPart(
                self,
                cursor,
                digest([*known, part, *row], size=16),
                f"WHERE ctid >= '({part * _PART_BLOCKS},0)' AND ctid < '({(part + 1) * _PART_BLOCKS},0)'",
            )
            for part, *row in found
        ]


class PostgresqlPart:
    """Rows of a table by their places (see `source.parts.StoredPart`)."""

    def __init__(self, table: PostgresqlTable, cursor: Any, fingerprint: str, where: str) -> None:
        self._table, self._cursor, self._where = table, cursor, where
        self.fingerprint = fingerprint

    def frames(self, columns: Sequence[str], batch_rows: int) -> Iterator[pl.DataFrame]:
        """The named columns of its rows."""
        return self._table.selected(self._cursor, columns, batch_rows, self._where)

    def beyond(self) -> str:
        """Nothing: fingerprint and rows are of one transaction."""
        return ""

    def still(self, beyond: str) -> bool:
        """Always."""
        return True


def _type_of(kind: str) -> ColumnType:
    if kind in _WHOLE:
        return ColumnType.INTEGER
    if kind in _NUMBERS:
        return ColumnType.NUMBER
    if kind == "bool":
        return ColumnType.BOOLEAN
    return ColumnType.DATETIME if kind in _MOMENTS else ColumnType.TEXT


def _expression(name: str, kind: str) -> str:
    """SQL for a column in the type that sources deliver; moments without end or beginning are absent."""
    if kind in _WHOLE:
        return f"{name}::bigint"
    if kind in _NUMBERS:
        return f"{name}::numeric::float8" if kind == "money" else f"{name}::float8"
    if kind == "bool":
        return name
    if kind in _MOMENTS:
        return f"CASE WHEN isfinite({name}) THEN {name}::timestamp END"
    return f"{name}::text"
