"""The rows that go into exported files: one an operation, under the output columns of the settings, and the same nested by routing."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import polars as pl

from common.errors import InvalidInput
from common.tables import to_frame
from plant.schema import OF_ROUTING
from protos.aggregate.v1 import aggregate_pb2 as pb


def flat_rows(prediction: pb.PredictResponse, output_columns: Sequence[str]) -> pl.DataFrame:
    """One row an operation, with the columns of its routing; output columns that the prediction lacks are absent.

    Raises:
        InvalidInput: the prediction contradicts itself.
    """
    routings, operations = _frames(prediction)
    counts = [end - start for start, end in itertools.pairwise(prediction.operation_offsets)]
    of_routing = routings.select([name for name in routings.columns if name in OF_ROUTING])
    numbers = pl.Series("routing", range(routings.height), dtype=pl.Int64)
    rows = of_routing[numbers.repeat_by(pl.Series(counts, dtype=pl.Int64)).explode().drop_nulls()]
    wide = pl.concat(
        [rows, operations.drop([name for name in operations.columns if name in rows.columns])], how="horizontal"
    )
    if not wide.width:
        return pl.DataFrame(schema=dict.fromkeys(output_columns, pl.String))
    return wide.select(
        pl.col(name) if name in wide.columns else pl.lit(None, dtype=pl.String).alias(name) for name in output_columns
    )


def nested(prediction: pb.PredictResponse) -> list[dict[str, Any]]:
    """Routings with their operations, as JSON has them; absent values are None.

    Raises:
        InvalidInput: the prediction contradicts itself.
    """
    routings, operations = _frames(prediction)
    rows = operations.to_dicts()
    return [
        {**routing, "operations": rows[start:end]}
        for routing, (start, end) in zip(
            routings.to_dicts(), itertools.pairwise(prediction.operation_offsets), strict=True
        )
    ]


def _frames(prediction: pb.PredictResponse) -> tuple[pl.DataFrame, pl.DataFrame]:
    routings, operations = to_frame(prediction.routings), to_frame(prediction.operations)
    offsets = list(prediction.operation_offsets)
    if (
        offsets != sorted(offsets)
        or len(offsets) != routings.height + 1
        or offsets[:1] != [0]
        or offsets[-1] != operations.height
    ):
        raise InvalidInput(
            f"operation_offsets must ascend from 0 to the {operations.height} operations, one more than the {routings.height} routings"
        )
    return routings, operations
