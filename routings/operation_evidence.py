"""What each predicted operation rests on: neighbours for and against it, samples, range and confidence of its times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from plant.client_names import RUN_TIME, SETUP_TIME
from plant.time_columns import RUN, SETUP
from routings.consensus import Weighed
from routings.operation_sharing import SharedOperations
from routings.time_profiles import ProfileOptions, confidence, time_profiles

EVIDENCE_TIMES: Final = ((RUN_TIME, RUN), (SETUP_TIME, SETUP))
"""Times whose range is answered."""
EVIDENCE_COLUMNS: Final = [column for _name, column in EVIDENCE_TIMES]

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Evidence:
    """What each predicted operation rests on, parallel to the operations; NaN and 0 for operations of own routings.

    Attributes:
        support: float64; share of the neighbours' weight that has the operation, 0 to 1.
        samples: int64; run times used.
        confidence: float64; of the run time, 0 to 1.
        ranges: for RUN_TIME and SETUP_TIME the arrays optimal, standard, safe (minutes).
        belief: float64; calibrated probability that the operation belongs, from neighbours and models, 0 to 1.
        learned: float64; what the version's models alone say of it, 0 to 1; NaN where there is none.
        model: int64; number of its model, -1 where it has none.
        time_belief: float64; calibrated probability that the run time is at most a quarter off; NaN where not measured.
        supporters: positions of the neighbours that have the operation.
        dissenters: positions of the neighbours that lack it.
    """

    support: Floats
    samples: Integers
    confidence: Floats
    ranges: Mapping[str, tuple[Floats, Floats, Floats]]
    belief: Floats
    learned: Floats
    model: Integers
    time_belief: Floats
    supporters: Sequence[Integers]
    dissenters: Sequence[Integers]


def evidence_of(
    weighed: Weighed,
    shared: SharedOperations,
    times: Floats,
    groups: Integers,
    outliers: ProfileOptions,
    options: ProfileOptions,
) -> Evidence:
    """Evidence of shared operations.

    Args:
        shared: the operations, with the times that the estimates were made of.
        times: those of the neighbours, one row a group, float64 (groups, len(TIMES), s); minutes, NaN where absent.
        groups: int64; the shared operations.
        outliers: which of the times an estimate uses.
        options: how the ranges are made.
    """
    query = shared.query_of_groups[groups]
    weights = shared.weights_of(groups)
    profiles = time_profiles(times[:, EVIDENCE_COLUMNS], weights, options)
    run = time_profiles(times[:, RUN], weights[:, 0], outliers)
    present = shared.rows[groups] >= 0
    similarity = np.where(present, shared.similarities[query], 0.0).sum(axis=1) / np.maximum(present.sum(axis=1), 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        variation = np.where(run.sigma == 0.0, 0.0, run.sigma / run.standard)
    trust = confidence(run.samples, similarity, variation)
    items = shared.neighbours.items
    supporters, dissenters = [], []
    for number, item in enumerate(query.tolist()):
        start, end = shared.neighbours.offsets[item], shared.neighbours.offsets[item + 1]
        has = present[number, : end - start]
        supporters.append(items[start:end][has])
        dissenters.append(items[start:end][~has])
    return Evidence(
        support=shared.support()[groups],
        samples=run.samples,
        confidence=trust,
        ranges={
            name: (profiles.optimal[:, place], profiles.standard[:, place], profiles.safe[:, place])
            for place, (name, _column) in enumerate(EVIDENCE_TIMES)
        },
        belief=weighed.confidence[groups],
        learned=weighed.probabilities[groups],
        model=weighed.models[groups],
        time_belief=np.where(trust > 0.0, weighed.calibration.times.at(trust), np.nan),
        supporters=supporters,
        dissenters=dissenters,
    )


def no_evidence(operations: int) -> Evidence:
    """Evidence of the operations of own routings: none."""
    nothing = np.full(operations, np.nan)
    nobody = [np.zeros(0, np.int64)] * operations
    return Evidence(
        support=nothing,
        samples=np.zeros(operations, np.int64),
        confidence=nothing,
        ranges={name: (nothing, nothing, nothing) for name, _column in EVIDENCE_TIMES},
        belief=nothing,
        learned=nothing,
        model=np.full(operations, -1, np.int64),
        time_belief=nothing,
        supporters=nobody,
        dissenters=nobody,
    )


def evidence_in_order(parts: Sequence[Evidence], operations: Integers) -> Evidence:
    """Several pieces of evidence one after the other, then in the order `operations`."""
    supporters = [holders for part in parts for holders in part.supporters]
    dissenters = [holders for part in parts for holders in part.dissenters]
    return Evidence(
        support=np.concatenate([part.support for part in parts])[operations],
        samples=np.concatenate([part.samples for part in parts])[operations],
        confidence=np.concatenate([part.confidence for part in parts])[operations],
        ranges={
            name: tuple(np.concatenate([part.ranges[name][k] for part in parts])[operations] for k in range(3))  # type: ignore[misc]
            for name, _column in EVIDENCE_TIMES
        },
        belief=np.concatenate([part.belief for part in parts])[operations],
        learned=np.concatenate([part.learned for part in parts])[operations],
        model=np.concatenate([part.model for part in parts])[operations],
        time_belief=np.concatenate([part.time_belief for part in parts])[operations],
        supporters=[supporters[operation] for operation in operations.tolist()],
        dissenters=[dissenters[operation] for operation in operations.tolist()],
    )
