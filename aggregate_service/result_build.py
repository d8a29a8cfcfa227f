"""Work results of a snapshot, reduced to robust figures of each operation of the current routings."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from aggregate_service.column_files import write_numpy
from aggregate_service.findings import Findings
from aggregate_service.routing_build import CurrentRoutings
from common.notices import notice
from plant.schema import ITEM_CODE, SEQUENCE, ResultRoles
from routings.time_profiles import LARGEST_TIME
from routings.work_results import TypicalTimes, WorkResults
from trained.item_codes import ItemCodeIndex


class ItemFinder:
    """Finds items by code batch by batch, each code once."""

    def __init__(self, index: ItemCodeIndex) -> None:
        self._index = index
        self._known: dict[str, int] = {}

    def positions(self, codes: pl.Series) -> npt.NDArray[np.int64]:
        """Positions of the items of a column of codes, -1 where unknown; int64."""
        distinct = codes.unique(maintain_order=True)
        texts = [code for code in distinct.to_list() if code is not None]
        fresh = [code for code in texts if code not in self._known]
        self._known.update(zip(fresh, self._index.find_many(fresh).tolist(), strict=True))
        places = pl.Series([self._known[code] for code in texts], dtype=pl.Int64)
        found = codes.replace_strict(pl.Series(texts, dtype=pl.String), places, default=-1, return_dtype=pl.Int64)
        return found.fill_null(-1).to_numpy()

    @property
    def strangers(self) -> list[str]:
        """Codes that the item master does not have."""
        return [code for code, position in self._known.items() if position < 0]


def read_results(
    frames: Iterable[pl.DataFrame],
    index: ItemCodeIndex,
    current: CurrentRoutings,
    findings: Findings,
    name: str,
    roles: ResultRoles,
) -> tuple[TypicalTimes, int]:
    """What the results typically say of the operations of the current routings, and the number of rows read."""
    results, finder = WorkResults(current.item, current.sequence), ItemFinder(index)
    total = unknown = elsewhere = impossible = 0
    for frame in frames:
        item = finder.positions(frame[ITEM_CODE])
        left_out = results.add(item, frame, sequence=SEQUENCE, times=roles.times)
        total += frame.height
        unknown += int((item < 0).sum())
        elsewhere += left_out.elsewhere
        impossible += left_out.impossible
    findings.add(
        unknown,
        notice(
            "ROWS_OF_UNKNOWN_ITEMS",
            "rows of {table} belong to items that the item master does not have and were left out",
            table=name,
        ),
        finder.strangers,
    )
    findings.add(
        elsewhere,
        notice(
            "ROWS_OF_NO_OPERATION",
            "rows of {table} belong to no operation of a current routing and were left out",
            table=name,
        ),
    )
    findings.add(
        impossible,
        notice(
            "TIMES_IMPOSSIBLE",
            "times of {table} are negative or above {most} minutes and count as absent",
            table=name,
            most=f"{LARGEST_TIME:,.0f}",
        ),
    )
    return results.typical(), total


def write_results(folder: Path, typical: TypicalTimes) -> None:
    """Write the typical times of each operation: `actual.npy` float64 (operations, 2) and `actual_samples.npy` int32 (operations, 2)."""
    write_numpy(folder / "actual.npy", typical.actual)
    write_numpy(folder / "actual_samples.npy", typical.samples)
