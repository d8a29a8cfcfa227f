"""What a version has learned about a batch, from its message, matched with the operations of the snapshot."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from aggregate_service.snapshot import Snapshot
from common.errors import InvalidInput
from protos.common.v1 import estimates_pb2
from routings.calibration import Calibration
from routings.estimates import Estimates
from routings.routing_prediction import Learned
from trained.learned.learned_model import TimeModel

KINDS = 2
MOST_KEPT = 1_000_000
"""Bytes and characters that describe a version, up to which what was read of it is kept for the next message."""
MOST_CELLS = 50_000_000
"""Items times operations of one request; a service would have to find 200 MB for more, whatever the message's size."""


def learned_of(message: estimates_pb2.Estimates, snapshot: Snapshot, queries: int, neighbours: int) -> Learned:
    """What a message says, for the operations of a snapshot.

    Args:
        queries, neighbours: how many the request has of each.

    Raises:
        InvalidInput: the message does not fit the request.
        DataProblem: its calibration cannot be read.
    """
    count, factors = len(message.operations), message.factors
    if queries * count > MOST_CELLS:
        raise InvalidInput(f"estimates has {count:,} operations for {queries:,} items: ask for fewer items at a time")
    bounds, operation = list(message.offsets), list(message.operation)
    lengths = [end - start for start, end in itertools.pairwise(bounds)]
    fits = (
        len(bounds) == queries + 1
        and bounds[0] == 0
        and min(lengths, default=0) >= 0
        and bounds[-1] == len(operation) == len(message.probability)
        and max(operation, default=-1) < count
        and len(message.reasons) in (0, count)
    )
    if not fits:
        raise InvalidInput(
            f"estimates does not fit the request: offsets, operation and probability must describe {queries} queries and "
            f"{count} operations"
        )
    probabilities = np.zeros((queries, count), np.float32)
    probabilities[np.arange(queries).repeat(lengths), operation] = message.probability
    texts = tuple(message.operations), tuple(message.reasons)
    parts = message.time_base, message.time_effects
    size = sum(len(part) for part in (*texts[0], *texts[1], *parts, message.calibration))
    version = (_known_version if size <= MOST_KEPT else _version)(*texts, factors, parts, message.calibration)
    estimates = Estimates(
        operations=version.operations,
        probabilities=probabilities,
        factors=_floats(message.query_factors, (queries, factors), "query_factors"),
        neighbour_factors=_floats(message.neighbour_factors, (neighbours, factors), "neighbour_factors"),
        size_differences=_floats(message.size_differences, (neighbours,), "size_differences"),
        times=version.times,
        calibration=version.calibration,
        reasons=version.reasons,
    )
    return Learned(estimates, snapshot.models_of(version.operations))


class _Version(NamedTuple):
    """What is the same in all estimates of a version."""

    operations: tuple[str, ...]
    reasons: Sequence[Sequence[str]]
    times: TimeModel
    calibration: Calibration


def _version(
    operations: tuple[str, ...], reasons: tuple[str, ...], factors: int, times: tuple[bytes, bytes], calibration: str
) -> _Version:
    """A version as its messages describe it, each of them.

    Raises:
        InvalidInput: it does not fit together. DataProblem: its calibration cannot be read.
    """
    count, (base, effects) = len(operations), times
    return _Version(
        operations=operations,
        reasons=[_names(text) for text in reasons],
        times=TimeModel(
            _floats(base, (count + 1, KINDS), "time_base"),
            _floats(effects, (count + 1, KINDS, factors), "time_effects"),
        ),
        calibration=Calibration.from_json(calibration) if calibration else Calibration(),
    )


_known_version: Final = lru_cache(maxsize=8)(_version)
"""The same of the versions whose predictions came last."""


def _names(text: str) -> list[str]:
    """Names of features from a JSON list.

    Raises:
        InvalidInput: it is none.
    """
    try:
        names = orjson.loads(text)
    except orjson.JSONDecodeError:
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidInput(f"estimates.reasons holds {text[:40]!r}, which is no JSON list of names")
    return names


def _floats(data: bytes, shape: tuple[int, ...], name: str) -> npt.NDArray[np.float32]:
    if len(data) != 4 * math.prod(shape):
        raise InvalidInput(
            f"estimates.{name} has {len(data)} bytes; the request needs {' x '.join(map(str, shape))} float32"
        )
    return np.frombuffer(data, "<f4").reshape(shape)
