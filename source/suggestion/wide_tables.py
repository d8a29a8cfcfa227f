"""Operations side by side in one row (op1, op2, ... with machine and time each): rows of operations are made of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import polars as pl

from common.sql_names import quoted
from source.suggestion.facts import TableFacts, facts_of_table
from source.suggestion.links import is_key
from source.suggestion.queries import frame_of
from source.suggestion.vocabulary import fit, unit_in

FEWEST: Final = 3
"""Numbered columns of one stem below which they are no list."""
_NUMBERED: Final = re.compile(r"^(?P<stem>\D*[^\d\s_.\-])(?P<gap>[\s_.\-]?)(?P<number>\d{1,2})(?P<rest>\D*)$")
STEP: Final = "step"


def steps_of(table: TableFacts) -> TableFacts | None:
    """The operations of a table that has them side by side, one row each; None where it has none.

    Its numbered columns are a list of operations when a stem is named as one, and another one is named as a machine or a time: sizes and
    levels of groups are numbered, too.
    """
    lists = _lists(table)
    operations = [name for name in lists if fit(name, "operation") >= 0.7 and unit_in(name) is None]
    beside = [
        name for name in lists if max(fit(name, "machine"), fit(name, "time"), float(unit_in(name) is not None)) >= 0.7
    ]
    if not operations or not (beside or len(lists[operations[0]]) > FEWEST):
        return None
    first = operations[0]
    taken = {column for numbers in lists.values() for column in numbers.values()}
    kept = [column.name for column in table.columns.values() if column.name not in taken and is_key(column)]
    if not kept:
        return None
    names = {name: _free(name, {*kept, STEP}) for name in lists}
    frame = frame_of(table)
    frames, selects = [], []
    for number, marked in sorted(lists[first].items()):
        found = {name: numbers.get(number) for name, numbers in lists.items()}
        frames.append(
            frame.filter(pl.col(marked).is_not_null()).select(
                *kept,
                pl.lit(str(number)).alias(STEP),
                *(
                    pl.lit(None, pl.String).alias(names[name]) if column is None else pl.col(column).alias(names[name])
                    for name, column in found.items()
                ),
            )
        )
        values = [
            f"{'NULL' if column is None else quoted(column)} AS {quoted(names[name])}" for name, column in found.items()
        ]
        columns = ", ".join([*map(quoted, kept), f"{number} AS {quoted(STEP)}", *values])
        there = f"nullif(trim(CAST({quoted(marked)} AS VARCHAR)), '') IS NOT NULL"
        # runs in a locked database without files and network
        selects.append(f"SELECT {columns} FROM {quoted(table.name)} WHERE {there}")  # noqa: S608
    made = facts_of_table(f"{table.name} ({STEP}s)", pl.concat(frames))
    return TableFacts(
        made.name, made.rows, made.rows, made.columns, " UNION ALL ".join(selects), table.name, frozenset(taken)
    )


def _lists(table: TableFacts) -> dict[str, Mapping[int, str]]:
    """Name without its number -> number -> column, where at least three follow each other from 0 or 1."""
    found: dict[str, dict[int, str]] = {}
    for name in table.columns:
        match = _NUMBERED.match(name)
        if match is not None:
            stem = f"{match['stem']}{match['rest'] and (match['gap'] or '') + match['rest']}"
            found.setdefault(stem, {})[int(match["number"])] = name
    return {
        stem: numbers
        for stem, numbers in found.items()
        if len(numbers) >= FEWEST and min(numbers) in (0, 1) and max(numbers) - min(numbers) == len(numbers) - 1
    }


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += " of step"
    return name
