"""Columnar tables to JSON rows and back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from common.tables import column_values, number_column, table, text_column
from gateway.answers import json_text
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
    if not message.columns:
        return [b""] * message.rows
    pattern, cells = [], []
    for column in message.columns:
        name = json_text(column.name).replace(b"%", b"%%")
        texts = _lists(column) if column.name in json_lists else _plain_texts(column)
        if texts is not None:
            pattern.append(name + b':"%b"' if column.name not in json_lists else name + b":%b")
        else:
            texts = _cells(column)
            pattern.append(name + b":%b")
        cells.append(texts)
    row = b",".join(pattern)
    return [row % values for values in zip(*cells, strict=True)]


def _plain_texts(column: pb.Column) -> list[bytes] | None:
    """The texts of a column as JSON without their quotes; None where it holds anything else, or a quote of its own."""
    if column.WhichOneof("values") != "text" or column.text.absent:
        return None
    written = json_text(list(column.text.values))
    if b'\\"' in written or len(written) < 4:
        return None
    return written[2:-2].split(b'","')  # nothing but a text's end is a quote


def _cells(column: pb.Column) -> list[bytes]:
    """The values of a column as JSON."""
    kind = column.WhichOneof("values")
    if kind == "number" or (kind == "integer" and not column.integer.absent):
        written = json_text(list(column.number.values if kind == "number" else column.integer.values))
        return written[1:-1].split(b",") if len(written) > 2 else []
    return [json_text(value) for value in column_values(column)]


def _lists(column: pb.Column) -> list[bytes]:
    return [(value.encode() or b"null") if isinstance(value, str) else b"[]" for value in column_values(column)]


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
