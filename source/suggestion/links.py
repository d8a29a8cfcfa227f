"""Which column of which table refers to which key of another: by containment of values, and by names where containment proves little."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from source.suggestion.facts import ColumnFacts, Shape, TableFacts, mean_of
from source.suggestion.vocabulary import fit, squeezed, words_of

CONTAINED: Final = 0.9
"""A reference may lead nowhere for this share of its values at most (1 - CONTAINED): items that were deleted, rows of another site."""
NEARLY_UNIQUE: Final = 0.98


@dataclass(frozen=True)
class Link:
    """A reference: values of `child` are keys of `parent`.

    Attributes:
        share: share of the child's distinct values that are keys, 0 to 1.
        strength: how sure the reference is, 0 to 1: the share, less where the values are dense numbers and the names differ.
    """

    child: ColumnFacts
    parent: ColumnFacts
    share: float
    strength: float


def is_key(column: ColumnFacts) -> bool:
    """Whether a column can be the key of its table: nearly all rows have a value of their own, and it is no measure or date."""
    if column.guid or column.shape in (Shape.DATE, Shape.NUMBER, Shape.FLAG, Shape.EMPTY):
        return False
    return (
        column.rows > 0
        and column.present >= NEARLY_UNIQUE * column.rows
        and column.distinct >= NEARLY_UNIQUE * column.present
    )


def keys_of(table: TableFacts) -> list[ColumnFacts]:
    """Columns that can be the table's key, the most likely first: fitting names, codes before texts, first columns first."""
    ranked = []
    for position, column in enumerate(table.columns.values()):
        if not is_key(column):
            continue
        score = (
            max(0.6 * fit(column.name, "item_key"), 0.5 * _own_id(column))
            + 0.25 * fit(column.name, "key")
            - 0.02 * min(position, 10)
        )
        if column.longest > 30 or fit(column.name, "name") >= 0.7:
            score -= 0.4
        if fit(column.name, "audit") == 1.0:
            score -= 1.0
        ranked.append((score, column))
    return [column for _, column in sorted(ranked, key=lambda pair: -pair[0])]


def _own_id(column: ColumnFacts) -> float:
    """Whether the column is named as the id of its own table: `id`, `name` of a child table, `product_id` of `product`."""
    name = squeezed(column.name)
    table = squeezed(column.table)
    if name in ("id", "key", "code", "nr", "no", "number"):
        return 1.0
    stem = _stem(name)
    return 1.0 if stem and (stem in table or table in stem) else 0.0


def find_links(tables: Sequence[TableFacts]) -> list[Link]:
    """All references between different tables, the strongest first."""
    parents = [column for table in tables for column in keys_of(table) if column.distinct > 1]
    links = []
    for parent in parents:
        keys = _folded(parent.texts).unique()
        for table in tables:
            if table.name == parent.table:
                continue
            for child in table.columns.values():
                if not _comparable(child, parent):
                    continue
                values = _folded(child.texts.drop_nulls()).unique()
                share = mean_of(values.is_in(keys.implode()))
                if share >= CONTAINED:
                    strength = share * _trust(child, parent)
                    if strength > 0:
                        links.append(Link(child, parent, share, strength))
    return sorted(links, key=lambda link: -link.strength)


def _comparable(child: ColumnFacts, parent: ColumnFacts) -> bool:
    if child.shape in (Shape.EMPTY, Shape.DATE, Shape.FLAG, Shape.NUMBER) or child.guid or child.distinct < 2:
        return False
    return child.shape is parent.shape


def _trust(child: ColumnFacts, parent: ColumnFacts) -> float:
    """How much containment proves: all for codes that are not just small numbers, else what the names say."""
    names = name_likeness(child, parent)
    if child.dense and parent.shape is Shape.WHOLE:
        return names
    coverage = min(1.0, child.distinct / 20)
    return max(names, 0.55 + 0.25 * coverage)


def name_likeness(child: ColumnFacts, parent: ColumnFacts) -> float:
    """Whether the child's name says that it refers to the parent: the same name, the parent table's name with id, both item codes."""
    left, right = squeezed(child.name), squeezed(parent.name)
    if left == right and right not in ("id", "name", "nr", "no", "code", "key"):
        return 1.0
    stem = _stem(left)
    table = squeezed(parent.table)
    if stem and len(stem) > 2 and (stem == table or stem in table or table in stem):
        return 0.95
    both_items = max(fit(child.name, "item_key"), fit(child.name, "item")) * max(
        fit(parent.name, "item_key"), fit(parent.name, "item")
    )
    if both_items >= 0.45:
        return 0.85
    if right in ("id", "name", "nr", "no", "code") and set(words_of(child.name)) & set(words_of(parent.table)):
        return 0.8
    if right in ("name", "id") and left in ("parent", "parentid"):
        return 0.7
    return 0.0


def _stem(name: str) -> str:
    for ending in ("id", "code", "cd", "nummer", "number", "nr", "no", "key", "코드", "번호"):
        if name.endswith(ending) and len(name) > len(ending):
            return name[: -len(ending)]
    return ""


def _folded(texts: pl.Series) -> pl.Series:
    return texts.str.to_lowercase()
