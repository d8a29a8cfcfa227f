"""A planner's saved routing as rows of routings and operations, in the shape of a prediction, so that it is exported like one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from common.tables import integer_column, number_column, table, text_column
from gateway.bodies import document_value
from plant.client_names import TIMES, own_values
from plant.schema import OF_ROUTING, SEQUENCE, PlantSchema
from protos.aggregate.v1 import aggregate_pb2
from protos.common.v1 import table_pb2
from protos.documents.v1 import documents_pb2 as pb

CODES_OF_STEPS: Final = (
    "routing_set_code",
    "variant_code",
    "primary_routing_code",
    "secondary_routing_code",
    "branch_code",
    "branch_label",
    "branch_path",
)
NAMES_IN_SIGNATURE: Final = 4
OPERATIONS_A_PART: Final = 20_000


def group_parts(group: pb.RoutingGroup, schema: PlantSchema) -> list[aggregate_pb2.PredictResponse]:
    """The routing of each item of a group with its operations, in parts of a size that a message carries."""
    content = group.content
    steps = sorted(content.steps, key=lambda step: step.seq)
    rows = [operation_row(step, schema) for step in steps]
    operations = [_column(name, [row.get(name) for row in rows], schema) for name in _names(rows)]
    items = max(1, OPERATIONS_A_PART // max(1, len(steps)))
    return [
        _part(group, list(content.item_codes[start : start + items]), rows, operations, schema)
        for start in range(0, len(content.item_codes), items)
    ]


def extra_columns(group: pb.RoutingGroup) -> list[str]:
    """Columns that the steps of a group have and predictions do not: set, variant, routing and branch codes in use."""
    steps = group.content.steps
    return [name.upper() for name in CODES_OF_STEPS if any(getattr(step, name) for step in steps)]


def operation_row(step: pb.RoutingGroupStep, schema: PlantSchema) -> dict[str, Any]:
    """An operation under the names of output columns: what its SQL values say, and what only the step knows."""
    values = document_value(step.sql_values_json)
    row: dict[str, Any] = {}
    if isinstance(values, Mapping):
        row = {schema.output_name(str(name)): value for name, value in values.items() if name not in OF_ROUTING}
        row |= own_values(row, schema)
    row[SEQUENCE] = _whole(row.get(SEQUENCE), step.seq)
    code = schema.job_outputs[0]
    row[code] = row.get(code) or step.process_code
    runs = [schema.output_name(name) for name in schema.routing.reported_run]
    if runs and step.HasField("duration_min") and all(_number(row.get(name)) is None for name in runs):
        row[runs[0]] = step.duration_min
    for name in CODES_OF_STEPS:
        if getattr(step, name):
            row[name.upper()] = getattr(step, name)
    return row


def _part(
    group: pb.RoutingGroup,
    codes: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    operations: Sequence[table_pb2.Column],
    schema: PlantSchema,
) -> aggregate_pb2.PredictResponse:
    names = schema.routing.names
    named = [str(name) for row in rows if (name := next((row[n] for n in names if row.get(n)), None))]
    signature = "+".join(named[:NAMES_IN_SIGNATURE]) or "ROUTING"
    of_routing = {
        "ITEM_CD": list(codes),
        "CANDIDATE_ID": [group.content.group_name] * len(codes),
        "ROUTING_SIGNATURE": [signature] * len(codes),
        "PRIORITY": ["primary"] * len(codes),
    }
    return aggregate_pb2.PredictResponse(
        routings=table(len(codes), [text_column(name, values) for name, values in of_routing.items()]),
        operation_offsets=range(0, len(codes) * len(rows) + 1, len(rows)) if rows else [0] * (len(codes) + 1),
        operations=table(len(codes) * len(rows), [_repeated(column, len(codes)) for column in operations]),
    )


def _names(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name, value in row.items() if _simple(value)))


def _simple(value: object) -> bool:
    """Whether a cell can hold it: lists and objects are of the screens only."""
    return value is None or isinstance(value, str | int | float)


def _column(name: str, values: Sequence[object], schema: PlantSchema) -> table_pb2.Column:
    if name == SEQUENCE:
        return integer_column(name, [int(str(value)) for value in values])
    if name in schema.number_outputs or name in TIMES or name == schema.routing.idle:
        return number_column(name, [_number(value) for value in values])
    return text_column(name, [None if value is None or not _simple(value) else str(value) for value in values])


def _repeated(column: table_pb2.Column, times: int) -> table_pb2.Column:
    """The column once for each item."""
    made = table_pb2.Column(name=column.name)
    kind = column.WhichOneof("values")
    if kind == "number":
        made.number.values.extend(list(column.number.values) * times)
        return made
    one = column.text if kind == "text" else column.integer
    more = made.text if kind == "text" else made.integer
    more.SetInParent()
    more.values.extend(list(one.values) * times)  # type: ignore[arg-type]
    more.absent.extend(start * len(one.values) + row for start in range(times) for row in one.absent)
    return made


def _number(value: object) -> float | None:
    if isinstance(value, bool) or value is None or value == "":
        return None
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _whole(value: object, otherwise: int) -> int:
    number = _number(value)
    return int(number) if number is not None and number == int(number) and 0 < number < 2**31 else otherwise
