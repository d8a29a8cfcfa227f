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
from plant.schema import ITEM_CODE, SEQUENCE, ResultRoles
from routings.time_profiles import LARGEST_TIME
from source.current_routings import robust_means
from trained.item_codes import ItemCodeIndex

MEASURES = ("setup", "run")
"""Times that work results report, as roles of the schema, in the order of the columns of `OperationTable.actual`."""


def result_columns(roles: ResultRoles) -> tuple[str, ...]:
    """Internal columns of the work results that a snapshot reads."""
    return tuple(filter(None, (ITEM_CODE, SEQUENCE, roles.setup, roles.run)))


class ItemFinder:
    """Finds items by code batch by batch, each code once."""

    def __init__(self, index: ItemCodeIndex) -> None:
        self._index = index
        self._known: dict[str, int] = {}

    def positions(self, codes: pl.Series) -> npt.NDArray[np.int64]:
        """Positions of the items of a column of codes, -1 where unknown; int64."""
        distinct = codes.unique()
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
) -> tuple[pl.DataFrame, int]:
    """Results that belong to an operation of a current routing, and the number of rows read.

    Each batch shrinks to row of the operation and two times before the next is read.

    Returns:
        A frame with `row` (Int32, position among the current operations), `setup` and `run` (Float64, NaN never).
    """
    keys = current.item.astype(np.int64) << 32 | (current.sequence.astype(np.int64) + 2**31)
    parts: list[pl.DataFrame] = []
    total = unknown = elsewhere = impossible = 0
    finder = ItemFinder(index)
    for frame in frames:
        total += frame.height
        item = finder.positions(frame[ITEM_CODE])
        known = item >= 0
        unknown += int((~known).sum())
        sequence = frame[SEQUENCE].cast(pl.Int64, strict=False).fill_null(-(2**31)).to_numpy()
        row = _find(keys, item << 32 | (sequence + 2**31)) if len(keys) else np.full(len(item), -1)
        row[~known] = -1
        elsewhere += int((known & (row < 0)).sum())
        times = frame.select(
            pl.Series("row", row, pl.Int32), *(_measured(measure, str(getattr(roles, measure))) for measure in MEASURES)
        ).filter(pl.col("row") >= 0)
        usable = [pl.col(measure).is_between(0.0, LARGEST_TIME) for measure in MEASURES]
        impossible += int(times.select(pl.sum_horizontal((~u).fill_null(False).sum() for u in usable)).item())
        parts.append(
            times.with_columns(
                pl.when(u).then(pl.col(measure)).alias(measure) for u, measure in zip(usable, MEASURES, strict=True)
            )
        )
    findings.add(
        unknown,
        f"rows of {name} belong to items that the item master does not have and were left out",
        finder.strangers,
    )
    findings.add(elsewhere, f"rows of {name} belong to no operation of a current routing and were left out")
    findings.add(impossible, f"times of {name} are negative or above {LARGEST_TIME:,.0f} minutes and count as absent")
    schema = {"row": pl.Int32, **dict.fromkeys(MEASURES, pl.Float64)}
    return pl.concat(parts) if parts else pl.DataFrame(schema=schema), total


def _measured(measure: str, column: str) -> pl.Expr:
    """A measure's values under its own name; absent everywhere where the plant does not report it."""
    value = pl.col(column).cast(pl.Float64).fill_nan(None) if column else pl.lit(None, pl.Float64)
    return value.alias(measure)


def _find(keys: npt.NDArray[np.int64], wanted: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Positions of values in sorted keys, -1 where they are not."""
    place = np.minimum(keys.searchsorted(wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, place, -1)


def write_results(folder: Path, results: pl.DataFrame, operations: int) -> None:
    """Write the robust figures of each operation: `actual.npy` float64 (operations, 2) the means of set-up and run time without gross
    errors (further than 3.5 robust sigma from the median), and `actual_samples.npy` int32 (operations, 2); NaN and 0 without results.
    """
    actual = np.full((operations, len(MEASURES)), np.nan)
    samples = np.zeros((operations, len(MEASURES)), np.int32)
    for place, measure in enumerate(MEASURES):
        rows, means, counts = robust_means(results.select("row", value=measure).drop_nulls())
        actual[rows, place] = means
        samples[rows, place] = counts
    write_numpy(folder / "actual.npy", actual)
    write_numpy(folder / "actual_samples.npy", samples)
