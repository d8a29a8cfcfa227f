"""Where the header of a sheet stands: below titles and empty rows, over one row or two whose upper one groups columns."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Area = tuple[tuple[int, int], tuple[int, int]]
"""Merged cells: first and last (row, column), both within."""


@dataclass(frozen=True)
class Header:
    """The header of a sheet.

    Attributes:
        rows: rows down to and with the header.
        columns: name -> place in a row.
    """

    rows: int
    columns: dict[str, int]


def find_header(rows: Sequence[Sequence[Any]], merged: Sequence[Area], left: int = 0) -> Header | str:
    """The header among the first rows of a sheet, or what is wrong, for people.

    It is the first row whose cells are all texts and that is as wide as what follows; a title has few cells, a row of values has
    numbers. Where cells of it are merged over columns, or the row below it names what lies under them, both make the names.

    Args:
        merged: merged cells of the sheet, by places in `rows`.
        left: columns of the sheet before the first of `rows`.
    """
    filled = [[place for place, value in enumerate(row) if _said(value)] for row in rows]
    if not any(filled):
        return "it has no cells"
    widest = max(len(places) for places in filled)
    at = next((n for n, row in enumerate(rows) if _is_header(n, row, filled[n], merged, widest)), None)
    if at is None:
        return "no row has the names of the columns: put them above the values, one a column"
    names = {place: _text(rows[at][place]) for place in filled[at]}
    depth = 1
    groups = _groups(at, merged, names)
    if groups and at + 1 < len(rows) and all(isinstance(rows[at + 1][place], str) for place in filled[at + 1]):
        depth = 2
        below = {place: _text(rows[at + 1][place]) for place in filled[at + 1]}
        names = {
            place: " ".join(
                dict.fromkeys(filter(None, (groups.get(place, names.get(place, "")), below.get(place, ""))))
            )
            for place in sorted({*names, *groups, *below})
        }
    values = rows[at + depth :]
    for place in range(max((len(row) for row in rows), default=0)):
        if place not in names and any(place < len(row) and _said(row[place]) for row in values):
            names[place] = f"Column {_letters(place + left)}"
    twice = sorted({name for name in names.values() if list(names.values()).count(name) > 1})
    if twice:
        return f"column {', '.join(twice)} stands twice in its header (row {at + 1}): give one of them another name"
    return Header(at + depth, {names[place]: place for place in sorted(names)})


def _is_header(at: int, row: Sequence[Any], places: Sequence[int], merged: Sequence[Area], widest: int) -> bool:
    """Whether a row names columns: texts only, over more than half of the width, and no title over all of it."""
    if not places or not all(isinstance(row[place], str) for place in places):
        return False
    if widest == 1:
        return True
    covered = {*_groups(at, merged, dict.fromkeys(places, "")), *places}
    return len(places) > 1 and len(covered) * 2 > widest and not _is_title(at, merged, widest)


def _is_title(at: int, merged: Sequence[Area], widest: int) -> bool:
    """Whether one merged cell takes most of the row."""
    return any(first[0] <= at <= last[0] and (last[1] - first[1] + 1) * 5 >= widest * 4 for first, last in merged)


def _groups(at: int, merged: Sequence[Area], names: dict[int, str]) -> dict[int, str]:
    """Place -> text of the merged cell that covers it, for cells of a row that are merged over columns."""
    found: dict[int, str] = {}
    for first, last in merged:
        if first[0] == at and last[1] > first[1] and first[1] in names:
            found |= dict.fromkeys(range(first[1], last[1] + 1), names[first[1]])
    return found


def _said(value: Any) -> bool:
    return value is not None and not (isinstance(value, str) and not value.strip())


def _text(value: Any) -> str:
    """A name in one line."""
    shown = value.isoformat() if isinstance(value, datetime.date) else str(value)
    return " ".join(shown.split())


def _letters(place: int) -> str:
    """What Excel calls a column: A, B, ... AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
