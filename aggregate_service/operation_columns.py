"""The columns of an operation in an answer: their order, where each comes from, and whether it is a number, text or a whole number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aggregate_service.column_files import Column, NumberColumn
from plant.client_names import RUN_TIME, SETUP_TIME, added_columns
from plant.features import number_text
from plant.schema import OF_ROUTING, SEQUENCE, PlantSchema
from plant.settings.sections import SqlSection
from routings.routing_prediction import RoutingBatch

Values = list[str | None] | npt.NDArray[np.float64] | npt.NDArray[np.int64]
Columns = dict[str, Values]


@dataclass(frozen=True)
class OperationColumns:
    """Which columns of an operation are answered.

    Attributes:
        sources: output name -> column of the routing table, in order; PROC_SEQ first, what clients of every plant read last.
        schema: the plant's.
        places: output name -> its place in `OperationTable.times`, where it is a time.
        numbers: output names that are numbers.
        added: names that clients of every plant read beside the plant's own.
    """

    sources: Mapping[str, str]
    schema: PlantSchema
    places: Mapping[str, int]
    numbers: frozenset[str]
    added: frozenset[str]

    @classmethod
    def of(cls, sql: SqlSection, schema: PlantSchema, *, detailed: bool) -> OperationColumns:
        """The key columns, or (detailed) all output columns, under the names that aliases give them.

        All are those of the settings; where nobody has chosen them there, those of the schema.
        """
        chosen = output_columns(sql, schema) if detailed else schema.summary_outputs
        column_of = dict(schema.output_aliases)
        column_of.update({output: column for column, output in sql.column_aliases.items()})
        names = [SEQUENCE, *(name for name in chosen if name not in OF_ROUTING and name != SEQUENCE)]
        added, times = added_columns(schema), schema.routing.times
        sources = {name: column_of.get(name, name) for name in names} | added
        places = {name: times.index(source) for name, source in sources.items() if source and source in times}
        return cls(sources, schema, places, schema.number_outputs, frozenset(added))

    def fill(self, routing: Mapping[str, Column], batch: RoutingBatch) -> Columns:
        """Values of the operations of a batch; times are the batch's, stored or estimated, everything else the table's."""
        filled: Columns = {}
        for name, source in self.sources.items():
            if source == SEQUENCE:
                filled[name] = batch.sequence
            elif name in self.places:
                filled[name] = batch.times[:, self.places[name]]
            else:
                filled[name] = _stored(routing.get(source), name in self.numbers, batch.rows)
        if SETUP_TIME in self.added:
            filled[SETUP_TIME] = batch.setup_times()
        filled[RUN_TIME] = batch.run_times()
        return filled


def output_columns(sql: SqlSection, schema: PlantSchema) -> Sequence[str]:
    """Output columns of the settings; where nobody has chosen any there, those of the schema."""
    return schema.output_columns if sql.output_columns == SqlSection().output_columns else sql.output_columns


def _stored(column: Column | None, is_number: bool, rows: npt.NDArray[np.int64]) -> Values:
    """Stored values in the kind that the output column has, whatever kind the source has."""
    if column is None:
        return np.full(len(rows), np.nan) if is_number else [None] * len(rows)
    values = column.take(rows)
    if isinstance(column, NumberColumn):
        return column.take(rows) if is_number else [number_text(value) for value in column.take(rows).tolist()]
    return np.array([_number(value) for value in values]) if is_number else list(values)


def _number(text: str | None) -> float:
    try:
        return float(text) if text else float("nan")
    except ValueError:
        return float("nan")
