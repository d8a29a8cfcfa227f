"""The operations that the neighbours of a few items share: which neighbour has which, where in its routing, and how long it takes there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from routings.operation_table import Neighbours, OperationTable, distinct, lengths_of, offsets_of, ranges
from routings.time_profiles import ProfileOptions, standard_times

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

TimeRatios = Callable[[Floats, Integers, Integers], None]
"""Multiplies times (n, len(TIMES)), in place, by what makes them those of the item; given the group and the slot of each row."""


@dataclass(frozen=True)
class SharedOperations:
    """Operations of the neighbours of `q` items. A group is one operation among the neighbours of one item.

    Neighbour s of an item stands in column s of every (…, s) array; unused columns have weight 0 and row -1.

    Attributes:
        neighbours: the neighbours, best first.
        similarities: float64 (q, s).
        weights: float64 (q, s); similarity squared, alike where all are 0.
        group_offsets: int64 (q + 1); the groups of item i are [group_offsets[i], group_offsets[i + 1]).
        rows: int64 (groups, s); row of the operation in the neighbour's routing, -1 where the neighbour lacks it.
        row_offsets: int64 (neighbours + 1); the operations of neighbour n are [row_offsets[n], row_offsets[n + 1]) of the next two.
        flat_rows: int64; rows of the operations of all neighbours in the order of their routings.
        flat_groups: int64; the group of each.
        flat_places: int64; the place of each in its routing, from 0.
        table: the routings.
        ratios: by what times of neighbours are multiplied to be the item's; None: they count as they are.
    """

    neighbours: Neighbours
    similarities: Floats
    weights: Floats
    group_offsets: Integers
    rows: Integers
    row_offsets: Integers
    flat_rows: Integers
    flat_groups: Integers
    flat_places: Integers
    table: OperationTable
    ratios: TimeRatios | None = None

    @cached_property
    def query_of_groups(self) -> Integers:
        """Number of the item of each group."""
        return np.arange(len(self.group_offsets) - 1).repeat(lengths_of(self.group_offsets))

    @cached_property
    def row_lengths(self) -> Integers:
        """Number of operations of each neighbour."""
        return lengths_of(self.row_offsets)

    @cached_property
    def query_of_each(self) -> Integers:
        """Number of the item of each neighbour."""
        return self.neighbours.query_of_each()

    @cached_property
    def slot_of_each(self) -> Integers:
        """Slot of each neighbour."""
        return np.arange(len(self.neighbours.items)) - self.neighbours.offsets[self.query_of_each]

    def support(self) -> Floats:
        """Share of the neighbours' weight that has the operation, 0 to 1, float64 (groups)."""
        weights = self.weights[self.query_of_groups]
        share: Floats = np.where(self.rows >= 0, weights, 0.0).sum(axis=1) / weights.sum(axis=1)
        return np.minimum(share, 1.0)

    def times_of(self, groups: Integers) -> Floats:
        """Times of the neighbours in some operations, float64 (n, len(TIMES), s); minutes, NaN where absent."""
        rows = self.rows[groups]
        place, slot = np.nonzero(rows >= 0)
        found = self.table.times_with_results(rows[place, slot])
        if self.ratios is not None:
            self.ratios(found, groups[place], slot)
        times = np.full((len(groups), found.shape[1], rows.shape[1]), np.nan)
        times[place, :, slot] = found
        return times

    def usual_times(self, groups: Integers, options: ProfileOptions) -> Floats:
        """STANDARD of the profiles of some operations, float64 (n, len(TIMES)); minutes, NaN where none is known."""
        return standard_times(self.times_of(groups), self.weights_of(groups), options)

    def weights_of(self, groups: Integers) -> Floats:
        """Weights of the times of some operations, float64 (n, 1, s)."""
        return self.weights[self.query_of_groups[groups]][:, None, :]


def share_operations(table: OperationTable, neighbours: Neighbours) -> SharedOperations:
    """Line up the operations of the neighbours (all usable, see `usable_neighbours`) of a few items.

    Memory is about 24 bytes x groups x neighbours, and as much again for each time of `times_of`: call it for some dozens of items at
    a time.
    """
    queries = len(neighbours.offsets) - 1
    counts = lengths_of(neighbours.offsets)
    slots = int(counts.max(initial=1))
    if queries == 1 and len(neighbours.items):
        query, slot = np.zeros(slots, np.int64), np.arange(slots)
        similarities = neighbours.similarities[None, :]
        weights = np.maximum(similarities, 0.0) ** 2
    else:
        query = neighbours.query_of_each()
        slot = np.arange(len(query)) - neighbours.offsets[query]
        similarities = np.zeros((queries, slots))
        similarities[query, slot] = neighbours.similarities
        weights = np.zeros((queries, slots))
        weights[query, slot] = np.maximum(neighbours.similarities, 0.0) ** 2
    useless = weights.sum(axis=1) <= 0.0
    if useless.any():
        weights[useless] = np.arange(slots) < counts[useless, None]

    lengths = table.lengths(neighbours.items)
    row_offsets = offsets_of(lengths)
    rows = ranges(table.offsets[neighbours.items], lengths)
    place = np.arange(len(rows)) - row_offsets[:-1].repeat(lengths)
    row_query, row_slot = query.repeat(lengths), slot.repeat(lengths)
    keys = (row_query << 32) | table.operation[rows]
    groups, flat_groups = distinct(keys)
    group_offsets = np.searchsorted(groups, np.arange(queries + 1) << 32)

    group_rows = np.full((len(groups), slots), -1, np.int64)
    group_rows[flat_groups, row_slot] = rows
    return SharedOperations(
        neighbours=neighbours,
        similarities=similarities,
        weights=weights,
        group_offsets=group_offsets,
        rows=group_rows,
        row_offsets=row_offsets,
        flat_rows=rows,
        flat_groups=flat_groups,
        flat_places=place,
        table=table,
    )
