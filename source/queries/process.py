"""The process that runs one query: reads the tables that it names, only the columns that it uses, and writes the result as Arrow.

python -m source.queries.process REQUEST.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import duckdb
import polars as pl
import pyarrow as pa

from common.errors import DataProblem, ServiceError
from common.files import write_text
from common.process_end import run_and_leave
from plant.columns import ColumnType, SourceColumn
from source.column_types import POLARS_TYPES
from source.opening import open_source
from source.queries.checking import connect, first_line, named_tables, refused
from source.queries.running import too_large
from source.source import Source, find_table, no_such_table

BATCH_ROWS: Final = 100_000


def main(arguments: Sequence[str]) -> int:
    """Run the request in a file; the outcome is in the answer's file, also when it is an error."""
    request = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    answer = Path(request["answer"])
    try:
        rows = _run(request)
    except ServiceError as error:
        said = {
            "kind": type(error).__name__,
            "message": error.message,
            "reason": error.reason,
            "details": error.details,
        }
        write_text(answer, json.dumps(said))
        return 1
    write_text(answer, json.dumps({"rows": rows}))
    return 0


def _run(request: dict[str, Any]) -> int:
    sql = request["sql"]
    tables = named_tables(sql)
    source = open_source(Path(request["source"]))
    wider = _WiderColumns()
    while True:
        connection = connect(
            request["memory_bytes"] // 2, request["threads"]
        )  # the other half for the tables that it reads
        try:
            stored = _stored_names(source, tables)
            columns = {name: wider.of(source, table) for name, table in stored.items()}
            for name, found in columns.items():
                connection.register(name, _empty(found))
            described = _described(connection, sql, request["columns"])
            needed = _needed_columns(connection, sql)
            for name, table in stored.items():
                connection.unregister(name)
                connection.register(name, _read(source, table, columns[name], needed.get(name)))
            return _write(connection, sql, described, Path(request["output"]), request["rows"])
        except DataProblem as error:
            if not wider.take(error):
                raise
        except duckdb.OutOfMemoryException:
            raise too_large(request["memory_bytes"]) from None
        except MemoryError:
            raise too_large(request["memory_bytes"]) from None
        except duckdb.Error as error:
            raise wider.reason or refused(first_line(error)) from None
        finally:
            connection.close()


class _WiderColumns:
    """Columns whose type was told by their first values, and in which a later one does not fit: they are of a type that takes all.

    Attributes:
        reason: the last value that did not fit; what a query that needs the narrower type fails with.
    """

    def __init__(self) -> None:
        self._types: dict[tuple[str, str], ColumnType] = {}
        self.reason: DataProblem | None = None

    def of(self, source: Source, table: str) -> list[SourceColumn]:
        """The columns of a table as they are read."""
        return [replace(one, type=self._types.get((table, one.name), one.type)) for one in source.columns(table)]

    def take(self, error: DataProblem) -> bool:
        """Widen the column that an error names; False where it is about something else, or the column takes everything already."""
        if error.reason != "VALUE_MISFIT" or "row" not in error.details:
            return False
        key = (str(error.details["table"]), str(error.details["column"]))
        if self._types.get(key) is ColumnType.TEXT:
            return False
        whole = error.details.get("wanted") == ColumnType.INTEGER
        self._types[key] = ColumnType.NUMBER if whole and key not in self._types else ColumnType.TEXT
        self.reason = error
        return True


def _stored_names(source: Source, tables: Sequence[str]) -> dict[str, str]:
    """Table as the query names it -> as stored. A name that is none of the source's is DuckDB's to refuse, unless it has a dot or slash."""
    known = source.tables()
    found = {}
    for name in tables:
        stored = find_table(name, known)
        if stored is None:
            raise no_such_table(source, name, known)
        found[name] = stored
    return found


def _empty(columns: Sequence[SourceColumn]) -> pa.Table:
    return pl.DataFrame(schema={column.name: POLARS_TYPES[column.type] for column in columns}).to_arrow()


def _described(connection: duckdb.DuckDBPyConnection, sql: str, most: int) -> list[tuple[str, str]]:
    """Names and types of the result.

    Raises:
        InvalidInput: two columns of one name, too many columns, or a type that no column of a plant has (lists, structures, bytes).
    """
    result = [(str(row[0]), str(row[1])) for row in connection.execute(f"DESCRIBE {sql}").fetchall()]
    if len(result) > most:
        raise refused(f"its result has {len(result):,} columns; at most {most:,} are read")
    folded = [name.casefold() for name, _ in result]
    twice = sorted({name for name, _ in result if folded.count(name.casefold()) > 1})
    if twice:
        raise refused(f"its result has column {', '.join(twice)} twice: give one of them another name with AS")
    for name, kind in result:
        if _arrow_type(kind) is None:
            raise refused(
                f"column {name} of its result is {kind}; texts, numbers, dates, times and yes or no can be read: convert it with CAST"
            )
    return result


def _needed_columns(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, set[str]]:
    """Table -> columns that the query's plan reads; a table that is not named here is read whole."""
    [(_, plan)] = connection.execute(f"EXPLAIN (FORMAT JSON) {sql}").fetchall()
    needed: dict[str, set[str]] = {}
    unclear: set[str] = set()
    for node in _nodes(json.loads(plan)):
        info = node.get("extra_info", {})
        table = info.get("Table") or info.get("Function")
        if "SCAN" not in str(node.get("name", "")).upper() or not isinstance(table, str):
            continue
        columns = info.get("Projections")
        if columns is None:
            unclear.add(table)
            continue
        needed.setdefault(table, set()).update([columns] if isinstance(columns, str) else columns)
        for condition in [info.get("Filters")] if isinstance(info.get("Filters"), str) else info.get("Filters") or []:
            needed[table].add(str(condition))
    return {} if unclear else needed


def _nodes(plan: Any) -> Iterator[dict[str, Any]]:
    for node in plan if isinstance(plan, list) else [plan]:
        yield node
        yield from _nodes(node.get("children", []))


def _read(source: Source, table: str, columns: Sequence[SourceColumn], needed: set[str] | None) -> pa.Table:
    wanted = [column for column in columns if needed is None or any(column.name in text for text in needed)] or columns[
        :1
    ]
    types = {column.name: column.type for column in wanted}
    # batch by batch, so that no two copies of a table are held at once
    batches = [frame.to_arrow() for frame in source.batches(table, list(types), types, BATCH_ROWS, item_column="")]
    return (pa.concat_tables(batches) if batches else _empty(wanted)) if wanted else _empty(columns)


def _write(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    described: Sequence[tuple[str, str]],
    output: Path,
    rows: int | None,
) -> int:
    text = sql.strip().rstrip(";")
    shortened = f"SELECT * FROM ({text}\n) LIMIT {rows}"  # noqa: S608 - in a database that has no files
    limited = sql if rows is None else shortened
    reader = connection.execute(limited).to_arrow_reader(BATCH_ROWS)
    schema = pa.schema([(name, _arrow_type(kind)) for name, kind in described])
    written = 0
    with pa.OSFile(str(output), "wb") as file, pa.ipc.new_file(file, schema) as writer:
        for batch in reader or ():
            table = pa.Table.from_batches([batch]).cast(schema, safe=False)
            writer.write_table(table)
            written += batch.num_rows
    return written


_TEXTS: Final = frozenset({"VARCHAR", "UUID", '"NULL"'})
_WHOLE: Final = frozenset("BIGINT INTEGER SMALLINT TINYINT UBIGINT UINTEGER USMALLINT UTINYINT".split())  # noqa: SIM905
_NUMBERS: Final = frozenset({"DOUBLE", "FLOAT", "HUGEINT", "UHUGEINT"})


def _arrow_type(kind: str) -> pa.DataType | None:
    """Arrow type of a column of DuckDB's type `kind`; None for one that no column of a plant has."""
    if kind in _NUMBERS or kind.startswith("DECIMAL"):
        return pa.float64()
    if kind == "BOOLEAN":
        return pa.bool_()
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        return pa.timestamp("ms")
    if kind in _WHOLE:
        return pa.int64()
    return pa.large_string() if kind in _TEXTS or kind.startswith("ENUM") else None


if __name__ == "__main__":
    run_and_leave(lambda: main(sys.argv[1:]))
