"""The distinct routings of a catalogue: which items have which, how alike they are, and which one to propose given their chances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

Routing = tuple[str, ...]
"""Operations in order, each by its key: the job, and how often it came before in the routing."""

MOST_COMPARED: Final = 1_500
"""Distinct routings that are compared with each other; of more, each stands for itself alone (memory grows with the square)."""
ORDER: Final = "\x1e"
"""Begins the name that stands for an order of operations; what follows are their numbers among the operations, in that order."""
EXACT: Final = "exact"
COMMON: Final = "common"
BOTH: Final = "both"


@dataclass(frozen=True)
class RoutingClasses:
    """Distinct routings.

    Attributes:
        routings: each once, the most frequent first; of equals the one that an item has first.
        of_item: number of each item's routing, -1 where it has none, int64 (n,).
        holders: items with each, int64 (classes,).
        ordered: whether `told` tells orders; not in what was stored before it did.
    """

    routings: tuple[Routing, ...]
    of_item: Integers
    holders: Integers
    ordered: bool = True

    @classmethod
    def of(cls, routings: Sequence[Routing | None]) -> RoutingClasses:
        """The distinct routings among those of n items; None and () have none."""
        counts: dict[Routing, int] = {}
        for routing in routings:
            if routing:
                counts[routing] = counts.get(routing, 0) + 1
        ordered = sorted(counts, key=lambda routing: -counts[routing])
        number = {routing: place for place, routing in enumerate(ordered)}
        of_item = np.fromiter((number[one] if one else -1 for one in routings), np.int64, len(routings))
        return cls(tuple(ordered), of_item, np.array([counts[one] for one in ordered], np.int64))

    def most_frequent(self, most: int) -> RoutingClasses:
        """Only so many of them; items with a rarer one count as having none."""
        kept = np.where(self.of_item < most, self.of_item, -1)
        return RoutingClasses(self.routings[:most], kept, self.holders[:most])

    def __len__(self) -> int:
        return len(self.routings)

    @cached_property
    def operations(self) -> tuple[str, ...]:
        """Every operation that a routing has, in the order of appearance."""
        return tuple(dict.fromkeys(one for routing in self.routings for one in routing))

    @cached_property
    def membership(self) -> npt.NDArray[np.float32]:
        """Whether each routing has each operation, float32 (classes, operations)."""
        place = {operation: number for number, operation in enumerate(self.operations)}
        made = np.zeros((len(self.routings), len(place)), np.float32)
        for row, routing in enumerate(self.routings):
            made[row, [place[operation] for operation in routing]] = 1.0
        return made

    @cached_property
    def _orders(self) -> dict[int, str]:
        """Name of the order of each routing that another one has the same operations as, by its number."""
        having: dict[frozenset[str], list[int]] = {}
        for row, routing in enumerate(self.routings):
            having.setdefault(frozenset(routing), []).append(row)
        place = {operation: number for number, operation in enumerate(self.operations)}
        rows = sorted(row for alike in having.values() if len(alike) > 1 for row in alike)
        return {row: ORDER + ",".join(str(place[one]) for one in self.routings[row]) for row in rows}

    @cached_property
    def told(self) -> tuple[str, ...]:
        """What tells a routing from all others: its operations, and its order where another has the same operations."""
        return (*self.operations, *(self._orders.values() if self.ordered else ()))

    @cached_property
    def telling(self) -> npt.NDArray[np.float32]:
        """Whether each of `told` is said of each routing, float32 (classes, told)."""
        if not self.ordered:
            return self.membership
        orders = np.zeros((len(self.routings), len(self._orders)), np.float32)
        orders[list(self._orders), np.arange(len(self._orders))] = 1.0
        return np.concatenate([self.membership, orders], axis=1)

    @cached_property
    def common(self) -> Floats:
        """F1 of the operations of each pair of routings, 0 to 1, float64 (classes, classes)."""
        shared = (self.membership @ self.membership.T).astype(np.float64)
        lengths = self.membership.sum(axis=1).astype(np.float64)
        made: Floats = 2.0 * shared / np.maximum(lengths[:, None] + lengths[None, :], 1.0)
        return made

    def worth(self, chances: Floats, rule: str) -> Floats:
        """What proposing each routing is expected to score, float64 (q, classes).

        Args:
            chances: of each routing, float64 (q, classes), rows up to 1.
            rule: exact (the chance that it is right), common (F1 of the operations) or both (their mean).
        """
        if rule == EXACT or len(self) > MOST_COMPARED:
            return chances
        alike: Floats = chances @ self.common
        return alike if rule == COMMON else 0.5 * (chances + alike)

    def proposed(self, chances: Floats, rule: str) -> Integers:
        """The routing to propose for each row of chances, int64 (q,); of equally good ones the more frequent."""
        best: Integers = np.round(self.worth(chances, rule), 9).argmax(axis=1).astype(np.int64)
        return best


def orders_told(names: Sequence[str]) -> dict[int, tuple[int, ...]]:
    """The orders among names as in `RoutingClasses.told`: numbers of the operations, by the place of the order's name."""
    found: dict[int, tuple[int, ...]] = {}
    for place in range(len(names) - 1, -1, -1):
        if not names[place].startswith(ORDER):
            break
        numbers = names[place].removeprefix(ORDER).split(",")
        if not all(one.isascii() and one.isdigit() for one in numbers):
            break
        found[place] = tuple(map(int, numbers))
    return found
