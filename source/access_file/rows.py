"""Rows of data pages, many at a time: where each begins and ends, which values it has and where they stand."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from source.access_file.definitions import StoredColumn
from source.access_file.pages import DATA_PAGE, Layout, Positions, damaged

Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

_OFFSET: Final = 0x1FFF
_GONE: Final = 0x4000
"""A row that was deleted, or that moved to another page, where it is found by itself."""


class Rows:
    """The rows of some data pages of one table.

    Args:
        stored: bytes of the pages, one after the other.
        numbers: their numbers, parallel.
        table_page: page of the table's definition, which every data page names.

    Raises:
        DataProblem: a page is none of the table, or a row lies outside of its page.
    """

    def __init__(self, stored: bytes, numbers: Positions, table_page: int, layout: Layout, path: Path) -> None:
        self.stored = stored
        self.bytes: Bytes = np.frombuffer(stored, np.uint8)
        self.layout = layout
        self._path = path
        bases = np.arange(len(numbers), dtype=np.int64) * layout.page
        foreign = (self.bytes[bases] != DATA_PAGE) | (self._u32(bases + 4) != table_page)
        if foreign.any():
            wrong = int(numbers[int(np.flatnonzero(foreign)[0])])
            raise damaged(path, f"page {wrong:,} should hold rows of the table and does not")
        counts = self._u16(bases + layout.rows)
        if np.any(layout.rows + 2 + 2 * counts > layout.page):
            raise damaged(path, "a page says more rows than it has room for")
        page = np.repeat(np.arange(len(numbers)), counts)
        within = np.arange(len(page)) - np.repeat(np.cumsum(counts) - counts, counts)
        at = bases[page] + layout.rows + 2 + 2 * within
        raw = self._u16(at) if len(at) else np.zeros(0, np.int64)
        start = raw & _OFFSET
        before = np.where(within == 0, layout.page, self._u16(np.maximum(at - 2, 0)) & _OFFSET if len(at) else raw)
        kept = (raw & _GONE) == 0
        width = 2 if layout.wide else 1
        if np.any(kept & ((start + 2 * width > before) | (before > layout.page))):
            raise damaged(path, "a row begins behind its end, or has no room for anything")
        self.start: Positions = (bases[page] + start)[kept]
        self.end: Positions = (bases[page] + before)[kept]
        self._columns = self._u16(self.start) if layout.wide else self.bytes[self.start].astype(np.int64)
        self._mask = self.end - (self._columns + 7) // 8
        self._variable_at = self._mask - width
        if np.any(self._variable_at < self.start + width):
            raise damaged(path, "a row is shorter than it says")
        self._variable = self._u16(self._variable_at) if layout.wide else self.bytes[self._variable_at].astype(np.int64)

    def __len__(self) -> int:
        return len(self.start)

    def _u16(self, at: Positions) -> Positions:
        low, high = self.bytes[at].astype(np.int64), self.bytes[at + 1].astype(np.int64)
        result: Positions = low | high << 8
        return result

    def _u32(self, at: Positions) -> Positions:
        return self._u16(at) | self._u16(at + 2) << 16

    def present(self, column: StoredColumn) -> Mask:
        """Whether each row has a value; of a column of yes and no it is the value."""
        known = self._columns > column.number
        at = np.where(known, self._mask + column.number // 8, self.start)
        mask: Mask = known & ((self.bytes[at] >> (column.number % 8)) & 1).astype(bool)
        return mask

    def fixed(self, column: StoredColumn, rows: Mask) -> Bytes:
        """Values of a fixed column of some rows, uint8 of shape (rows, size)."""
        width = 2 if self.layout.wide else 1
        at = self.start[rows] + width + column.place
        if np.any(at + column.size > self.end[rows]):
            raise damaged(self._path, f"column {column.name} lies outside of its row")
        values: Bytes = self.bytes[at[:, None] + np.arange(column.size)]
        return values

    def variable(self, column: StoredColumn, rows: Mask) -> tuple[Positions, Positions, Mask]:
        """Where values of a variable column begin and end; rows that are too old to have the column have none.

        Returns:
            int64 begin and end, in `stored`, of the rows that have one; and which rows those are.
        """
        rows = rows & (self._variable > column.place)
        room = self._variable_at[rows] - self.start[rows]  # the offsets, backwards, and behind them what they count
        if np.any(room < (2 * (column.place + 2) if self.layout.wide else column.place + 2)):
            raise damaged(self._path, f"the offset of column {column.name} lies outside of its row")
        begin = self.start[rows] + self._offset(column.place, rows)
        end = self.start[rows] + self._offset(column.place + 1, rows)
        if np.any((begin > end) | (end > self.end[rows])):
            raise damaged(self._path, f"column {column.name} lies outside of its row")
        return begin, end, rows

    def _offset(self, place: int, rows: Mask) -> Positions:
        """Offset in its row at which each row's variable column begins; one more than there are: where they end."""
        if self.layout.wide:
            return self._u16(self._variable_at[rows] - 2 - 2 * place)
        last = self._variable_at[rows]
        length, count = self.end[rows] - self.start[rows], self._variable[rows]
        jumps = (length - 1) // 256
        table = last - jumps - 1
        jumps = jumps - ((table - self.start[rows] - count) // 256 < jumps)
        passed = np.zeros(len(last), np.int64)
        for jump in range(int(jumps.max(initial=0))):
            passed += (jump < jumps) & (self.bytes[np.maximum(last - 1 - jump, 0)] <= place)
        offsets: Positions = self.bytes[table - place].astype(np.int64) + 256 * passed
        return offsets
