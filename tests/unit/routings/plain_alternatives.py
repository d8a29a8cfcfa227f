"""The rules of alternatives for one item, written out plainly in Python: which sets of operations it may have, and what speaks for each."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from routings.alternatives import LEAST_CREDIT, UNSURE
from routings.calibration import SMOOTHING

Operations = frozenset[int]


class PlainCandidate(NamedTuple):
    """A set of operations: the neighbours that have it (none: nobody has), its facts."""

    operations: Operations
    members: tuple[int, ...]
    facts: tuple[float, float, float]


def plain_candidates(
    holders: Sequence[Mapping[int, int]], believed: Mapping[int, float], weights: Sequence[float], kept: Sequence[int]
) -> list[PlainCandidate]:
    """Sets that neighbours have in the order of the nearest of them, then those that the consensus becomes by turning operations over."""
    most = math.log((1.0 - LEAST_CREDIT) / LEAST_CREDIT)
    odds = {operation: min(max(value, -most), most) for operation, value in believed.items()}
    unsure = sorted(believed, key=lambda operation: (abs(believed[operation]), operation))[:UNSURE]
    consensus = frozenset(kept)
    whole, squares = math.fsum(weights), math.fsum(weight**2 for weight in weights)
    equal = [weight * whole / squares for weight in weights]
    worth = math.fsum(equal)
    sets: dict[Operations, list[int]] = {}
    for slot, holder in enumerate(holders):
        sets.setdefault(frozenset(holder), []).append(slot)

    def turned(operations: Operations) -> tuple[int, ...]:
        return tuple(operation for operation in unsure if (operation in operations) != (operation in consensus))

    def seen(wanted: tuple[int, ...]) -> float:
        return math.fsum(equal[slot] for slot, one in enumerate(holders) if turned(frozenset(one)) == wanted)

    def otherwise(operation: int) -> float:
        having = (slot for slot, one in enumerate(holders) if operation in turned(frozenset(one)))
        return (math.fsum(equal[slot] for slot in having) + SMOOTHING) / (worth + 2.0 * SMOOTHING)

    def facts(operations: Operations, members: Sequence[int]) -> tuple[float, float, float]:
        gained = math.fsum(odds[one] for one in operations) - math.fsum(odds[one] for one in consensus)
        wanted = turned(operations)
        chance = math.prod(otherwise(one) if one in wanted else 1.0 - otherwise(one) for one in unsure)
        together = math.log((seen(wanted) + SMOOTHING * chance) / (worth + SMOOTHING) / chance)
        return gained, together, float(bool(members))

    made = [PlainCandidate(one, tuple(members), facts(one, members)) for one, members in sets.items()]
    patterns = sorted(
        (pattern for size in range(1, len(unsure) + 1) for pattern in itertools.combinations(range(len(unsure)), size)),
        key=lambda pattern: sum(1 << place for place in pattern),
    )
    for pattern in patterns:
        operations = consensus ^ {unsure[place] for place in pattern}
        if operations and operations not in sets:
            made.append(PlainCandidate(operations, (), facts(operations, ())))
    return made
