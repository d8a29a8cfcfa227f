"""A prediction by the calls that the gateway makes: neighbours from ann_service, routings from aggregate_service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cli.control_plane import ControlPlane
from common.tables import columns_of
from predicting.neighbours import SearchOptions, find_neighbours
from predicting.services import Clients
from protos.aggregate.v1.aggregate_pb2 import PredictRequest, PredictResponse
from protos.common.v1.table_pb2 import Table

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
    model_version, answer = await ask_services(
        control.clients, codes, top_k=top_k, threshold=threshold, detailed=detailed
    )
    return Prediction(
        model_version=model_version,
        routings=_routings(answer),
        unknown=[codes[position] for position in answer.unknown],
        without_routing=[codes[position] for position in answer.without_routing],
        warnings=[warning.message for warning in answer.warnings],
    )


async def ask_services(
    clients: Clients,
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
    found = await find_neighbours(clients, codes, SearchOptions(top_k=top_k, estimates=True), timeout=timeout)
    request = PredictRequest(item_codes=codes, similarity_threshold=threshold, detailed=detailed)
    found.give_to(request)
    answer = await clients.aggregate.call(clients.aggregate.stub.Predict, request, timeout=timeout)
    return found.model_version, answer


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
