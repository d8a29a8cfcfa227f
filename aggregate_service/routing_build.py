"""The routings of a snapshot: the current one of each item, one row an operation, sorted by item and PROC_SEQ."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aggregate_service.column_building import NumberBuilder, TableBuilder, TextBuilder
from aggregate_service.column_files import smallest_codes, write_numpy
from aggregate_service.findings import Findings
from routings.operation_table import TIME_COLUMNS
from routings.time_profiles import LARGEST_TIME, without_impossible
from trained.item_codes import ItemCodeIndex

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class CurrentRoutings:
    """The current routings.

    Attributes:
        rows: int64 (operations); rows read, sorted by item and PROC_SEQ.
        item: int32 (operations); position of the item.
        sequence: int32 (operations); PROC_SEQ.
        offsets: int64 (items + 1); operations of item i are [offsets[i], offsets[i + 1]).
    """

    rows: Rows
    item: npt.NDArray[np.int32]
    sequence: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]


def item_positions(column: TextBuilder, index: ItemCodeIndex) -> npt.NDArray[np.int32]:
    """Position of the item of each row read; -1 where the item master does not have it."""
    position_of = np.full(len(column.values), -1, np.int32)
    position_of[1:] = index.find_many([value or "" for value in column.values[1:]])
    return position_of[column.codes]


def choose_current(table: TableBuilder, index: ItemCodeIndex, findings: Findings, name: str) -> CurrentRoutings:
    """Choose each item's current routing: the greatest INSRT_DT, then the greatest ROUT_NO.

    Rows of unknown items and rows without PROC_SEQ are left out; of rows with the same key the first counts.

    Args:
        name: the source's name of the table, for messages.
    """
    codes = table.text("ITEM_CD")
    item = item_positions(codes, index)
    sequence = table.numbers("PROC_SEQ")
    unknown, unplaced = item < 0, np.isnan(sequence) | (np.abs(sequence) > 2**31 - 1)
    values = codes.values
    findings.add(
        int(unknown.sum()),
        f"rows of {name} belong to items that the item master does not have and were left out",
        (values[code] or "" for code in np.unique(codes.codes[unknown])[:10].tolist()),
    )
    findings.add(int((unplaced & ~unknown).sum()), f"rows of {name} have no PROC_SEQ and were left out")
    rows = np.flatnonzero(~unknown & ~unplaced)
    item, place = item[rows], sequence[rows].astype(np.int32)
    number, entered = (_ranks(table, column)[rows] for column in ("ROUT_NO", "INSRT_DT"))
    order = np.lexsort((place, number, item))
    rows, item, place, number, entered = rows[order], item[order], place[order], number[order], entered[order]

    same_routing = np.zeros(len(rows), bool)
    same_routing[1:] = (item[1:] == item[:-1]) & (number[1:] == number[:-1])
    repeated = np.zeros(len(rows), bool)
    repeated[1:] = same_routing[1:] & (place[1:] == place[:-1])
    findings.add(
        int(repeated.sum()),
        f"rows of {name} repeat ITEM_CD, ROUT_NO and PROC_SEQ of another; the first row of each key counts",
        (index.code(int(position)) for position in np.unique(item[repeated])[:10].tolist()),
    )
    chosen = _in_current_routing(item, entered, ~same_routing) & ~repeated
    rows, item, place = rows[chosen], item[chosen], place[chosen]
    counts = np.bincount(item, minlength=len(index))
    return CurrentRoutings(rows, item, place, np.concatenate(([0], np.cumsum(counts))).astype(np.int64))


def _ranks(table: TableBuilder, name: str) -> npt.NDArray[np.int32]:
    """Order of a text, date or numeric column's values; absent lowest."""
    builder = table.columns.get(name)
    if isinstance(builder, NumberBuilder):
        _values, place = np.unique(np.nan_to_num(builder.values, nan=-np.inf), return_inverse=True)
        return place.astype(np.int32)
    column = table.text(name)
    return column.ranks()[column.codes]


def _in_current_routing(
    item: npt.NDArray[np.int32], entered: npt.NDArray[np.int32], starts: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Whether each row, sorted by item and ROUT_NO, is of its item's routing with the greatest INSRT_DT, the last on a tie."""
    if not len(item):
        return np.zeros(0, bool)
    first = np.flatnonzero(starts)
    newest = np.maximum.reduceat(entered, first)
    routing_item = item[first]
    order = np.lexsort((np.arange(len(first)), newest, routing_item))
    last = np.ones(len(order), bool)
    last[:-1] = routing_item[order][1:] != routing_item[order][:-1]
    current = np.zeros(len(first), bool)
    current[order[last]] = True
    return np.repeat(current, np.diff(np.append(first, len(item))))


def clean_times(table: TableBuilder, findings: Findings, name: str) -> None:
    """Make negative and absurd times absent, and say how many there were and how many are missing."""
    codes = table.text("ITEM_CD")
    values = codes.values
    for column in TIME_COLUMNS:
        builder = table.columns.get(column)
        if not isinstance(builder, NumberBuilder):
            continue
        times = builder.values
        with np.errstate(invalid="ignore"):
            impossible = {"negative": times < 0.0, f"above {LARGEST_TIME:,.0f} minutes": times > LARGEST_TIME}
        for what, where in impossible.items():
            examples = (values[code] or "" for code in np.unique(codes.codes[where])[:10].tolist())
            findings.add(int(where.sum()), f"values of {name}.{column} are {what} and count as absent", examples)
        findings.add(int(np.isnan(times).sum()), f"values of {name}.{column} are missing")
        if any(where.any() for where in impossible.values()):
            builder.replace(without_impossible(times))


def write_operations(folder: Path, table: TableBuilder, current: CurrentRoutings) -> None:
    """Write what predictions read: `offsets.npy`, `operation.npy`, `machine.npy`, `sequence.npy`, `times.npy` (see OperationTable)."""
    write_numpy(folder / "offsets.npy", current.offsets)
    write_numpy(folder / "sequence.npy", current.sequence)
    machine = table.text("RES_CD")
    write_numpy(folder / "machine.npy", smallest_codes(machine.codes[current.rows], len(machine.values)))
    write_numpy(folder / "operation.npy", _operations(_jobs(table)[current.rows], current.item))
    times = np.empty((len(current.rows), len(TIME_COLUMNS)))
    for place, column in enumerate(TIME_COLUMNS):
        times[:, place] = table.numbers(column)[current.rows]
    write_numpy(folder / "times.npy", times)


def _jobs(table: TableBuilder) -> npt.NDArray[np.int32]:
    """A number for the job of each row read: its JOB_CD, else its JOB_NM, else its RES_DIS, trimmed."""
    numbers: dict[tuple[str, str], int] = {}
    jobs = np.zeros(table.rows, np.int32)
    for name in ("JOB_CD", "JOB_NM", "RES_DIS"):
        column = table.text(name)
        number_of = np.zeros(len(column.values), np.int32)
        for code, value in enumerate(column.values):
            if value and (stripped := value.strip()):
                number_of[code] = numbers.setdefault((name, stripped), len(numbers) + 1)
        jobs = np.where(jobs == 0, number_of[column.codes], jobs)
    return jobs


def _operations(jobs: npt.NDArray[np.int32], item: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Numbers of operations: equal for the same job and the same occurrence of it within a routing (rows sorted by routing)."""
    count = len(jobs)
    if not count:
        return np.zeros(0, np.int32)
    order = np.lexsort((jobs, item))  # stable: occurrences stay in the order of the routing
    starts = np.ones(count, bool)
    starts[1:] = (jobs[order][1:] != jobs[order][:-1]) | (item[order][1:] != item[order][:-1])
    running = np.arange(count)
    occurrence = np.empty(count, np.int64)
    occurrence[order] = running - np.maximum.accumulate(np.where(starts, running, 0))
    _keys, numbers = np.unique(jobs.astype(np.int64) << 32 | occurrence, return_inverse=True)
    return np.asarray(numbers, np.int32)
