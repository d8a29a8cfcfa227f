"""Checking an input profile against a real source: tables and columns it lacks, types, absent values, examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import polars as pl

from common.errors import DataProblem, ServiceError
from common.notices import notice
from plant.columns import ColumnType
from plant.input_profile import InputProfile, ProfileColumn
from plant.schema import ITEM_CODE, OPTIONAL_TABLES, ROLES
from source.canonical import canonical_frame
from source.opening import open_mapped
from source.queries import QueryBounds
from source.role_reading import spelled
from source.source import Source, find_name, find_table

ROWS: Final = 20_000
BATCH_ROWS: Final = 5_000
EXAMPLES: Final = 5
LONGEST_EXAMPLE: Final = 60
PREVIEW: Final = QueryBounds(seconds=60.0, memory_bytes=2 * 2**30)
"""What a role's query may take where somebody waits to see its first rows."""


@dataclass
class CheckedColumn:
    """A mapped column and what the source has for it.

    Attributes:
        format: how its texts are declared to be written; "": the usual way.
        found_type: as the source reports it; "" when the column is missing.
        null_share: absent values among the rows looked at, 0 to 1; None when there were none.
        problem: for people; "" when nothing is wrong.
    """

    role: str
    table: str
    internal: str
    source: str
    type: str
    required: bool
    format: str = ""
    found_type: str = ""
    null_share: float | None = None
    examples: list[str] = field(default_factory=list)
    problem: str = ""


@dataclass
class Checked:
    """What the check found.

    Attributes:
        columns: every mapped column, in the order of the internal ones.
        tables: role, table and rows looked at.
        problems: what keeps the profile from reading this source, for people.
        opened: whether the source could be opened.
    """

    columns: list[CheckedColumn] = field(default_factory=list)
    tables: list[tuple[str, str, int]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    opened: bool = False

    @property
    def ok(self) -> bool:
        """Whether the profile can read this source."""
        return not self.problems


def check(profile: InputProfile, path: Path, rows: int = ROWS) -> Checked:
    """Look at the beginning of each table through a profile. Never raises for what the source is like.

    Args:
        profile: right or not; what is wrong with it by itself is among the problems.
        rows: most rows of each table; 0: columns only.
    """
    checked = Checked(problems=[violation.sentence for violation in profile.violations()])
    try:
        source = open_mapped(path, profile, replace(PREVIEW, rows=rows or 1))
        tables = source.tables()
    except ServiceError as error:
        checked.problems.append(error.message)
        return checked
    checked.opened = True
    for role in ROLES:
        _check_role(checked, profile, source, tables, role, rows)
    checked.problems += [column.problem for column in checked.columns if column.problem]
    return checked


def _check_role(
    checked: Checked, profile: InputProfile, source: Source, tables: Sequence[str], role: str, rows: int
) -> None:
    named = {str(key): table for key, table in profile.tables.items()}.get(role, "").strip()
    table = find_table(named, tables)
    if table is None:
        if named and role in OPTIONAL_TABLES:
            checked.tables.append((role, named, 0))
        if role not in OPTIONAL_TABLES:
            listed = ", ".join(tables[:12]) or "no tables"
            checked.problems.append(
                notice(
                    "TABLE_NOT_IN_SOURCE",
                    "{source} lacks table {table}, from which the profile takes the {role}; it has {tables}",
                    source=source.description,
                    table=named or "(none named)",
                    role=role,
                    tables=listed,
                )
            )
        return
    try:
        stored = {column.name: column.type for column in source.columns(table)}
        columns = [_checked(column, role, table, stored) for column in profile.columns_of(role).values()]
        checked.columns += columns
        checked.tables.append((role, table, _look_at_rows(source, table, columns, stored, rows) if rows else 0))
    except ServiceError as error:
        checked.problems.append(error.message)


def _checked(column: ProfileColumn, role: str, table: str, stored: dict[str, ColumnType]) -> CheckedColumn:
    found = find_name(column.source, list(stored)) if column.source else None
    made = CheckedColumn(
        role=role,
        table=table,
        internal=column.internal,
        source=found or column.source,
        type=str(column.type),
        format=column.format,
        required=column.required,
        found_type="" if found is None else str(stored[found]),
    )
    if found is None and column.source and column.needed:
        made.problem = notice(
            "COLUMN_NOT_IN_TABLE",
            "{table} lacks column {column}; the profile maps it to {name}",
            table=table,
            column=column.source,
            name=column.internal,
        )
    return made


def _look_at_rows(
    source: Source, table: str, columns: Sequence[CheckedColumn], stored: dict[str, ColumnType], rows: int
) -> int:
    """Count absent values, collect examples, find values that are not of their type; returns the rows looked at."""
    present = list(dict.fromkeys(column.source for column in columns if column.found_type))
    if not present:
        return 0
    item = next((c.source for c in columns if c.internal == ITEM_CODE and c.found_type), present[0])
    seen = 0
    nulls = dict.fromkeys(present, 0)
    texts = dict.fromkeys(present, ColumnType.TEXT)
    for frame in source.batches(table, present, texts, min(BATCH_ROWS, rows), item_column=item):
        frame = frame.head(rows - seen)
        seen += frame.height
        for name in present:
            nulls[name] += frame[name].null_count()
        for column in columns:
            if column.found_type:
                _take_examples(column, frame[column.source])
                if not column.problem:
                    column.problem = _wrong_value(column, frame, item, stored[column.source])
        if seen >= rows:
            break
    for column in columns:
        if column.found_type and seen:
            column.null_share = nulls[column.source] / seen
    return seen


def _take_examples(column: CheckedColumn, values: pl.Series) -> None:
    if len(column.examples) < EXAMPLES:
        for value in values.drop_nulls().unique(maintain_order=True).head(EXAMPLES):
            text = str(value)[:LONGEST_EXAMPLE]
            if len(column.examples) < EXAMPLES and text not in column.examples:
                column.examples.append(text)


def _wrong_value(column: CheckedColumn, frame: pl.DataFrame, item: str, found: ColumnType) -> str:
    """That a text cannot be read as what the column should hold, with the first item where it is so; "" when all can."""
    wanted = ColumnType(column.type)
    if wanted is ColumnType.TEXT or found is not ColumnType.TEXT:
        return ""
    columns = list(dict.fromkeys((item, column.source)))
    types = {item: ColumnType.TEXT, column.source: wanted}
    try:
        looked_at = frame.select(columns)
        if column.format:
            looked_at = spelled(looked_at, column.table, item, column.source, column.format, wanted)
        canonical_frame(looked_at, types, table=column.table, item_column=item, first_row=1)
    except DataProblem as error:
        return error.message
    return ""
