"""The simplest member: what the item's group is mostly made like, and where the group is new what the group above it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from methods.feature_table import ColumnKind, FeatureColumn, FeatureTable

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

MOST_LEVELS: Final = 3
MOST_GROUPS_SHARE: Final = 0.5
"""A column with more distinct values than this share of the items names items rather than groups of them."""
ABOVE: Final = 0.5
"""Items' worth of the group above that a group's own counts are mixed with: half an item never outvotes a member, and fills gaps."""
NUMBERS_AS_GROUPS: Final = 30
"""Distinct numbers up to which a number is a choice."""


@dataclass(frozen=True)
class GroupMember:
    """Groups by columns, coarse to fine; the last level has all of them together.

    Attributes:
        levels: names of the columns; none: all items are one group.
        shares: per level the group's values -> chances of the routings, rows of `chances`.
        chances: float64 (groups, classes); row 0 is of all items.
    """

    levels: tuple[str, ...]
    shares: tuple[Mapping[tuple[str, ...], int], ...]
    chances: Floats

    @classmethod
    def fit(
        cls, table: FeatureTable, of_item: Integers, classes: int, levels: Sequence[str] | None = None
    ) -> GroupMember:
        """Groups of items with routings.

        Args:
            table: the items that have a routing.
            of_item: routing of each, int64 (n,).
            classes: number of routings.
            levels: columns, coarse to fine; None: those that tell most, found by leaving each item out.
        """
        columns = grouping_columns(table)
        chosen = tuple(levels) if levels is not None else _telling_levels(columns, of_item, classes, table.items)
        keys = {name: group_keys(columns[name]) for name in chosen}
        rows = [np.bincount(of_item, minlength=classes).astype(np.float64)]
        rows[0] /= max(rows[0].sum(), 1.0)
        shares: list[dict[tuple[str, ...], int]] = []
        for depth in range(1, len(chosen) + 1):
            level: dict[tuple[str, ...], int] = {}
            members: dict[tuple[str, ...], list[int]] = {}
            for item, key in enumerate(zip(*(keys[name] for name in chosen[:depth]), strict=True)):
                members.setdefault(key, []).append(item)
            for key, items in members.items():
                above = rows[shares[-1][key[:-1]]] if shares else rows[0]
                counts = np.bincount(of_item[items], minlength=classes).astype(np.float64)
                level[key] = len(rows)
                rows.append((counts + ABOVE * above) / (len(items) + ABOVE))
            shares.append(level)
        return cls(chosen, tuple(shares), np.array(rows))

    def predict(self, table: FeatureTable) -> Floats:
        """Chances of the routings for some items, float64 (n, classes)."""
        return self.chances[self.rows_of(table)]

    def rows_of(self, table: FeatureTable) -> Integers:
        """The finest known group of each item, a row of `chances`."""
        by_name = grouping_columns(table)
        keys = [group_keys(by_name[name]) if name in by_name else [""] * table.items for name in self.levels]
        rows = np.zeros(table.items, np.int64)
        for item in range(table.items):
            key = tuple(one[item] for one in keys)
            for depth in range(len(key), 0, -1):
                found = self.shares[depth - 1].get(key[:depth])
                if found is not None:
                    rows[item] = found
                    break
        return rows

    def to_parts(self) -> dict[str, npt.NDArray[Any]]:
        """Arrays from which `from_parts` makes it again."""
        facts = {"levels": self.levels, "shares": [[[list(k), row] for k, row in one.items()] for one in self.shares]}
        text = json.dumps(facts, ensure_ascii=False).encode("utf-8", "surrogatepass")
        return {"facts": np.frombuffer(text, np.uint8), "chances": self.chances.astype(np.float32)}

    @classmethod
    def from_parts(cls, parts: Mapping[str, npt.NDArray[Any]]) -> GroupMember:
        """The member of such arrays."""
        facts = json.loads(parts["facts"].tobytes().decode("utf-8", "surrogatepass"))
        shares = tuple({tuple(key): int(row) for key, row in one} for one in facts["shares"])
        return cls(tuple(facts["levels"]), shares, parts["chances"].astype(np.float64))


def group_keys(column: FeatureColumn) -> list[str]:
    """The value of each item by which items are grouped."""
    if column.numbers is not None:
        return [repr(value) for value in column.numbers.tolist()]
    assert column.codes is not None
    return [column.values[code] for code in column.codes.tolist()]


NUMBERS_OF: Final = "numbers of "
"""Begins the name of the column that says how many numbers a text has: 300x70 is turned, 300x100x200 is milled."""


def grouping_columns(table: FeatureTable) -> dict[str, FeatureColumn]:
    """The columns of a table by name, and how many numbers each of its texts has."""
    columns = {column.name: column for column in table.columns}
    for column in table.columns:
        if column.kind is ColumnKind.TEXT and column.codes is not None:
            needed, own = np.unique(column.codes, return_inverse=True)
            counts = (~np.isnan(column.read.numbers(needed.astype(np.int64)))).sum(axis=1)
            columns[NUMBERS_OF + column.name] = FeatureColumn.of_numbers(NUMBERS_OF + column.name, counts[own])
    return columns


def codes_of(column: FeatureColumn) -> Integers:
    """A number for each item that items with the same value share, int64 (n,)."""
    raw = column.codes if column.codes is not None else column.numbers
    assert raw is not None
    return np.unique(np.asarray(raw, np.float64), return_inverse=True)[1].astype(np.int64)


def groupable(column: FeatureColumn, items: int) -> bool:
    """Whether a column may make groups."""
    if column.kind is ColumnKind.TEXT:
        return False
    raw = column.codes if column.codes is not None else column.numbers
    distinct = 0 if raw is None else len(np.unique(raw))
    if column.kind is ColumnKind.NUMBER and distinct > NUMBERS_AS_GROUPS:
        return False
    return 1 < distinct <= MOST_GROUPS_SHARE * items


def _telling_levels(
    columns: Mapping[str, FeatureColumn], of_item: Integers, classes: int, items: int
) -> tuple[str, ...]:
    """Columns, coarse to fine, whose groups' most frequent routing is right most often when each item is left out."""
    codes: dict[str, Integers] = {}
    for name, column in columns.items():
        if groupable(column, items):
            codes[name] = codes_of(column)
    chosen: list[str] = []
    best = left_out_right([], of_item, classes)
    while len(chosen) < MOST_LEVELS:
        found = [
            (left_out_right([codes[one] for one in [*chosen, name]], of_item, classes), name)
            for name in codes
            if name not in chosen
        ]
        if not found:
            break
        most, name = max(found, key=lambda pair: pair[0])
        if most <= best + HALF_AN_ERROR * np.sqrt(len(of_item) * SPREAD):
            break
        best = most
        chosen.append(name)
    return tuple(chosen)


HALF_AN_ERROR: Final = 0.5
SPREAD: Final = 0.25
"""A finer level must be right more often by half the largest standard error that a count can have: less is chance."""


def left_out_right(levels: Sequence[Integers], of_item: Integers, classes: int) -> float:
    """How many items' routing is the most frequent one of their group without them, the group above where nobody else is in it.

    Args:
        levels: codes of the items, coarse to fine.
    """
    group = np.zeros(len(of_item), np.int64)
    right = np.zeros(len(of_item), np.float64)
    for depth in range(len(levels) + 1):
        if depth:
            codes = levels[depth - 1]
            _pairs, group = np.unique(group * (int(codes.max(initial=0)) + 1) + codes, return_inverse=True)
        cells, cell_of, counts = np.unique(group * classes + of_item, return_inverse=True, return_counts=True)
        size = np.bincount(group)
        owner = cells // classes
        order = np.lexsort((-counts, owner))
        starts = np.flatnonzero(np.concatenate(([True], np.diff(owner[order]) > 0)))
        most = counts[order[starts]]
        follows = np.minimum(starts + 1, len(order) - 1)
        has_second = (starts + 1 < len(order)) & (owner[order[follows]] == owner[order[starts]])
        second = np.where(has_second, counts[order[follows]], 0)
        mine = counts[cell_of] - 1
        others = np.where(counts[cell_of] == most[group], second[group], most[group])
        now = np.where(mine > others, 1.0, np.where(mine == others, 0.5 * (mine > 0), 0.0))
        right = np.where(size[group] > 1, now, right)
    return float(right.sum())
