"""The current routing of each item of a source, as the arrays that predictions and learning read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from plant.input_profile import InputProfile
from plant.schema import ITEM_CODE, RESULTS, ROUTING, SEQUENCE, RoutingRoles
from plant.time_columns import TIMES
from routings.operation_table import OperationTable
from routings.time_profiles import without_impossible
from routings.work_results import WorkResults
from source import Source
from source.current_routings import CurrentRows, choose_current, is_valid, natural_keys, number_operations
from source.role_reading import read_role
from trained.item_codes import ItemCodeIndex


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
    """Read the routings of a source and choose each item's current one (`source.current_routings`).

    Rows of unknown items and without a sequence are left out. Negative and absurd times are absent.

    Args:
        index: codes of the items; their positions are those of the result.
        results: also read the work results, whose typical times stand in for absent actual times.
        on_rows: told the number of rows read so far.

    Raises:
        DataProblem: a table cannot be read.
    """
    frames = list(_routing_frames(source, profile, index, on_rows))
    rows = pl.concat(frames) if frames else _no_rows()
    numbers, entered = _ranks(_natural(rows["_number"])), _ranks(rows["_entered"])
    valid = _valid(rows) if profile.plant.routing.current == "valid" else None
    current = choose_current(
        rows["_item"].to_numpy(), rows["_sequence"].to_numpy().astype(np.int64), numbers, entered, valid
    )
    rows = rows[current.rows]
    jobs, job = _numbered(rows["_job"])
    machines, machine = _numbered(rows["_machine"])
    numbered = number_operations(job, current.item)
    counts = np.bincount(current.item, minlength=len(index))
    actual = np.full((len(rows), 2), np.nan)
    if results and len(rows):
        actual = _results(source, profile, index, current)
    return CurrentRoutings(
        table=OperationTable(
            offsets=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
            operation=numbered.operation,
            machine=machine,
            sequence=current.sequence,
            times=rows.select(TIMES).to_numpy().astype(np.float64, copy=True),
            actual=actual,
        ),
        jobs=[jobs[number] for number in numbered.jobs.tolist()],
        occurrences=numbered.occurrences,
        machines=machines,
        entered=_entered(rows["_entered"], current.item.astype(np.int64), len(index)),
    )


def _natural(numbers: pl.Series) -> pl.Series:
    """Routing numbers as texts that order them (`source.current_routings.natural_keys`); absent where they are."""
    distinct = numbers.drop_nulls().unique().to_list()
    keys = dict(zip(distinct, natural_keys(distinct), strict=True))
    return numbers.replace_strict(keys, return_dtype=pl.String) if keys else numbers


def _valid(rows: pl.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether each row is valid today."""
    since, until = (
        rows[name].dt.epoch("d").cast(pl.Float64).fill_null(float("nan")).to_numpy() for name in ("_since", "_until")
    )
    return is_valid(since, until, (date.today() - date(1970, 1, 1)).days)  # noqa: DTZ011 - plants date by their own day


def _ranks(values: pl.Series) -> npt.NDArray[np.int64]:
    """Order of values; absent lowest."""
    return values.rank("dense").fill_null(0).cast(pl.Int64).to_numpy()


def _routing_frames(
    source: Source, profile: InputProfile, index: ItemCodeIndex, on_rows: Callable[[int], None] | None
) -> Iterator[pl.DataFrame]:
    roles = profile.plant.routing
    since, until = (roles.valid_from, roles.valid_to) if roles.current == "valid" else ("", "")
    named = (ITEM_CODE, SEQUENCE, *_shared(roles), since, until, *roles.jobs, *roles.times)
    wanted = list(dict.fromkeys(filter(None, named)))
    for frame in read_role(source, profile, ROUTING, wanted, on_rows=on_rows):
        made = frame.select(
            _positions(frame[ITEM_CODE], index).alias("_item"),
            pl.coalesce(_text(name) for name in roles.jobs).fill_null("").alias("_job"),
            pl.col(SEQUENCE).alias("_sequence"),
            _column(roles.number, pl.String).alias("_number"),
            _column(roles.entered, pl.Datetime("ms")).alias("_entered"),
            _column(roles.machine, pl.String).alias("_machine"),
            _column(since, pl.Datetime("ms")).alias("_since"),
            _column(until, pl.Datetime("ms")).alias("_until"),
            *(
                _column(name, pl.Float64()).fill_null(float("nan")).alias(role)
                for role, name in zip(TIMES, roles.times, strict=True)
            ),
        ).filter((pl.col("_item") >= 0) & pl.col("_sequence").is_not_null())
        yield made.with_columns(
            pl.Series(role, without_impossible(made[role].to_numpy()), pl.Float64) for role in TIMES
        )


def _entered(moments: pl.Series, item: npt.NDArray[np.int64], items: int) -> npt.NDArray[np.float64] | None:
    """The latest moment of each item's routing; None where no row has one."""
    if moments.null_count() == len(moments):
        return None
    made = np.full(items, -np.inf)
    np.maximum.at(made, item, moments.dt.epoch("ms").cast(pl.Float64).fill_null(float("-inf")).to_numpy())
    return made


def _shared(roles: RoutingRoles) -> tuple[str, str, str]:
    return roles.number, roles.entered, roles.machine


def _column(name: str, kind: pl.DataType | type[pl.DataType]) -> pl.Expr:
    """A column as a type; absent everywhere where the plant has none."""
    return pl.col(name).cast(kind) if name else pl.lit(None, kind)


def _no_rows() -> pl.DataFrame:
    return pl.DataFrame(
        schema={
            "_item": pl.Int64,
            "_job": pl.String,
            "_sequence": pl.Int64,
            "_number": pl.String,
            "_entered": pl.Datetime("ms"),
            "_machine": pl.String,
            "_since": pl.Datetime("ms"),
            "_until": pl.Datetime("ms"),
            **dict.fromkeys(TIMES, pl.Float64),
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
    source: Source, profile: InputProfile, index: ItemCodeIndex, current: CurrentRows
) -> npt.NDArray[np.float64]:
    """Typical set-up and run time that work results report for each operation, float64 (operations, 2), NaN where none."""
    results, roles = WorkResults(current.item, current.sequence), profile.plant.results
    for frame in read_role(source, profile, RESULTS, roles.columns_of_times):
        positions = _positions(frame[ITEM_CODE], index).to_numpy()
        results.add(positions, frame, sequence=SEQUENCE, times=roles.times)
    return results.typical().actual
