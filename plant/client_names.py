"""What clients of every plant call the columns of an operation, by the contract, and which of the plant's columns stand behind them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from plant.schema import PlantSchema
from plant.time_columns import PLANNED_RUN, PLANNED_SETUP

OPERATION_CODE, OPERATION_NAME, MACHINE, MACHINE_NAME = "PROC_CD", "PROC_DESC", "RES_CD", "RES_DESC"
SETUP_TIME, RUN_TIME = "SETUP_TIME", "RUN_TIME"

WORDS: Final[dict[str, tuple[str, ...]]] = {
    OPERATION_CODE: ("operation_code", "operation_name", "operation_other"),
    OPERATION_NAME: ("operation_name",),
    MACHINE: ("machine",),
    MACHINE_NAME: ("machine_name", "operation_other"),
}
"""Text -> roles; the first that the plant has is meant."""
TIMES: Final[dict[str, tuple[str, ...]]] = {
    "QUEUE_TIME": ("queue",),
    SETUP_TIME: PLANNED_SETUP,
    RUN_TIME: PLANNED_RUN,
    "WAIT_TIME": ("wait",),
    "MOVE_TIME": ("move",),
}
"""Time in minutes -> roles; the first that is present counts."""
NAMES: Final = (*WORDS, *TIMES)
_KEPT_BY_THE_OPERATION: Final = frozenset({OPERATION_CODE, OPERATION_NAME})
"""What planners do not change in an operation: the plant's own column says it, where it is sent."""


def columns_of(name: str, schema: PlantSchema) -> tuple[str, ...]:
    """The plant's columns of the routing table behind a name of clients, the one that counts first; () where it has none."""
    roles = WORDS.get(name) or TIMES[name]
    found = tuple(column for role in roles if (column := str(getattr(schema.routing, role))))
    return found[:1] if name in WORDS else found


def spellings(name: str, schema: PlantSchema) -> tuple[str, ...]:
    """Names under which an operation may carry what clients call `name`: that one, then the plant's, as they go out and as they are."""
    own = [spelled for column in columns_of(name, schema) for spelled in (schema.output_name(column), column)]
    return tuple(dict.fromkeys((name, *own)))


def added_columns(schema: PlantSchema) -> dict[str, str]:
    """Name that answers have beside the plant's own -> column of the routing table; "" where the plant has none.

    What the plant itself calls so is not among them, nor the name of a machine where machines have none.
    """
    added = {}
    for name in NAMES:
        column = next(iter(columns_of(name, schema)), "")
        if schema.output_name(column) == name or (name == MACHINE_NAME and not schema.routing.machine_name):
            continue
        added[name] = column
    return added


def own_values(sent: Mapping[str, Any], schema: PlantSchema) -> dict[str, Any]:
    """The plant's columns of what an operation that a client sends has under the names of clients; only those that are called otherwise.

    What a planner may have changed there counts, also when it was taken away, whatever the plant's own column says.
    """
    found: dict[str, Any] = {}
    for name in NAMES:
        outputs = [schema.output_name(column) for column in columns_of(name, schema)]
        if name not in sent or not outputs or name in outputs:
            continue
        value = None if sent[name] == "" else sent[name]
        if name in _KEPT_BY_THE_OPERATION and (value is None or sent.get(outputs[0]) not in (None, "")):
            continue
        found[outputs[0]] = value
        if name == RUN_TIME:  # summaries count reported times first
            found[schema.output_name(schema.routing.reported_run[0])] = value
    return found
