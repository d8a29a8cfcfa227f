"""What the neighbours of a few items decide by vote, for all of them at once: in which order operations come, and on which machine.

Many neighbours are made alike, so each distinct routing is looked at once, with the weight of all that have it. Votes are whole numbers:
their sums are exact, and a result depends neither on the order of summation nor on what is computed together with an item.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from routings.operation_sharing import SharedOperations
from routings.operation_table import MANY, OperationTable, distinct, lengths_of, offsets_of, ranges

MAJORITY: Final = 0.5
ROUNDING: Final = 1e-9
UNIT: Final = 2.0**46
"""Votes to a weight of 1: the votes of a hundred neighbours still add up exactly."""

Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def votes_of(weights: Floats) -> Floats:
    """Weights as whole numbers of votes."""
    votes: Floats = np.floor(weights * UNIT)
    return votes


@dataclass(frozen=True)
class DistinctRoutings:
    """The routings that neighbours of a few items have, each once an item; numbered in the order of their first neighbours.

    Attributes:
        of_neighbour: int64 (neighbours); routing of each.
        first: int64 (routings); the first neighbour with it.
        set_of: int64 (routings); number of the set of its operations, numbered alike.
        set_first: int64 (sets); the first neighbour with these operations, in whatever order.
    """

    of_neighbour: Integers
    first: Integers
    set_of: Integers
    set_first: Integers


def distinct_routings(shared: SharedOperations) -> DistinctRoutings:
    """The distinct routings among the neighbours."""
    lengths = shared.row_lengths
    matrix = np.full((len(lengths), int(lengths.max(initial=1))), -1, np.int32)
    matrix[np.arange(len(lengths)).repeat(lengths), shared.flat_places] = shared.flat_groups
    of_neighbour, first = _distinct_rows(matrix)
    set_of, first_of_set = _distinct_rows(np.sort(matrix[first], axis=1))
    return DistinctRoutings(of_neighbour, first, set_of, first[first_of_set])


def _distinct_rows(matrix: npt.NDArray[np.int32]) -> tuple[Integers, Integers]:
    """Number of each row among the distinct ones in the order of appearance, and where each of those appears first."""
    count, width = matrix.shape
    if count < MANY:
        places: dict[bytes, int] = {}
        rows_as_bytes: list[Any] = matrix.view(np.dtype((np.void, width * matrix.itemsize))).ravel().tolist()
        numbers = [places.setdefault(row, len(places)) for row in rows_as_bytes]
        found = np.array(numbers, np.int64)
        starts = np.zeros(len(places), np.int64)
        starts[found[::-1]] = np.arange(count)[::-1]
        return found, starts
    rows = pa.Array.from_buffers(pa.binary(width * matrix.itemsize), count, [None, pa.py_buffer(matrix)])
    number = rows.dictionary_encode().indices.to_numpy().astype(np.int64)
    first = np.zeros(int(number.max(initial=-1)) + 1, np.int64)
    first[number[::-1]] = np.arange(count)[::-1]
    return number, first


class Ballots(NamedTuple):
    """Drafts of routings to vote on: a few for each of the items, run 0 first.

    Attributes:
        common: bool (runs, groups); operations of the drafts on which all neighbours of an item vote, none in the other runs.
        run_of_set: int64 (sets); the draft, from 1, that has exactly the operations of this set and on which only the neighbours
            with this set vote; 0: none.
        votes: float64 (neighbours); whole numbers.
        machine_votes: float64 (neighbours); whole numbers, for the choice of machines.
    """

    common: Booleans
    run_of_set: Integers
    votes: Floats
    machine_votes: Floats


class Drafted(NamedTuple):
    """Operations of drafts: those of draft r of item i are [offsets[r * items + i], offsets[r * items + i + 1])."""

    offsets: Integers
    groups: Integers
    rows: Integers

    def of(self, drafts: Integers) -> Drafted:
        """Some drafts, one after the other."""
        lengths = lengths_of(self.offsets)[drafts]
        places = ranges(self.offsets[drafts], lengths)
        return Drafted(offsets_of(lengths), self.groups[places], self.rows[places])


def vote(table: OperationTable, shared: SharedOperations, routings: DistinctRoutings, ballots: Ballots) -> Drafted:
    """Put the operations of each draft in order and on machines.

    Order: by how many others an operation precedes in more votes than the other way round, then by mean place, then by first
    appearance. Machine: that of the neighbour that comes first among those on the machine with the most votes.
    The result does not depend on how operations are numbered.
    """
    group_query = shared.query_of_groups
    items, runs = len(shared.group_offsets) - 1, len(ballots.common)
    asked: Booleans = np.logical_or.reduce(ballots.common, axis=0)
    entries = _entries(shared, routings, asked, ballots)
    present = np.zeros((runs, len(group_query)), np.bool_)
    present[entries.run, entries.group] = True
    run, group = np.nonzero(present)
    number = np.zeros(present.shape, np.int64)
    number[run, group] = np.arange(len(group))
    operation = number[entries.run, entries.group]
    won, over = _won(operation, run * items + group_query[group], entries, runs * items)
    common_run, common_group = ballots.common.nonzero()
    voted = np.concatenate(
        [number[0, common_group], (run > 0).nonzero()[0]]
    )  # operations of all drafts, as they were voted on
    draft_run = np.concatenate([common_run, run[run > 0]])
    draft = draft_run * items + group_query[group[voted]]
    open_to_all = won < int((run == 0).sum())
    within = _wins_within(group[won[open_to_all]], group[over[open_to_all]], ballots.common)
    wins = np.concatenate([within, np.bincount(won, minlength=len(group))[run > 0]])
    mean_place, appearance = _standing(operation, len(group), entries)
    order = np.lexsort((appearance[voted], mean_place[voted], (draft << 32) - wins))
    counts = np.bincount(draft, minlength=runs * items)
    rows = _rows(table, shared, routings, asked, ballots)[run, group]
    chosen = voted[order]
    return Drafted(offsets_of(counts), group[chosen], rows[chosen])


class _Entries(NamedTuple):
    """One row an operation of a distinct routing that votes on a draft; routings, and places within them, ascend."""

    run: Integers
    routing: Integers
    group: Integers
    place: Integers
    votes: Floats


def _entries(shared: SharedOperations, routings: DistinctRoutings, asked: Booleans, ballots: Ballots) -> _Entries:
    """Votes on the operations that common drafts have, as run 0, and on those of the other drafts.

    Args:
        asked: bool (groups); operations that a common draft has.
    """
    lengths = shared.row_lengths[routings.first]
    at = ranges(shared.row_offsets[routings.first], lengths)
    group, place = shared.flat_groups[at], shared.flat_places[at]
    routing = np.arange(len(routings.first)).repeat(lengths)
    run = ballots.run_of_set[routings.set_of][routing]
    votes = np.bincount(routings.of_neighbour, ballots.votes, len(routings.first))[routing]
    kept, own = asked[group].nonzero()[0], (run > 0).nonzero()[0]
    both = np.concatenate([kept, own])
    return _Entries(
        np.concatenate([np.zeros(len(kept), np.int64), run[own]]), routing[both], group[both], place[both], votes[both]
    )


def _standing(operation: Integers, operations: int, entries: _Entries) -> tuple[Floats, Integers]:
    """Mean place of each operation in the votes, and where it appears first."""
    held = np.bincount(operation, entries.votes, operations)
    places = np.bincount(operation, entries.votes * entries.place, operations)
    first = np.zeros(operations, np.int64)
    first[operation[::-1]] = np.arange(len(operation))[::-1]
    appearance = (entries.routing[first] << 32) | entries.place[first]
    return np.round(places / np.where(held > 0.0, held, 1.0), 9), appearance


def _won(operation: Integers, draft: Integers, entries: _Entries, drafts: int) -> tuple[Integers, Integers]:
    """Pairs of operations of a draft of which the first precedes the second in more votes than the other way round; none where all votes
    are one routing's.

    Args:
        operation: of each entry; numbers ascend with the draft.
        draft: of each operation.
        drafts: number of drafts.
    """
    length = np.bincount(draft, minlength=drafts)
    start = offsets_of(length)
    begins = np.ones(len(operation), np.bool_)
    begins[1:] = (entries.routing[1:] != entries.routing[:-1]) | (entries.run[1:] != entries.run[:-1])
    voter = begins.cumsum() - 1  # a routing that votes on a draft
    voters = np.bincount(draft[operation[begins]], minlength=drafts)
    length = np.where(voters > 1, length, 0)  # a draft with one voter needs no comparisons
    square = offsets_of(length**2)
    of_entry = draft[operation]
    ends = np.cumsum(np.bincount(voter))[voter] if len(voter) else voter
    after = np.where(voters[of_entry] > 1, ends - np.arange(len(operation)) - 1, 0)
    earlier = np.arange(len(operation)).repeat(after)
    later = ranges(np.arange(len(operation)) + 1, after)
    in_draft = operation - start[of_entry]
    pair = (square[of_entry] + in_draft * length[of_entry])[earlier] + in_draft[later]
    before = np.bincount(pair, entries.votes[earlier], int(square[-1]))
    wide = length[draft]
    row = np.arange(len(draft)).repeat(wide)
    column = ranges(np.zeros(len(draft), np.int64), wide)
    reverse = square[draft][row] + column * wide[row] + (row - start[draft][row])
    won = before > before[reverse] + ROUNDING * UNIT
    return row[won], (column + start[draft][row])[won]


def _wins_within(first: Integers, second: Integers, common: Booleans) -> Integers:
    """How many others of its draft each operation of the common drafts precedes, drafts one after the other.

    Args:
        first, second: int64; pairs of which the first precedes the second.
        common: bool (runs, groups).
    """
    drafts = common[common.any(axis=1)]
    draft, pair = (drafts[:, first] & drafts[:, second]).nonzero()
    wins: Integers = np.bincount(draft * drafts.shape[1] + first[pair], minlength=drafts.size)
    return wins.reshape(drafts.shape)[drafts]


def _rows(
    table: OperationTable, shared: SharedOperations, routings: DistinctRoutings, asked: Booleans, ballots: Ballots
) -> Integers:
    """The row that stands for each operation in each run, int64 (runs, groups); 0 where the run lacks the operation. That of common
    drafts, whose operations are `asked`, is the one of run 0."""
    groups, runs = len(shared.rows), len(ballots.common)
    neighbour = np.arange(len(routings.of_neighbour)).repeat(shared.row_lengths)
    own_run = ballots.run_of_set[routings.set_of][routings.of_neighbour][neighbour]
    kept, own = asked[shared.flat_groups].nonzero()[0], (own_run > 0).nonzero()[0]
    at = np.concatenate([kept, own])
    run = np.concatenate([np.zeros(len(kept), np.int64), own_run[own]])
    group = shared.flat_groups[at]
    machines, machine_of = distinct(stands_of(table, shared.flat_groups, shared.flat_rows))  # of each group
    cell = run * len(machines) + machine_of[at]
    votes = np.bincount(cell, ballots.machine_votes[neighbour[at]], runs * len(machines))
    votes = np.round(votes / UNIT, 9)
    first_machine = np.searchsorted(machines >> 32, np.arange(groups))
    most = np.maximum.reduceat(votes.reshape(runs, -1), first_machine, axis=1) if groups else np.zeros((runs, 0))
    stands = (votes[cell] == most[run, group]).nonzero()[0][::-1]  # the first one is written last
    chosen = np.zeros((runs, groups), np.int64)
    chosen[run[stands], group[stands]] = shared.flat_rows[at[stands]]
    return chosen


def stands_of(table: OperationTable, groups: Integers, rows: Integers) -> Integers:
    """A number of group and machine of each operation, ascending with the group."""
    stands: Integers = (groups << 32) | (table.machine[rows].astype(np.int64) & 0xFFFFFFFF)
    return stands


def merged_routings(table: OperationTable, shared: SharedOperations) -> Drafted:
    """Merge the routings of the neighbours of each item: one draft an item, none of whose operations are there without neighbours.

    An operation stays when neighbours with at least half of the weight have it; where none reaches that, the operations of the
    best neighbour stay.
    """
    query = shared.query_of_groups
    kept = shared.support() >= MAJORITY - ROUNDING
    some = np.bincount(query[kept], minlength=len(shared.group_offsets) - 1) > 0
    kept |= ~some[query] & (shared.rows[:, 0] >= 0)
    routings = distinct_routings(shared)
    votes = votes_of(shared.weights[shared.query_of_each, shared.slot_of_each])
    nobody = np.zeros(len(routings.set_first), np.int64)
    return vote(table, shared, routings, Ballots(kept[None, :], nobody, votes, votes))
