"""Spellings that a column's own values leave open, decided by what else the source shows, or by somebody's answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from plant.columns import ColumnType
from plant.formats import HOURS, MINUTES
from source.spellings import decimal_shown, read_as
from source.suggestion.answers import Answers
from source.suggestion.facts import (
    ColumnFacts,
    Shape,
    TableFacts,
    Unclear,
    day_first_of,
    is_month_first,
    shape_of_numbers,
)

MONTH_FIRST, DAY_FIRST = "MDY", "DMY"
POINT, COMMA = "POINT", "COMMA"
HOURS_FIRST, MINUTES_FIRST = "H_MM", "M_SS"


@dataclass(frozen=True)
class Spellings:
    """How a source writes dates and numbers, as its clear columns show.

    Attributes:
        shown: table -> topic of `Unclear` -> (choice, column that shows it); "" for the whole source, where it shows one choice alone.
        answers: topic -> what somebody chose.
    """

    shown: Mapping[str, Mapping[str, tuple[str, str]]]
    answers: Answers

    @classmethod
    def of(cls, tables: Sequence[TableFacts], answers: Answers) -> Spellings:
        """What the tables show."""
        shown: dict[str, dict[str, tuple[str, str]]] = {}
        for table in tables:
            shown[table.name] = _agreed(_shown_by(table))
        shown[""] = _agreed([(topic, *said) for table in shown.values() for topic, said in table.items()])
        return cls(shown, answers)

    def settle(self, table: TableFacts) -> TableFacts:
        """The table with its unclear columns read as the source shows or somebody said; what nobody knows stays unclear."""
        if not any(column.unclear for column in table.columns.values()):
            return table
        return replace(table, columns={name: self._column(column, table) for name, column in table.columns.items()})

    def _column(self, column: ColumnFacts, table: TableFacts) -> ColumnFacts:
        topic = column.unclear
        if topic is None:
            return column
        if self.answers.get(topic):
            return _read(column, self.answers[topic], "")
        for place in (table.name, table.origin, ""):
            said = self.shown.get(place, {}).get(topic)
            if said is not None:
                return _read(column, *said)
        return column


def _shown_by(table: TableFacts) -> Iterator[tuple[str, str, str]]:
    for column in table.columns.values():
        place = f"{table.name}.{column.name}"
        if column.unclear is not None:
            continue
        if column.shape is Shape.DATE and is_month_first(column.spelled) is not None:
            yield Unclear.DATE_ORDER, MONTH_FIRST if is_month_first(column.spelled) else DAY_FIRST, place
        elif column.numbers is not None and (sign := decimal_shown(column.texts.drop_nulls().unique())):
            yield Unclear.DECIMAL_SIGN, COMMA if sign == "," else POINT, place
            if sign == ",":  # wherever the comma is the decimal sign, days stand before months
                yield Unclear.DATE_ORDER, DAY_FIRST, place


def _agreed(said: Sequence[tuple[str, str, str]] | Iterator[tuple[str, str, str]]) -> dict[str, tuple[str, str]]:
    """Topic -> choice and who shows it, where all that show one show the same."""
    found: dict[str, tuple[str, str]] = {}
    torn: set[str] = set()
    for topic, choice, place in said:
        if found.setdefault(topic, (choice, place))[0] != choice:
            torn.add(topic)
    return {topic: known for topic, known in found.items() if topic not in torn}


def _read(column: ColumnFacts, choice: str, place: str) -> ColumnFacts:
    """The column read as chosen."""
    settled = replace(column, unclear=None, shown_by=place)
    if column.unclear is Unclear.DATE_ORDER:
        spelled = column.spelled if choice == MONTH_FIRST else day_first_of(column.spelled)
        times = column.texts.str.to_datetime(spelled, strict=False, time_unit="ms")
        return replace(settled, spelled=spelled, times=times)
    if column.unclear is Unclear.DURATION:
        spelled = HOURS if choice == HOURS_FIRST else MINUTES
        return _with_numbers(settled, spelled)
    commas = bool(column.texts.drop_nulls().str.contains(",").any())
    if choice == COMMA:
        return _with_numbers(settled, "1.234,5")
    return _with_numbers(settled, "1,234.5" if commas else "")


def _with_numbers(column: ColumnFacts, spelled: str) -> ColumnFacts:
    numbers: pl.Series = read_as(column.texts, spelled or "1,234.5", ColumnType.NUMBER)
    return replace(column, spelled=spelled, numbers=numbers, shape=shape_of_numbers(numbers))
