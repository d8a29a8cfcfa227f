"""Fitting what speaks for other sets of operations than the consensus, on items that neither neighbours nor models have seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from routings.alternatives import candidates_of
from routings.calibration import FACTS_OF_SETS
from routings.consensus import Weighed, credits, kept_operations
from routings.drafts import COMPOSED, running_number
from routings.operation_table import ranges
from routings.operation_vote import distinct_routings

FOREMOST: Final = 3
"""Alternatives by which rankings are compared: with the consensus, as many proposals as people look at first."""
FEWEST_SETS: Final = 100
"""Items whose routing is another set than the consensus below which chance would fit."""
PENALTY: Final = 1.0
STEPS: Final = 200
NEVER: Final = -1e9
"""Score of a set that a ranking does not know."""

Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class SetCases(NamedTuple):
    """What items might have been made like, of items whose routing is another set than the consensus.

    Attributes:
        item: int64 (n,); the item of each set.
        right: bool (n,); whether it is the item's own; none of an item's where its own is not among them.
        facts: float64 (n, FACTS_OF_SETS); what speaks for it.
        credit: float64 (n,); what ranks it where nothing is fitted, NEVER for sets that no neighbour has.
    """

    item: Integers
    right: Booleans
    facts: Floats
    credit: Floats

    def only(self, chosen: Booleans) -> SetCases:
        """Some of them."""
        return SetCases(self.item[chosen], self.right[chosen], self.facts[chosen], self.credit[chosen])


def set_cases(weighed: Weighed, belongs: Booleans, lengths: Integers, start: int) -> SetCases:
    """The cases of a few items.

    Args:
        belongs: whether each shared operation is in the item's own routing, bool (groups,).
        lengths: operations of each item's own routing, int64 (q,).
        start: number of the first item.
    """
    shared = weighed.shared
    query, items = shared.query_of_groups, len(lengths)
    kept, routings = kept_operations(weighed), distinct_routings(shared)
    found = candidates_of(shared, routings, weighed.believed, weighed.weights, kept)
    sizes = shared.row_lengths[routings.set_first]
    groups = shared.flat_groups[ranges(shared.row_offsets[routings.set_first], sizes)]
    of_set = np.arange(len(sizes)).repeat(sizes)
    owner = shared.query_of_each[routings.set_first]
    own = np.bincount(query[belongs], minlength=items)
    known = own == lengths  # every operation of the own routing is one of a neighbour's
    same = known[owner] & (np.bincount(of_set, belongs[groups], len(sizes)) == sizes) & (sizes == lengths[owner])
    differs = belongs ^ kept
    apart = np.bincount(query[differs], minlength=items)
    pattern = np.bincount(query[differs], found.bits[differs], items).astype(np.int64)
    inside = known & (apart == np.bincount(query[differs & (found.bits > 0)], minlength=items))
    composed = found.number == COMPOSED
    right = np.zeros(len(composed), np.bool_)
    right[~composed] = same[found.number[~composed]]
    right[composed] = inside[found.query[composed]] & (pattern[found.query[composed]] == found.pattern[composed])
    credit = np.full(len(composed), NEVER)
    credit[~composed] = credits(weighed, routings)[found.number[~composed]]
    common = np.bincount(of_set, kept[groups], len(sizes))
    consensus = np.zeros(len(composed), np.bool_)
    consensus[~composed] = (common == sizes) & (sizes == np.bincount(query[kept], minlength=items)[owner])
    chosen = ((apart > 0) | ~known)[found.query] & ~consensus
    return SetCases(found.query[chosen] + start, right[chosen], found.facts[chosen], credit[chosen])


def fit_sets(parts: Sequence[SetCases]) -> tuple[float, ...]:
    """What each fact counts; none where that does not put the items' own sets foremost clearly more often than credit alone.

    Clearly is by more than one standard error, each half of the items judged by what the other half says.
    """
    cases = SetCases(*(np.concatenate(values) for values in zip(*parts, strict=True)))
    if len(np.unique(cases.item)) < FEWEST_SETS:
        return ()
    odd = (np.unique(cases.item, return_inverse=True)[1] % 2).astype(bool)
    gained = []
    for half in (odd, ~odd):
        judged, weights = cases.only(~half), conditional_logit(cases.only(half))
        gained.append(_foremost(judged, judged.facts @ weights) - _foremost(judged, judged.credit))
    ahead = np.concatenate(gained)
    if float(ahead.mean()) <= float(ahead.std(ddof=1)) / np.sqrt(len(ahead)):
        return ()
    return tuple(float(round(one, 6)) for one in conditional_logit(cases))


def _foremost(cases: SetCases, scores: Floats) -> Floats:
    """Whether each item's own set is among the FOREMOST by scores, float64 (items,)."""
    items, number = np.unique(cases.item, return_inverse=True)
    order = np.lexsort((-np.round(scores, 9), number))
    first = (running_number(number[order]) < FOREMOST) & (scores[order] > NEVER)
    made: Floats = np.bincount(number[order], first & cases.right[order], len(items)).astype(np.float64)
    return made


def conditional_logit(cases: SetCases) -> Floats:
    """Weights, not negative, by which the items' own sets are likeliest among all of their items, float64 (FACTS_OF_SETS,).

    Items whose own set is not among the cases say nothing. By projected Newton steps; the likelihood is concave.
    """
    items, number = np.unique(cases.item, return_inverse=True)
    told = np.bincount(number, cases.right, len(items)) > 0
    chosen = told[number]
    number, facts, right = np.unique(number[chosen], return_inverse=True)[1], cases.facts[chosen], cases.right[chosen]
    count = int(told.sum())
    weights = np.ones(FACTS_OF_SETS)
    for _step in range(STEPS):
        chance = _chances(number, facts @ weights, count)
        mean = np.stack([np.bincount(number, chance * facts[:, k], count) for k in range(FACTS_OF_SETS)], axis=1)
        gradient = facts[right].sum(axis=0) - mean.sum(axis=0) - PENALTY * weights
        curvature = (facts * chance[:, None]).T @ facts - mean.T @ mean + PENALTY * np.eye(FACTS_OF_SETS)
        free = (weights > 0.0) | (gradient > 0.0)
        step = np.zeros(FACTS_OF_SETS)
        step[free] = np.linalg.solve(curvature[np.ix_(free, free)], gradient[free])
        moved = np.maximum(weights + step, 0.0)
        if np.abs(moved - weights).max() < 1e-8:
            break
        weights = moved
    return weights


def _chances(number: Integers, scores: Floats, items: int) -> Floats:
    """Chance of each set among those of its item, float64 (n,)."""
    most = np.full(items, -np.inf)
    np.maximum.at(most, number, scores)
    likely = np.exp(scores - most[number])
    made: Floats = likely / np.bincount(number, likely, items)[number]
    return made
