"""The merged routing of an item: the operations that the weighted majority of its neighbours has, in the order the majority has them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from domain.operation_sharing import SharedOperations
from domain.operation_table import OperationTable

MAJORITY = 0.5
ROUNDING = 1e-9


class MergedRouting(NamedTuple):
    """Operations in order: their groups, and the row of the neighbour that stands for each (its machine and texts); int64 both."""

    groups: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]


def merged_routing(table: OperationTable, shared: SharedOperations, query: int) -> MergedRouting:
    """Merge the routings of the neighbours of one item.

    An operation stays when neighbours with at least half of the weight have it; where none reaches that, the operations of the
    best neighbour stay. Order: an operation comes before those that it precedes in more weight than the other way round. Machine:
    the one with the most weight, on a tie the one of the better neighbour. The result does not depend on how operations are numbered.
    """
    first, last = int(shared.group_offsets[query]), int(shared.group_offsets[query + 1])
    weights = shared.weights[query]
    rows, places = shared.rows[first:last], shared.places[first:last]
    present = rows >= 0
    support = present @ weights / weights.sum()
    kept = np.flatnonzero(support >= MAJORITY - ROUNDING)
    if not len(kept):
        kept = np.flatnonzero(present[:, 0])
    rows, places, present = rows[kept], places[kept], present[kept]
    order = precedence_order(places, present, weights)
    rows, present = rows[order], present[order]
    chosen = rows[np.arange(len(rows)), best_by_machine(table.machine[rows], present, weights)]
    return MergedRouting(first + kept[order], chosen)


def precedence_order(
    places: npt.NDArray[np.int64], present: npt.NDArray[np.bool_], weights: npt.NDArray[np.float64]
) -> npt.NDArray[np.intp]:
    """Order of operations (n, s) by how many others each precedes, then by mean place, then by first appearance."""
    both = present[:, None, :] & present[None, :, :]
    before = ((places[:, None, :] < places[None, :, :]) & both) @ weights
    wins = (before > before.T + ROUNDING).sum(axis=1)
    held = present @ weights
    mean_place = np.where(present, places, 0) @ weights / np.where(held > 0.0, held, 1.0)
    holder = present.argmax(axis=1)
    appearance = holder * 1_000_000 + places[np.arange(len(places)), holder]
    return np.lexsort((appearance, np.round(mean_place, 9), -wins))


def best_by_machine(
    machines: npt.NDArray[np.integer], present: npt.NDArray[np.bool_], weights: npt.NDArray[np.float64]
) -> npt.NDArray[np.intp]:
    """For each operation (n, s) the first neighbour that has it on the machine with the most weight."""
    same = (machines[:, :, None] == machines[:, None, :]) & present[:, :, None] & present[:, None, :]
    votes = np.where(present, np.round(same @ weights, 9), -1.0)
    best: npt.NDArray[np.intp] = votes.argmax(axis=1)
    return best
