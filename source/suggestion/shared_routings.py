"""Routings that several items share: items, or a table between, name the routing that the operations belong to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import polars as pl

from source.suggestion.facts import ColumnFacts, Shape, TableFacts, mean_of
from source.suggestion.links import Link, is_key, keys_of
from source.suggestion.vocabulary import fit, squeezed

SharedPath = tuple[ColumnFacts, ColumnFacts, ColumnFacts, ColumnFacts, float]
"""Column of the operations, the column that holds the same routings elsewhere, the item beside it, the key of the item table, how sure."""
ONE_ROUTING: Final = 0.7
"""Share of the pairs of item and routing that have an item of their own: components of a bill come in many."""
USED: Final = 0.5
"""Share of the routings that items have to name: some are kept for nothing."""
STRENGTH: Final = 0.9


def shared_paths(table: TableFacts, tables: Sequence[TableFacts], links: Sequence[Link]) -> Iterator[SharedPath]:
    """Ways from operations to items through the number of a routing that is nobody's key: an item table names it for several items."""
    parents: dict[tuple[str, str], set[int]] = {}
    named_by_head = {link.child.table for link in links if _itemlike(link.parent.table, link.parent.name)}
    headed = set()
    for link in links:
        if link.parent.table in named_by_head and not _itemlike(link.parent.table, link.parent.name):
            headed.add((link.child.table, link.child.name))  # its head refers to the item itself
        parents.setdefault((link.child.table, link.child.name), set()).add(id(link.parent))
    for column in table.columns.values():
        if column.shape not in (Shape.WHOLE, Shape.TEXT) or not 1 < column.distinct < column.present:
            continue
        if (table.name, column.name) in headed:
            continue
        routings = column.texts.drop_nulls().str.to_lowercase().unique()
        for other in tables:
            if other.name == table.name or other.origin == table.name or table.origin == other.name:
                continue
            for head in other.columns.values():
                if head.shape is not column.shape or is_key(head) or head.distinct < 2:
                    continue
                same_parent = parents.get((table.name, column.name), set()) & parents.get(
                    (other.name, head.name), set()
                )
                if not same_parent and squeezed(head.name) != squeezed(column.name):
                    continue
                named = head.texts.drop_nulls().str.to_lowercase().unique()
                if mean_of(routings.is_in(named.implode())) < USED:
                    continue
                yield from (
                    (column, head, item, key, STRENGTH * sure) for item, key, sure in _items_beside(head, other, links)
                )


def _has_one_routing(item: ColumnFacts, head: ColumnFacts) -> bool:
    pairs = pl.DataFrame({"item": item.texts, "routing": head.texts}).drop_nulls().unique()
    return pairs.height > 0 and pairs["item"].n_unique() >= ONE_ROUTING * pairs.height


def _items_beside(
    head: ColumnFacts, other: TableFacts, links: Sequence[Link]
) -> Iterator[tuple[ColumnFacts, ColumnFacts, float]]:
    """The item that stands beside a routing: a reference to the item table, or the key of the item table itself."""
    for link in links:
        if link.child.table == other.name and link.child is not head and _itemlike(link.parent.table, link.parent.name):
            yield link.child, link.parent, link.strength
    keys = keys_of(other)
    if keys and _itemlike(other.name, keys[0].name):
        yield keys[0], keys[0], 1.0


def _itemlike(table: str, key: str) -> bool:
    return max(fit(table, "item"), fit(key, "item_key")) >= 0.7
