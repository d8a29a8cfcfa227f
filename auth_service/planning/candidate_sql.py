"""The SQL that would insert a candidate: shown to planners, never run here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from sqlalchemy.dialects import mssql, mysql, oracle, postgresql, sqlite

from auth_service.store.document_fields import Violations, has_control_characters
from common.notices import Notice, notice
from common.sql_names import quoted
from plant.client_names import own_values
from plant.output_profile.formats import OutputType
from plant.output_profile.profile import type_of_column
from plant.schema import SEQUENCE, PlantSchema

SHOWN_OPERATIONS: Final = 20

HEADER: Final = (
    ("routing_signature", "ROUTING_SIGNATURE"),
    ("similarity_score", "SIMILARITY_SCORE"),
    ("priority", "PRIORITY"),
    ("similarity_tier", "SIMILARITY_TIER"),
    ("reference_item_cd", "REFERENCE_ITEM_CD"),
)
"""Columns of routing_candidates with the fields of the payload they come from."""

_WORD: Final = re.compile(r"[^\W\d]\w*")

Value = str | int | float | None


def header_value(payload: Mapping[str, object], column: str, field: str) -> object:
    """A value of the candidate itself, under the name of the output column or of the table's column."""
    value = payload.get(field)
    return payload.get(column) if value is None else value


def checked_header(found: Violations, payload: Mapping[str, object]) -> dict[str, Value]:
    """The values of the candidate itself, by column of routing_candidates; notes what cannot be one."""
    values: dict[str, Value] = {}
    for column, field in HEADER:
        value = header_value(payload, column, field)
        if field == "SIMILARITY_SCORE":
            values[column] = _number(found, f"payload.{field}", value)
        else:
            values[column] = _text(found, f"payload.{field}", value)
    return values


def checked_operations(found: Violations, operations: Sequence[object], schema: PlantSchema) -> list[dict[str, Value]]:
    """The operations with a value for every output column; notes what is no operation.

    The sequence is a whole number, other columns are floating-point numbers or text as the schema has them.
    """
    checked = []
    for position, operation in enumerate(operations):
        where = f"payload.operations.{position}"
        if not isinstance(operation, Mapping):
            found.add(where, "must be an object")
            continue
        row: dict[str, Value] = {}
        sent = {**operation, **own_values(operation, schema)}
        for column in schema.output_columns:
            value = sent.get(column)
            if column == SEQUENCE:
                row[column] = _whole_number(found, f"{where}.{SEQUENCE}", value)
            elif type_of_column(column, schema) is OutputType.NUMBER:
                row[column] = _number(found, f"{where}.{column}", value)
            else:
                row[column] = _text(found, f"{where}.{column}", value)
        checked.append(row)
    return checked


def _whole_number(found: Violations, where: str, value: object) -> int | None:
    try:
        if value is not None and not isinstance(value, bool) and float(str(value)) == int(float(str(value))):
            return int(float(str(value)))
    except (ValueError, OverflowError):
        pass
    found.add(where, "must be a whole number")
    return None


def _number(found: Violations, where: str, value: object) -> float | None:
    if value is None or value == "":
        return None
    try:
        if not isinstance(value, bool):
            number = float(str(value))
            if abs(number) < 1e300:
                return number
    except ValueError:
        pass
    found.add(where, f"must be a number, is {str(value)[:60]!r}")
    return None


def _text(found: Violations, where: str, value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool | int | float | str):
        text = str(value)
        if not has_control_characters(text):
            return text
    found.add(where, "must be a text without control characters")
    return None


def literal(value: Value) -> str:
    """A value as SQL has it: quotes doubled, absent as NULL."""
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return repr(value)


@cache
def _reserved() -> frozenset[str]:
    """Words, in lower case, that mean something else in the SQL of one of the usual databases."""
    dialects = (mssql, mysql, oracle, postgresql, sqlite)
    return frozenset().union(*(of.dialect().identifier_preparer.reserved_words for of in dialects))


def identifier(column: str) -> str:
    """A column's name as SQL has it: quoted where it is more than one word or a reserved one, as those of any plant may be."""
    plain = _WORD.fullmatch(column) and column.lower() not in _reserved()
    return column if plain else quoted(column)


def preview(
    item_code: str,
    candidate_id: str,
    header: Mapping[str, Value],
    operations: Sequence[Mapping[str, Value]],
    generated_at: str,
    schema: PlantSchema,
) -> list[str]:
    """The statements: one for the candidate, one for its first 20 operations.

    Args:
        generated_at: ISO time.
    """
    columns = ["item_code", "candidate_id", *(column for column, _field in HEADER), "generated_at"]
    values: list[Value] = [item_code, candidate_id, *(header[column] for column, _field in HEADER), generated_at]
    statements = [_insert("routing_candidates", columns) + f" ({', '.join(map(literal, values))});"]
    if operations:
        rows = [
            f"  ({', '.join(literal(operation[column]) for column in schema.output_columns)})"
            for operation in operations[:SHOWN_OPERATIONS]
        ]
        statements.append(
            _insert("routing_candidate_operations", schema.output_columns) + "\n" + ",\n".join(rows) + ";"
        )
    return statements


def _insert(table: str, columns: Sequence[str]) -> str:
    return f"INSERT INTO {table} ({', '.join(map(identifier, columns))}) VALUES"


def warnings(
    header: Mapping[str, Value], operations: Sequence[Mapping[str, Value]], schema: PlantSchema
) -> list[Notice]:
    """What is missing or odd in a candidate, for people."""
    times = [
        name for column in schema.routing.all_times if (name := schema.output_name(column)) in schema.output_columns
    ]
    found = [
        notice("SQL_FIELD_MISSING", "{field} is missing: the candidate is stored without it", field=field)
        for column, field in HEADER
        if header[column] is None
    ]
    untimed = [str(row["PROC_SEQ"]) for row in operations if all(row[column] is None for column in times)]
    if untimed:
        found.append(
            notice("SQL_WITHOUT_TIME", "Operations without any time: PROC_SEQ {which}", which=", ".join(untimed))
        )
    negative = [str(row["PROC_SEQ"]) for row in operations if any(_below_zero(row[column]) for column in times)]
    if negative:
        said = "Operations with a negative time, which counts as absent: PROC_SEQ {which}"
        found.append(notice("SQL_NEGATIVE_TIME", said, which=", ".join(negative)))
    sequences = [row["PROC_SEQ"] for row in operations]
    repeated = sorted({str(number) for number in sequences if sequences.count(number) > 1})
    if repeated:
        found.append(notice("SQL_SEQUENCE_TWICE", "PROC_SEQ comes more than once: {which}", which=", ".join(repeated)))
    if len(operations) > SHOWN_OPERATIONS:
        said = "The SQL shows the first {shown} of {count} operations; the file holds all"
        found.append(notice("SQL_SHORTENED", said, shown=SHOWN_OPERATIONS, count=len(operations)))
    return found


def _below_zero(value: Value) -> bool:
    return isinstance(value, int | float) and value < 0
