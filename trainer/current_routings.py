"""The current routing of each item of a source, as the arrays that predictions and learning read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from plant.input_profile import InputProfile
from plant.mechanical_seals import ITEM_CODE, RESULTS, ROUTING
from routings.operation_table import TIME_COLUMNS, OperationTable
from routings.time_profiles import LARGEST_TIME, without_impossible
from source import Source
from source.role_reading import read_role
from trained.item_codes import ItemCodeIndex

_JOBS: Final = ("JOB_CD", "JOB_NM", "RES_DIS")
"""Where the name of an operation comes from; the first that is present counts."""
_RESULT_TIMES: Final = ("ACT_SETUP_TIME", "ACT_RUN_TIME")


@dataclass(frozen=True)
class CurrentRoutings:
    """Current routings of n items.

    Attributes:
        table: the operations of all items; `operation` numbers a job and its occurrence within the routing.
        jobs: job of each operation number, as the source names it.
        occurrences: int64 (operation numbers); how often the job came before in the same routing.
        machines: name of each number in `table.machine`; "" where the source names none.
        entered: when each item's routing was entered, milliseconds since 1970, -inf where the source does not say; None: it never does.
    """

    table: OperationTable
    jobs: list[str]
    occurrences: npt.NDArray[np.int64]
    machines: list[str]
    entered: npt.NDArray[np.float64] | None = None

    @property
    def items_with_routing(self) -> int:
        """Items that have a routing."""
        return int(np.count_nonzero(np.diff(self.table.offsets)))

    def job_sequence(self, item: int) -> list[str]:
        """Jobs of an item in order; empty without routing."""
        rows = slice(int(self.table.offsets[item]), int(self.table.offsets[item + 1]))
        return [self.jobs[number] for number in self.table.operation[rows].tolist()]


def read_current_routings(
    source: Source,
    profile: InputProfile,
    index: ItemCodeIndex,
    *,
    results: bool = False,
    on_rows: Callable[[int], None] | None = None,
) -> CurrentRoutings:
    """Read the routings of a source and choose each item's current one: the greatest INSRT_DT, then the greatest ROUT_NO.

    Rows of unknown items and without PROC_SEQ are left out; of rows with the same key the first counts. Negative and absurd times
    are absent.

    Args:
        index: codes of the items; their positions are those of the result.
        results: also read the work results, whose medians stand in for absent actual times.
        on_rows: told the number of rows read so far.

    Raises:
        DataProblem: a table cannot be read.
    """
    frames = list(_routing_frames(source, profile, index, on_rows))
    rows = pl.concat(frames) if frames else _no_rows()
    rows = rows.with_columns(_entered=pl.col("INSRT_DT").max().over("_item", "ROUT_NO"))
    rows = rows.sort("_item", "_entered", "ROUT_NO", "PROC_SEQ", nulls_last=False, maintain_order=True)
    version = pl.struct("_entered", "ROUT_NO").rle_id().over("_item")
    rows = rows.with_columns(_version=version).filter(pl.col("_version") == pl.col("_version").max().over("_item"))
    rows = rows.unique(["_item", "PROC_SEQ"], keep="first", maintain_order=True)
    item = rows["_item"].to_numpy().astype(np.int64)
    counts = np.bincount(item, minlength=len(index))
    sequence = rows["PROC_SEQ"].to_numpy().astype(np.int32)
    keys = rows.select(job="_job", occurrence=pl.int_range(pl.len()).over("_item", "_job"))
    distinct = keys.unique(maintain_order=True).sort("job", "occurrence").with_row_index("number")
    operation = keys.join(distinct, on=["job", "occurrence"], how="left", maintain_order="left")["number"]
    machines, machine = _numbered(rows["RES_CD"])
    times = rows.select(TIME_COLUMNS).to_numpy().astype(np.float64, copy=True)
    actual = np.full((len(item), 2), np.nan)
    if results and len(item):
        actual = _results(source, profile, index, item, sequence)
    return CurrentRoutings(
        table=OperationTable(
            offsets=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
            operation=operation.to_numpy().astype(np.int32),
            machine=machine,
            sequence=sequence,
            times=times,
            actual=actual,
        ),
        jobs=distinct["job"].to_list(),
        occurrences=distinct["occurrence"].to_numpy().astype(np.int64),
        machines=machines,
        entered=_entered(rows["_entered"], item, len(index)),
    )


def _routing_frames(
    source: Source, profile: InputProfile, index: ItemCodeIndex, on_rows: Callable[[int], None] | None
) -> Iterator[pl.DataFrame]:
    wanted = [ITEM_CODE, "ROUT_NO", "PROC_SEQ", "INSRT_DT", *_JOBS, "RES_CD", *TIME_COLUMNS]
    for frame in read_role(source, profile, ROUTING, wanted, on_rows=on_rows):
        made = frame.with_columns(
            _positions(frame[ITEM_CODE], index).alias("_item"),
            pl.coalesce(_text(name) for name in _JOBS).fill_null("").alias("_job"),
            *(pl.col(name).cast(pl.Float64).fill_null(float("nan")) for name in TIME_COLUMNS),
        ).filter((pl.col("_item") >= 0) & pl.col("PROC_SEQ").is_not_null())
        cleaned = [pl.Series(name, without_impossible(made[name].to_numpy()), pl.Float64) for name in TIME_COLUMNS]
        yield made.with_columns(cleaned).select(
            "_item", "_job", "ROUT_NO", "PROC_SEQ", "INSRT_DT", "RES_CD", *TIME_COLUMNS
        )


def _entered(moments: pl.Series, item: npt.NDArray[np.int64], items: int) -> npt.NDArray[np.float64] | None:
    """The moment of each item's routing, all of whose rows have the same; None where no row has one."""
    if moments.null_count() == len(moments):
        return None
    made = np.full(items, -np.inf)
    made[item] = moments.dt.epoch("ms").cast(pl.Float64).fill_null(float("-inf")).to_numpy()
    return made


def _no_rows() -> pl.DataFrame:
    texts = {"_job": pl.String, "ROUT_NO": pl.String}
    numbers = dict.fromkeys(TIME_COLUMNS, pl.Float64)
    return pl.DataFrame(
        schema={
            "_item": pl.Int64,
            **texts,
            "PROC_SEQ": pl.Int64,
            "INSRT_DT": pl.Datetime("ms"),
            "RES_CD": pl.String,
            **numbers,
        }
    )


def _text(name: str) -> pl.Expr:
    """A text trimmed, null where nothing is left."""
    stripped = pl.col(name).cast(pl.String).str.strip_chars()
    return pl.when(stripped != "").then(stripped)


def _positions(codes: pl.Series, index: ItemCodeIndex) -> pl.Series:
    """Positions of the items of a column of codes, -1 where unknown."""
    texts = [code for code in codes.unique().to_list() if code is not None]
    places = pl.Series(index.find_many(texts), dtype=pl.Int64)
    found = codes.replace_strict(pl.Series(texts, dtype=pl.String), places, default=-1, return_dtype=pl.Int64)
    return found.fill_null(-1)


def _numbered(names: pl.Series) -> tuple[list[str], npt.NDArray[np.int32]]:
    """Distinct names in order of the alphabet, and the number of each row's."""
    filled = names.fill_null("")
    distinct = filled.unique().sort()
    numbers = filled.replace_strict(distinct, pl.int_range(distinct.len(), eager=True), return_dtype=pl.Int32)
    return distinct.to_list(), numbers.to_numpy()


def _results(
    source: Source,
    profile: InputProfile,
    index: ItemCodeIndex,
    item: npt.NDArray[np.int64],
    sequence: npt.NDArray[np.int32],
) -> npt.NDArray[np.float64]:
    """Median set-up and run time that work results report for each operation, float64 (operations, 2), NaN where none."""
    parts = [
        frame.select(
            _positions(frame[ITEM_CODE], index).alias("item"),
            pl.col("PROC_SEQ").cast(pl.Int64),
            *(pl.when(pl.col(name).is_between(0.0, LARGEST_TIME)).then(pl.col(name)) for name in _RESULT_TIMES),
        ).filter(pl.col("item") >= 0)
        for frame in read_role(source, profile, RESULTS, [ITEM_CODE, "PROC_SEQ", *_RESULT_TIMES])
    ]
    if not parts:
        return np.full((len(item), 2), np.nan)
    medians = pl.concat(parts).group_by("item", "PROC_SEQ").agg(pl.col(_RESULT_TIMES).median())
    wanted = pl.DataFrame({"item": item, "PROC_SEQ": sequence.astype(np.int64)})
    joined = wanted.join(medians, on=["item", "PROC_SEQ"], how="left", maintain_order="left")
    return joined.select(pl.col(_RESULT_TIMES).fill_null(float("nan"))).to_numpy().astype(np.float64, copy=True)
