"""Predictions of many items in parts, so that neither messages nor memory grow with their number; all parts by one model version."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from common.errors import PreconditionFailed, Unavailable
from predicting.neighbours import VERSION_CHANGES, Found, SearchOptions, find_neighbours, version_changed
from predicting.services import Clients
from protos.aggregate.v1 import aggregate_pb2 as pb

PART_ITEMS: Final = 500
"""Items of a part: the contract's usual batch, answered in well under a second."""

FILE_PART_ITEMS: Final = 100
"""Items of a part that goes into a file: with all columns and up to ten candidates an item it still is a small message."""

SECONDS_AN_ITEM: Final = 0.02
LEAST_SECONDS: Final = 60.0
"""Time that a call over many items may take: many times what it needs."""

T = TypeVar("T")


@dataclass(frozen=True)
class PredictedPart:
    """A part: its codes, what the search found, and the question whose answer the routings are."""

    codes: Sequence[str]
    found: Found
    request: pb.PredictRequest


def seconds_for(items: int) -> float:
    """Seconds that a call over so many items may take."""
    return LEAST_SECONDS + SECONDS_AN_ITEM * items


async def parts_of(
    clients: Clients,
    codes: Sequence[str],
    options: SearchOptions,
    wanted: pb.PredictRequest,
    part_items: int = PART_ITEMS,
) -> AsyncIterator[PredictedPart]:
    """The items with their neighbours, part by part, in order.

    Args:
        wanted: how to predict; codes, neighbours and version are filled in.
        part_items: items of a part.

    Raises:
        PreconditionFailed: another version became active between two parts (see `with_one_version`).
        ServiceError: what the services answered.
    """
    version = options.model_version
    for start in range(0, len(codes), part_items):
        part = codes[start : start + part_items]
        found = await find_neighbours(clients, part, replace(options, model_version=version, estimates=True))
        version = found.model_version if len(codes) > part_items else version
        request = pb.PredictRequest()
        request.CopyFrom(wanted)
        request.item_codes.extend(part)
        found.give_to(request)
        yield PredictedPart(part, found, request)


async def with_one_version(work: Callable[[], Awaitable[T]]) -> T:
    """The result of `work`, which is begun again when the model version changed under it.

    Raises:
        Unavailable: it changed every time.
    """
    for _attempt in range(VERSION_CHANGES):
        try:
            return await work()
        except PreconditionFailed as error:
            if not version_changed(error):
                raise
    raise Unavailable("The model version changed again and again while predicting. Try again", retry_after=1.0)
