"""A snapshot mapped for serving: items, their current routings, and the arrays that predictions read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from aggregate_service.column_files import Column, TextColumn, map_column, map_numpy
from aggregate_service.item_search import ItemSearch
from aggregate_service.snapshot_store import SnapshotFacts, folder_bytes
from common.errors import DataProblem
from plant.features import shown_value, tidy_unit
from plant.mechanical_seals import MECHANICAL_SEALS
from plant.schema import PlantSchema
from plant.units import INTERNAL, SIZE
from routings.operation_table import OperationTable
from trained.item_codes import ItemCodeIndex
from trained.learned.learned_model import operation_key

MILLIMETRE = INTERNAL[SIZE]


class Snapshot:
    """One snapshot. Nothing of the size of the catalogue lives on the heap; workers share the mapped pages.

    Attributes:
        folder: where it is.
        facts: what it says about itself.
        schema: the plant's schema that it was read with.
        codes: item codes by position.
        items: columns of the item master, one row an item.
        routing: columns of the current routings, one row an operation.
        operations: the arrays that predictions read, parallel to the rows of `routing`.
        search: the search over the items.
        bytes: size on disk.
    """

    def __init__(self, folder: Path) -> None:
        """Map the snapshot in `folder`.

        Raises:
            DataProblem: a file is missing or damaged, or the files do not belong together.
        """
        self.folder = folder
        self.facts = SnapshotFacts.read(folder)
        self.schema = PlantSchema.model_validate_json(self.facts.schema) if self.facts.schema else MECHANICAL_SEALS
        self.codes = ItemCodeIndex.open(folder)
        self.items = _columns(folder / "items", self.facts.item_columns)
        self.routing = _columns(folder / "routing", self.facts.routing_columns)
        self.operations = OperationTable(
            offsets=cast(npt.NDArray[np.int64], map_numpy(folder / "offsets.npy")),
            operation=cast(npt.NDArray[np.int32], map_numpy(folder / "operation.npy")),
            machine=cast(npt.NDArray[np.integer], map_numpy(folder / "machine.npy")),
            sequence=cast(npt.NDArray[np.int32], map_numpy(folder / "sequence.npy")),
            times=cast(npt.NDArray[np.float64], map_numpy(folder / "times.npy")),
            actual=cast(npt.NDArray[np.float64], map_numpy(folder / "actual.npy")),
        )
        self.search = ItemSearch(folder, self.items, self.codes, self.schema.item)
        self.bytes = folder_bytes(folder)
        self._models: tuple[tuple[str, ...], npt.NDArray[np.int64]] | None = None
        self._check()

    @cached_property
    def operation_names(self) -> list[str]:
        """Name of each operation number, as the learned models have it (`trained.learned.learned_model.operation_key`)."""
        numbers, rows = np.unique(self.operations.operation, return_index=True)
        names = [""] * (int(numbers[-1]) + 1 if len(numbers) else 0)
        jobs = self._job_names(rows.astype(np.int64))
        items = np.searchsorted(self.operations.offsets, rows, side="right") - 1
        starts = self.operations.offsets[items]
        for number, row, start, job in zip(numbers.tolist(), rows.tolist(), starts.tolist(), jobs, strict=True):
            before = self._job_names(np.arange(start, row))
            names[number] = operation_key(job, before.count(job))
        return names

    def shown(self, name: str, rows: npt.NDArray[np.int64]) -> list[str | None]:
        """Values of an item column as people read them; sizes that are not in millimetres with their unit."""
        column = self.items.get(name)
        if column is None:
            return [None] * len(rows)
        values = [shown_value(value) for value in _listed(column, rows)]
        unit = self.items.get(self.schema.size_units.get(name, ""))
        units = _listed(unit, rows) if unit is not None else [self.facts.units.get(name)] * len(rows)
        return [
            f"{value} {of}" if value is not None and of and tidy_unit(of) != MILLIMETRE else value
            for value, of in zip(values, units, strict=True)
        ]

    def models_of(self, operations: tuple[str, ...]) -> npt.NDArray[np.int64]:
        """Number of the model of each operation number, -1 where none of `operations` is it; int64."""
        if self._models is None or self._models[0] != operations:
            known = {name: number for number, name in enumerate(operations)}
            found = np.array([known.get(name, -1) for name in self.operation_names], np.int64)
            self._models = (operations, found)
        return self._models[1]

    def _job_names(self, rows: npt.NDArray[np.int64]) -> list[str]:
        return job_names(self.routing, rows, self.schema.routing.jobs)

    @property
    def tag(self) -> str:
        """Names the content."""
        return self.facts.tag

    def _check(self) -> None:
        rows = len(self.operations.operation)
        parallel = [
            self.operations.machine,
            self.operations.sequence,
            self.operations.times,
            self.operations.actual,
            *(column.codes if isinstance(column, TextColumn) else column.values for column in self.routing.values()),
        ]
        offsets = self.operations.offsets
        fits = len(self.codes) == self.facts.items == len(offsets) - 1 and int(offsets[-1]) == rows
        if not fits or any(len(array) != rows for array in parallel):
            raise DataProblem(f"The files of the snapshot {self.folder} do not belong together: refresh it")

    def warm(self) -> None:
        """Touch the pages that requests read first, so that the first request does not wait for the disk."""
        for array in (self.operations.offsets, self.operations.operation, self.operations.times):
            if array.size:
                np.add.reduce(array.reshape(-1)[:: max(1, 4096 // array.itemsize)])
        self.search.find("", limit=1)
        _names = self.operation_names


def _columns(folder: Path, columns: list[tuple[str, str]]) -> Mapping[str, Column]:
    return {name: map_column(folder / f"{number:03d}.arrow", name) for number, (name, _kind) in enumerate(columns)}


def _listed(column: Column, rows: npt.NDArray[np.int64]) -> list[Any]:
    taken = column.take(rows)
    return taken if isinstance(taken, list) else taken.tolist()


def job_names(routing: Mapping[str, Column], rows: npt.NDArray[np.int64], columns: Sequence[str]) -> list[str]:
    """The job of each row: the first of `columns` that is present, trimmed; "" where none is."""
    jobs = [""] * len(rows)
    for name in columns:
        column = routing.get(name)
        if isinstance(column, TextColumn) and "" in jobs:
            jobs = [job or (value or "").strip() for job, value in zip(jobs, column.take(rows), strict=True)]
    return jobs
