"""What a query is, before it runs: one SELECT, and which tables it names."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import duckdb

from common.errors import FieldViolation, InvalidInput

LONGEST: Final = 100_000
"""Characters of a query; people's queries have hundreds."""

SETTINGS: Final[dict[str, str | bool | int]] = {
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "python_enable_replacements": False,
    "temp_directory": "",
}
"""No files, no network, no extensions, no variables of the program: a query sees the tables that it is given and nothing else."""


_VARYING_WORDS: Final = frozenset(
    {"age", "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp", "tablesample"}
)
"""What means something else at another time, or by chance, and is no function's name, or of a function that does so only at times."""


def connect(memory_bytes: int, threads: int) -> duckdb.DuckDBPyConnection:
    """A database in memory that can neither leave the process nor change its own settings."""
    connection = duckdb.connect(
        ":memory:", config={**SETTINGS, "memory_limit": f"{memory_bytes // 2**20}MiB", "threads": threads}
    )
    connection.execute("SET lock_configuration = true")
    return connection


def named_tables(sql: str) -> tuple[str, ...]:
    """The tables that a query names, sorted.

    Raises:
        InvalidInput: it is no SQL, not one statement, or another statement than SELECT.
    """
    if len(sql) > LONGEST:
        raise refused(f"it has {len(sql):,} characters; at most {LONGEST:,} are read")
    try:
        statements = duckdb.extract_statements(sql)
    except (duckdb.Error, UnicodeError) as error:
        raise refused(first_line(error)) from None
    if len(statements) != 1:
        raise refused(f"it has {len(statements)} statements; a role is one SELECT")
    if statements[0].type != duckdb.StatementType.SELECT:
        raise refused(f"it is {statements[0].type.name.replace('_', ' ')}; a role is a SELECT, which changes nothing")
    connection = connect(64 * 2**20, 1)
    try:
        return tuple(sorted(connection.get_table_names(sql)))
    except duckdb.Error as error:
        raise refused(first_line(error)) from None
    finally:
        connection.close()


def varying_function(sql: str) -> str:
    """A function that a query calls and that gives another result at another time, such as now; "" where it calls none.

    Words of the query are compared, so that one which only looks like a call counts, too.
    """
    words = frozenset(re.findall(r"[a-z_][a-z0-9_]*", sql.lower()))
    return min(words & _varying(), default="")


@lru_cache(maxsize=1)
def _varying() -> frozenset[str]:
    connection = connect(64 * 2**20, 1)
    try:
        found = connection.execute(
            "SELECT lower(function_name) FROM duckdb_functions() WHERE stability IS NOT NULL "
            "GROUP BY 1 HAVING bool_and(stability <> 'CONSISTENT')"
        ).fetchall()
    finally:
        connection.close()
    return frozenset(name for (name,) in found) | _VARYING_WORDS


def refused(why: str) -> InvalidInput:
    """The error of a query that cannot be run as it stands."""
    return InvalidInput(
        f"The query cannot be run: {why}", reason="QUERY_INVALID", violations=[FieldViolation("query", why)]
    )


def first_line(error: BaseException) -> str:
    """What DuckDB says of an error, without its picture of the place, its kind in front."""
    text = str(error).strip()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = lines[0] if lines else type(error).__name__
    place = next((line for line in lines[1:] if line.startswith("LINE ")), "")
    return f"{said} ({place})" if place else said
