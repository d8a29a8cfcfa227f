"""What a version has learned about a batch, put together from the parts that the batch was searched in, and as a message."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from ann_service.search import Neighbours
from protos.common.v1 import estimates_pb2 as pb
from routings.calibration import Calibration
from routings.estimates import Estimates
from trained.learned.learned_chances import LEAST
from trained.learned.learned_model import TimeModel

MOST_VERSIONS: Final = 8
"""Versions whose part of the messages is kept."""


def whole_estimates(
    parts: Sequence[Neighbours], known: npt.NDArray[np.int64], queries: int
) -> tuple[Estimates | None, list[int]]:
    """Estimates of all queries of a batch, and the queries that are unlike anything in the training data.

    Args:
        parts: what was found for the queries that are known, in order.
        known: numbers of those queries.
        queries: number of all queries.
    """
    learned = [part.learned for part in parts if part.learned is not None]
    if not learned:
        return None, []
    if len(parts) == 1 and len(known) == queries:
        return learned[0].estimates, known[learned[0].unlike].tolist()
    each = [one.estimates for one in learned]
    probabilities = np.zeros((queries, len(each[0].operations)), np.float32)
    factors = np.zeros((queries, each[0].factors.shape[1]), np.float32)
    probabilities[known] = np.concatenate([one.probabilities for one in each])
    factors[known] = np.concatenate([one.factors for one in each])
    whole = replace(
        each[0],
        probabilities=probabilities,
        factors=factors,
        neighbour_factors=np.concatenate([one.neighbour_factors for one in each]),
        size_differences=np.concatenate([one.size_differences for one in each]),
    )
    return whole, known[np.concatenate([one.unlike for one in learned])].tolist()


class _Told(NamedTuple):
    """What is the same in all estimates of a version, and the message that says it."""

    operations: Sequence[str]
    reasons: Sequence[Sequence[str]]
    times: TimeModel
    calibration: Calibration
    message: pb.Estimates

    def is_of(self, estimates: Estimates) -> bool:
        """Whether it is the version that says these estimates."""
        same = self.operations is estimates.operations and self.reasons is estimates.reasons
        return same and self.times is estimates.times and self.calibration is estimates.calibration


_told: list[_Told] = []
"""Of the versions that answered last."""


def _version(estimates: Estimates) -> pb.Estimates:
    """The message of what all estimates of a version say alike."""
    for known in _told:
        if known.is_of(estimates):
            return known.message
    message = pb.Estimates(
        operations=estimates.operations,
        reasons=[orjson.dumps(names).decode() for names in estimates.reasons],
        factors=estimates.factors.shape[1],
        time_base=_bytes(estimates.times.base),
        time_effects=_bytes(estimates.times.effects),
        calibration=estimates.calibration.to_json(),
    )
    made = _Told(estimates.operations, estimates.reasons, estimates.times, estimates.calibration, message)
    _told[:] = [made, *_told[: MOST_VERSIONS - 1]]
    return message


def to_message(estimates: Estimates, message: pb.Estimates | None = None) -> pb.Estimates:
    """Estimates as a message.

    Args:
        message: an empty one that is to be filled; None: a new one.
    """
    message = pb.Estimates() if message is None else message
    message.MergeFrom(_version(estimates))
    kept = estimates.probabilities >= LEAST
    query, operation = np.nonzero(kept)
    counts = np.bincount(query, minlength=len(kept)).tolist()
    message.offsets.extend(itertools.accumulate(counts, initial=0))
    message.operation.extend(operation.tolist())
    message.probability.extend(estimates.probabilities[query, operation].tolist())
    message.query_factors = _bytes(estimates.factors)
    message.neighbour_factors = _bytes(estimates.neighbour_factors)
    message.size_differences = _bytes(estimates.size_differences)
    return message


def _bytes(values: npt.NDArray[np.float32]) -> bytes:
    return np.ascontiguousarray(values, "<f4").tobytes()
