"""Operations that clients send, in the columns of the plant: its own names, and those that clients of every plant know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.schemas.operations import OperationStep
from plant.features import number_of
from plant.schema import ROUTING, PlantSchema

TIMES_OF_CLIENTS: Final = {
    "SETUP_TIME": "setup",
    "RUN_TIME": "run",
    "QUEUE_TIME": "queue",
    "WAIT_TIME": "wait",
    "MOVE_TIME": "move",
}
"""Time as clients of every plant call it -> its role: what a planner has changed there counts in the plant's own column."""
_WORDS_OF_CLIENTS: Final = {"PROC_CD": "operation_code", "PROC_DESC": "operation_name", "RES_CD": "machine"}


def own_times(values: Mapping[str, Any], schema: PlantSchema) -> dict[str, Any]:
    """The plant's columns of the times that an operation has under the names of clients; only those that are called otherwise."""
    found: dict[str, Any] = {}
    for name, role in TIMES_OF_CLIENTS.items():
        own = str(getattr(schema.routing, role))
        if own not in ("", name) and values.get(name) is not None:
            found[schema.output_name(own)] = values[name]
    return found


def plant_rows(operations: Sequence[OperationStep], schema: PlantSchema) -> list[dict[str, Any]]:
    """Operations as rows: the fields of the contract, and the plant's columns by their own names.

    What is neither is left out. A number column holds floats, or None where the client sent no number.
    """
    contract = OperationStep.model_fields
    numbers = schema.number_outputs
    own = set(map(schema.output_name, schema.columns(ROUTING))) - contract.keys()
    words = {
        schema.output_name(column): name
        for name, role in _WORDS_OF_CLIENTS.items()
        if (column := str(getattr(schema.routing, role)))
    }
    rows = []
    for operation in operations:
        sent = operation.model_extra or {}
        row = {**operation.__dict__, **{name: sent[name] for name in own if name in sent}}
        for column, name in words.items():
            if column in own and row.get(column) in (None, ""):
                row[column] = row.get(name)
        row |= own_times(operation.__dict__, schema)
        for name in numbers & row.keys():
            number = number_of(row[name]) if not isinstance(row[name], (list, dict)) else float("nan")
            row[name] = None if number != number else number
        rows.append(row)
    return rows
