"""What a version has learned about a batch, from its message, matched with the operations of the snapshot."""

from __future__ import annotations

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
    offsets = np.array(message.offsets, np.int64)
    operation = np.array(message.operation, np.int64)
    fits = (
        len(offsets) == queries + 1
        and offsets[0] == 0
        and not (np.diff(offsets) < 0).any()
        and offsets[-1] == len(operation) == len(message.probability)
        and (not len(operation) or operation.max() < count)
        and len(message.reasons) in (0, count)
    )
    if not fits:
        raise InvalidInput(
            f"estimates does not fit the request: offsets, operation and probability must describe {queries} queries and "
            f"{count} operations"
        )
    probabilities = np.zeros((queries, count), np.float32)
    probabilities[np.repeat(np.arange(queries), np.diff(offsets)), operation] = message.probability
    estimates = Estimates(
        operations=list(message.operations),
        probabilities=probabilities,
        factors=_floats(message.query_factors, (queries, factors), "query_factors"),
        neighbour_factors=_floats(message.neighbour_factors, (neighbours, factors), "neighbour_factors"),
        size_differences=_floats(message.size_differences, (neighbours,), "size_differences"),
        times=TimeModel(
            _floats(message.time_base, (count + 1, KINDS), "time_base"),
            _floats(message.time_effects, (count + 1, KINDS, factors), "time_effects"),
        ),
        calibration=Calibration.from_json(message.calibration) if message.calibration else Calibration(),
        reasons=[_names(text) for text in message.reasons],
    )
    return Learned(estimates, snapshot.models_of(tuple(message.operations)))


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
    if len(data) != 4 * int(np.prod(shape)):
        raise InvalidInput(
            f"estimates.{name} has {len(data)} bytes; the request needs {' x '.join(map(str, shape))} float32"
        )
    return np.frombuffer(data, "<f4").reshape(shape)
