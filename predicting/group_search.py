"""Similar items at all sites of a group whose versions come from one model: each site's index is asked, the best of all are kept.

The vectors of the items are those of the caller's own site. Where that has no version to ask, each site encodes the items by their
features itself, and the first one's model counts. A site that cannot be searched takes nothing from what the others found.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from common.errors import (
    DataProblem,
    DeadlineExceeded,
    NotFound,
    PreconditionFailed,
    ServiceError,
    Unavailable,
    Unimplemented,
)
from common.request_context import add_log_fields
from predicting.learned_merging import FLOAT_BYTES
from predicting.neighbours import DEFAULT_TOP_K, Found, SearchOptions, find_neighbours
from predicting.services import Clients
from protos.aggregate.v1 import aggregate_pb2
from protos.ann.v1 import ann_pb2
from protos.common.v1 import table_pb2

SECONDS: Final = 10.0
"""What a site gets for its part, the mapping of its version included; one that hangs holds up the others no longer."""

MODEL_DIFFERS: Final = "MODEL_DIFFERS"

_AWAY = (Unavailable, DeadlineExceeded, DataProblem, NotFound, PreconditionFailed, Unimplemented)
"""Errors of one site; everything else is wrong with the request itself."""


@dataclass(frozen=True)
class GroupMatch:
    """An item that is similar: where, which, how much (0 to 1)."""

    site: str
    item_code: str
    similarity: float


@dataclass(frozen=True)
class AskedSite:
    """What became of the search at one site.

    Attributes:
        name: of the site; "" the installation's own plant.
        model_version: version that answered; "" where none did, or where no item was known to ask for.
        problem: why nothing was searched there; None: it was.
    """

    name: str
    model_version: str = ""
    problem: ServiceError | None = None


@dataclass(frozen=True)
class GroupFound:
    """What a search found.

    Attributes:
        matches: of each item, best first.
        unknown: positions of codes that the caller's own site does not know.
        sites: the caller's own first.
    """

    matches: Sequence[Sequence[GroupMatch]]
    unknown: tuple[int, ...]
    sites: Sequence[AskedSite]


@dataclass(frozen=True)
class _Query:
    """What other sites are asked by: positions of the items among those asked for, vectors or features of them, and the model wanted."""

    positions: Sequence[int]
    vectors: ann_pb2.Vectors | None
    features: table_pb2.Table | None
    model: str = ""


async def search_group(
    own: tuple[str, Clients],
    others: Mapping[str, Clients],
    codes: Sequence[str],
    options: SearchOptions,
) -> GroupFound:
    """The most similar items of each code at all sites.

    Args:
        own: the caller's site, which knows the codes, and its services.
        others: further sites that he may search, with their services.
        options: without version, trial and estimates.

    Raises:
        ServiceError: what the caller's own site says that is no matter of its being away; or nothing can be asked anywhere.
    """
    name, clients = own
    lists: list[list[GroupMatch]] = [[] for _ in codes]
    sites: list[AskedSite] = []
    try:
        found = await find_neighbours(clients, codes, replace(options, with_vectors=True), timeout=SECONDS)
    except _AWAY as problem:
        sites.append(AskedSite(name, problem=problem))
        query, unknown = await _by_features(clients, codes, problem)
    else:
        _take(lists, name, range(len(codes)), found.neighbours)
        sites.append(AskedSite(name, found.model_version))
        query, unknown = _by_vectors(found, len(codes)), found.unknown
    model = query.model
    if not query.positions:
        sites.extend(AskedSite(other) for other in others)
    elif model or not sites[0].model_version:
        answers = await asyncio.gather(*(_ask(one, query, options) for one in others.values()))
        for other, answer in zip(others, answers, strict=True):
            if isinstance(answer, ann_pb2.SearchResponse) and model not in ("", answer.model):
                answer = _differs(other)
            if isinstance(answer, ServiceError):
                sites.append(AskedSite(other, problem=answer))
                continue
            model = model or answer.model
            _take(lists, other, query.positions, answer.neighbours)
            sites.append(AskedSite(other, answer.model_version))
    else:
        sites.extend(AskedSite(other, problem=_differs(other)) for other in others)
    add_log_fields(sites=len(sites), sites_away=sum(one.problem is not None for one in sites))
    most = options.top_k or DEFAULT_TOP_K
    best = [sorted(matches, key=lambda match: -match.similarity)[:most] for matches in lists]
    return GroupFound(best, unknown, sites)


def _by_vectors(found: Found, items: int) -> _Query:
    """The items that are known, by their vectors in the space of their own site's version."""
    missing = set(found.unknown)
    known = [position for position in range(items) if position not in missing]
    width = found.vectors.dimension * FLOAT_BYTES
    data = b"".join(found.vectors.data[position * width : (position + 1) * width] for position in known)
    vectors = ann_pb2.Vectors(dimension=found.vectors.dimension, data=data)
    return _Query(known, vectors, None, found.model if width else "")


async def _by_features(clients: Clients, codes: Sequence[str], problem: ServiceError) -> tuple[_Query, tuple[int, ...]]:
    """The items that the item master of their own site holds, by their features.

    Raises:
        ServiceError: `problem`, when nobody tells them.
    """
    try:
        told = await clients.aggregate.call(
            clients.aggregate.stub.ItemFeatures,
            aggregate_pb2.ItemFeaturesRequest(item_codes=codes),
            timeout=SECONDS,
        )
    except _AWAY:
        raise problem from None
    known = list(told.positions)
    missing = set(known)
    return _Query(known, None, told.features), tuple(one for one in range(len(codes)) if one not in missing)


async def _ask(clients: Clients, query: _Query, options: SearchOptions) -> ann_pb2.SearchResponse | ServiceError:
    """What one site answers, or why it does not."""
    request = ann_pb2.SearchRequest(
        vectors=query.vectors,
        features=query.features,
        top_k=options.top_k or DEFAULT_TOP_K,
        ef_search=options.ef_search,
        min_similarity=options.min_similarity,
        feature_weights=options.feature_weights,
        weight_profile=options.weight_profile,
        model=query.model,
    )
    try:
        return await clients.ann.call(clients.ann.stub.SearchAsGuest, request, timeout=SECONDS)
    except ServiceError as problem:
        return problem


def _differs(site: str) -> PreconditionFailed:
    return PreconditionFailed(
        f"The versions of {site or 'the own plant'} and of the site that asks come from different models, whose similarities cannot "
        "be compared: train one of them with --model-of",
        reason=MODEL_DIFFERS,
    )


def _take(lists: list[list[GroupMatch]], site: str, positions: Sequence[int], neighbours: table_pb2.Neighbours) -> None:
    """Add what a site found, a list of neighbours for each of `positions`."""
    for row, position in enumerate(positions):
        for place in range(neighbours.offsets[row], neighbours.offsets[row + 1]):
            lists[position].append(GroupMatch(site, neighbours.item_codes[place], neighbours.similarities[place]))
