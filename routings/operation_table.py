"""The current routings of all items as arrays, one row an operation, and the neighbours of a batch of items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from plant.time_columns import ACTUAL

MANY: Final = 1_000
"""Keys from which hashing them costs less than sorting them."""


@dataclass(frozen=True)
class OperationTable:
    """Current routings, sorted by item and PROC_SEQ; the arrays may be mapped from files.

    Attributes:
        offsets: int64 (items + 1); the operations of item i are rows [offsets[i], offsets[i + 1]).
        operation: int32 (rows); equal where two routings share the operation: same job, same occurrence of it in the routing.
        machine: unsigned or int32 (rows); equal where the machine is.
        sequence: int32 (rows); PROC_SEQ.
        times: float64 (rows, len(TIMES)), minutes, NaN where absent, as the routing says.
        actual: float64 (rows, 2), minutes, set-up and run as work results report them; NaN where there are none.
    """

    offsets: npt.NDArray[np.int64]
    operation: npt.NDArray[np.int32]
    machine: npt.NDArray[np.integer]
    sequence: npt.NDArray[np.int32]
    times: npt.NDArray[np.float64]
    actual: npt.NDArray[np.float64]

    @property
    def items(self) -> int:
        """Number of items."""
        return len(self.offsets) - 1

    def lengths(self, items: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Number of operations of each item; 0 where the item is unknown (-1)."""
        known = np.maximum(items, 0)
        if not self.items:
            return np.zeros(len(items), np.int64)
        lengths: npt.NDArray[np.int64] = np.where(items >= 0, self.offsets[known + 1] - self.offsets[known], 0)
        return lengths

    def times_with_results(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Times of operations, absent actuals taken from work results; float64 (n, len(TIMES))."""
        times: npt.NDArray[np.float64] = self.times[rows]
        for place, column in enumerate(ACTUAL):
            absent = np.isnan(times[:, column]).nonzero()[0]
            times[absent, column] = self.actual[rows[absent], place]
        return times


def offsets_of(lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Where pieces of these lengths begin when they stand one after the other, and where the last one ends; int64 (n + 1)."""
    offsets = np.zeros(len(lengths) + 1, np.int64)
    lengths.cumsum(out=offsets[1:])
    return offsets


def lengths_of(offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The lengths of which `offsets_of` makes these offsets."""
    lengths: npt.NDArray[np.int64] = offsets[1:] - offsets[:-1]
    return lengths


def distinct(keys: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The distinct keys, ascending, and the number of each key among them: `np.unique`, but many keys are not sorted."""
    if len(keys) < MANY:
        order = keys.argsort()
        ordered = keys[order]
        begins = np.ones(len(keys), np.bool_)
        np.not_equal(ordered[1:], ordered[:-1], out=begins[1:])
        numbers = np.empty(len(keys), np.int64)
        numbers[order] = begins.cumsum() - 1
        return ordered[begins], numbers
    encoded = pa.array(keys).dictionary_encode()
    found = encoded.dictionary.to_numpy()
    order = found.argsort()
    numbers = np.empty(len(found), np.int64)
    numbers[order] = np.arange(len(found))
    return found[order], numbers[encoded.indices.to_numpy()]


def ranges(starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The numbers [start, start + length) of every pair one after the other."""
    if not len(lengths):
        return np.zeros(0, np.int64)
    ends = lengths.cumsum()
    made: npt.NDArray[np.int64] = (starts - ends + lengths).repeat(lengths)
    made += np.arange(len(made))
    return made


@dataclass(frozen=True)
class Neighbours:
    """Neighbours of a batch of items.

    Attributes:
        offsets: int64 (queries + 1); the neighbours of query q are [offsets[q], offsets[q + 1]).
        items: int64; positions of the neighbours among the items, -1 where unknown.
        similarities: float64, 0 to 1, parallel to items.
        found: int64; place of each among the neighbours that the search found, to which what a version says of them is parallel; None:
            they are all of those, in their order.
    """

    offsets: npt.NDArray[np.int64]
    items: npt.NDArray[np.int64]
    similarities: npt.NDArray[np.float64]
    found: npt.NDArray[np.int64] | None = None

    def found_at(self) -> npt.NDArray[np.int64]:
        """`found`, or what None stands for."""
        return np.arange(len(self.items)) if self.found is None else self.found

    def of(self, queries: npt.NDArray[np.int64]) -> Neighbours:
        """Those of some queries."""
        counts = lengths_of(self.offsets)[queries]
        places = ranges(self.offsets[queries], counts)
        return Neighbours(offsets_of(counts), self.items[places], self.similarities[places], self.found_at()[places])

    @staticmethod
    def none(queries: int) -> Neighbours:
        """No neighbours for any of `queries` items."""
        return Neighbours(np.zeros(queries + 1, np.int64), np.zeros(0, np.int64), np.zeros(0))

    def query_of_each(self) -> npt.NDArray[np.int64]:
        """Number of the query of each neighbour."""
        return np.arange(len(self.offsets) - 1).repeat(lengths_of(self.offsets))


def with_something_in_common(neighbours: Neighbours) -> Neighbours:
    """The neighbours whose similarity is above 0: one that has nothing in common with an item says nothing about it."""
    kept = ~(neighbours.similarities <= 0.0)
    if kept.all():
        return neighbours
    counts = np.bincount(neighbours.query_of_each()[kept], minlength=len(neighbours.offsets) - 1)
    return Neighbours(
        offsets_of(counts), neighbours.items[kept], neighbours.similarities[kept], neighbours.found_at()[kept]
    )


def usable_neighbours(
    table: OperationTable, items: npt.NDArray[np.int64], neighbours: Neighbours, threshold: float
) -> Neighbours:
    """The neighbours that a prediction rests on, best first.

    Neighbours without a routing, unknown ones, the item itself and repetitions are dropped; of the rest those at or above the
    threshold are kept, or the best one when none reaches it.

    Args:
        items: int64 (queries); positions of the items asked, -1 where unknown.
        threshold: similarity, 0 to 1.
    """
    if len(items) == 1 and len(neighbours.items) < MANY:
        return _usable_by_one(table, int(items[0]), neighbours, threshold)
    query = neighbours.query_of_each()
    similar = np.where(np.isnan(neighbours.similarities), -1.0, neighbours.similarities)
    usable = (table.lengths(neighbours.items) > 0) & (neighbours.items != items[query])
    order = usable.nonzero()[0]
    order = order[np.lexsort((-similar[order], query[order]))]  # stable: equal similarities keep the order they came in
    places = neighbours.found_at()[order]
    query, found, similar = query[order], neighbours.items[order], similar[order]
    if len(found):
        keys = query * max(table.items, 1) + found
        of_key = keys.argsort(kind="stable")
        again = keys[of_key[1:]] == keys[of_key[:-1]]
        if again.any():
            first = np.delete(np.arange(len(keys)), of_key[1:][again])
            query, found, similar, places = query[first], found[first], similar[first], places[first]
    best = np.ones(len(query), bool)
    best[1:] = query[1:] != query[:-1]
    kept = best | (similar >= threshold)
    counts = np.bincount(query[kept], minlength=len(items))
    return Neighbours(offsets_of(counts), found[kept], similar[kept], places[kept])


def _usable_by_one(table: OperationTable, item: int, neighbours: Neighbours, threshold: float) -> Neighbours:
    """`usable_neighbours` of one item, with lists: a few dozen numbers are looked through sooner than arrays of them are made."""
    found, lengths = neighbours.items.tolist(), table.lengths(neighbours.items).tolist()
    similar = [-1.0 if value != value else value for value in neighbours.similarities.tolist()]
    order = [place for place, other in enumerate(found) if lengths[place] > 0 and other != item]
    order.sort(key=lambda place: -similar[place])  # stable: equal similarities keep the order they came in
    seen: set[int] = set()
    kept: list[int] = []
    for place in order:
        if found[place] not in seen and (similar[place] >= threshold or not kept):
            kept.append(place)
        seen.add(found[place])
    return Neighbours(
        np.array([0, len(kept)], np.int64),
        neighbours.items[kept],
        np.array([similar[place] for place in kept], np.float64),
        neighbours.found_at()[kept],
    )
