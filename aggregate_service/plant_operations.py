"""Every operation that the plant's current routings use: what it is called, how long it usually takes and where it is done."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from aggregate_service.column_files import TextColumn
from aggregate_service.operation_columns import Columns, OperationColumns
from aggregate_service.plant_options import PlantOptions
from aggregate_service.snapshot import Snapshot
from plant.client_names import MACHINE, MACHINE_NAME, columns_of
from routings.drafts import MERGED
from routings.routing_prediction import RoutingBatch

MOST_OPERATIONS: Final = 2000
MOST_MACHINES: Final = 50
TYPICAL_ROWS: Final = 20_000
"""Rows of an operation that its usual times are taken from, spread over all of them."""

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class PlantOperations:
    """Operations of the plant, the most frequent first.

    Attributes:
        columns: one row an operation, with the columns of a predicted one; times are medians, everything else is of an example.
        uses: int64; operations of current routings that are it.
        machine_of: int64 (machines); which operation a machine belongs to, those of an operation by how often it is done there.
        machines: parallel; `RES_CD` and `RES_DESC`, the code and the name.
        machine_uses: int64, parallel.
    """

    columns: Columns
    uses: Rows
    machine_of: Rows
    machines: Columns
    machine_uses: Rows


def plant_operations(snapshot: Snapshot, plant: PlantOptions) -> PlantOperations:
    """The operations of a snapshot: those that the same column calls the same are one."""
    roles = snapshot.schema.routing
    table = snapshot.operations
    kind = _same(snapshot, roles.jobs, len(table.operation))
    order = np.argsort(kind, kind="stable").astype(np.int64)
    _kinds, starts, counts = np.unique(kind[order], return_index=True, return_counts=True)
    frequent = np.argsort(-counts, kind="stable")[:MOST_OPERATIONS]
    members = [order[starts[one] : starts[one] + counts[one]] for one in frequent.tolist()]
    uses = counts[frequent].astype(np.int64)
    times = np.array([_typical(table.times, rows) for rows in members]).reshape(len(members), table.times.shape[1])
    places, numbers = [_machines(table.machine, rows) for rows in members], np.arange(len(members))
    examples = np.array([rows[0] for rows, _uses in places], np.int64).reshape(len(members))
    batch = RoutingBatch(
        query=np.zeros(1, np.int64),
        rank=np.ones(1, np.int64),
        variant=np.full(1, MERGED),
        reference=np.full(1, MERGED),
        similarity=np.ones(1),
        offsets=np.array([0, len(members)]),
        rows=examples,
        sequence=10 * (numbers + 1),
        times=times,
        predicted=np.ones(1, np.bool_),
        below_threshold=np.zeros(0, np.int64),
    )
    lengths = np.array([len(rows) for rows, _uses in places], np.int64)
    machine_rows = np.concatenate([rows for rows, _uses in places]) if places else np.zeros(0, np.int64)
    return PlantOperations(
        columns=OperationColumns.of(plant.document.sql, snapshot.schema, detailed=True).fill(snapshot.routing, batch),
        uses=uses,
        machine_of=np.repeat(numbers, lengths).astype(np.int64),
        machines={
            name: _texts(snapshot, column, machine_rows)
            for name in (MACHINE, MACHINE_NAME)
            for column in (next(iter(columns_of(name, snapshot.schema)), ""),)
        },
        machine_uses=np.concatenate([uses for _rows, uses in places]) if places else np.zeros(0, np.int64),
    )


def _same(snapshot: Snapshot, names: tuple[str, ...], rows: int) -> Rows:
    """A number for each row, equal where the operation is: the first of the columns that is present, trimmed."""
    numbers: dict[str, int] = {}
    kind = np.zeros(rows, np.int64)
    for name in names:
        column = snapshot.routing.get(name)
        if isinstance(column, TextColumn):
            texts = [(value or "").strip() for value in column.values.to_pylist()]
            number_of = np.array([numbers.setdefault(text, len(numbers) + 1) if text else 0 for text in texts])
            kind = np.where(kind == 0, number_of[column.codes], kind)
    return kind


def _typical(times: npt.NDArray[np.float64], rows: Rows) -> npt.NDArray[np.float64]:
    """The median of each time; NaN where no row has it."""
    some = rows[:: max(1, len(rows) // TYPICAL_ROWS)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of times that nobody has
        medians: npt.NDArray[np.float64] = np.nanmedian(times[some], axis=0)
    return medians


def _machines(machine: npt.NDArray[np.integer], rows: Rows) -> tuple[Rows, Rows]:
    """A row of each machine, the most used first, and how often each is used."""
    _codes, first, counts = np.unique(machine[rows], return_index=True, return_counts=True)
    frequent = np.argsort(-counts, kind="stable")[:MOST_MACHINES]
    return rows[first[frequent]], counts[frequent].astype(np.int64)


def _texts(snapshot: Snapshot, name: str, rows: Rows) -> list[str | None]:
    column = snapshot.routing.get(name)
    return column.take(rows) if isinstance(column, TextColumn) else [None] * len(rows)
