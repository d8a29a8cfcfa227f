"""Between the messages of the service and the plain values that its modules work on."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import orjson

from aggregate_service.item_lookup import ItemRows
from aggregate_service.item_search import FoundItems, ItemSearch
from aggregate_service.json_answers import candidate_texts, routing_texts
from aggregate_service.operation_columns import Values
from aggregate_service.plant_operations import PlantOperations
from aggregate_service.prediction import NeighbourLists, PredictionAnswer
from aggregate_service.snapshot_build import Progress
from aggregate_service.source_browsing import SourceTest, TableDescription
from common.errors import InvalidInput
from common.notice_messages import notice_message
from common.tables import add_column, check_table, column_values, integer_column, number_column, table
from plant.schema import PlantSchema
from protos.aggregate.v1 import aggregate_pb2 as pb
from protos.common.v1 import table_pb2
from routings.time_summary import OperationTimes, TimeTotals

MOST_CODES = 10_000


def check_codes(codes: Sequence[str]) -> None:
    """Refuse an empty batch, too large a batch and empty codes.

    Raises:
        InvalidInput: says which.
    """
    if not codes:
        raise InvalidInput("item_codes is empty: name at least one item")
    if len(codes) > MOST_CODES:
        raise InvalidInput(f"item_codes has {len(codes):,} codes; at most {MOST_CODES:,} are answered in one call")
    for position, code in enumerate(codes):
        if not code.strip():
            raise InvalidInput(f"item_codes[{position}] is empty: name an item")


def to_table(columns: Mapping[str, Values], rows: int) -> table_pb2.Table:
    """A Table of columns."""
    message = table_pb2.Table()
    fill_table(message, columns, rows)
    return message


def fill_table(message: table_pb2.Table, columns: Mapping[str, Values], rows: int) -> None:
    """Put columns into an empty Table: text from lists, numbers (NaN absent) and whole numbers from arrays."""
    message.rows = rows
    for name, values in columns.items():
        add_column(message, name, values)


def neighbours_of(request: pb.PredictRequest) -> NeighbourLists | None:
    """The neighbours of a request; None when it has none at all.

    Raises:
        InvalidInput: they do not fit the item codes.
    """
    if not request.HasField("neighbours"):
        return None
    sent = request.neighbours
    bounds, codes = list(sent.offsets), list(sent.item_codes)
    if len(bounds) != len(request.item_codes) + 1:
        raise InvalidInput(
            f"neighbours.offsets has {len(bounds)} entries; {len(request.item_codes)} item codes need one more than that"
        )
    if bounds[0] != 0 or any(end < start for start, end in itertools.pairwise(bounds)) or bounds[-1] != len(codes):
        raise InvalidInput("neighbours.offsets must start at 0, ascend, and end at the number of neighbours")
    if len(sent.similarities) != len(codes):
        raise InvalidInput(f"neighbours has {len(codes)} item codes and {len(sent.similarities)} similarities")
    return NeighbourLists(np.array(bounds, np.int64), codes, _similarities(sent))


def _similarities(sent: table_pb2.Neighbours) -> npt.NDArray[np.float64]:
    """Similarities as the nearest short decimal of the float32 sent, so that 0.8 reaches a threshold of 0.8."""
    exact = np.array(list(sent.similarities), np.float64)
    return np.minimum(np.maximum(exact, 0.0), 1.0).round(7)


def to_predict_response(answer: PredictionAnswer, tag: str, generated_at: str = "") -> pb.PredictResponse:
    """The message of a prediction.

    Args:
        generated_at: ISO time; "": tables are wanted, and no JSON texts.
    """
    routings, operations = len(answer.operation_offsets) - 1, answer.operation_offsets[-1]
    response = pb.PredictResponse(
        operation_offsets=answer.operation_offsets,
        routing_offsets=answer.routing_offsets,
        candidate_offsets=answer.candidate_offsets,
        unknown=answer.unknown,
        without_routing=answer.without_routing,
        snapshot_tag=tag,
        warnings=[
            pb.ItemWarning(position=warning.position, reason=warning.reason, message=warning.message)
            for warning in answer.warnings
        ],
    )
    if generated_at:
        response.routing_texts.extend(routing_texts(answer, generated_at))
        response.candidate_texts.extend(candidate_texts(answer))
        return response
    fill_table(response.routings, answer.routings, routings)
    fill_table(response.operations, answer.operations, operations)
    fill_table(response.candidates, answer.candidates, len(answer.candidates["ITEM_CD"]))
    if answer.evidence is not None:
        fill_table(response.evidence, answer.evidence, operations)
    return response


def time_columns(request: pb.SummarizeTimesRequest, names: Collection[str]) -> Mapping[str, Sequence[float | None]]:
    """The time columns of a request as lists.

    Args:
        names: columns that hold times.

    Raises:
        InvalidInput: a column is too short, comes twice or is text; the offsets do not fit.
    """
    check_table(request.operations)
    rows = request.operations.rows
    columns: dict[str, Sequence[float | None]] = {}
    for column in request.operations.columns:
        if column.name not in names:
            continue
        if column.WhichOneof("values") == "text":
            raise InvalidInput(f"Column {column.name} of the operations is text; it must hold minutes")
        columns[column.name] = column_values(column)  # type: ignore[assignment]
    offsets = request.offsets
    if len(offsets) != len(request.item_codes) + 1 or list(offsets) != sorted(offsets) or offsets[-1] != rows:
        raise InvalidInput(
            f"offsets must ascend to the {rows} rows of the operations and have one more entry than the "
            f"{len(request.item_codes)} item codes"
        )
    return columns


def to_times_response(
    per_item: Sequence[TimeTotals],
    counts: Sequence[int],
    breakdown: Sequence[OperationTimes] | None,
    sequence: table_pb2.Column | None,
) -> pb.SummarizeTimesResponse:
    """The message of a time summary.

    Args:
        breakdown: times of each operation, when asked for.
        sequence: the request's PROC_SEQ column; None when it has none.
    """
    response = pb.SummarizeTimesResponse(
        totals=table(
            len(per_item),
            [number_column(name, [getattr(total, name) for total in per_item]) for name in TimeTotals._fields],
        ),
        process_counts=counts,
    )
    if breakdown is not None:
        columns = [
            number_column(name, [getattr(times, name) for times in breakdown]) for name in OperationTimes._fields
        ]
        response.breakdown.CopyFrom(table(len(breakdown), [_sequence(sequence, len(breakdown)), *columns]))
    return response


def _sequence(column: table_pb2.Column | None, rows: int) -> table_pb2.Column:
    values: Sequence[object] = column_values(column) if column is not None else [None] * rows
    whole = [int(v) if isinstance(v, (int, float)) and math.isfinite(v) else None for v in values]
    return integer_column("proc_seq", whole)


def proc_seq(request: pb.SummarizeTimesRequest) -> table_pb2.Column | None:
    """The request's PROC_SEQ column."""
    return next((column for column in request.operations.columns if column.name == "PROC_SEQ"), None)


def to_features_response(rows: ItemRows, tag: str) -> pb.ItemFeaturesResponse:
    """The message of features."""
    return pb.ItemFeaturesResponse(
        features=to_table(rows.columns, len(rows.codes)),
        stored_codes=rows.codes,
        positions=rows.positions,
        unknown=rows.unknown,
        snapshot_tag=tag,
    )


def to_items_response(rows: ItemRows, schema: PlantSchema) -> pb.GetItemsResponse:
    """The message of whole items."""
    return pb.GetItemsResponse(
        items=to_table(rows.columns, len(rows.codes)),
        positions=rows.positions,
        unknown=rows.unknown,
        labels=[schema.item_label(name) for name in rows.columns],
    )


def to_operations_response(found: PlantOperations, tag: str) -> pb.ListOperationsResponse:
    """The message of the plant's operations."""
    return pb.ListOperationsResponse(
        operations=to_table(found.columns, len(found.uses)),
        uses=found.uses.tolist(),
        machines=to_table(found.machines, len(found.machine_of)),
        machine_of=found.machine_of.tolist(),
        machine_uses=found.machine_uses.tolist(),
        snapshot_tag=tag,
    )


def to_search_response(
    found: FoundItems, search: ItemSearch, items: int, default_code: str, tag: str, *, hierarchy_only: bool
) -> pb.SearchItemsResponse:
    """The message of a search."""
    response = pb.SearchItemsResponse(
        total_items=items,
        filtered_items=found.matches,
        families=to_table(
            {
                "GROUP": [family.group for family in found.counts],
                "FAMILY": [family.family for family in found.counts],
                "ITEMS": np.array([family.items for family in found.counts], np.int64),
            },
            len(found.counts),
        ),
        snapshot_tag=tag,
        default_item_code=default_code,
    )
    if not hierarchy_only:
        labels = [search.labels[number] for number in found.families.tolist()]
        columns: dict[str, Values] = dict(search.shown(found.positions))
        columns["GROUP"] = [group for group, _family in labels]
        columns["FAMILY"] = [family for _group, family in labels]
        response.items.CopyFrom(to_table(columns, len(labels)))
    return response


def to_test_response(test: SourceTest) -> pb.TestSourceResponse:
    """The message of a source's test."""
    return pb.TestSourceResponse(
        ok=test.ok,
        message=test.message,
        tables=test.tables,
        elapsed_ms=test.elapsed_ms,
        verified_table=test.verified_table,
        path_hash=test.path_hash,
        notice=notice_message(test.message),
    )


def to_columns_response(described: TableDescription, path: str) -> pb.TableColumnsResponse:
    """The message of a table's columns; shares and examples where the table was read for them."""
    columns: dict[str, Values] = {
        "name": [column.name for column in described.columns],
        "type": [str(column.type) for column in described.columns],
        "nullable": np.array([column.nullable for column in described.columns], np.int64),
    }
    if described.rows:
        shares = [column.null_share for column in described.columns]
        columns["null_share"] = np.array([math.nan if share is None else share for share in shares], np.float64)
        columns["examples"] = [orjson.dumps(column.examples).decode() for column in described.columns]
    return pb.TableColumnsResponse(
        table=described.table,
        columns=to_table(columns, len(described.columns)),
        path=path,
        updated_at=described.updated_at,
        tables=described.tables,
        rows=described.rows,
    )


def to_progress(progress: Progress) -> pb.RefreshProgress:
    """The message of progress."""
    return pb.RefreshProgress(
        stage=progress.stage,
        table=progress.table,
        rows=progress.rows,
        rows_per_second=progress.rows_per_second,
        progress=progress.progress,
    )
