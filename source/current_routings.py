"""The one rule for which routing of an item is the current one, and for numbering its operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]
Integers = npt.NDArray[np.int32]


class CurrentRows(NamedTuple):
    """Rows of the current routings, sorted by item and sequence.

    Attributes:
        rows: int64; positions among the rows given.
        item: int32, parallel; position of the item.
        sequence: int32, parallel.
        repeated: int64; positions of rows that repeat item, routing number and sequence of another and were left out.
    """

    rows: Rows
    item: Integers
    sequence: Integers
    repeated: Rows


def natural_keys(values: Sequence[str | None]) -> list[str]:
    """Texts by which routing numbers order: as numbers where all of them are whole numbers (10 after 9), else as texts; "" where absent."""
    plain = [(value or "").strip() for value in values]
    if not all(text.isascii() and text.isdigit() for text in plain if text):
        return [value or "" for value in values]
    longest = max(map(len, plain), default=0)
    return [f"{text.zfill(longest)} {value}" if text else "" for text, value in zip(plain, values, strict=True)]


def is_valid(since: npt.NDArray[np.floating], until: npt.NDArray[np.floating], today: float) -> npt.NDArray[np.bool_]:
    """Whether rows are valid on a day, which belongs to both; NaN is without bound. All in days since 1970."""
    valid: npt.NDArray[np.bool_] = ~((np.floor(since) > today) | (np.floor(until) < today))
    return valid


def choose_current(
    item: npt.NDArray[np.integer],
    sequence: npt.NDArray[np.integer],
    number: npt.NDArray[np.integer],
    entered: npt.NDArray[np.integer],
    valid: npt.NDArray[np.bool_] | None = None,
) -> CurrentRows:
    """Choose each item's current routing: the one entered last, then the one with the greatest number; of rows with one key the first.

    Args:
        item: position of the item of each row.
        sequence: of each row.
        number: rank of the routing number of each row, absent lowest.
        entered: rank of the moment it was entered, absent lowest.
        valid: whether each row is valid; where given, a routing with a row that is goes before one without.
    """
    if valid is not None and len(entered):
        entered = entered + valid.astype(np.int64) * (int(entered.max()) + 1)
    order = np.lexsort((sequence, number, item))
    item, sequence, number, entered = item[order], sequence[order], number[order], entered[order]
    same_routing = np.zeros(len(order), bool)
    same_routing[1:] = (item[1:] == item[:-1]) & (number[1:] == number[:-1])
    repeated = np.zeros(len(order), bool)
    repeated[1:] = same_routing[1:] & (sequence[1:] == sequence[:-1])
    chosen = _in_current_routing(item, entered, ~same_routing) & ~repeated
    return CurrentRows(order[chosen], item[chosen].astype(np.int32), sequence[chosen].astype(np.int32), order[repeated])


def _in_current_routing(
    item: npt.NDArray[np.integer], entered: npt.NDArray[np.integer], starts: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Whether each row, sorted by item and routing number, is of its item's routing entered last, the last on a tie."""
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


class NumberedOperations(NamedTuple):
    """Numbers of operations: equal for the same job and the same occurrence of it within a routing.

    Attributes:
        operation: int32, one a row.
        jobs, occurrences: int64, by operation number.
    """

    operation: Integers
    jobs: Rows
    occurrences: Rows


def number_operations(jobs: npt.NDArray[np.integer], item: npt.NDArray[np.integer]) -> NumberedOperations:
    """Number the operations of rows sorted by item and sequence, by job and then by occurrence.

    Args:
        jobs: number of the job of each row.
        item: position of its item.
    """
    count = len(jobs)
    if not count:
        return NumberedOperations(np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.int64))
    order = np.lexsort((jobs, item))  # stable: occurrences stay in the order of the routing
    starts = np.ones(count, bool)
    starts[1:] = (jobs[order][1:] != jobs[order][:-1]) | (item[order][1:] != item[order][:-1])
    running = np.arange(count)
    occurrence = np.empty(count, np.int64)
    occurrence[order] = running - np.maximum.accumulate(np.where(starts, running, 0))
    keys, numbers = np.unique(jobs.astype(np.int64) << 32 | occurrence, return_inverse=True)
    return NumberedOperations(np.asarray(numbers, np.int32), keys >> 32, keys & 0xFFFFFFFF)
