"""What a version has learned about a batch, put together from the parts that the batch was searched in, and as a message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import orjson

from ann_service.search import Neighbours
from protos.common.v1 import estimates_pb2 as pb
from routings.estimates import Estimates
from trained.learned.learned_chances import LEAST


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


def to_message(estimates: Estimates) -> pb.Estimates:
    """Estimates as a message."""
    kept = estimates.probabilities >= LEAST
    return pb.Estimates(
        operations=estimates.operations,
        reasons=[orjson.dumps(names).decode() for names in estimates.reasons],
        offsets=np.concatenate(([0], np.cumsum(kept.sum(axis=1)))).tolist(),
        operation=np.nonzero(kept)[1].tolist(),
        probability=estimates.probabilities[kept].tolist(),
        factors=estimates.factors.shape[1],
        query_factors=_bytes(estimates.factors),
        neighbour_factors=_bytes(estimates.neighbour_factors),
        size_differences=_bytes(estimates.size_differences),
        time_base=_bytes(estimates.times.base),
        time_effects=_bytes(estimates.times.effects),
        calibration=estimates.calibration.to_json(),
    )


def _bytes(values: npt.NDArray[np.float32]) -> bytes:
    return np.ascontiguousarray(values, "<f4").tobytes()
