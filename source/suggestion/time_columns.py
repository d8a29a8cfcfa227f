"""Finds the columns of times, by role and unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from plant.formats import HOURS, MINUTES, TIMES_WITH_UNITS
from plant.units import INTERNAL, MASS, SIZE, TIME, time_unit
from source.suggestion.facts import ColumnFacts, Shape, TableFacts
from source.suggestion.vocabulary import fit, measured_in, unit_in

TIME_ROLES: Final = ("setup", "queue", "wait", "move", "run")
UNNAMED: Final = 0.2
"""Score of a column of times that its values alone show."""


CLOSE: Final = 0.05
"""Difference of two scores below which names do not decide."""


@dataclass(frozen=True)
class TimeColumn:
    """A column of times: its role (setup, run, queue, wait, move) and unit, stated or in a column of its own."""

    column: ColumnFacts
    role: str
    unit: str | None
    unit_column: ColumnFacts | None
    score: float


def find_times(
    columns: Sequence[ColumnFacts],
    table: TableFacts,
    *,
    by_values: bool = True,
    answered: str = "",
    unit: str | None = None,
) -> tuple[TimeColumn, ...]:
    """Columns of times by name, one a role; numbers not below zero that are no costs, quantities or sizes.

    Args:
        by_values: take a column whose values look like times where no name says so.
        answered: the column that somebody named as the run time.
        unit: of the times that state none, as somebody said (`answers.TIME_UNITS`).
    """
    found = _by_names(columns, table)
    chosen = next((column for column in columns if column.name == answered and column.numbers is not None), None)
    if chosen is not None:
        others = tuple(time for time in found if time.role != "run" and time.column is not chosen)
        stated = unit_in(chosen.name)
        found = (*others, TimeColumn(chosen, "run", stated, None if stated else _unit_column(chosen, table), 1.0))
    found = found or (_unnamed(columns) if by_values else ())
    if unit is None:
        return found
    return tuple(replace(time, unit=unit) if time.unit is None and time.unit_column is None else time for time in found)


def rival_times(columns: Sequence[ColumnFacts], found: Sequence[TimeColumn]) -> tuple[str, ...]:
    """Columns that could be the run time as well: named no better and no worse, and with other values."""
    run = next((time for time in found if time.role == "run"), None)
    if run is None or run.score <= UNNAMED or fit(run.column.name, "run") >= 0.9:
        return ()
    taken = {time.column.name for time in found}
    others = [time for time in _candidates(columns, None) if time.role == "run" and time.column.name not in taken]
    return tuple(
        time.column.name
        for time in others
        if time.score > run.score - CLOSE and not time.column.texts.equals(run.column.texts.alias(time.column.name))
    )


UNIT_OF_SPELLING: Final = {HOURS: "H", MINUTES: INTERNAL[TIME], TIMES_WITH_UNITS: INTERNAL[TIME]}
"""Unit in which durations of a spelling are read, whatever their column's name says."""


def _by_names(columns: Sequence[ColumnFacts], table: TableFacts) -> tuple[TimeColumn, ...]:
    found: dict[str, TimeColumn] = {}
    for candidate in _candidates(columns, table):
        if candidate.role not in found or found[candidate.role].score < candidate.score:
            found[candidate.role] = candidate
    return tuple(found.values())


def _candidates(columns: Sequence[ColumnFacts], table: TableFacts | None) -> Iterator[TimeColumn]:
    """Every column that its name calls a time; the column of its unit only where the table is given."""
    for column in columns:
        if column.shape not in (Shape.WHOLE, Shape.NUMBER) or column.numbers is None:
            continue
        low = column.numbers.drop_nans().min()
        if not isinstance(low, float) or low < 0:
            continue
        spelled = UNIT_OF_SPELLING.get(column.spelled)
        unit, measured = spelled or unit_in(column.name), TIME if spelled else measured_in(column.name)
        timed = 1.0 if measured == TIME else 0.0
        named = max(fit(column.name, "time"), *(fit(column.name, role) for role in TIME_ROLES))
        if max(timed, named) < 0.5 or (
            max(fit(column.name, "cost"), fit(column.name, "quantity")) >= 0.7
            and not timed
            and fit(column.name, "time") < 0.7
        ):
            continue
        if measured in (SIZE, MASS):
            continue
        role = max(TIME_ROLES, key=lambda role: (fit(column.name, role), role == "run"))
        if fit(column.name, role) < 0.5:
            role = "run"
        score = 0.5 * max(timed, fit(column.name, "time")) + 0.5 * fit(column.name, role)
        if not timed and fit(column.name, "time") < 0.5 and fit(column.name, role) < 0.9:
            continue
        yield TimeColumn(column, role, unit, None if unit or table is None else _unit_column(column, table), score)


def _unnamed(columns: Sequence[ColumnFacts]) -> tuple[TimeColumn, ...]:
    """The column of times where no name says so: numbers with fractions from 0 up that are no costs, quantities, sizes or weights.

    Of several it is the one that varies most for its size, as times of different operations do.
    """
    possible = []
    for column in columns:
        if column.shape is not Shape.NUMBER or column.numbers is None or (column.unique and column.rows == 1):
            continue
        numbers = column.numbers.drop_nulls().drop_nans()
        low, mean, spread = numbers.min(), numbers.mean(), numbers.std()
        other = max(
            fit(column.name, meaning) for meaning in ("cost", "quantity", "specification", "audit", "base_quantity")
        )
        if not isinstance(low, float) or low < 0 or other >= 0.7 or measured_in(column.name) in (SIZE, MASS):
            continue
        if isinstance(mean, float) and isinstance(spread, float) and mean > 0:
            possible.append((spread / mean, column))
    if not possible:
        return ()
    _varies, column = max(possible, key=lambda pair: pair[0])
    return (TimeColumn(column, "run", None, None, UNNAMED),)


def _unit_column(column: ColumnFacts, table: TableFacts) -> ColumnFacts | None:
    """The column that holds the unit of another row by row: named after it, or the table's only column of units of time."""
    timed = [
        other
        for other in table.columns.values()
        if other.shape is Shape.TEXT
        and other.distinct <= 12
        and max(fit(other.name, "unit"), fit(other.name, "time")) >= 0.5
        and all(time_unit(text) is not None for text in other.examples)
    ]
    if not timed:
        return None
    digits = "".join(letter for letter in column.name if letter.isdigit())
    same = [other for other in timed if digits and digits in other.name]
    named = [other for other in timed if other.name.casefold().startswith(column.name.casefold())]
    return (named or same or timed)[0]
