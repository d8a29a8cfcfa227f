"""Which other sets of operations than the consensus an item may need: those that neighbours have, and those that the consensus becomes
when the operations are turned over about which least is certain. What speaks for each is told in the same terms, so that one score ranks
both.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from routings.calibration import FACTS_OF_SETS, SMOOTHING
from routings.drafts import COMPOSED, running_number
from routings.operation_sharing import SharedOperations
from routings.operation_table import ranges
from routings.operation_vote import DistinctRoutings

UNSURE: Final = 4
"""Operations of an item that may be turned over, the least certain ones: of independent operations, the four likeliest other sets differ
in no others from the likeliest."""
LEAST_CREDIT: Final = 0.02
"""No operation is so certain that a routing without it, or with it, would count for less than this."""

Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_SUREST: Final = float(np.log((1.0 - LEAST_CREDIT) / LEAST_CREDIT))
"""Log odds of what is most certain."""
_TURNED: Final = np.array([pattern.bit_count() for pattern in range(1 << UNSURE)])
"""How many operations each pattern turns over."""
_BITS: Final = ((np.arange(1 << UNSURE)[:, None] >> np.arange(UNSURE)) & 1).astype(np.float64)
"""Which of the least certain operations each pattern turns over, (patterns, UNSURE)."""


class Candidates(NamedTuple):
    """Sets of operations that items may have: those of neighbours in the order of their numbers, then those that nobody has.

    Attributes:
        query: int64 (n,); number of the item.
        number: int64 (n,); number of the set among all of `DistinctRoutings`, COMPOSED where no neighbour has it.
        pattern: int64 (n,); which of the item's least certain operations it has otherwise than the consensus, as bits.
        facts: float64 (n, FACTS_OF_SETS); how its log odds differ from those of the consensus; how much more often neighbours have these
            of the least certain operations together than by chance, as a logarithm; 1 where a neighbour has just it.
        bits: int64 (groups,); bit of each operation in the patterns, 0 for those that are certain.
    """

    query: Integers
    number: Integers
    pattern: Integers
    facts: Floats
    bits: Integers


def candidates_of(
    shared: SharedOperations, routings: DistinctRoutings, believed: Floats, weights: Floats, kept: Booleans
) -> Candidates:
    """What a few items may have.

    Args:
        believed: log odds that each operation belongs, float64 (groups,).
        weights: of the neighbours, float64 (q, s).
        kept: operations of the consensus, bool (groups,).
    """
    query, items = shared.query_of_groups, len(shared.group_offsets) - 1
    odds = np.minimum(np.maximum(believed, -_SUREST), _SUREST)
    change = np.where(kept, -odds, odds)  # by turning an operation over
    order = np.lexsort((np.abs(believed), query))
    rank = running_number(query[order])
    unsure, place = order[rank < UNSURE], rank[rank < UNSURE]
    bits = np.zeros(len(query), np.int64)
    bits[unsure] = 1 << place
    equal = _equal_neighbours(weights)
    worth = equal.sum(axis=1)

    lengths = shared.row_lengths[routings.set_first]
    groups = shared.flat_groups[ranges(shared.row_offsets[routings.set_first], lengths)]
    of_set = np.arange(len(lengths)).repeat(lengths)
    owner = shared.query_of_each[routings.set_first]
    held = np.bincount(
        routings.set_of[routings.of_neighbour], equal[shared.query_of_each, shared.slot_of_each], len(lengths)
    ).astype(np.float64)
    own = query[kept]
    own_bits, size = np.bincount(own, bits[kept], items).astype(np.int64), np.bincount(own, minlength=items)
    pattern: Integers = np.bincount(of_set, bits[groups], len(lengths)).astype(np.int64) ^ own_bits[owner]
    gained = np.bincount(of_set, odds[groups], len(lengths)) - np.bincount(own, odds[kept], items)[owner]
    common = np.bincount(of_set, kept[groups], len(lengths))
    otherwise = lengths + size[owner] - 2 * common

    changes, sizes, there = np.zeros((3, items, UNSURE))
    at = query[unsure], place
    changes[at], sizes[at], there[at] = change[unsure], np.where(kept[unsure], -1.0, 1.0), 1.0
    together = _together(owner, pattern, held, worth, there)
    possible = (1.0 - there) @ _BITS.T == 0.0
    possible &= size[:, None] + sizes @ _BITS.T > 0.5  # no routing is without operations
    possible[:, 0] = False  # the consensus itself
    inside = otherwise == _TURNED[pattern]
    possible[owner[inside], pattern[inside]] = False  # a neighbour has it
    item, made = np.nonzero(possible)
    sets = len(owner)
    facts = np.empty((sets + len(item), FACTS_OF_SETS))
    facts[:sets, 0], facts[sets:, 0] = gained, (changes @ _BITS.T)[item, made]
    facts[:sets, 1], facts[sets:, 1] = together[owner, pattern], together[item, made]
    facts[:sets, 2], facts[sets:, 2] = 1.0, 0.0
    return Candidates(
        np.concatenate([owner, item]),
        np.concatenate([np.arange(len(lengths)), np.full(len(item), COMPOSED)]),
        np.concatenate([pattern, made]).astype(np.int64),
        facts,
        bits,
    )


def _equal_neighbours(weights: Floats) -> Floats:
    """Weights as numbers of equal neighbours (Kish's effective number in all), float64 (q, s)."""
    whole, squares = weights.sum(axis=1), (weights**2).sum(axis=1)
    made: Floats = weights * (whole / np.maximum(squares, 1e-300))[:, None]
    return made


def _together(owner: Integers, pattern: Integers, held: Floats, worth: Floats, there: Floats) -> Floats:
    """How much more often neighbours have the operations of each pattern together than if they chose each by itself, as logarithms,
    float64 (items, patterns); as if SMOOTHING neighbours more chose by chance.

    Args:
        owner, pattern, held: item, pattern and neighbours of each set.
        worth: neighbours of each item.
        there: 1 for the operations that may be turned over, 0 where there are fewer than UNSURE, (items, UNSURE).
    """
    items, patterns = len(worth), len(_BITS)
    seen = np.bincount(owner * patterns + pattern, held, items * patterns).reshape(items, patterns)
    share = (seen @ _BITS + SMOOTHING) / (worth + 2.0 * SMOOTHING)[:, None]  # of the neighbours that have it otherwise
    chance = np.exp((there * np.log(share)) @ _BITS.T + (there * np.log1p(-share)) @ (1.0 - _BITS).T)
    made: Floats = np.log((seen + SMOOTHING * chance) / (worth + SMOOTHING)[:, None] / chance)
    return made
