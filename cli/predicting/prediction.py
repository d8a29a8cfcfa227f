"""A prediction by the two calls that the gateway makes: neighbours from ann_service, routings from aggregate_service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cli.control_plane import ControlPlane
from common.tables import columns_of
from predicting.learned_merging import merge_estimates
from protos.aggregate.v1.aggregate_pb2 import ItemFeaturesRequest, PredictRequest, PredictResponse
from protos.ann.v1.ann_pb2 import ItemCodes, SearchRequest, SearchResponse
from protos.common.v1.table_pb2 import Neighbours, Table

Row = dict[str, object]


@dataclass(frozen=True)
class Routing:
    """A routing of an item: its columns, and its operations in order (times in minutes)."""

    columns: Row
    operations: list[Row]


@dataclass(frozen=True)
class Prediction:
    """Routings of a batch of items; `unknown` and `without_routing` are item codes."""

    model_version: str
    routings: list[Routing]
    unknown: list[str]
    without_routing: list[str]
    warnings: list[str] = field(default_factory=list)


async def predict(
    control: ControlPlane, codes: Sequence[str], *, top_k: int, threshold: float | None, detailed: bool
) -> Prediction:
    """Predict the routings of items.

    Args:
        top_k: neighbours an item, 1 to 50.
        threshold: least similarity of a neighbour, 0 to 1; None: the setting.
        detailed: all output columns instead of the key columns.

    Raises:
        ServiceError: a service refused or does not answer.
    """
    model_version, answer = await ask_services(control, codes, top_k=top_k, threshold=threshold, detailed=detailed)
    return Prediction(
        model_version=model_version,
        routings=_routings(answer),
        unknown=[codes[position] for position in answer.unknown],
        without_routing=[codes[position] for position in answer.without_routing],
        warnings=[warning.message for warning in answer.warnings],
    )


async def ask_services(
    control: ControlPlane,
    codes: Sequence[str],
    *,
    top_k: int,
    threshold: float | None,
    detailed: bool,
    timeout: float | None = None,
) -> tuple[str, PredictResponse]:
    """The model version that found the neighbours of a batch, and the routings as aggregate_service answers them.

    Args:
        timeout: seconds of each call; None: the setting.

    Raises:
        ServiceError: a service refused or does not answer.
    """
    search = SearchRequest(items=ItemCodes(codes=codes), top_k=top_k, estimates=True)
    found = await control.call(control.ann.Search, search, service="ann_service", timeout=timeout)
    if found.unknown:
        found = await _search_by_features(control, codes, found, top_k)
    request = PredictRequest(
        item_codes=codes,
        neighbours=found.neighbours,
        similarity_threshold=threshold,
        detailed=detailed,
        model_version=found.model_version,
        unlike=found.unlike,
        without_features=found.without_features,
    )
    if found.HasField("estimates"):
        request.estimates.CopyFrom(found.estimates)
    answer = await control.call(control.aggregate.Predict, request, service="aggregate_service", timeout=timeout)
    return found.model_version, answer


async def _search_by_features(
    control: ControlPlane, codes: Sequence[str], found: SearchResponse, top_k: int
) -> SearchResponse:
    """The answer for all codes: those the index does not hold are searched by what the item master says of them."""
    asked = [codes[position] for position in found.unknown]
    features = await control.call(
        control.aggregate.ItemFeatures, ItemFeaturesRequest(item_codes=asked), service="aggregate_service"
    )
    if not features.positions:
        return found
    search = SearchRequest(
        features=features.features,
        exclude_codes=features.stored_codes,
        top_k=top_k,
        model_version=found.model_version,
        estimates=True,
    )
    more = await control.call(control.ann.Search, search, service="ann_service")
    by_features = {found.unknown[asked_at]: row for row, asked_at in enumerate(features.positions)}
    whole = SearchResponse(
        model_version=found.model_version,
        neighbours=merge_neighbours(found.neighbours, more.neighbours, by_features),
        unlike=merged_positions(found.unlike, more.unlike, by_features),
        without_features=merged_positions(found.without_features, more.without_features, by_features),
    )
    estimates = merge_estimates(found, more, by_features)
    if estimates is not None:
        whole.estimates.CopyFrom(estimates)
    return whole


def merged_positions(whole: Sequence[int], part: Sequence[int], rows: Mapping[int, int]) -> list[int]:
    """Positions named in `whole`, and those whose row (query -> row of `part`) is named in `part`."""
    named = set(part)
    return sorted({*whole, *(query for query, row in rows.items() if row in named)})


def merge_neighbours(known: Neighbours, more: Neighbours, places: dict[int, int]) -> Neighbours:
    """The neighbours of `known`, with those of query `places[i]` of `more` for each query i that is in `places`."""
    merged = Neighbours(offsets=[0])
    for query in range(len(known.offsets) - 1):
        source, place = (more, places[query]) if query in places else (known, query)
        begin, end = source.offsets[place], source.offsets[place + 1]
        merged.item_codes.extend(source.item_codes[begin:end])
        merged.similarities.extend(source.similarities[begin:end])
        merged.offsets.append(len(merged.item_codes))
    return merged


def _routings(answer: PredictResponse) -> list[Routing]:
    operations = _rows(answer.operations)
    offsets = answer.operation_offsets
    return [
        Routing(columns, operations[offsets[place] : offsets[place + 1]])
        for place, columns in enumerate(_rows(answer.routings))
    ]


def _rows(table: Table) -> list[Row]:
    columns = columns_of(table)
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
