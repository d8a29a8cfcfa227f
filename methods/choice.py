"""Which member predicts a catalogue: the best on items that none of them has seen.

The score that is maximised is the mean of two: whether the proposed routing is exactly right, and F1 of its operations. Exactness alone
knows no half-right, F1 alone no order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from methods.feature_table import FeatureTable
from methods.likeness_member import NEAREST
from methods.members import EVERYBODY, MEMBERS, SHARES, Asked, Learner, Member, likeness, predictions
from methods.routing_classes import EXACT, RoutingClasses
from routings.quality_metrics import interval, set_f1

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

FOLDS: Final = 5
PREDICTIONS: Final = 200
"""Folds are drawn until each figure rests on so many predictions: one draw of a few dozen items says little."""
MOST_DRAWS: Final = 5
"""More draws of the same items hardly tell more, and each costs as much as the first."""
FEWEST: Final = 5
"""Items with a routing below which nothing can be held out: the usual routing of the group is all there is."""


@dataclass(frozen=True)
class MemberScores:
    """How a member did on each held-out item.

    Attributes:
        name: of the member.
        simple: whether it is one of those that all others must beat.
        exact: whether the proposal was right, float64 (n,).
        f1: of its operations, float64 (n,).
        twins: share of the draws in which an item with the same features was known, float64 (n,); empty: not told.
    """

    name: str
    simple: bool
    exact: Floats
    f1: Floats
    twins: Floats = field(default_factory=lambda: np.zeros(0))

    @property
    def score(self) -> Floats:
        """What is maximised, of each item."""
        return 0.5 * (self.exact + self.f1)

    def figures(self) -> dict[str, Any]:
        """For documents: shares with their 95 % intervals, and how it does on items unlike every known one."""
        made: dict[str, Any] = {
            "member": self.name,
            "simple": self.simple,
            "items": len(self.exact),
            "sequence_exact": round(float(self.exact.mean()), 6),
            "sequence_exact_between": interval(self.exact),
            "set_f1": round(float(self.f1.mean()), 6),
            "set_f1_between": interval(self.f1),
        }
        if len(self.twins):
            new = self.twins < 0.5  # in most draws nobody like it was known
            made["items_without_twin"] = int(new.sum())
            if new.any():
                made["sequence_exact_without_twin"] = round(float(self.exact[new].mean()), 6)
        return made


def chosen_of(members: Sequence[MemberScores]) -> MemberScores:
    """The member with the best mean score; of equals the simplest.

    A simple member has no other advantage than its score: all are served alike, so that one that is a little better is better to use,
    and what a choice gains by chance costs nothing. What everybody is made like says nothing about an item: it is chosen only where all
    else is worse by more than one standard error of the differences.

    Args:
        members: simplest first.
    """
    telling = [one for one in members if one.name != EVERYBODY]
    everybody = [one for one in members if one.name == EVERYBODY]
    if not telling:
        return everybody[0]
    best = max(telling, key=_mean_score)
    return next((one for one in everybody if _clearly_better(one, best)), best)


def _clearly_better(one: MemberScores, other: MemberScores) -> bool:
    ahead = one.score - other.score
    error = float(ahead.std(ddof=1)) / np.sqrt(len(ahead)) if len(ahead) > 1 else 0.0
    return float(ahead.mean()) > error


def _mean_score(one: MemberScores) -> float:
    return round(float(one.score.mean()), 9)


@dataclass(frozen=True)
class HeldOut:
    """What all members said of items they had not seen.

    Attributes:
        scores: simplest member first.
        chances: by member, of the routings, float32 (n, classes); mean over the draws of folds.
    """

    scores: list[MemberScores]
    chances: Mapping[str, npt.NDArray[np.float32]]


def draws_of(items: int) -> int:
    """How often folds are drawn for so many items."""
    return int(np.clip(-(-PREDICTIONS // max(items, 1)), 1, MOST_DRAWS))


def folds_of(items: int, seed: int, draw: int = 0) -> Integers:
    """Fold of each item from 0, as even as can be, int64 (items,)."""
    folds = np.arange(items) % min(FOLDS, max(items, 1))
    made: Integers = np.random.default_rng((seed, draw)).permutation(folds).astype(np.int64)
    return made


def kinds_of(table: FeatureTable) -> Integers:
    """A number for each item that items with the same features share, int64 (n,)."""
    made = np.zeros(table.items, np.int64)
    for column in table.columns:
        raw = column.codes if column.codes is not None else column.numbers
        if raw is not None:
            _values, codes = np.unique(raw, return_inverse=True, equal_nan=True)
            made = np.unique(made * (int(codes.max(initial=0)) + 1) + codes, return_inverse=True)[1].astype(np.int64)
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
    draws, kinds, twins = draws_of(count), kinds_of(table), np.zeros(count)
    whole = {one.name: np.zeros((count, len(classes)), np.float32) for one in members}
    exact = {one.name: np.zeros(count) for one in members}
    f1 = {one.name: np.zeros(count) for one in members}
    known: dict[tuple[int, int], float] = {}
    for draw in range(draws):
        folds = folds_of(count, seed, draw)
        for fold in range(int(folds.max(initial=0)) + 1):
            asked = np.flatnonzero(folds == fold)
            others = np.flatnonzero(folds != fold)
            twins[asked] += np.isin(kinds[asked], kinds[others]) / draws
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
    scores = [MemberScores(one.name, one.simple, exact[one.name], f1[one.name], twins) for one in members]
    return HeldOut(scores, whole)


def tells_more(more: FeatureTable, fewer: FeatureTable, classes: RoutingClasses) -> bool:
    """Whether the nearest items by more columns are made more like each item than those by fewer, each item left out."""
    return _nearest_score(more, classes) > _nearest_score(fewer, classes)


def _nearest_score(table: FeatureTable, classes: RoutingClasses) -> float:
    """Mean score of the routing of each item's nearest other item."""
    learner = Learner.of(table, classes.of_item, len(classes))
    chances = likeness(learner, SHARES[0], NEAREST).predict(learner.described, np.eye(table.items, dtype=np.bool_))
    proposed, known = classes.proposed(chances, EXACT), dict[tuple[int, int], float]()
    pairs = list(zip(proposed.tolist(), classes.of_item.tolist(), strict=True))
    return round(float(np.mean([0.5 * ((a == b) + _f1(classes, known, a, b)) for a, b in pairs])), 9)


def _f1(classes: RoutingClasses, known: dict[tuple[int, int], float], proposed: int, right: int) -> float:
    if (proposed, right) not in known:
        known[(proposed, right)] = set_f1(classes.routings[proposed], classes.routings[right])
    return known[(proposed, right)]
