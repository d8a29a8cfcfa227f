"""The consensus of an item's neighbours and of what the version has learned: which operations, in which order, on which machine.

Each neighbour votes with a weight that falls with its distance from the item. Vote and learned probability together say whether an
operation belongs. Alternatives are the routings of groups of neighbours that are made otherwise, the most credible first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from domain.calibration import Calibration, smoothed
from domain.estimates import Estimates
from domain.learned_model import sigmoid
from domain.operation_sharing import SharedOperations
from domain.operation_table import OperationTable
from domain.operation_vote import best_by_machine, precedence_order

VOTE_SCALE: Final = 0.04
"""Similarity lost, from the best neighbour on, over which a vote loses two thirds of its weight."""
LEAST_VOTE: Final = 1e-9
"""Weight of the farthest neighbour: none is left out of the order and the machines of an operation that only it has."""
SIZE_SCALE: Final = 0.15
"""Logarithm of the ratio of sizes over which a neighbour's machine loses as much."""
LEAST_CREDIT: Final = 0.02
"""No operation is so certain that a routing without it, or with it, would count for less than this."""

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Weighed:
    """The operations that the neighbours of a few items share, weighed.

    Attributes:
        shared: the operations; times as they would be for the item itself where the version knows.
        weights: of the votes, float64 (q, s).
        machine_weights: of the votes for machines, which also regard sizes, float64 (q, s).
        votes: smoothed share of the votes for each operation, float64 (groups).
        models: number of the model of each operation, -1 where there is none, int64 (groups).
        probabilities: what the models say, NaN where there is none, float64 (groups).
        believed: log odds that each operation belongs, float64 (groups).
        calibration: what confidence that deserves.
    """

    shared: SharedOperations
    weights: Floats
    machine_weights: Floats
    votes: Floats
    models: Integers
    probabilities: Floats
    believed: Floats
    calibration: Calibration

    @property
    def confidence(self) -> Floats:
        """Probability that each operation belongs, float64 (groups)."""
        return self.calibration.confidence(self.believed)


def weigh(
    table: OperationTable,
    shared: SharedOperations,
    queries: Integers,
    estimates: Estimates | None,
    model_of: Integers | None,
) -> Weighed:
    """Weigh the operations of a few items.

    Args:
        queries: number of each of them in the batch that the estimates are of, int64 (q).
        estimates: what the version says; None: it has learned nothing.
        model_of: number of the model of each operation number of the table, -1 where it has none.
    """
    inside = np.arange(shared.similarities.shape[1]) < np.diff(shared.neighbours.offsets)[:, None]
    lost = shared.similarities[:, :1] - shared.similarities
    weights = np.where(inside, np.maximum(np.exp(-np.maximum(lost, 0.0) / VOTE_SCALE), LEAST_VOTE), 0.0)
    query = shared.query_of_groups()
    present = shared.rows >= 0
    whole = weights.sum(axis=1)
    worth = whole**2 / np.maximum((weights**2).sum(axis=1), 1e-300)  # Kish's effective number of equal votes
    votes = smoothed(np.where(present, weights[query], 0.0).sum(axis=1), whole[query], worth[query])
    if estimates is None or model_of is None:
        calibration = Calibration()
        nothing = np.full(len(query), np.nan)
        models = np.full(len(query), -1, np.int64)
        return Weighed(
            shared, weights, weights, votes, models, nothing, calibration.believed(nothing, votes), calibration
        )
    first = shared.rows[np.arange(len(query)), present.argmax(axis=1)]
    models = model_of[table.operation[first]] if len(first) else np.zeros(0, np.int64)
    known = models >= 0
    probabilities = np.where(known, estimates.probabilities[queries[query], np.maximum(models, 0)], np.nan)
    places = shared.neighbours.found_at()
    sizes = np.zeros_like(weights)
    sizes[inside] = estimates.size_differences[places]
    group, slot = np.nonzero(present)
    neighbour = places[shared.neighbours.offsets[query[group]] + slot]
    times = shared.times.copy()
    times[group, :, slot] *= estimates.time_ratios(models[group], queries[query[group]], neighbour)
    calibration = estimates.calibration
    return Weighed(
        replace(shared, times=times),
        weights,
        weights * np.exp(-((sizes / SIZE_SCALE) ** 2)) + 1e-9 * weights,
        votes,
        models,
        probabilities,
        calibration.believed(probabilities, votes),
        calibration,
    )


@dataclass(frozen=True)
class Chosen:
    """A routing made for an item.

    Attributes:
        slot: the neighbour that stands for it; -1: the consensus of all.
        groups, rows: its operations in order: shared operation, and row of the table with machine and texts; int64.
        similarity: of the neighbours behind it, weighted mean.
    """

    slot: int
    groups: Integers
    rows: Integers
    similarity: float


def consensus_routings(table: OperationTable, weighed: Weighed, query: int, variants: int) -> list[Chosen]:
    """The consensus first, then up to `variants` routings that differ from it and from each other in their operations or order."""
    shared = weighed.shared
    first, last = int(shared.group_offsets[query]), int(shared.group_offsets[query + 1])
    weights = weighed.weights[query]
    present = shared.rows[first:last] >= 0
    believed = weighed.believed[first:last]
    kept = np.flatnonzero(believed > 0.0)
    if not len(kept):
        kept = np.flatnonzero(present[:, 0])
    merged = _ordered(table, weighed, query, first, kept, weights)
    similarities = shared.similarities[query]
    chosen = [Chosen(-1, *merged, _mean(similarities, weights))]
    seen = {merged[0].tobytes()}
    chance = np.clip(sigmoid(believed), LEAST_CREDIT, 1.0 - LEAST_CREDIT)
    credit = np.log(chance) @ present + np.log(1.0 - chance) @ ~present  # of each neighbour's operations, (s,)
    clusters: dict[bytes, list[int]] = {}
    for slot in np.flatnonzero(weights > 0.0).tolist():
        clusters.setdefault(present[:, slot].tobytes(), []).append(slot)
    ranked = sorted(
        clusters.values(), key=lambda slots: (-float(credit[slots[0]] + np.log(weights[slots].sum())), slots[0])
    )
    for slots in ranked:
        if len(chosen) > variants:
            break
        members = np.zeros_like(weights)
        members[slots] = weights[slots]
        groups, rows = _ordered(table, weighed, query, first, np.flatnonzero(present[:, slots[0]]), members)
        if groups.tobytes() not in seen:
            seen.add(groups.tobytes())
            chosen.append(Chosen(slots[0], groups, rows, _mean(similarities, members)))
    return chosen


def _ordered(
    table: OperationTable, weighed: Weighed, query: int, first: int, kept: Integers, weights: Floats
) -> tuple[Integers, Integers]:
    """Operations in the order, and on the machines, that the neighbours with these weights have them; groups and rows."""
    shared = weighed.shared
    voters = np.flatnonzero(weights > 0.0)
    rows = shared.rows[np.ix_(first + kept, voters)]
    places = shared.places[np.ix_(first + kept, voters)]
    if len(voters) == 1:
        order = places[:, 0].argsort(kind="stable")
        return first + kept[order], rows[order, 0]
    order = precedence_order(places, rows >= 0, weights[voters])
    rows = rows[order]
    best = best_by_machine(table.machine[rows], rows >= 0, weighed.machine_weights[query][voters])
    return first + kept[order], rows[np.arange(len(rows)), best]


def _mean(values: Floats, weights: Floats) -> float:
    return float(np.clip((values * weights).sum() / max(float(weights.sum()), 1e-300), 0.0, 1.0))
