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
RACED: Final = 400
"""Predictions up to which members are judged further while the draws decide between them: twice what each figure rests on."""
MOST_RACED: Final = 20
"""Draws of the smallest catalogues; what is still undecided then makes no difference."""
APART: Final = 2.0
"""Standard errors, over the draws, by which a member that is behind stays behind."""
ROUNDING: Final = 1e-9
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
        draws: how often folds were drawn.
        undecided: members of whom so many draws did not say which is best; none where one is.
    """

    scores: list[MemberScores]
    chances: Mapping[str, npt.NDArray[np.float32]]
    draws: int
    undecided: Sequence[Member] = ()


def draws_of(items: int) -> int:
    """How often folds are drawn for so many items at least."""
    return int(np.clip(-(-PREDICTIONS // max(items, 1)), 1, MOST_DRAWS))


def most_draws_of(items: int) -> int:
    """How often folds are drawn for so many items at most; figures of one draw that rest on enough predictions are not drawn again."""
    least = draws_of(items)
    return least if least == 1 else int(np.clip(-(-RACED // max(items, 1)), least, MOST_RACED))


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


@dataclass
class _Tally:
    """What a member has said so far.

    Attributes:
        chances: of the routings, summed over the draws, float32 (n, classes).
        exact, f1: of each item, summed over the draws, float64 (n,).
        means: score of each draw.
    """

    chances: npt.NDArray[np.float32]
    exact: Floats
    f1: Floats
    means: list[float] = field(default_factory=list)

    def score(self) -> float:
        """Mean over the draws."""
        return round(float(np.mean(self.means)), 9)


def hold_out(
    table: FeatureTable, classes: RoutingClasses, seed: int, members: Sequence[Member] = MEMBERS, **forest: int
) -> HeldOut:
    """Judge members by folds that are held out together.

    Few items are drawn into folds again and again until one member is ahead whatever the folds: until then it is the draw that chooses.
    Members that are behind are not judged further.

    Args:
        table: items, all with a routing.
        classes: their routings.
        forest: trees and threads of the forest.
    """
    count = len(classes.of_item)
    tallies = {
        one.name: _Tally(np.zeros((count, len(classes)), np.float32), np.zeros(count), np.zeros(count))
        for one in members
    }
    kinds, twins = kinds_of(table), np.zeros(count)
    known: dict[tuple[int, int], float] = {}
    running, draws = list(members), 0
    while draws < draws_of(count) or (len(running) > 1 and draws < most_draws_of(count)):
        folds = folds_of(count, seed, draws)
        before = {one.name: tallies[one.name].exact.sum() + tallies[one.name].f1.sum() for one in running}
        for fold in range(int(folds.max(initial=0)) + 1):
            asked = np.flatnonzero(folds == fold)
            others = np.flatnonzero(folds != fold)
            twins[asked] += np.isin(kinds[asked], kinds[others])
            learner = Learner.of(table.of(others), classes.of_item[others], len(classes), seed=seed, **forest)
            questions = Asked(table.of(asked), learner.description.describe(table.of(asked)))
            said = predictions(learner, questions, running)
            for one in running:
                tally, chances, right = tallies[one.name], said[one.name], classes.of_item[asked]
                proposed = classes.proposed(chances, one.rule)
                tally.chances[asked] += chances.astype(np.float32)
                tally.exact[asked] += proposed == right
                tally.f1[asked] += [
                    _f1(classes, known, a, b) for a, b in zip(proposed.tolist(), right.tolist(), strict=True)
                ]
        for one in running:
            tally = tallies[one.name]
            whole = float(tally.exact.sum() + tally.f1.sum() - before[one.name])
            tally.means.append(0.5 * whole / max(count, 1))
        draws += 1
        if draws >= draws_of(count):
            running = _still_running(running, tallies)
    scores = [_scores(one, tallies[one.name], twins / draws) for one in members]
    means = {name: (one.chances / len(one.means)).astype(np.float32) for name, one in tallies.items()}
    raced = draws > draws_of(count) and len(running) > 1
    return HeldOut(scores, means, draws, running if raced else ())


def _scores(member: Member, tally: _Tally, twins: Floats) -> MemberScores:
    draws = len(tally.means)
    return MemberScores(member.name, member.simple, tally.exact / draws, tally.f1 / draws, twins)


def _still_running(running: Sequence[Member], tallies: Mapping[str, _Tally]) -> list[Member]:
    """The best member and those whom only the luck of the draws may keep from being it.

    A member that did as the best one in every draw is told apart by no further one.
    """
    best = max(running, key=lambda one: tallies[one.name].score())
    kept = []
    for one in running:
        behind = np.array(tallies[best.name].means) - np.array(tallies[one.name].means)
        unclear = len(behind) > 1 and behind.mean() <= APART * behind.std(ddof=1) / np.sqrt(len(behind))
        if one is best or (unclear and bool(np.abs(behind).max() > ROUNDING)):
            kept.append(one)
    return kept


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
