"""What work results typically say of the operations of current routings: the one rule for learning, judging and serving."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from routings.time_profiles import FEWEST_SAMPLES, LARGEST_TIME

Rows = npt.NDArray[np.int64]
Integers = npt.NDArray[np.int32]

MEASURES: Final = ("setup", "run")
"""Times that work results report, as roles of the schema, in the order of the columns of `OperationTable.actual`."""

OUTLIER_DEVIATIONS: Final = 3.5
MAD_TO_SIGMA: Final = 1.4826
SEQUENCES: Final = 2**31
"""Sequences of operations lie from minus this up to below this."""


class LeftOut(NamedTuple):
    """What of a batch of work results does not count.

    Attributes:
        elsewhere: rows of known items that belong to no operation of a current routing.
        impossible: times of the others that are negative or absurd.
    """

    elsewhere: int
    impossible: int


class TypicalTimes(NamedTuple):
    """Typical times of operations.

    Attributes:
        actual: float64 (operations, 2), minutes, in the order of `MEASURES`; NaN without results.
        samples: int32 (operations, 2); how many results each rests on.
    """

    actual: npt.NDArray[np.float64]
    samples: Integers


class WorkResults:
    """Work results of the operations of current routings, gathered batch by batch in any order.

    Args:
        item: int32 (operations); position of each operation's item, ascending.
        sequence: int32, parallel; ascending within an item.
    """

    def __init__(self, item: npt.NDArray[np.integer], sequence: npt.NDArray[np.integer]) -> None:
        self._keys = _keys(item, sequence)
        self._parts: list[pl.DataFrame] = []

    def add(
        self, item: npt.NDArray[np.integer], results: pl.DataFrame, *, sequence: str, times: tuple[str, str]
    ) -> LeftOut:
        """Take the rows of a batch that belong to an operation; nothing else of it is kept.

        Args:
            item: position of each row's item, -1 where unknown.
            results: the batch.
            sequence: its column with the sequence of the operation.
            times: its columns with set-up and run time in minutes; "" for one that is not reported.
        """
        known = item >= 0
        row = self._operations(item.astype(np.int64), results[sequence].cast(pl.Float64, strict=False))
        measured = results.select(
            pl.Series("row", row, pl.Int32),
            *(_measured(column).alias(measure) for measure, column in zip(MEASURES, times, strict=True)),
        ).filter(pl.col("row") >= 0)
        possible = [pl.col(measure).is_between(0.0, LARGEST_TIME) for measure in MEASURES]
        impossible = measured.select(pl.sum_horizontal((~usable).fill_null(False).sum() for usable in possible)).item()
        self._parts.append(
            measured.with_columns(
                pl.when(usable).then(pl.col(measure)).alias(measure)
                for usable, measure in zip(possible, MEASURES, strict=True)
            )
        )
        return LeftOut(int((known & (row < 0)).sum()), int(impossible))

    def typical(self) -> TypicalTimes:
        """The mean of each operation's times without gross errors (`robust_means`)."""
        actual = np.full((len(self._keys), len(MEASURES)), np.nan)
        samples = np.zeros((len(self._keys), len(MEASURES)), np.int32)
        for place, measure in enumerate(MEASURES if self._parts else ()):
            values = pl.concat([part.select("row", value=measure).drop_nulls() for part in self._parts])
            rows, means, counts = robust_means(values)
            actual[rows, place] = means
            samples[rows, place] = counts
        return TypicalTimes(actual, samples)

    def _operations(self, item: Rows, sequence: pl.Series) -> Rows:
        """The operation that each row belongs to, -1 for none."""
        numbers = sequence.fill_null(float("nan")).to_numpy()
        usable = (item >= 0) & (numbers >= -SEQUENCES) & (numbers < SEQUENCES) & (numbers == np.floor(numbers))
        if not len(self._keys):
            return np.full(len(item), -1, np.int64)
        wanted = _keys(np.where(usable, item, 0), np.where(usable, numbers, 0).astype(np.int64))
        place = np.minimum(self._keys.searchsorted(wanted), len(self._keys) - 1)
        return np.where(usable & (self._keys[place] == wanted), place, -1)


def robust_means(values: pl.DataFrame) -> tuple[Integers, npt.NDArray[np.float64], Rows]:
    """Mean of the `value`s of each `row` without gross errors: the rows, their means, and how many values each rests on.

    A value is a gross error when it lies further than 3.5 robust sigma (1.4826 times the median deviation) from the median of at least
    three values; a thousandth of the median is always allowed, as the median deviation is 0 where most values are equal.
    """
    if not values.height:
        return np.zeros(0, np.int32), np.zeros(0), np.zeros(0, np.int64)
    values = values.sort("row", "value")
    row, value = values["row"].to_numpy(), values["value"].to_numpy()
    starts = np.flatnonzero(np.concatenate(([True], row[1:] != row[:-1])))
    counts = np.diff(np.append(starts, len(row)))
    median = _middle(value, starts, counts)
    deviation = np.abs(value - np.repeat(median, counts))
    by_deviation = pl.DataFrame({"row": row, "deviation": deviation}).sort("row", "deviation")["deviation"].to_numpy()
    spread = _middle(by_deviation, starts, counts)
    allowed = OUTLIER_DEVIATIONS * MAD_TO_SIGMA * spread + 1e-3 * median
    kept = deviation <= np.repeat(np.where(counts < FEWEST_SAMPLES, np.inf, allowed), counts)
    used = np.add.reduceat(kept.astype(np.int64), starts)
    return row[starts], np.add.reduceat(np.where(kept, value, 0.0), starts) / used, used


def _keys(item: npt.NDArray[np.integer], sequence: npt.NDArray[np.integer]) -> Rows:
    """One number for item and sequence, in their order."""
    keys: Rows = item.astype(np.int64) << 32 | (sequence.astype(np.int64) + SEQUENCES)
    return keys


def _measured(column: str) -> pl.Expr:
    """The times of a column; absent everywhere where the plant does not report it."""
    return pl.col(column).cast(pl.Float64).fill_nan(None) if column else pl.lit(None, pl.Float64)


def _middle(ordered: npt.NDArray[np.float64], starts: Rows, counts: Rows) -> npt.NDArray[np.float64]:
    """Medians of the runs of an array that is sorted within each run."""
    middle: npt.NDArray[np.float64] = (ordered[starts + (counts - 1) // 2] + ordered[starts + counts // 2]) / 2
    return middle
