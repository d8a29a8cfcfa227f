"""The routings of a snapshot: the current one of each item, one row an operation, sorted by item and PROC_SEQ."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aggregate_service.column_building import NumberBuilder, TableBuilder, TextBuilder
from aggregate_service.column_files import smallest_codes, write_numpy
from aggregate_service.findings import Findings
from common.notices import notice
from plant.schema import ITEM_CODE, SEQUENCE, RoutingRoles
from plant.time_columns import TIMES
from routings.time_profiles import LARGEST_TIME, without_impossible
from source.current_routings import choose_current as choose_current_rows
from source.current_routings import is_valid, natural_keys, number_operations
from trained.item_codes import ItemCodeIndex

Rows = npt.NDArray[np.int64]
_EPOCH = date(1970, 1, 1).toordinal()


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


def choose_current(
    table: TableBuilder, index: ItemCodeIndex, findings: Findings, name: str, roles: RoutingRoles
) -> CurrentRoutings:
    """Choose each item's current routing (`source.current_routings`). Rows of unknown items and rows without PROC_SEQ are left out.

    Args:
        name: the source's name of the table, for messages.
    """
    codes = table.text(ITEM_CODE)
    item = item_positions(codes, index)
    sequence = table.numbers(SEQUENCE)
    unknown, unplaced = item < 0, np.isnan(sequence) | (np.abs(sequence) > 2**31 - 1)
    values = codes.values
    findings.add(
        int(unknown.sum()),
        notice(
            "ROWS_OF_UNKNOWN_ITEMS",
            "rows of {table} belong to items that the item master does not have and were left out",
            table=name,
        ),
        (values[code] or "" for code in np.unique(codes.codes[unknown])[:10].tolist()),
    )
    findings.add(
        int((unplaced & ~unknown).sum()),
        notice("ROWS_WITHOUT", "rows of {table} have no {column} and were left out", table=name, column=SEQUENCE),
    )
    rows = np.flatnonzero(~unknown & ~unplaced)
    item, place = item[rows], sequence[rows].astype(np.int32)
    number, entered = _number_ranks(table, roles.number)[rows], _ranks(table, roles.entered)[rows]
    valid = _valid(table, roles)[rows]
    by_rule = valid if roles.current == "valid" else None
    chosen = choose_current_rows(item, place, number, entered, by_rule)
    without = np.setdiff1d(item[chosen.rows], item[chosen.rows][valid[chosen.rows]])
    findings.add(
        len(without),
        notice(
            "ITEMS_WITHOUT_VALID_OPERATION",
            "items have a current routing of which no operation is valid today (rule of the profile: {rule})",
            rule=roles.current,
        ),
        (index.code(int(position)) for position in without[:10].tolist()),
    )
    findings.add(
        len(chosen.repeated),
        notice(
            "ROWS_REPEAT_KEY",
            "rows of {table} repeat {columns} of another; the first row of each key counts",
            table=name,
            columns=f"{ITEM_CODE}, {roles.number} and {SEQUENCE}",
        ),
        (index.code(int(position)) for position in np.unique(item[chosen.repeated])[:10].tolist()),
    )
    counts = np.bincount(chosen.item, minlength=len(index))
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    return CurrentRoutings(rows[chosen.rows], chosen.item, chosen.sequence, offsets)


def _ranks(table: TableBuilder, name: str) -> npt.NDArray[np.int32]:
    """Order of a text, date or numeric column's values; absent lowest."""
    builder = table.columns.get(name)
    if isinstance(builder, NumberBuilder):
        _values, place = np.unique(np.nan_to_num(builder.values, nan=-np.inf), return_inverse=True)
        return place.astype(np.int32)
    column = table.text(name)
    return column.ranks()[column.codes]


def _number_ranks(table: TableBuilder, name: str) -> npt.NDArray[np.int32]:
    """Order of routing numbers (`source.current_routings.natural_keys`); absent lowest."""
    if isinstance(table.columns.get(name), NumberBuilder):
        return _ranks(table, name)
    column = table.text(name)
    keys = natural_keys(column.values)
    ranks = np.zeros(len(keys), np.int32)
    ranks[sorted(range(1, len(keys)), key=lambda code: keys[code])] = np.arange(1, len(keys))
    return ranks[column.codes]


def _valid(table: TableBuilder, roles: RoutingRoles) -> npt.NDArray[np.bool_]:
    """Whether each row is valid today."""
    since, until = (_days(table, name) for name in (roles.valid_from, roles.valid_to))
    return is_valid(since, until, date.today().toordinal() - _EPOCH)  # noqa: DTZ011 - plants date by their own day


def _days(table: TableBuilder, name: str) -> npt.NDArray[np.float64]:
    """A column of moments as days since 1970, NaN where absent."""
    column = table.columns.get(name)
    if not isinstance(column, TextBuilder):
        return np.full(table.rows, np.nan)
    days = [date.fromisoformat(value[:10]).toordinal() - _EPOCH if value else np.nan for value in column.values]
    return np.array(days)[column.codes]


def clean_times(table: TableBuilder, findings: Findings, name: str, roles: RoutingRoles) -> None:
    """Make negative and absurd times absent, and say how many there were and how many are missing."""
    codes = table.text(ITEM_CODE)
    values = codes.values
    for column in filter(None, roles.times):
        builder = table.columns.get(column)
        if not isinstance(builder, NumberBuilder):
            continue
        times, where = builder.values, f"{name}.{column}"
        with np.errstate(invalid="ignore"):
            impossible = {
                notice("VALUES_NEGATIVE", "values of {column} are negative and count as absent", column=where): times
                < 0.0,
                notice(
                    "VALUES_TOO_LARGE",
                    "values of {column} are above {most} minutes and count as absent",
                    column=where,
                    most=f"{LARGEST_TIME:,.0f}",
                ): times
                > LARGEST_TIME,
            }
        for what, rows in impossible.items():
            examples = (values[code] or "" for code in np.unique(codes.codes[rows])[:10].tolist())
            findings.add(int(rows.sum()), what, examples)
        missing = notice("VALUES_MISSING", "values of {column} are missing", column=where)
        findings.add(int(np.isnan(times).sum()), missing)
        if any(rows.any() for rows in impossible.values()):
            builder.replace(without_impossible(times))


def write_operations(folder: Path, table: TableBuilder, current: CurrentRoutings, roles: RoutingRoles) -> None:
    """Write what predictions read: `offsets.npy`, `operation.npy`, `machine.npy`, `sequence.npy`, `times.npy` (see OperationTable)."""
    write_numpy(folder / "offsets.npy", current.offsets)
    write_numpy(folder / "sequence.npy", current.sequence)
    machine = table.text(roles.machine)
    write_numpy(folder / "machine.npy", smallest_codes(machine.codes[current.rows], len(machine.values)))
    write_numpy(folder / "operation.npy", number_operations(_jobs(table, roles)[current.rows], current.item).operation)
    times = np.empty((len(current.rows), len(TIMES)))
    for place, column in enumerate(roles.times):
        times[:, place] = table.numbers(column)[current.rows]
    write_numpy(folder / "times.npy", times)


def _jobs(table: TableBuilder, roles: RoutingRoles) -> npt.NDArray[np.int32]:
    """A number for the job of each row read: the first of the columns that identify it that is present, trimmed."""
    numbers: dict[str, int] = {}
    jobs = np.zeros(table.rows, np.int32)
    for name in roles.jobs:
        column = table.text(name)
        number_of = np.zeros(len(column.values), np.int32)
        for code, value in enumerate(column.values):
            if value and (stripped := value.strip()):
                number_of[code] = numbers.setdefault(stripped, len(numbers) + 1)
        jobs = np.where(jobs == 0, number_of[column.codes], jobs)
    return jobs
