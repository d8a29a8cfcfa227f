"""One search over the big index and the delta beside it: arithmetic only.

A position below `model.items` is in the big index, the others count on in the delta.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ann_service.delta_index import Delta
from plant.item_keys import item_key
from routings.estimates import Estimates
from trained.searchable_model import SearchableModel, weighted_similarities

Vectors = npt.NDArray[np.float32]
Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class SearchOptions:
    """What a search wants.

    Attributes:
        top_k: neighbours a query.
        ef_search: width of the graph search.
        min_similarity: neighbours below are left out; None: none is.
        include_self: keep the item itself among its neighbours.
        factors: factor of each dimension for the weights of the call; None: as trained.
        estimates: also answer what the version has learned.
    """

    top_k: int
    ef_search: int
    min_similarity: float | None = None
    include_self: bool = False
    factors: npt.NDArray[np.float32] | None = None
    estimates: bool = False


@dataclass(frozen=True)
class Learned:
    """What the version has learned about queries and their neighbours.

    Attributes:
        estimates: of both.
        unlike: whether each query's features are unlike those of all its neighbours beyond what training items showed, bool (q,).
    """

    estimates: Estimates
    unlike: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Neighbours:
    """What a search found, columnar: neighbours of query i are [offsets[i], offsets[i + 1]).

    Attributes:
        counts: neighbours of each query, (q,).
        codes: their item codes as stored, best first within a query.
        similarities: parallel to codes, 0 to 1.
        best: similarity of each query's nearest other item, -1 where there is none, (q,).
        positions: of the neighbours in either index, parallel to codes.
        learned: when asked for and where the version has learned anything.
    """

    counts: list[int]
    codes: list[str]
    similarities: list[float]
    best: list[float]
    positions: Positions
    learned: Learned | None = None


def find_items(model: SearchableModel, delta: Delta, codes: Sequence[str]) -> Positions:
    """Positions of items by code, -1 where neither index has them (or hides them); int64 (n,)."""
    if len(codes) == 1 and delta.empty:
        found = np.array([model.codes.find(codes[0]) if codes[0].strip() else -1], np.int64)
    else:
        found = model.codes.find_many(codes).astype(np.int64)
        if not delta.empty:
            found[np.isin(found, delta.hidden)] = -1
        for row, code in enumerate(codes):
            place = delta.places.get(item_key(code)) if delta.places else None
            if place is not None:
                found[row] = model.items + place
            elif not code.strip():
                found[row] = -1
    return found


def vectors_at(model: SearchableModel, delta: Delta, positions: Positions) -> Vectors:
    """Vectors at positions of either index, float32 (n, dimension), C-contiguous."""
    if not delta.codes or (positions < model.items).all():
        return np.ascontiguousarray(model.vectors(positions))
    made = np.empty((len(positions), model.dimension), np.float32)
    new = positions >= model.items
    made[~new] = model.vectors(positions[~new])
    made[new] = delta.vectors[positions[new] - model.items]
    return made


def codes_at(model: SearchableModel, delta: Delta, positions: Positions) -> list[str]:
    """Item codes as stored at positions of either index."""
    if not delta.codes:
        return model.codes.codes_at(positions)
    new = positions >= model.items
    if not new.any():
        return model.codes.codes_at(positions)
    old = iter(model.codes.codes_at(positions[~new]))
    return [
        delta.codes[position - model.items] if is_new else next(old)
        for position, is_new in zip(positions.tolist(), new.tolist(), strict=True)
    ]


def search(
    model: SearchableModel, delta: Delta, queries: Vectors, own: Positions | None, options: SearchOptions
) -> Neighbours:
    """The neighbours of each query, and what the version has learned about both where that is wanted.

    Args:
        queries: float32 (q, dimension), rows of length 1.
        own: position of each query's own item, -1 where it has none; None: no query has one.
    """
    found = _search(model, delta, queries, own, options)
    if not options.estimates:
        return found
    stored = np.full(len(queries), -1, np.int64)
    if own is not None:
        stored = np.where(own < model.items, own, -1)  # items of the delta are known by their vectors alone
    found = _with_examples(model, delta, queries, stored, found, options)
    query_of = np.repeat(np.arange(len(queries)), found.counts)
    pairs = queries[query_of], vectors_at(model, delta, found.positions)
    estimates = model.estimates(queries, stored, pairs)
    if estimates is None:
        return found
    unlike = np.zeros(len(queries), np.bool_)
    least = model.calibration.unlike_below
    if least is not None and options.factors is None:
        likeness = np.full(len(queries), -1.0, np.float32)
        np.maximum.at(likeness, query_of, model.feature_similarities(*pairs))
        unlike = (likeness < least) & (np.array(found.counts) > 0)
    return replace(found, learned=Learned(estimates, unlike))


def _with_examples(
    model: SearchableModel, delta: Delta, queries: Vectors, stored: Positions, found: Neighbours, options: SearchOptions
) -> Neighbours:
    """The neighbours with items that are made as the version proposes among them."""
    if not model.plans:
        return found
    known = np.array(found.counts, np.int64), found.positions, np.array(found.similarities, np.float64)
    counts, positions, similarities = model.with_examples(queries, stored, known, options.top_k, delta.hidden)
    return replace(
        found,
        counts=counts.tolist(),
        codes=codes_at(model, delta, positions),
        similarities=similarities.tolist(),
        positions=positions,
    )


def _search(
    model: SearchableModel, delta: Delta, queries: Vectors, own: Positions | None, options: SearchOptions
) -> Neighbours:
    wanted = options.top_k + (0 if own is None or options.include_self else 1)
    positions, cosines = _both_indexes(model, delta, queries, wanted, options)
    similarities = np.minimum(np.maximum(cosines, 0.0), 1.0)
    if len(queries) == 1:
        return _one(model, delta, positions[0], similarities[0], -1 if own is None else int(own[0]), options)
    valid = positions >= 0
    others = valid if own is None else valid & (positions != own[:, None])
    best = np.where(others, similarities, -1.0).max(axis=1).tolist()
    keep = valid if options.include_self else others
    if options.min_similarity is not None:
        keep = keep & (similarities >= options.min_similarity)
    keep &= np.cumsum(keep, axis=1) <= options.top_k
    kept = positions[keep]
    codes = codes_at(model, delta, kept)
    return Neighbours(keep.sum(axis=1).tolist(), codes, similarities[keep].tolist(), best, kept)


def _one(
    model: SearchableModel, delta: Delta, positions: Positions, similarities: Vectors, own: int, options: SearchOptions
) -> Neighbours:
    """The same for one query, where a few operations on lists cost less than a dozen on arrays."""
    places, values = positions.tolist(), similarities.tolist()
    if places[-1] < 0:  # fewer were found than wanted
        end = places.index(-1)
        places, values = places[:end], values[:end]
    if own in places:
        place = places.index(own)
        best = next((value for at, value in enumerate(values[:2]) if at != place), -1.0)
        if not options.include_self:
            del places[place], values[place]
    else:
        best = values[0] if values else -1.0
    kept = min(len(places), options.top_k)
    if options.min_similarity is not None:
        while kept and values[kept - 1] < options.min_similarity:
            kept -= 1
    found, values = np.array(places[:kept], np.int64), values[:kept]
    return Neighbours([kept], codes_at(model, delta, found), values, [best], found)


def _both_indexes(
    model: SearchableModel, delta: Delta, queries: Vectors, k: int, options: SearchOptions
) -> tuple[Positions, Vectors]:
    blocked = delta.hidden if len(delta.hidden) else None
    find = model.search_made if options.estimates else model.search
    positions, similarities = find(queries, k, options.ef_search, factors=options.factors, blocked=blocked)
    if not delta.codes:
        return positions, similarities
    if options.factors is None:
        new = queries @ delta.vectors.T
    else:
        shared = np.broadcast_to(delta.vectors, (len(queries), *delta.vectors.shape))
        new = weighted_similarities(queries, shared, options.factors)
    places = np.broadcast_to(np.arange(model.items, model.items + len(delta.codes)), new.shape)
    positions = np.concatenate([positions, places], axis=1)
    similarities = np.concatenate([np.where(positions[:, :k] >= 0, similarities, -2.0), new], axis=1)
    order = np.argsort(-similarities, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(positions, order, 1), np.take_along_axis(similarities, order, 1)
