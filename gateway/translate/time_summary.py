"""Operations to a table of times and their sums back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from common.tables import integer_column
from gateway.schemas.operations import OperationStep
from gateway.translate.client_operations import plant_rows
from gateway.translate.rows import numbers_table, rows_of
from plant.schema import PlantSchema
from protos.aggregate.v1 import aggregate_pb2 as pb

TOTALS = ("setup_time", "run_time", "queue_time", "wait_time", "move_time", "lead_time")


def request(
    item_code: str, operations: Sequence[OperationStep], breakdown: bool, schema: PlantSchema
) -> pb.SummarizeTimesRequest:
    """The question for the sums over one item's operations."""
    rows = plant_rows(operations, schema)
    times = numbers_table(rows, [name for names in schema.routing.summed.values() for name in names])
    times.columns.append(integer_column("PROC_SEQ", [operation.PROC_SEQ for operation in operations]))
    return pb.SummarizeTimesRequest(
        item_codes=[item_code], offsets=[0, len(rows)], operations=times, breakdown=breakdown
    )


def answer(item_code: str, response: pb.SummarizeTimesResponse, breakdown: bool) -> dict[str, Any]:
    """The sums as clients know them, in minutes."""
    totals = rows_of(response.totals)
    return {
        "item_code": item_code,
        "totals": {name: (totals[0].get(name) or 0.0) if totals else 0.0 for name in TOTALS},
        "process_count": response.process_counts[0] if response.process_counts else 0,
        "breakdown": rows_of(response.breakdown) if breakdown else None,
    }
