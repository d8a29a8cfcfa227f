"""Which member predicts a catalogue: the simplest within one standard error of the best, on items that none of them has seen.

The score that is maximised is the mean of two: whether the proposed routing is exactly right, and F1 of its operations. Exactness alone
knows no half-right, F1 alone no order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from methods.feature_table import FeatureTable
from methods.members import EVERYBODY, MEMBERS, Asked, Learner, Member, predictions
from methods.routing_classes import RoutingClasses
from routings.quality_metrics import set_f1

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

FOLDS: Final = 5
REPEATED_BELOW: Final = 100
"""Items below which the folds are drawn REPEATS times: one draw of a few dozen items says little."""
REPEATS: Final = 2
FEWEST: Final = 5
"""Items with a routing below which nothing can be held out: the usual routing of the group is all there is."""
INTERVAL: Final = 1.96
"""Standard errors to either side of a figure within which it lies 19 times of 20."""


@dataclass(frozen=True)
class MemberScores:
    """How a member did on each held-out item.

    Attributes:
        name: of the member.
        simple: whether it is one of those that all others must beat.
        exact: whether the proposal was right, float64 (n,).
        f1: of its operations, float64 (n,).
    """

    name: str
    simple: bool
    exact: Floats
    f1: Floats

    @property
    def score(self) -> Floats:
        """What is maximised, of each item."""
        return 0.5 * (self.exact + self.f1)

    def figures(self) -> dict[str, Any]:
        """For documents: shares with half the width of their 95 % interval."""
        return {
            "member": self.name,
            "simple": self.simple,
            "items": len(self.exact),
            "sequence_exact": round(float(self.exact.mean()), 6),
            "sequence_exact_within": half_width(self.exact),
            "set_f1": round(float(self.f1.mean()), 6),
            "set_f1_within": half_width(self.f1),
        }


def half_width(values: Floats) -> float:
    """Half the width of the 95 % interval of a mean."""
    if len(values) < 2:
        return 1.0
    return round(float(INTERVAL * values.std(ddof=1) / np.sqrt(len(values))), 6)


def chosen_of(members: Sequence[MemberScores]) -> MemberScores:
    """The first (simplest) whose mean score is within one standard error of the best's; the error is that of their differences.

    What everybody is made like is chosen only where nothing is better: it says nothing about an item.
    """
    best = max(members, key=lambda one: round(float(one.score.mean()), 9))
    for one in members:
        if one.name == EVERYBODY and one is not best:
            continue
        behind = best.score - one.score
        error = float(behind.std(ddof=1)) / np.sqrt(len(behind)) if len(behind) > 1 else 0.0
        if float(behind.mean()) <= error:
            return one
    return best


@dataclass(frozen=True)
class HeldOut:
    """What all members said of items they had not seen.

    Attributes:
        scores: simplest member first.
        chances: by member, of the routings, float32 (n, classes); mean over the draws of folds.
    """

    scores: list[MemberScores]
    chances: Mapping[str, npt.NDArray[np.float32]]


def folds_of(items: int, seed: int, draw: int = 0) -> Integers:
    """Fold of each item from 0, as even as can be, int64 (items,)."""
    folds = np.arange(items) % min(FOLDS, max(items, 1))
    made: Integers = np.random.default_rng((seed, draw)).permutation(folds).astype(np.int64)
    return made


def hold_out(
    table: FeatureTable, classes: RoutingClasses, seed: int, members: Sequence[Member] = MEMBERS, **forest: int
) -> HeldOut:
    """Judge members by folds that are held out together.

    Args:
        table: items, all with a routing.
        classes: their routings.
        forest: trees and threads of the forest.
    """
    count = len(classes.of_item)
    draws = REPEATS if count < REPEATED_BELOW else 1
    whole = {one.name: np.zeros((count, len(classes)), np.float32) for one in members}
    exact = {one.name: np.zeros(count) for one in members}
    f1 = {one.name: np.zeros(count) for one in members}
    known: dict[tuple[int, int], float] = {}
    for draw in range(draws):
        folds = folds_of(count, seed, draw)
        for fold in range(int(folds.max(initial=0)) + 1):
            asked = np.flatnonzero(folds == fold)
            others = np.flatnonzero(folds != fold)
            learner = Learner.of(table.of(others), classes.of_item[others], len(classes), seed=seed, **forest)
            questions = Asked(table.of(asked), learner.description.describe(table.of(asked)))
            said = predictions(learner, questions, members)
            for one in members:
                chances = said[one.name]
                proposed = classes.proposed(chances, one.rule)
                right = classes.of_item[asked]
                whole[one.name][asked] += (chances / draws).astype(np.float32)
                exact[one.name][asked] += (proposed == right) / draws
                f1[one.name][asked] += [
                    _f1(classes, known, a, b) / draws for a, b in zip(proposed.tolist(), right.tolist(), strict=True)
                ]
    return HeldOut([MemberScores(one.name, one.simple, exact[one.name], f1[one.name]) for one in members], whole)


def _f1(classes: RoutingClasses, known: dict[tuple[int, int], float], proposed: int, right: int) -> float:
    if (proposed, right) not in known:
        known[(proposed, right)] = set_f1(classes.routings[proposed], classes.routings[right])
    return known[(proposed, right)]
