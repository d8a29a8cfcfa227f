"""Neighbours of items by code, also of items that the index does not hold: those are looked up by their features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from common.errors import PreconditionFailed, Unavailable
from common.patience import LONGEST_CALL_SECONDS
from common.request_context import add_log_fields
from predicting.learned_merging import FLOAT_BYTES, merge_estimates
from predicting.services import Clients
from protos.aggregate.v1 import aggregate_pb2
from protos.ann.v1 import ann_pb2
from protos.common.v1 import estimates_pb2, table_pb2
from protos.settings.v1 import settings_pb2

DEFAULT_TOP_K = 10
VERSION_CHANGES = 3


@dataclass(frozen=True)
class SearchOptions:
    """How to search.

    Attributes:
        top_k: neighbours an item, 1 to 50; None: 10.
        min_similarity: neighbours below (0 to 1) are left out; None: none is.
        feature_weights: weights for this call only, 1 = as trained.
        weight_profile: stored profile of weights; "" as trained.
        ef_search: width of the search; None: the setting.
        model_version: the version that must answer; "": whichever serves.
        estimates: also fetch what the version has learned.
        with_vectors: also fetch the vectors of the items, and which model made them.
        trial: a version that answers instead of the one that serves, for administrators; None: none.
    """

    top_k: int | None = None
    min_similarity: float | None = None
    feature_weights: Mapping[str, float] | None = None
    weight_profile: str = ""
    ef_search: int | None = None
    model_version: str = ""
    estimates: bool = False
    with_vectors: bool = False
    trial: settings_pb2.ActiveVersion | None = None


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes:
        model_version: the version that answered, all of it.
        neighbours: parallel to the codes asked for.
        unknown: positions of codes that neither the index nor the item master holds.
        stored_codes: codes as stored, parallel; as asked where unknown.
        ef_search: width that was used.
        search_ms: time inside ann_service, in milliseconds.
        unlike: positions of items unlike anything in the training data.
        without_features: positions of items of which no feature is known.
        estimates: what the version has learned about items and neighbours; None: not asked for, or nothing.
        vectors: of the items, zeros where unknown; empty: not asked for.
        model: which model made them; "": not asked for, or not told.
    """

    model_version: str
    neighbours: table_pb2.Neighbours
    unknown: tuple[int, ...]
    stored_codes: tuple[str, ...]
    ef_search: int
    search_ms: float
    unlike: tuple[int, ...]
    without_features: tuple[int, ...] = ()
    estimates: estimates_pb2.Estimates | None = None
    vectors: ann_pb2.Vectors = field(default_factory=ann_pb2.Vectors)
    model: str = ""

    def give_to(self, request: aggregate_pb2.PredictRequest) -> None:
        """Put neighbours, and all that the version says beside them, into a request for predictions."""
        request.neighbours.CopyFrom(self.neighbours)
        request.model_version = self.model_version
        request.unlike.extend(self.unlike)
        request.without_features.extend(self.without_features)
        if self.estimates is not None:
            request.estimates.CopyFrom(self.estimates)


async def find_neighbours(
    clients: Clients, codes: Sequence[str], options: SearchOptions, *, timeout: float | None = None
) -> Found:
    """The neighbours of each code, from one model version.

    Args:
        timeout: seconds of each call; None: the setting.

    Raises:
        PreconditionFailed: another version than the wanted one serves.
        ServiceError: what the services answered.
    """
    for _attempt in range(VERSION_CHANGES):
        try:
            found = await _find_once(clients, codes, options, timeout)
        except PreconditionFailed as error:
            if not options.model_version and version_changed(error):
                continue  # another version became active between the two searches
            raise
        add_log_fields(model_version=found.model_version, items=len(codes))
        return found
    raise Unavailable("The model version changed again and again while searching. Try again", retry_after=1.0)


def version_changed(error: PreconditionFailed) -> bool:
    """Whether the error says that another model version became active."""
    return error.reason in (PreconditionFailed.default_reason, "MODEL_VERSION_CHANGED")


async def _find_once(clients: Clients, codes: Sequence[str], options: SearchOptions, timeout: float | None) -> Found:
    request = _request(options)
    request.items.codes.extend(codes)
    by_code = await _search(clients, request, options, timeout)
    if not by_code.unknown:
        return _found(codes, by_code, {}, None)
    missing = list(by_code.unknown)
    known = await clients.aggregate.call(
        clients.aggregate.stub.ItemFeatures,
        aggregate_pb2.ItemFeaturesRequest(item_codes=[codes[position] for position in missing]),
        timeout=timeout,
    )
    if not known.features.rows:
        return _found(codes, by_code, {}, None)
    request = _request(options)
    request.features.CopyFrom(known.features)
    request.exclude_codes.extend(known.stored_codes)
    request.model_version = by_code.model_version
    by_features = await _search(clients, request, options, timeout)
    rows = {missing[position]: row for row, position in enumerate(known.positions)}
    stored = {missing[position]: code for position, code in zip(known.positions, known.stored_codes, strict=True)}
    return _found(codes, by_code, rows, by_features, stored)


async def _search(
    clients: Clients, request: ann_pb2.SearchRequest, options: SearchOptions, timeout: float | None
) -> ann_pb2.SearchResponse:
    ann = clients.ann
    if options.trial is None:
        return await ann.call(ann.stub.Search, request, timeout=timeout)
    trial = ann_pb2.TrialRequest(version=options.trial, search=request)
    return await ann.call(ann.stub.SearchTrial, trial, timeout=LONGEST_CALL_SECONDS)


def _request(options: SearchOptions) -> ann_pb2.SearchRequest:
    return ann_pb2.SearchRequest(
        top_k=options.top_k or DEFAULT_TOP_K,
        ef_search=options.ef_search,
        min_similarity=options.min_similarity,
        feature_weights=options.feature_weights,
        weight_profile=options.weight_profile,
        model_version=options.model_version,
        estimates=options.estimates,
        with_vectors=options.with_vectors,
    )


def _found(
    codes: Sequence[str],
    by_code: ann_pb2.SearchResponse,
    rows: Mapping[int, int],
    by_features: ann_pb2.SearchResponse | None,
    stored: Mapping[int, str] | None = None,
) -> Found:
    names = list(by_code.stored_codes) or [""] * len(codes)
    unlike = set(by_code.unlike)
    blank = set(by_code.without_features)
    neighbours = by_code.neighbours
    estimates = by_code.estimates if by_code.HasField("estimates") else None
    vectors = by_code.vectors
    if by_features is not None:
        neighbours = merge(by_code.neighbours, by_features.neighbours, rows)
        for position, code in (stored or {}).items():
            names[position] = code
        strange, nameless = set(by_features.unlike), set(by_features.without_features)
        unlike |= {position for position, row in rows.items() if row in strange}
        blank |= {position for position, row in rows.items() if row in nameless}
        estimates = merge_estimates(by_code, by_features, rows)
        vectors = merge_vectors(by_code.vectors, by_features.vectors, rows)
    return Found(
        model_version=by_code.model_version,
        neighbours=neighbours,
        unknown=tuple(position for position in by_code.unknown if position not in rows),
        stored_codes=tuple(name or code for name, code in zip(names, codes, strict=True)),
        ef_search=by_code.ef_search,
        search_ms=by_code.search_ms + (by_features.search_ms if by_features else 0.0),
        unlike=tuple(sorted(unlike)),
        without_features=tuple(sorted(blank)),
        estimates=estimates,
        vectors=vectors,
        model=by_code.model,
    )


def merge_vectors(whole: ann_pb2.Vectors, part: ann_pb2.Vectors, rows: Mapping[int, int]) -> ann_pb2.Vectors:
    """`whole` with the vectors of the queries in `rows` (query -> row of `part`) taken from `part`."""
    if not whole.dimension:
        return whole
    width, data = whole.dimension * FLOAT_BYTES, bytearray(whole.data)
    for query, row in rows.items():
        data[query * width : (query + 1) * width] = part.data[row * width : (row + 1) * width]
    return ann_pb2.Vectors(dimension=whole.dimension, data=bytes(data))


def merge(whole: table_pb2.Neighbours, part: table_pb2.Neighbours, rows: Mapping[int, int]) -> table_pb2.Neighbours:
    """`whole` with the neighbours of the queries in `rows` (query -> row of `part`) taken from `part`."""
    offsets, item_codes, similarities = [0], [], []
    for query in range(len(whole.offsets) - 1):
        row = rows.get(query)
        source, at = (whole, query) if row is None else (part, row)
        first, last = source.offsets[at], source.offsets[at + 1]
        item_codes.extend(source.item_codes[first:last])
        similarities.extend(source.similarities[first:last])
        offsets.append(len(item_codes))
    return table_pb2.Neighbours(offsets=offsets, item_codes=item_codes, similarities=similarities)
