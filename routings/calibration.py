"""From scores to confidences that can be believed: curves fitted on held-out items, and how votes and models are weighed together."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from common.errors import DataProblem
from trained.learned.learned_model import log_odds, sigmoid

FORMAT: Final = "routing-ml/calibration@1"
SMOOTHING: Final = 0.5
"""Neighbours' worth of doubt that a vote is given, so that a unanimous one of few counts less than one of many."""

FACTS_OF_SETS: Final = 3
"""What speaks for a set of operations, see `routings.alternatives.Candidates`."""
USUAL_VOTE_SCALE: Final = 0.04
"""`Calibration.vote_scale` of a version that has not measured any: one that was trained before, or with too few cases."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """A rising curve through points, level beyond its ends: what share of the held-out cases with such a score was right.

    Attributes:
        scores: ascending.
        shares: parallel, 0 to 1; none: the curve says nothing and gives NaN.
    """

    scores: tuple[float, ...] = ()
    shares: tuple[float, ...] = ()

    def at(self, scores: Floats) -> Floats:
        """The share at each score; NaN where the score is, or the curve is empty."""
        if not self.scores:
            return np.full(np.shape(scores), np.nan)
        found: Floats = np.interp(scores, self.scores, self.shares)
        return np.where(np.isnan(scores), np.nan, found)


@dataclass(frozen=True)
class Calibration:
    """How a version weighs neighbours and models, and how right it was on held-out items.

    Attributes:
        bias, model, vote: log odds that an operation belongs = bias + model x log odds of the model + vote x log odds of the vote.
        bias_alone, vote_alone: the same for operations without a model.
        operations: log odds -> share of the operations that belonged.
        times: confidence by routings.time_profiles -> share of run times that were at most a quarter off.
        unlike_below: an item whose features are less similar than this to those of all its neighbours is unlike anything seen; None:
            not measured.
        cases: held-out cases behind the curve of the operations.
        reached: share of held-out run times that were not above the mean, the ample and the safe time that neighbours gave; none: too few
            could be judged.
        whole: whether the version proposes whole routings: its operations are those that the models say belong, its order that of
            the neighbours which have just these.
        sets: what each fact that speaks for a set of operations counts (`routings.alternatives`); none: sets of neighbours alone are
            alternatives, ranked by credit and votes.
        vote_scale: similarity lost, from the best neighbour on, over which a vote loses two thirds of its weight.
        scaled: whether times of neighbours are multiplied by what makes them the item's; not where that did not bring held-out times
            nearer.
    """

    bias: float = 0.0
    model: float = 0.7
    vote: float = 0.5
    bias_alone: float = 0.0
    vote_alone: float = 1.0
    operations: Curve = field(default_factory=Curve)
    times: Curve = field(default_factory=Curve)
    unlike_below: float | None = None
    cases: int = 0
    reached: tuple[float, ...] = ()
    whole: bool = False
    scaled: bool = True
    vote_scale: float = USUAL_VOTE_SCALE
    sets: tuple[float, ...] = ()

    def believed(self, probabilities: Floats, votes: Floats) -> Floats:
        """Log odds that operations belong.

        Args:
            probabilities: of the models, NaN where there is none.
            votes: smoothed share of the neighbours' weight, see `smoothed`.
        """
        cast, unknown = log_odds(votes), np.isnan(probabilities)
        with_model = self.bias + self.model * log_odds(np.where(unknown, 0.5, probabilities)) + self.vote * cast
        return np.where(unknown, self.bias_alone + self.vote_alone * cast, with_model)

    def confidence(self, believed: Floats) -> Floats:
        """Probability that operations with such log odds belong."""
        if self.operations.scores:
            return self.operations.at(believed)
        return np.asarray(sigmoid(believed), np.float64)

    def to_json(self) -> str:
        """As `from_json` reads it."""
        return self._json

    @cached_property
    def _json(self) -> str:  # every search's answer has it
        return json.dumps({"format": FORMAT, **asdict(self)})

    @staticmethod
    def from_json(text: str) -> Calibration:
        """The calibration of a text.

        Raises:
            DataProblem: it is none.
        """
        return _parsed(text)


@lru_cache(maxsize=8)
def _parsed(text: str) -> Calibration:
    try:
        content: dict[str, Any] = json.loads(text)
        if content.pop("format") != FORMAT:
            raise DataProblem(f"The calibration is of another format than {FORMAT}: train again")
        made: dict[str, Any] = {
            name: _curve(value) if isinstance(value, Mapping) else value for name, value in content.items()
        }
        made["reached"] = tuple(made.get("reached", ()))
        made["sets"] = tuple(made.get("sets", ()))
        return _checked(Calibration(**made))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DataProblem(f"The calibration is damaged ({error}): restore it from a backup, or train again") from error


def _checked(made: Calibration) -> Calibration:
    """The calibration, when each value is one that can be computed with; raises ValueError otherwise."""
    numbers = [made.bias, made.model, made.vote, made.bias_alone, made.vote_alone, made.cases, made.vote_scale]
    numbers += [] if made.unlike_below is None else [made.unlike_below]
    if not all(type(value) in (int, float) and math.isfinite(value) for value in numbers):
        raise ValueError("it holds what is no number")
    if made.vote_scale <= 0.0:
        raise ValueError("vote_scale is above 0")
    if len(made.reached) not in (0, 3) or not all(
        type(one) in (int, float) and 0.0 <= one <= 1.0 for one in made.reached
    ):
        raise ValueError("reached is none or three shares")
    if len(made.sets) not in (0, FACTS_OF_SETS) or not all(
        type(one) in (int, float) and math.isfinite(one) and one >= 0.0 for one in made.sets
    ):
        raise ValueError("sets is none or a number from 0 for each fact")
    if not (isinstance(made.whole, bool) and isinstance(made.scaled, bool)):
        raise ValueError("whole and scaled are true or false")
    for curve in (made.operations, made.times):
        points = [*curve.scores, *curve.shares]
        if len(curve.scores) != len(curve.shares) or not all(map(math.isfinite, points)):
            raise ValueError("a curve has points without a share")
        if any(a > b for a, b in itertools.pairwise(curve.scores)):
            raise ValueError("a curve does not rise")
    return made


def _curve(value: Mapping[str, Any]) -> Curve:
    return Curve(tuple(map(float, value["scores"])), tuple(map(float, value["shares"])))


def smoothed(for_it: Floats, whole: Floats, neighbours: Floats) -> Floats:
    """Share of the weight that votes for an operation, drawn towards a half by SMOOTHING neighbours on either side.

    Args:
        for_it: weight of those that have it.
        whole: weight of all.
        neighbours: how many equal ones all of them are worth.
    """
    share = np.divide(for_it, whole, out=np.full(np.shape(for_it), 0.5), where=whole > 0)
    made: Floats = (share * neighbours + SMOOTHING) / (neighbours + 2 * SMOOTHING)
    return made
