"""Items where only their operations are known: the columns that say the same in all rows of an item describe it."""

from __future__ import annotations

from typing import Final

import polars as pl

from common.sql_names import quoted
from source.suggestion.facts import facts_of_table, mean_of
from source.suggestion.items import ItemsFound, find_items
from source.suggestion.operations import OperationsFound
from source.suggestion.queries import frame_of, rows_of

SAME: Final = 0.98
"""Share of the items with several rows in which an attribute of items has one value."""
FEWEST: Final = 5
"""Items with several rows below which it may be chance that a column says the same in them."""


def items_of_log(operations: OperationsFound) -> tuple[ItemsFound | None, str]:
    """The items with what all rows of each say alike, and the query for them; none where the rows say nothing of their items."""
    table, item = operations.table, operations.path.column
    others = (
        operations.sequence,
        operations.operation,
        operations.operation_name,
        operations.machine,
        operations.machine_name,
        operations.routing_number,
        operations.start,
        operations.end,
        operations.base_quantity,
        operations.subcontracting,
        *(time.column for time in operations.times),
    )
    taken = {item.name, *(column.name for column in others if column is not None)}
    free = [name for name, column in table.columns.items() if name not in taken and column.distinct > 1]
    frame = frame_of(table).filter(pl.col(item.name).is_not_null())
    grouped = frame.group_by(item.name, maintain_order=True)
    several = grouped.len().filter(pl.col("len") > 1)[item.name]
    if len(several) < FEWEST or not free:
        return None, ""
    counted = (
        frame.filter(pl.col(item.name).is_in(several.implode()))
        .group_by(item.name)
        .agg(pl.col(name).drop_nulls().n_unique() for name in free)
    )
    alike = [name for name in free if mean_of(counted[name] <= 1) >= SAME]
    if not alike:
        return None, ""
    rows = grouped.agg(pl.col(name).max() for name in alike)
    facts = facts_of_table(table.name, rows)
    found = find_items(facts, facts.columns[item.name])
    if not any(feature.kind != "identity" for feature in found.features):
        return None, ""
    columns = ", ".join(f"max({quoted(name)}) AS {quoted(name)}" for name in alike)
    key = quoted(item.name)
    # runs in a database without files and network
    sql = f"SELECT {key}, {columns} FROM {rows_of(table)} WHERE {key} IS NOT NULL GROUP BY {key}"  # noqa: S608
    return found, sql
