"""Features that give the routing away: columns that tell nearly every item's routing by themselves, where all the others together do not.

Such a column is often filled in when the routing is planned (a plan's number, a line), so that new items lack it. It is named, not
left out: it may as well be the family by which a plant really works, which only the plant knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from methods.feature_table import FeatureTable
from methods.group_member import GroupMember, codes_of, groupable, left_out_right
from methods.routing_classes import RoutingClasses

TELLS: Final = 0.98
"""Share of the items whose routing a column tells by itself before it is named: what planners decide has exceptions, an answer has none."""
OTHERS: Final = 0.5
"""It is named only where the other columns leave at least this share of what nobody knows beforehand unexplained."""
FEWEST: Final = 50
"""Items below which a column may tell all routings by chance."""


def leaks(table: FeatureTable, classes: RoutingClasses) -> list[tuple[str, float]]:
    """Names of such columns, with the share of the items whose routing each tells when they are left out.

    Args:
        table: items, all with a routing.
        classes: their routings.
    """
    count = table.items
    if count < FEWEST or len(classes) < 2:
        return []
    of_item, most = classes.of_item, len(classes)
    usual = left_out_right([], of_item, most) / count
    alone = {
        column.name: left_out_right([codes_of(column)], of_item, most) / count
        for column in table.columns
        if groupable(column, count)
    }
    named = [(name, share) for name, share in alone.items() if share >= TELLS]
    if not named:
        return []
    told = {name for name, _share in named}
    rest = FeatureTable(tuple(column for column in table.columns if column.name not in told), count)
    others = left_out_right(_levels(rest, of_item, most), of_item, most) / count
    unexplained = (1.0 - others) / max(1.0 - usual, 1e-9)
    return named if unexplained >= OTHERS else []


def _levels(table: FeatureTable, of_item: npt.NDArray[np.int64], classes: int) -> Sequence[npt.NDArray[np.int64]]:
    columns = {column.name: column for column in table.columns}
    chosen = GroupMember.fit(table, of_item, classes).levels
    return [codes_of(columns[name]) for name in chosen if name in columns]
