"""Fitting how neighbours and models are weighed together, and what confidence the result deserves, on items that neither has seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from plant.client_names import RUN_TIME
from plant.time_columns import RUN
from routings.calibration import USUAL_VOTE_SCALE, Calibration, Curve
from routings.consensus import weigh
from routings.estimates import Estimates
from routings.operation_evidence import evidence_of
from routings.operation_sharing import SharedOperations, share_operations
from routings.operation_table import Neighbours, OperationTable, ranges, usable_neighbours
from routings.time_profiles import ProfileOptions, standard_times
from trained.encoder import BlockEncoder
from trained.index.engine import Engine, Vectors
from trained.learned.learned_model import LearnedOutputs, log_odds, sigmoid
from trainer.set_calibration import SetCases, fit_sets, set_cases

SAMPLE: Final = 2_400
NEIGHBOURS: Final = (10, 50)
"""Neighbours an item, half of the sample each: what is fitted must hold for few and for many."""
AT_ONCE: Final = 64
SCALES: Final = (0.003, 0.01, 0.03, 0.1, 0.3)
"""Scales of votes that are tried, from nearly the best neighbour alone to nearly all alike, each about three times the one before."""
TRIED: Final = 640
"""Items by which the scale of the votes is chosen; none of them is among those by which confidences are fitted, where there are more."""
FEWEST_TRIED: Final = 100
"""Items below which the usual scale stays: chance would choose."""
NEAR: Final = 0.25
"""A time counts as right when it is off by at most this."""
UNLIKE_SHARE: Final = 0.001
FEWEST_CASES: Final = 200
CURVE_POINTS: Final = 40
FAR_OFF: Final = 2.0
"""A time that is off by more than this counts as off by this: one typing error decides nothing."""
SURELY_NOT: Final = 20.0
"""Log odds against an operation that the chosen routing does not have and no model knows."""
ROUNDING: Final = 1e-9
SURE: Final = 0.002
"""No confidence is nearer to 0 or 1 than this."""

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Judged:
    """What was found for the operations among the neighbours of a sample of items: one row an item and operation.

    Attributes:
        item: number in the sample.
        probabilities: of the models, NaN without one.
        votes: smoothed share of the neighbours' weight.
        belongs: whether the item's own routing has it.
        trust: confidence of the run time by rule, 0 where it cannot be judged.
        near: whether the run time was right.
        likeness: best similarity of each item to a neighbour by its features alone.
        reached: whether a run time that can be judged was not above the mean, the ample and the safe time, bool (times, 3).
        gained: by how much less of itself a run time is off when neighbours' times are scaled to the item, one a time that can be judged.
    """

    item: Integers
    probabilities: Floats
    votes: Floats
    belongs: Booleans
    trust: Floats
    near: Booleans
    likeness: Floats
    reached: Booleans
    gained: Floats


def calibrate(
    encoder: BlockEncoder,
    index: Engine,
    vectors: Vectors,
    outputs: LearnedOutputs,
    table: OperationTable,
    model_of: Integers,
    ef_search: int,
    seed: int,
) -> Calibration:
    """Fit on a sample of items with routings, each predicted from others and by models that did not see it.

    Args:
        vectors: of all items, float32 (items, dimension).
        outputs: what the models say of all items.
        table: their routings.
        model_of: number of the model of each operation number, -1 where it has none.
    """
    routed = np.flatnonzero(np.diff(table.offsets) > 0)
    random = np.random.default_rng(seed)
    chosen = random.permutation(routed)[: min(SAMPLE, len(routed))]
    known = _Known(encoder, index, vectors, outputs, table, model_of, ef_search)
    assert encoder.learned is not None  # only versions with a learned block are calibrated
    tried = chosen[:TRIED]
    chosen = chosen[TRIED:] if len(chosen) > 2 * TRIED else chosen
    usual = Calibration(vote_scale=best_scale(known, tried, encoder.learned.model.planned is not None))
    parts = []
    for start in range(0, len(chosen), AT_ONCE):
        k = NEIGHBOURS[(start // AT_ONCE) % len(NEIGHBOURS)]
        parts.append(_judged(known, chosen[start : start + AT_ONCE], k, usual, start))
    judged = Judged(*(np.concatenate([getattr(part, name) for part in parts]) for name in Judged.__annotations__))
    made = fit_calibration(judged) if encoder.learned.model.planned is None else whole_calibration(judged)
    made = replace(made, vote_scale=usual.vote_scale)
    made = replace(
        made, sets=fit_sets([_cases(known, chosen, start, made) for start in range(0, len(chosen), AT_ONCE)])
    )
    reached = tuple(judged.reached.mean(axis=0).round(6).tolist()) if len(judged.reached) >= FEWEST_CASES else ()
    return replace(made, reached=reached)


def _cases(known: _Known, chosen: Integers, start: int, calibration: Calibration) -> SetCases:
    """Of the items from `start` on those on which no weight was fitted, with the sets of operations that they might have."""
    k = NEIGHBOURS[(start // AT_ONCE) % len(NEIGHBOURS)]
    asked = _asked(known, chosen[start : start + AT_ONCE : 2], k, calibration)
    weighed = weigh(known.table, asked.shared, np.arange(len(asked.items)), asked.estimates, known.model_of)
    belongs = _belongs(known.table, asked.items, asked.shared)[0]
    return set_cases(weighed, belongs, known.table.lengths(asked.items), start)


@dataclass(frozen=True)
class _Known:
    """What items are predicted from, see `calibrate`."""

    encoder: BlockEncoder
    index: Engine
    vectors: Vectors
    outputs: LearnedOutputs
    table: OperationTable
    model_of: Integers
    ef_search: int


class _Asked(NamedTuple):
    """A few items whose operations are weighed.

    Attributes:
        items: int64 (q,).
        query, found: the item and the neighbour of each pair, int64 (pairs,).
        shared: operations of the neighbours.
        estimates: what the version says of the items.
    """

    items: Integers
    query: Integers
    found: Integers
    shared: SharedOperations
    estimates: Estimates


def _asked(known: _Known, items: Integers, k: int, calibration: Calibration) -> _Asked:
    """Items with their k nearest others."""
    encoder, vectors, outputs = known.encoder, known.vectors, known.outputs
    wanted = min(k + 1, known.index.items)
    positions, similarities = known.index.search(np.ascontiguousarray(vectors[items]), wanted, known.ef_search)
    kept = (positions >= 0) & (positions != items[:, None])
    kept &= np.cumsum(kept, axis=1) <= k
    found = positions[kept]
    query = np.nonzero(kept)[0]
    offsets = np.concatenate(([0], np.cumsum(kept.sum(axis=1)))).astype(np.int64)
    neighbours = Neighbours(offsets, found, np.clip(similarities[kept].astype(np.float64), 0.0, 1.0))
    assert encoder.learned is not None  # only versions with a learned block are calibrated
    model = encoder.learned.model
    estimates = Estimates(
        operations=model.operations,
        probabilities=outputs.probabilities[items],
        factors=outputs.factors[items],
        neighbour_factors=outputs.factors[found],
        size_differences=encoder.size_differences(vectors[items[query]], vectors[found]),
        times=model.times,
        calibration=calibration,
    )
    shared = share_operations(known.table, usable_neighbours(known.table, items, neighbours, 0.0))
    return _Asked(items, query, found, shared, estimates)


def best_scale(known: _Known, items: Integers, whole: bool) -> float:
    """The scale of votes that says best which operations belong to items, the usual one unless another is clearly better.

    Clearly is by more than one standard error of what an item's operations gain in log-likelihood; the votes are weighed with the models
    as they would be, fitted on one half of the items and judged on the other.

    Args:
        items: int64 (n,); positions.
        whole: whether votes are judged alone, because the models speak of whole routings.
    """
    if len(items) < FEWEST_TRIED:
        return USUAL_VOTE_SCALE
    scales = (USUAL_VOTE_SCALE, *SCALES)
    votes: list[list[Floats]] = [[] for _scale in scales]
    said: list[Floats] = []
    belongs: list[Booleans] = []
    number: list[Integers] = []
    for start in range(0, len(items), AT_ONCE):
        some = items[start : start + AT_ONCE]
        asked = _asked(known, some, max(NEIGHBOURS), Calibration())
        for place, scale in enumerate(scales):
            estimates = replace(asked.estimates, calibration=Calibration(vote_scale=scale))
            weighed = weigh(known.table, asked.shared, np.arange(len(some)), estimates, known.model_of)
            votes[place].append(weighed.votes)
        said.append(weighed.probabilities)
        belongs.append(_belongs(known.table, some, asked.shared)[0])
        number.append(asked.shared.query_of_groups + start)
    right, item, models = np.concatenate(belongs), np.concatenate(number), np.concatenate(said)
    if not len(right):
        return USUAL_VOTE_SCALE
    gains = [
        _log_likelihood(item, np.full(len(models), np.nan) if whole else models, np.concatenate(one), right, len(items))
        for one in votes
    ]
    best = max(range(len(scales)), key=lambda place: round(float(gains[place].mean()), 9))
    ahead = gains[best] - gains[0]
    clearly = float(ahead.mean()) > float(ahead.std(ddof=1)) / np.sqrt(len(ahead))
    return scales[best] if clearly else USUAL_VOTE_SCALE


def _log_likelihood(item: Integers, said: Floats, votes: Floats, right: Booleans, items: int) -> Floats:
    """Of the operations of each item in the half that nothing was fitted on, float64 (items // 2,)."""
    odd, cast = (item % 2).astype(bool), log_odds(votes)
    total = np.zeros(items)
    for rows in (np.isnan(said), ~np.isnan(said)):
        if not (rows & odd).any():
            continue
        columns = np.stack([log_odds(np.nan_to_num(said, nan=0.5)), cast], axis=1)
        bias, *weights = logistic(columns[rows & odd], right[rows & odd])
        judged = rows & ~odd
        chance = np.clip(np.asarray(sigmoid(bias + columns[judged] @ np.array(weights))), SURE, 1.0 - SURE)
        total += np.bincount(item[judged], np.log(np.where(right[judged], chance, 1.0 - chance)), items)
    return total[::2]


def _belongs(table: OperationTable, items: Integers, shared: SharedOperations) -> tuple[Booleans, Integers, Integers]:
    """Whether each operation that neighbours share is in the item's own routing; keys of operations there and of the own rows."""
    first = shared.rows.max(axis=1)
    own_query = np.repeat(np.arange(len(items)), table.lengths(items))
    own_keys = (own_query << 32) | table.operation[ranges(table.offsets[items], table.lengths(items))]
    keys = (shared.query_of_groups << 32) | table.operation[first].astype(np.int64)
    return np.isin(keys, own_keys), keys, own_keys


def _judged(known: _Known, items: Integers, k: int, calibration: Calibration, start: int) -> Judged:
    encoder, vectors, table = known.encoder, known.vectors, known.table
    items, query, found, shared, estimates = _asked(known, items, k, calibration)
    weighed = weigh(table, shared, np.arange(len(items)), estimates, known.model_of)
    query_of = shared.query_of_groups
    belongs, keys, own_keys = _belongs(table, items, shared)
    own_rows = ranges(table.offsets[items], table.lengths(items))
    every = np.arange(len(keys))
    outliers = ProfileOptions("trimmed_std", geometric=True)
    times, weights = weighed.shared.times_of(every), shared.weights_of(every)
    proof = evidence_of(weighed, weighed.shared, times, every, outliers, ProfileOptions(geometric=True))
    estimated = standard_times(times[:, RUN], weights[:, 0], outliers)
    order = np.argsort(own_keys)
    place = np.clip(np.searchsorted(own_keys[order], keys), 0, max(len(order) - 1, 0))
    actual = np.where(belongs, table.times[own_rows[order][place], RUN], np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        off = np.abs(estimated / actual - 1.0)
        plain = standard_times(shared.times_of(every)[:, RUN], weights[:, 0], outliers)
        gained = np.minimum(np.abs(plain / actual - 1.0), FAR_OFF) - np.minimum(off, FAR_OFF)
    timed = ~np.isnan(off) & (actual > 0)
    ample, mean, safe = proof.ranges[RUN_TIME]
    ranged = timed & ~np.isnan(safe)
    times_given = np.stack([mean, ample, safe], axis=1)[ranged]
    likeness = np.full(len(items), -1.0)
    similar = np.einsum(
        "nd,nd->n", encoder.features_alone(vectors[items[query]]), encoder.features_alone(vectors[found])
    )
    np.maximum.at(likeness, query, similar)
    return Judged(
        query_of + start,
        weighed.probabilities,
        weighed.votes,
        belongs,
        np.where(timed, proof.confidence, 0.0),
        off <= NEAR,
        likeness,
        actual[ranged, None] <= times_given * (1.0 + ROUNDING),
        gained[timed & ~np.isnan(gained)],
    )


def fit_calibration(judged: Judged) -> Calibration:
    """Fit weights on half of the items and curves on the other half; the usual weights where there are too few cases."""
    usual = Calibration()
    unlike = float(np.quantile(judged.likeness, UNLIKE_SHARE)) if len(judged.likeness) else None
    if len(judged.item) < FEWEST_CASES:
        return Calibration(unlike_below=unlike, scaled=scaling_helps(judged.gained))
    odd = (judged.item % 2).astype(bool)
    modelled = ~np.isnan(judged.probabilities)
    cast = log_odds(judged.votes)
    bias, model, vote = usual.bias, usual.model, usual.vote
    bias_alone, vote_alone = usual.bias_alone, usual.vote_alone
    rows = odd & modelled
    if rows.sum() >= FEWEST_CASES:
        said = log_odds(judged.probabilities[rows])
        bias, model, vote = logistic(np.stack([said, cast[rows]], axis=1), judged.belongs[rows])
    rows = odd & ~modelled
    if rows.sum() >= FEWEST_CASES:
        bias_alone, vote_alone = logistic(cast[rows, None], judged.belongs[rows])
    fitted = Calibration(bias, model, vote, bias_alone, vote_alone)
    believed = fitted.believed(judged.probabilities, judged.votes)
    timed = judged.trust > 0.0
    return Calibration(
        *(bias, model, vote, bias_alone, vote_alone),
        operations=rising(believed[~odd], judged.belongs[~odd]),
        times=rising(judged.trust[timed], judged.near[timed]) if timed.sum() >= FEWEST_CASES else Curve(),
        unlike_below=unlike,
        cases=int((~odd).sum()),
        scaled=scaling_helps(judged.gained),
    )


def scaling_helps(gained: Floats) -> bool:
    """Whether scaled times are nearer on average; the models behind them are shrunk already, so that no margin is asked for."""
    return bool(len(gained)) and bool(gained.mean() > 0.0)


def whole_calibration(judged: Judged) -> Calibration:
    """How sure operations of whole routings are; votes decide only about operations that no routing of the member has."""
    weights = Calibration(
        bias=0.0,
        model=1.0,
        vote=0.0,
        bias_alone=-SURELY_NOT,
        vote_alone=1.0,
        whole=True,
        scaled=scaling_helps(judged.gained),
    )
    unlike = float(np.quantile(judged.likeness, UNLIKE_SHARE)) if len(judged.likeness) else None
    modelled = ~np.isnan(judged.probabilities)
    timed = judged.trust > 0.0
    if not modelled.any():
        return replace(weights, unlike_below=unlike)
    believed = weights.believed(judged.probabilities[modelled], judged.votes[modelled])
    return replace(
        weights,
        operations=rising(believed, judged.belongs[modelled]),
        times=rising(judged.trust[timed], judged.near[timed]) if timed.sum() >= FEWEST_CASES else Curve(),
        unlike_below=unlike,
        cases=int(modelled.sum()),
    )


def logistic(columns: Floats, right: Booleans, penalty: float = 1.0) -> tuple[float, ...]:
    """Bias and weights (not negative) of a logistic regression, by Newton's method."""
    design = np.concatenate([np.ones((len(columns), 1)), columns], axis=1)
    weights = np.zeros(design.shape[1])
    for _step in range(30):
        chance = np.asarray(sigmoid(design @ weights), np.float64)
        gradient = design.T @ (right - chance) - penalty * weights
        curvature = (design * (chance * (1.0 - chance))[:, None]).T @ design + penalty * np.eye(len(weights))
        step = np.linalg.solve(curvature, gradient)
        weights = weights + step
        if np.abs(step).max() < 1e-8:
            break
    weights[1:] = np.maximum(weights[1:], 0.0)
    return tuple(float(weight) for weight in weights)


def rising(scores: Floats, right: Booleans) -> Curve:
    """The rising curve that fits best (isotonic regression), thinned to a few dozen points."""
    from sklearn.isotonic import IsotonicRegression  # only the training side has it

    fitted = IsotonicRegression(y_min=SURE, y_max=1.0 - SURE, out_of_bounds="clip")
    fitted.fit(scores, right.astype(np.float64))
    points, shares = fitted.X_thresholds_, fitted.y_thresholds_
    if len(points) > CURVE_POINTS:
        chosen = np.unique(np.linspace(0, len(points) - 1, CURVE_POINTS).astype(np.int64))
        points, shares = points[chosen], shares[chosen]
    return Curve(tuple(map(float, points)), tuple(map(float, shares)))
