"""The columns of an operation in an answer: their order, where each comes from, and whether it is a number, text or a whole number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from aggregate_service.column_files import Column, NumberColumn
from plant.settings.defaults import COLUMN_ALIASES, OUTPUT_COLUMNS
from plant.settings.sections import SqlSection
from routings.operation_table import TIME_COLUMNS
from routings.routing_prediction import RoutingBatch

Values = list[str | None] | npt.NDArray[np.float64] | npt.NDArray[np.int64]
Columns = dict[str, Values]

OF_ROUTING: Final = frozenset(
    {
        "ITEM_CD",
        "CANDIDATE_ID",
        "ROUTING_SIGNATURE",
        "PRIORITY",
        "SIMILARITY_TIER",
        "REFERENCE_ITEM_CD",
        "SIMILARITY_SCORE",
        "RANK",
    }
)
"""Output columns that say the same for all operations of a routing."""

NUMBERS: Final = frozenset({"MFG_LT", "RUN_TIME_QTY", "SUBCONTRACT_PRC", *TIME_COLUMNS})

KEY_COLUMNS: Final = (
    "PROC_SEQ",
    "INSIDE_FLAG",
    "dbo_BI_ROUTING_VIEW_JOB_CD",
    "JOB_NM",
    "RES_CD",
    "RES_DIS",
    "TIME_UNIT",
    "MFG_LT",
    "QUEUE_TIME",
    "SETUP_TIME",
    "MACH_WORKED_HOURS",
    "ACT_SETUP_TIME",
    "ACT_RUN_TIME",
    "WAIT_TIME",
    "MOVE_TIME",
    "RUN_TIME_QTY",
    "RUN_TIME_UNIT",
)
"""What summary mode answers of each operation."""

ADDED: Final = (("PROC_CD", "JOB_CD"), ("PROC_DESC", "JOB_NM"))
"""Columns that newer clients read, and the routing columns they repeat; RUN_TIME comes after them."""


@dataclass(frozen=True)
class OperationColumns:
    """Which columns of an operation are answered.

    Attributes:
        sources: output name -> column of the routing table, in order; PROC_SEQ first.
    """

    sources: Mapping[str, str]

    @classmethod
    def of(cls, sql: SqlSection, *, detailed: bool) -> OperationColumns:
        """The key columns, or (detailed) all output columns of the settings, under the names that its aliases give them."""
        chosen: Sequence[str] = sql.output_columns if detailed else KEY_COLUMNS
        column_of = {**{output: column for column, output in COLUMN_ALIASES.items()}}
        column_of.update({output: column for column, output in sql.column_aliases.items()})
        names = ["PROC_SEQ", *(name for name in chosen if name not in OF_ROUTING and name != "PROC_SEQ")]
        return cls({name: column_of.get(name, name) for name in names} | dict(ADDED))

    def fill(self, routing: Mapping[str, Column], batch: RoutingBatch) -> Columns:
        """Values of the operations of a batch; times are the batch's, stored or estimated, everything else the table's."""
        filled: Columns = {}
        for name, source in self.sources.items():
            if source == "PROC_SEQ":
                filled[name] = batch.sequence
            elif source in TIME_COLUMNS:
                filled[name] = batch.times[:, TIME_COLUMNS.index(source)]
            else:
                filled[name] = _stored(routing.get(source), name, batch.rows)
        filled["RUN_TIME"] = batch.run_times()
        return filled


def _stored(column: Column | None, name: str, rows: npt.NDArray[np.int64]) -> Values:
    """Stored values in the kind that the output column has, whatever kind the source has."""
    if column is None:
        return np.full(len(rows), np.nan) if name in NUMBERS else [None] * len(rows)
    values = column.take(rows)
    if isinstance(column, NumberColumn):
        return column.take(rows) if name in NUMBERS else [number_text(value) for value in column.take(rows).tolist()]
    return np.array([_number(value) for value in values]) if name in NUMBERS else list(values)


def number_text(value: float) -> str | None:
    """A number as text, whole ones without a fraction; None for NaN."""
    if value != value:
        return None
    return str(int(value)) if value == int(value) else repr(value)


def _number(text: str | None) -> float:
    try:
        return float(text) if text else float("nan")
    except ValueError:
        return float("nan")


ALL_COLUMNS: Final = tuple(OUTPUT_COLUMNS)
