"""Time summary of given operations: set-up, run, queue, wait and move of each, their sum as lead time, and the totals.

Plain floats summed in a fixed order, so that the same operations give the same figures to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from plant.time_columns import SUMMED

KINDS: Final = tuple(SUMMED)


class OperationTimes(NamedTuple):
    """Times of one operation in minutes; `total_time` is their sum."""

    setup_time: float
    run_time: float
    queue_time: float
    wait_time: float
    move_time: float
    total_time: float


class TimeTotals(NamedTuple):
    """Times of all operations of a routing in minutes; `lead_time` is the sum of the others."""

    setup_time: float
    run_time: float
    queue_time: float
    wait_time: float
    move_time: float
    lead_time: float


Column = Sequence[float | None]


def operation_times(
    columns: Mapping[str, Column], rows: int, sources: Mapping[str, Sequence[str]]
) -> list[OperationTimes]:
    """Times of each operation.

    Args:
        columns: columns by name, each with `rows` values in minutes; None, NaN and negative times are absent;
            columns that are missing count as absent, others are ignored.
        rows: number of operations.
        sources: kind of time -> columns, of which the first present one counts (`RoutingRoles.summed`).
    """
    kinds = [_first_present([columns[name] for name in sources[kind] if name in columns], rows) for kind in KINDS]
    return [
        OperationTimes(setup, run, queue, wait, move, setup + run + queue + wait + move)
        for setup, run, queue, wait, move in zip(*kinds, strict=True)
    ]


def _first_present(columns: Sequence[Column], rows: int) -> list[float]:
    """The first present value of each row, 0 where none is."""
    if not columns:
        return [0.0] * rows
    chosen = [_present(value) for value in columns[0]]
    for column in columns[1:]:
        chosen = [_present(other) if value is None else value for value, other in zip(chosen, column, strict=True)]
    return [0.0 if value is None else value for value in chosen]


def _present(value: float | None) -> float | None:
    return float(value) if value is not None and 0.0 <= value < float("inf") else None


def _sum(times: Sequence[float]) -> float:
    total = 0.0
    for time in times:
        total += time
    return total


def totals(operations: Sequence[OperationTimes]) -> TimeTotals:
    """Sums over operations; the lead time is the sum of the five totals."""
    sums = [_sum([operation[kind] for operation in operations]) for kind in range(len(KINDS))]
    setup, run, queue, wait, move = sums
    return TimeTotals(setup, run, queue, wait, move, setup + run + queue + wait + move)
