"""What is right for the items of a source: its `truth` table where it has one, else the routings themselves; and the items' families."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from plant.columns import ColumnType
from plant.features import tidy_text
from plant.schema import ITEM_CODE, SEQUENCE, PlantSchema, RoutingRoles
from plant.time_columns import RUN_SOURCES
from routings.operation_table import OperationTable
from routings.quality_metrics import RightRouting
from source import Source
from source.source import find_name
from trained.item_codes import ItemCodeIndex
from trainer.catalogue import Catalogue
from trainer.current_routings import CurrentRoutings

TRUTH: Final = "truth"
ROUTINGS: Final = "routings"
NO_FAMILY: Final = "-"
TRUTH_FAMILY: Final = "FAMILY"
"""Column of the truth that holds an item's family."""


@dataclass(frozen=True)
class RightRoutings:
    """What items are judged against.

    Attributes:
        judged_against: truth or routings.
        routings: by position of the item; items without are not judged.
        families: by position of the item.
    """

    judged_against: str
    routings: Mapping[int, RightRouting]
    families: Mapping[int, str]

    def positions(self) -> npt.NDArray[np.int64]:
        """Positions of the items that can be judged, ascending."""
        return np.array(sorted(self.routings), np.int64)


def has_truth(source: Source) -> bool:
    """Whether the source says what its items' features imply (generated catalogues do)."""
    return find_name(TRUTH, source.tables()) is not None


def truth_of(source: Source, index: ItemCodeIndex, roles: RoutingRoles) -> RightRoutings:
    """The truth of a generated catalogue, whose columns are called as those of the routings.

    Raises:
        NotFound: the table lacks a column.
        DataProblem: it cannot be read.
    """
    table = find_name(TRUTH, source.tables()) or TRUTH
    job, run = roles.jobs[0], next(iter(roles.planned_run), "")
    types = {
        ITEM_CODE: ColumnType.TEXT,
        TRUTH_FAMILY: ColumnType.TEXT,
        SEQUENCE: ColumnType.INTEGER,
        job: ColumnType.TEXT,
        **({run: ColumnType.NUMBER} if run else {}),
    }
    frames = list(source.batches(table, list(types), types))
    if not frames:
        return RightRoutings(TRUTH, {}, {})
    rows = pl.concat(frames)
    if not run:
        rows = rows.with_columns(pl.lit(None, pl.Float64).alias(run))
    codes = rows[ITEM_CODE].unique(maintain_order=True)
    known = {
        code: position
        for code, position in zip(codes, index.find_many([code or "" for code in codes]).tolist(), strict=True)
        if position >= 0
    }
    routings, families = {}, {}
    grouped = rows.sort(SEQUENCE, maintain_order=True).group_by(ITEM_CODE, maintain_order=True)
    for row in grouped.agg(job, run, pl.col(TRUTH_FAMILY).first()).iter_rows(named=True):
        position = known.get(row[ITEM_CODE])
        if position is not None:
            times = np.array([np.nan if time is None else time for time in row[run]], np.float64)
            routings[position] = RightRouting([job.strip() for job in row[job]], times)
            families[position] = row[TRUTH_FAMILY] or NO_FAMILY
    return RightRoutings(TRUTH, routings, families)


def own_routings(current: CurrentRoutings, items: npt.NDArray[np.int64], families: Mapping[int, str]) -> RightRoutings:
    """The items' own routings as what is right for them; of `items` those that have one.

    Args:
        items: int64; positions.
        families: by position.
    """
    table = current.table
    chosen = items[table.lengths(items) > 0].tolist()
    routings = {}
    for position in chosen:
        rows = np.arange(int(table.offsets[position]), int(table.offsets[position + 1]))
        routings[position] = RightRouting(current.job_sequence(position), run_times(table, rows))
    return RightRoutings(ROUTINGS, routings, {position: families.get(position, NO_FAMILY) for position in chosen})


def run_times(table: OperationTable, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Run time of operations in minutes, from the first column that is present; NaN where all are absent."""
    times = table.times_with_results(rows)
    chosen = times[:, RUN_SOURCES[0]]
    for column in RUN_SOURCES[1:]:
        chosen = np.where(np.isnan(chosen), times[:, column], chosen)
    return chosen


def families_of(catalogue: Catalogue, schema: PlantSchema) -> dict[int, str]:
    """The family of each item by position, from the column that the schema says; empty where the plant has none."""
    column = schema.item.family_column
    groups = catalogue.columns.get(column) or catalogue.extra.get(column)
    if groups is None:
        return {}
    names, places = groups.distinct(tidy_text)
    return {position: names[place] or NO_FAMILY for position, place in enumerate(places.tolist())}
