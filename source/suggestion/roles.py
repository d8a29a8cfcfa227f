"""Which column was taken for which role of the operations, with values that let people judge it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from plant.input_profile import InputProfile
from plant.schema import ITEM_CODE, ROUTING, SEQUENCE
from source.suggestion.facts import ColumnFacts
from source.suggestion.suggestion import Suggestion
from source.suggestion.time_columns import TIME_ROLES


@dataclass(frozen=True)
class RoleTaken:
    """A role and its column.

    Attributes:
        role: item, routing, sequence, operation, operation_name, machine, machine_name, setup, queue, wait, move or run.
        column: column of the operations table or of its query.
        unit: of a time, as the column's name or the data state it; "" where nothing does.
        unit_column: column that tells the unit row by row; "" without one.
        examples: values as stored; none where a query makes them.
    """

    role: str
    column: str
    unit: str = ""
    unit_column: str = ""
    examples: tuple[str, ...] = ()


def roles_taken(found: Suggestion, profile: InputProfile) -> Iterator[RoleTaken]:
    """The roles that a column was found for."""
    operations, roles = found.operations, profile.plant.routing
    columns: dict[str, ColumnFacts | None] = dict(operations.table.columns)
    if operations.path.header is not None:
        columns[found.operation_sql_columns.get("item", "")] = operations.path.header[1]
    named = (
        ("item", ITEM_CODE),
        ("routing", roles.number),
        ("sequence", SEQUENCE),
        ("operation", roles.operation_code),
        ("operation_name", roles.operation_name),
        ("machine", roles.machine),
        ("machine_name", roles.machine_name),
    )
    for role, internal in named:
        column = profile.source_column(ROUTING, internal)
        if column:
            yield RoleTaken(role, column, examples=_examples(columns.get(column)))
    times = {time.role: time for time in operations.times}
    for role in TIME_ROLES:
        column = profile.source_column(ROUTING, getattr(roles, role))
        if not column:
            continue
        time = times.get(role)
        if time is None or role in found.operation_sql_columns:
            yield RoleTaken(role, column, "min", examples=_examples(time.column if time is not None else None))
        else:
            unit_column = time.unit_column.name if time.unit_column is not None else ""
            yield RoleTaken(role, column, time.unit or "", unit_column, _examples(time.column))


def _examples(column: ColumnFacts | None) -> tuple[str, ...]:
    return column.examples if column is not None else ()
