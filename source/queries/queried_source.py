"""A source with further tables that are queries over its own: each runs once, when first read, into a file that lives as long."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa

from common.errors import DataProblem
from plant.columns import ColumnType, SourceColumn
from source.canonical import canonical_frame
from source.column_types import type_of
from source.parts import Part, Whole
from source.queries.checking import named_tables, varying_function
from source.queries.running import QueryBounds, run_query
from source.source import BATCH_ROWS, Source, digest, resolve_columns
from source.source_around import SourceAround


class QueriedSource(SourceAround):
    """The tables of `source` and those that `queries` make of them. Its identity is the source's: that queries are others is
    for who knows the profile.

    Args:
        queries: name of the further table -> SQL. A query sees the source's own tables only.
        bounds: what each query may take.
        folder: where results are kept while this object lives; None: the system's folder for temporary files.

    Raises:
        InvalidInput: a query is no SELECT.
    """

    def __init__(
        self, source: Source, queries: Mapping[str, str], bounds: QueryBounds | None = None, folder: Path | None = None
    ) -> None:
        for sql in queries.values():
            named_tables(sql)
        self.source = source
        self._queries = dict(queries)
        self._bounds = bounds or QueryBounds()
        self._folder = tempfile.TemporaryDirectory(prefix="routing-query-", dir=folder, ignore_cleanup_errors=True)
        self._results: dict[str, Path] = {}
        self._lock = threading.Lock()

    def tables(self) -> list[str]:
        """Names of the source's tables and of the queries, sorted."""
        return sorted({*self.source.tables(), *self._queries})

    def columns(self, table: str) -> list[SourceColumn]:
        """Columns of a table, or of a query's result."""
        if table not in self._queries:
            return self.source.columns(table)
        with self._opened(table) as file:
            types = pl.DataFrame(file.schema.empty_table()).schema
            return [SourceColumn(field.name, type_of(types[field.name])) for field in file.schema]

    def count(self, table: str) -> int:
        """Rows of a table, or of a query's result."""
        if table not in self._queries:
            return self.source.count(table)
        with self._opened(table) as file:
            return sum(file.get_batch(at).num_rows for at in range(file.num_record_batches))

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
        if table not in self._queries:
            yield from self.source.batches(table, columns, types, batch_rows, item_column=item_column)
            return
        stored = self.columns(table)
        chosen = resolve_columns(self, table, columns, stored)
        wanted = {name: types.get(name, column.type) for name, column in zip(columns, chosen, strict=True)}
        read = 0
        with self._opened(table) as file:
            for at in range(file.num_record_batches):
                whole = pl.DataFrame(
                    pa.Table.from_batches([file.get_batch(at)]).select([column.name for column in chosen])
                )
                for frame in whole.iter_slices(batch_rows):
                    frame.columns = list(columns)
                    yield canonical_frame(frame, wanted, table=table, item_column=item_column, first_row=read + 1)
                    read += frame.height

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
        """The parts of a table; a query's result is one part, known by the query and by what its tables hold (see `Source.parts`)."""
        if table not in self._queries:
            with self.source.parts(table, columns, types, batch_rows, item_column=item_column) as parts:
                yield parts
            return
        sql = self._queries[table]
        held = self._held_by(sql)
        if isinstance(held, Whole):
            yield held
            return
        asked = repr((columns, [(name, str(kind)) for name, kind in types.items()], batch_rows, item_column))
        yield [
            Part(
                key=digest([held, asked], size=16),
                frames=lambda _first: self.batches(table, columns, types, batch_rows, item_column=item_column),
                beyond=lambda: "" if self._held_by(sql) == held else None,
                still=lambda _beyond: True,
            )
        ]

    def _held_by(self, sql: str) -> str | Whole:
        """Names the result of a query; or why it cannot be named without running it."""
        varying = varying_function(sql)
        if varying:
            return Whole(f"its query calls {varying}, which gives another result each time")
        keys = [duckdb.__version__, *time.tzname, sql]
        for name in named_tables(sql):
            stored = [column.name for column in self.source.columns(name)]
            with self.source.parts(name, stored, {}) as parts:
                if isinstance(parts, Whole):
                    return parts
                for part in parts:
                    keys.append(part.key)
        return digest(keys, size=16)

    def close(self) -> None:
        """Remove the results."""
        self._folder.cleanup()

    def _opened(self, table: str) -> Any:
        with self._lock:
            path = self._results.get(table)
            if path is None:
                path = Path(self._folder.name) / f"{len(self._results)}.arrow"
                try:
                    run_query(self.source.path, self._queries[table], path, self._bounds)
                except OSError as error:
                    raise DataProblem(
                        f"The result of the query {table} cannot be written to {path.parent} ({error.strerror})",
                        reason="QUERY_NOT_WRITTEN",
                    ) from None
                self._results[table] = path
        return pa.ipc.open_file(pa.memory_map(str(path)))
