"""The consensus of one item's few neighbours: what `routings.consensus` answers for many items at once, to the last bit.

For one item an array of a dozen numbers costs more to begin than to compute, so lists and dictionaries take the place of arrays here.
Where routings are long, or of many kinds, arrays are quicker again.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from routings.operation_sharing import SharedOperations
from routings.operation_vote import ROUNDING, UNIT, DistinctRoutings

MOST_ENTRIES: Final = 1_000
"""Operations of all neighbours up to which lists are quicker."""
MOST_PAIRS: Final = 4_000
"""The same for pairs of operations of distinct routings."""
DIGITS: Final = 1e9
"""Means and votes count to nine digits."""

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class FewRoutings:
    """The routings of one item's neighbours as lists.

    Attributes:
        routings: groups of each distinct routing in its order, in the order of appearance.
        of_neighbour: number of the routing of each neighbour.
        first: first neighbour with each routing.
        set_of: number of the set of operations of each routing, in the order of appearance.
        set_first: first neighbour with each set.
        groups: of the operations of all neighbours, one routing after the other.
        ends: where the operations of each neighbour begin among them, and where the last one's end.
    """

    def __init__(self, shared: SharedOperations) -> None:
        groups, ends = shared.flat_groups.tolist(), shared.row_offsets.tolist()
        numbers: dict[tuple[int, ...], int] = {}
        self.of_neighbour = [
            numbers.setdefault(tuple(groups[start:end]), len(numbers)) for start, end in itertools.pairwise(ends)
        ]
        self.routings = list(numbers)
        self.first = _first_places(self.of_neighbour, len(numbers))
        sets: dict[tuple[int, ...], int] = {}
        self.set_of = [sets.setdefault(tuple(sorted(routing)), len(sets)) for routing in self.routings]
        self.set_first = [self.first[place] for place in _first_places(self.set_of, len(sets))]
        self.ends, self.groups = ends, groups

    @property
    def few(self) -> bool:
        """Whether lists are quicker than arrays."""
        return sum(len(routing) ** 2 for routing in self.routings) <= MOST_PAIRS

    def as_arrays(self) -> DistinctRoutings:
        """The same as arrays."""
        parts = (self.of_neighbour, self.first, self.set_of, self.set_first)
        return DistinctRoutings(*(np.array(part, np.int64) for part in parts))

    def members(self) -> list[list[int]]:
        """The neighbours that have each set, ascending."""
        found: list[list[int]] = [[] for _set in self.set_first]
        for neighbour, routing in enumerate(self.of_neighbour):
            found[self.set_of[routing]].append(neighbour)
        return found

    def just(self, kept: Sequence[bool]) -> list[bool]:
        """Whether each neighbour has just the operations of the consensus."""
        wanted = {group for group, is_kept in enumerate(kept) if is_kept}
        having = [len(routing) == len(wanted) and wanted.issuperset(routing) for routing in self.routings]
        return [having[number] for number in self.of_neighbour]


def _first_places(numbers: Sequence[int], count: int) -> list[int]:
    """Where each number from 0 appears first; they appear in ascending order."""
    found: list[int] = []
    for place, number in enumerate(numbers):
        if number == len(found):
            found.append(place)
            if len(found) == count:
                break
    return found


class Poll(NamedTuple):
    """Who votes on a draft.

    Attributes:
        wanted: groups of the draft.
        voters: neighbours that vote, ascending.
    """

    wanted: frozenset[int]
    voters: Sequence[int]


class Ballot:
    """Votes of neighbours on drafts of routings.

    Args:
        votes, machine_votes: of each neighbour, whole numbers.
        stands: a number of group and machine of each operation of all neighbours, see `stands_of`.
    """

    def __init__(
        self, found: FewRoutings, votes: Sequence[float], machine_votes: Sequence[float], stands: Sequence[int]
    ) -> None:
        self._found, self._votes, self._machine_votes, self._stands = found, votes, machine_votes, stands

    def draft(self, poll: Poll) -> tuple[list[int], list[int]]:
        """Groups of a draft in order, and the place among all neighbours' operations that stands for each."""
        groups = self._in_order(poll)
        chosen = self._on_machines(poll)
        return groups, [chosen[group] for group in groups]

    def _in_order(self, poll: Poll) -> list[int]:
        """By how many others an operation precedes in more votes than the other way round, by mean place, by first appearance."""
        found, votes, wanted = self._found, self._votes, poll.wanted
        of_routing: dict[int, float] = {}
        for neighbour in poll.voters:
            routing = found.of_neighbour[neighbour]
            of_routing[routing] = of_routing.get(routing, 0.0) + votes[neighbour]
        if len(of_routing) == 1:  # all of them have one order
            (routing,) = of_routing
            return [group for group in found.routings[routing] if group in wanted]
        held: dict[int, float] = {}
        places: dict[int, float] = {}
        before: dict[tuple[int, int], float] = {}
        for routing, weight in of_routing.items():
            earlier: list[int] = []
            for place, group in enumerate(found.routings[routing]):
                if group not in wanted:
                    continue
                if group in held:
                    held[group] += weight
                    places[group] += weight * place
                else:
                    held[group], places[group] = weight, weight * place  # in the order of appearance
                for other in earlier:
                    pair = other, group
                    before[pair] = before.get(pair, 0.0) + weight
                earlier.append(group)
        wins = _wins(before, held)
        means = {group: round(places[group] / (of_all or 1.0) * DIGITS) for group, of_all in held.items()}
        return sorted(held, key=lambda group: (-wins[group], means[group]))

    def _on_machines(self, poll: Poll) -> dict[int, int]:
        """Of each group the first operation on the machine with the most votes, by its place among all neighbours' operations."""
        groups, ends, stands = self._found.groups, self._found.ends, self._stands
        if len(poll.voters) == 1:
            first = poll.voters[0]
            return {groups[place]: place for place in range(ends[first], ends[first + 1])}
        votes: dict[int, float] = {}
        places: dict[int, int] = {}
        for neighbour in poll.voters:
            weight = self._machine_votes[neighbour]
            for place in range(ends[neighbour], ends[neighbour + 1]):
                stand = stands[place]
                if stand in votes:
                    votes[stand] += weight
                else:
                    votes[stand], places[stand] = weight, place
        chosen: dict[int, int] = {}
        most: dict[int, int] = {}
        for stand, of_all in votes.items():  # of equal ones the one that came first
            group, rounded = groups[places[stand]], round(of_all / UNIT * DIGITS)
            if group not in most or rounded > most[group]:
                most[group], chosen[group] = rounded, places[stand]
        return chosen


def _wins(before: Mapping[tuple[int, int], float], groups: Iterable[int]) -> dict[int, int]:
    wins = dict.fromkeys(groups, 0)
    for (first, second), votes in before.items():
        if votes > before.get((second, first), 0.0) + ROUNDING * UNIT:
            wins[first] += 1
    return wins
