"""The times of an operation: which there are, in which order they stand in arrays, and which of two that mean the same counts."""

from __future__ import annotations

from typing import Final

TIMES: Final = ("queue", "setup", "run", "machine_run", "actual_setup", "actual_run", "wait", "move")
"""Roles of the times that a prediction estimates, minutes, in the order of the columns of `OperationTable.times`."""

SETUP: Final = TIMES.index("setup")
RUN: Final = TIMES.index("run")
ACTUAL: Final = (TIMES.index("actual_setup"), TIMES.index("actual_run"))
"""Where work results (set-up, run) stand in for what the routing does not say."""

PLANNED_SETUP: Final = ("setup", "actual_setup")
PLANNED_RUN: Final = ("run", "actual_run", "machine_run")
"""What a routing plans for an operation, for learning and predicting: the first that is present counts."""

REPORTED_RUN: Final = ("machine_run", "actual_run", "run", "run_of_quantity")
"""What a time summary adds up, as the contract with clients has it: reported times come before planned ones."""

SUMMED: Final[dict[str, tuple[str, ...]]] = {
    "setup_time": PLANNED_SETUP,
    "run_time": REPORTED_RUN,
    "queue_time": ("queue",),
    "wait_time": ("wait", "idle"),
    "move_time": ("move",),
}
"""Kind of time in a summary -> roles; the first that is present counts."""

SETUP_SOURCES: Final = tuple(TIMES.index(role) for role in PLANNED_SETUP)
RUN_SOURCES: Final = tuple(TIMES.index(role) for role in PLANNED_RUN)
"""`PLANNED_SETUP` and `PLANNED_RUN` as columns of `OperationTable.times`."""

SETUP_LIKE: Final = frozenset({"setup", "actual_setup"})
RUN_LIKE: Final = frozenset({"run", "machine_run", "actual_run"})
"""Times that a learned model scales like the set-up or the run time."""
