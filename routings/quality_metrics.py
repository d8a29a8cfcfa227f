"""How good proposed routings are: against the right operations, their order, their times, and whether confidences can be believed.

A routing is a sequence of operations that can be compared and hashed; an operation that occurs twice counts as two different ones
for sets (see `numbered`).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from routings.routing_changes import edit_distance

Floats = npt.NDArray[np.float64]
Operations = Sequence[Hashable]

BINS: Final = 10
"""Bins of equal width that confidences are sorted into."""


def numbered(operations: Operations) -> list[tuple[Hashable, int]]:
    """Each operation with how often it came before in the routing, so that repeated ones differ."""
    seen: dict[Hashable, int] = {}
    result = []
    for operation in operations:
        occurrence = seen.get(operation, 0)
        seen[operation] = occurrence + 1
        result.append((operation, occurrence))
    return result


def set_f1(proposed: Operations, right: Operations) -> float:
    """F1 of the operations whatever their order, 0 to 1; 1 when both are empty."""
    have, want = set(numbered(proposed)), set(numbered(right))
    if not have and not want:
        return 1.0
    return 2 * len(have & want) / (len(have) + len(want))


def deviations(estimates: Floats, actual: Floats) -> Floats:
    """(estimate - actual) / actual of each pair; NaN where either is absent or the actual is not above 0."""
    usable = actual > 0
    made: Floats = (estimates - actual) / np.where(usable, actual, 1.0)
    return np.where(usable, made, np.nan)


def relative_errors(estimates: Floats, actual: Floats) -> Floats:
    """|estimate - actual| / actual of each pair; NaN where either is absent or the actual is not above 0."""
    return np.abs(deviations(estimates, actual))


def mean_of_present(values: Floats) -> float | None:
    """Mean of the values that are not NaN; None when there is none."""
    present = values[~np.isnan(values)]
    return float(present.mean()) if len(present) else None


def median_of_present(values: Floats) -> float | None:
    """Median of the values that are not NaN; None when there is none."""
    present = values[~np.isnan(values)]
    return float(np.median(present)) if len(present) else None


COVERED: Final = 0.95
"""Share of the cases in which an interval is meant to hold the true figure."""
RESAMPLES: Final = 1_000
UNSEEN_RARER: Final = 3.0
"""Where n items out of n came out alike, what differs may still be as frequent as 3 in n (the rule of three, 95 %)."""


def interval(values: Floats) -> list[float]:
    """Bounds within which the mean of such values, 0 to 1, lies in 95 % of the cases: of means drawn again from them (bootstrap)."""
    if not len(values):
        return [0.0, 1.0]
    rare = min(1.0, UNSEEN_RARER / len(values))
    if float(values.std()) == 0.0:
        alike = float(values[0])
        return [round(max(0.0, alike - rare * alike), 6), round(min(1.0, alike + rare * (1.0 - alike)), 6)]
    random = np.random.default_rng(len(values))
    drawn = random.multinomial(len(values), np.full(len(values), 1.0 / len(values)), RESAMPLES) @ values / len(values)
    outside = 0.5 * (1.0 - COVERED)
    return [round(float(bound), 6) for bound in np.quantile(drawn, [outside, 1.0 - outside])]


@dataclass(frozen=True)
class CalibrationBin:
    """Confidences of about the same height.

    Attributes:
        confidence: their mean, 0 to 1.
        observed: share of them that turned out right, 0 to 1.
        count: how many.
    """

    confidence: float
    observed: float
    count: int


def calibration(confidences: Floats, right: npt.NDArray[np.bool_], bins: int = BINS) -> list[CalibrationBin]:
    """Confidences (0 to 1; NaN does not count) against what turned out right, in bins of equal width; empty bins are left out."""
    present = ~np.isnan(confidences)
    known, hits = confidences[present], right[present]
    place = np.clip((known * bins).astype(np.int64), 0, bins - 1)
    return [
        CalibrationBin(float(known[chosen].mean()), float(hits[chosen].mean()), int(chosen.sum()))
        for chosen in (place == number for number in range(bins))
        if chosen.any()
    ]


def calibration_error(found: Sequence[CalibrationBin]) -> float | None:
    """Expected calibration error: mean distance of confidence and share that is right, by count; None without confidences.

    Source: Naeini, Cooper, Hauskrecht, Obtaining Well Calibrated Probabilities Using Bayesian Binning, 2015.
    """
    total = sum(one.count for one in found)
    if not total:
        return None
    return sum(abs(one.confidence - one.observed) * one.count for one in found) / total


@dataclass(frozen=True)
class Proposal:
    """A proposed routing.

    Attributes:
        operations: in order.
        run_times: minutes of each, NaN where absent; float64 (operations).
        confidences: that each belongs, 0 to 1, NaN where not known; float64 (operations).
    """

    operations: Operations
    run_times: Floats
    confidences: Floats


@dataclass(frozen=True)
class RightRouting:
    """What is right for an item: operations in order and their run times in minutes (NaN where not known)."""

    operations: Operations
    run_times: Floats


@dataclass(frozen=True)
class TimedOperation:
    """An operation that a proposal shares with the right routing, and how far its run time is off.

    Attributes:
        operation: which.
        deviation: by what share of the right time the proposed one is longer (below 0: shorter), NaN where unknown.
    """

    operation: Hashable
    deviation: float

    @property
    def error(self) -> float:
        """How far it is off to either side."""
        return abs(self.deviation)


@dataclass(frozen=True)
class ItemScore:
    """How the proposals for one item did; all but `in_top` is about the first one.

    Attributes:
        answered: whether there was a proposal.
        exact: the right operations in the right order.
        f1: `set_f1`; 0 without a proposal.
        edits: `edit_distance`; the whole routing without a proposal.
        in_top: whether the right sequence is among the first few proposals.
        timed: shared operations with their time errors.
        missed, added: operations of the right routing that the proposal lacks, and the other way round.
        confidences: of the proposal's operations.
        hits: whether each of them belongs.
    """

    answered: bool
    exact: bool
    f1: float
    edits: int
    in_top: bool
    timed: tuple[TimedOperation, ...]
    missed: tuple[Hashable, ...]
    added: tuple[Hashable, ...]
    confidences: Floats
    hits: npt.NDArray[np.bool_]


def score(proposals: Sequence[Proposal], right: RightRouting, top: int = 4) -> ItemScore:
    """Judge the proposals for one item, best first.

    Args:
        top: among how many of them the right sequence is looked for.
    """
    wanted = list(right.operations)
    if not proposals:
        nothing = np.zeros(0)
        return ItemScore(False, False, 0.0, len(wanted), False, (), tuple(wanted), (), nothing, np.zeros(0, np.bool_))
    first = proposals[0]
    have, want = numbered(first.operations), numbered(wanted)
    place_of = {operation: place for place, operation in enumerate(want)}
    shared = [(place, place_of[operation]) for place, operation in enumerate(have) if operation in place_of]
    here = np.array([place for place, _there in shared], np.int64)
    there = np.array([place for _here, place in shared], np.int64)
    off = deviations(first.run_times[here], right.run_times[there])
    proposed = set(have)
    return ItemScore(
        answered=True,
        exact=list(first.operations) == wanted,
        f1=set_f1(first.operations, wanted),
        edits=edit_distance(first.operations, wanted),
        in_top=any(list(proposal.operations) == wanted for proposal in proposals[:top]),
        timed=tuple(TimedOperation(wanted[place], float(one)) for place, one in zip(there.tolist(), off, strict=True)),
        missed=tuple(operation for operation, occurrence in want if (operation, occurrence) not in proposed),
        added=tuple(operation for operation, occurrence in have if (operation, occurrence) not in place_of),
        confidences=first.confidences,
        hits=np.array([operation in place_of for operation in have], np.bool_),
    )


@dataclass(frozen=True)
class Quality:
    """What a set of items came to.

    Attributes:
        items: items judged.
        unanswered: of them without any proposal; they count as wrong.
        sequence_exact: share with the right operations in the right order.
        set_f1: mean F1 of the operations.
        run_time_mape: mean relative error of the run times of shared operations; None without times.
        run_time_median_error: half of these run times are off by less, relatively; one typing error moves the mean, not this.
        run_time_bias: median share by which they are longer than the right ones (below 0: shorter).
        top_recall: share whose right sequence is among the first few proposals.
        edit_distance: mean operations to insert, delete or replace.
        calibration_error: of the operations' confidences; None without confidences.
    """

    items: int
    unanswered: int
    sequence_exact: float
    set_f1: float
    run_time_mape: float | None
    run_time_median_error: float | None
    run_time_bias: float | None
    top_recall: float
    edit_distance: float
    calibration_error: float | None


def quality(scores: Sequence[ItemScore]) -> Quality:
    """The figures of a set of judged items (1 or more)."""
    count = len(scores)
    off = np.array([one.deviation for item in scores for one in item.timed], np.float64)
    return Quality(
        items=count,
        unanswered=sum(not one.answered for one in scores),
        sequence_exact=sum(one.exact for one in scores) / count,
        set_f1=sum(one.f1 for one in scores) / count,
        run_time_mape=mean_of_present(np.abs(off)),
        run_time_median_error=median_of_present(np.abs(off)),
        run_time_bias=median_of_present(off),
        top_recall=sum(one.in_top for one in scores) / count,
        edit_distance=sum(one.edits for one in scores) / count,
        calibration_error=calibration_error(calibration_of(scores)),
    )


def calibration_of(scores: Sequence[ItemScore]) -> list[CalibrationBin]:
    """Calibration of all operations' confidences of a set of judged items."""
    if not scores:
        return []
    return calibration(
        np.concatenate([one.confidences for one in scores]), np.concatenate([one.hits for one in scores])
    )


@dataclass(frozen=True)
class OperationQuality:
    """How one operation did.

    Attributes:
        items: items whose right routing has it.
        missed: of them where the proposal lacks it.
        added: items whose proposal has it although the right routing does not.
        run_time_mape: mean relative error of its run times; None without times.
    """

    items: int
    missed: int
    added: int
    run_time_mape: float | None


def by_operation(scores: Sequence[ItemScore]) -> Mapping[Hashable, OperationQuality]:
    """The figures of each operation, most frequent first."""
    errors: dict[Hashable, list[float]] = {}
    missed: dict[Hashable, int] = {}
    added: dict[Hashable, int] = {}
    for item in scores:
        for one in item.timed:
            errors.setdefault(one.operation, []).append(one.error)
        for operation in item.missed:
            missed[operation] = missed.get(operation, 0) + 1
        for operation in item.added:
            added[operation] = added.get(operation, 0) + 1
    made = {
        operation: OperationQuality(
            items=len(errors.get(operation, ())) + missed.get(operation, 0),
            missed=missed.get(operation, 0),
            added=added.get(operation, 0),
            run_time_mape=mean_of_present(np.array(errors.get(operation, []), np.float64)),
        )
        for operation in dict.fromkeys([*errors, *missed, *added])
    }
    return dict(sorted(made.items(), key=lambda pair: (-pair[1].items, str(pair[0]))))
