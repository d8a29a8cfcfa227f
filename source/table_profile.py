"""What the columns of a table hold: type, share of absent values, examples. Reads the table once, in batches."""

from __future__ import annotations

from dataclasses import dataclass, field

from plant.columns import ColumnType, SourceColumn
from source.source import Source

EXAMPLES = 5
_LONGEST_EXAMPLE = 60


@dataclass(frozen=True)
class ColumnProfile:
    """A column of a source and what it holds.

    Attributes:
        name: as stored.
        type: as the source reports it.
        nullable: whether values may be absent.
        null_share: absent values, 0 to 1; None when not counted or the table is empty.
        examples: up to five different values, as text.
    """

    name: str
    type: ColumnType
    nullable: bool
    null_share: float | None = None
    examples: tuple[str, ...] = ()


@dataclass
class _Counter:
    column: SourceColumn
    nulls: int = 0
    examples: dict[str, None] = field(default_factory=dict)


def columns_only(source: Source, table: str) -> list[ColumnProfile]:
    """The columns of a table without a look at its rows."""
    return [ColumnProfile(column.name, column.type, column.nullable) for column in source.columns(table)]


def profile_table(source: Source, table: str) -> tuple[int, list[ColumnProfile]]:
    """Rows of a table and its columns with null shares and examples.

    Raises:
        NotFound: there is no such table.
        DataProblem: the source cannot be read to the end.
    """
    counters = [_Counter(column) for column in source.columns(table)]
    rows = 0
    for frame in source.batches(
        table, [c.column.name for c in counters], {c.column.name: ColumnType.TEXT for c in counters}
    ):
        rows += frame.height
        for counter in counters:
            values = frame[counter.column.name]
            counter.nulls += values.null_count()
            if len(counter.examples) < EXAMPLES:
                for value in values.drop_nulls().unique(maintain_order=True).head(EXAMPLES):
                    if len(counter.examples) < EXAMPLES:
                        counter.examples[value[:_LONGEST_EXAMPLE]] = None
    return rows, [
        ColumnProfile(
            counter.column.name,
            counter.column.type,
            counter.column.nullable,
            counter.nulls / rows if rows else None,
            tuple(counter.examples),
        )
        for counter in counters
    ]
