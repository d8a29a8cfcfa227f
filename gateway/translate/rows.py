"""Columnar tables to JSON rows and back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from common.json_rows import Cells
from common.json_rows import row_members as members_of_rows
from common.tables import column_values, number_column, table, text_column
from protos.common.v1 import table_pb2 as pb

Value = str | float | int | None


def rows_of(message: pb.Table) -> list[dict[str, Value]]:
    """A table's rows as JSON objects; absent values are None."""
    names = [column.name for column in message.columns]
    if not names:
        return [{} for _ in range(message.rows)]
    return [dict(zip(names, row, strict=True)) for row in zip(*map(column_values, message.columns), strict=True)]


def row_members(message: pb.Table, json_lists: Collection[str] = ()) -> list[bytes]:
    """Each row as the members of a JSON object without its braces, made column by column; absent values are null.

    Args:
        json_lists: text columns whose values are JSON already, an empty list where absent.
    """
    return members_of_rows(((column.name, _cells(column)) for column in message.columns), message.rows, json_lists)


def _cells(column: pb.Column) -> Cells:
    if column.WhichOneof("values") == "number":
        return list(column.number.values)
    return column_values(column)


def column_of(message: pb.Table, name: str) -> Sequence[Value] | None:
    """One column's values; None when the table has no such column."""
    for column in message.columns:
        if column.name == name:
            return column_values(column)
    return None


def numbers_table(rows: Sequence[Mapping[str, object]], names: Iterable[str]) -> pb.Table:
    """A table of the number columns `names` that any row has a value for."""
    columns = []
    for name in names:
        values = [row.get(name) for row in rows]
        if any(value is not None for value in values):
            columns.append(number_column(name, [None if v is None else float(v) for v in values]))  # type: ignore[arg-type]
    return table(len(rows), columns)


def mixed_table(rows: Sequence[Mapping[str, object]]) -> pb.Table:
    """A table of JSON rows: a column whose values are all numbers is a number column, any other is text."""
    names = dict.fromkeys(name for row in rows for name in row)
    columns = []
    for name in names:
        values = [row.get(name) for row in rows]
        present = [value for value in values if value is not None]
        if present and all(isinstance(value, int | float) and not isinstance(value, bool) for value in present):
            columns.append(number_column(name, [None if v is None else float(v) for v in values]))  # type: ignore[arg-type]
        else:
            columns.append(text_column(name, [None if v is None else str(v) for v in values]))
    return table(len(rows), columns)
