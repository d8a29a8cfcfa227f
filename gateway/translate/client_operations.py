"""Operations that clients send, in the columns of the plant: its own names, and those that clients of every plant know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.schemas.operations import OperationStep
from plant.client_names import own_values
from plant.features import number_of
from plant.schema import ROUTING, PlantSchema


def plant_rows(operations: Sequence[OperationStep], schema: PlantSchema) -> list[dict[str, Any]]:
    """Operations as rows: the fields of the contract, and the plant's columns by their own names.

    What is neither is left out. A number column holds floats, or None where the client sent no number.
    """
    contract = OperationStep.model_fields
    numbers = schema.number_outputs
    own = set(map(schema.output_name, schema.columns(ROUTING))) - contract.keys()
    rows = []
    for operation in operations:
        values, extra = operation.__dict__, operation.model_extra or {}
        row = {**values, **{name: extra[name] for name in own if name in extra}}
        sent = {**extra, **{name: values[name] for name in operation.model_fields_set & values.keys()}}
        row |= {name: value for name, value in own_values(sent, schema).items() if name in own}
        for name in numbers & row.keys():
            number = number_of(row[name]) if not isinstance(row[name], (list, dict)) else float("nan")
            row[name] = None if number != number else number
        rows.append(row)
    return rows
