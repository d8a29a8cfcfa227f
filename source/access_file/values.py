"""Values of one column of many rows, as a Polars series of the column's type."""

from __future__ import annotations

import struct
import uuid
from typing import Any, Final

import numpy as np
import polars as pl
import pyarrow as pa

from common.errors import DataProblem
from plant.columns import ColumnType
from source.access_file.definitions import NOT_VALUES, TYPES, Kind, StoredColumn
from source.access_file.pages import Pages, Positions, damaged
from source.access_file.rows import Bytes, Mask, Rows
from source.access_file.texts import decoded
from source.column_types import POLARS_TYPES

_DAY_MS: Final = 86_400_000
_UNIX_IN_ACCESS, _UNIX_IN_EXTENDED = 25569, 719_162
"""1970-01-01 as days since 1899-12-30, and since 0001-01-01."""
_EARLIEST, _LATEST = -657_434.0, 2_958_466.0
"""Days of the years 100 to 9999, which is all that Access takes for a date."""
_INLINE, _ONE_ROW, _CHAIN = 0x80, 0x40, 0x00
_CALCULATED_HEAD, _CALCULATED_LENGTH = 20, 16
_MOST_CACHED: Final = 200_000
_NUMPY: Final = {
    Kind.BYTE: "u1",
    Kind.INTEGER: "<i2",
    Kind.LONG: "<i4",
    Kind.LARGE: "<i8",
    Kind.CURRENCY: "<i8",
    Kind.SINGLE: "<f4",
    Kind.DOUBLE: "<f8",
    Kind.DATETIME: "<f8",
}
_LEAST_BYTES: Final = {Kind.GUID: 16, Kind.NUMERIC: 17, Kind.BOOLEAN: 0, Kind.DATETIME_EXTENDED: 0}
_LAST_DAY: Final = 3_652_059
"""Days from the year 1 to the end of 9999."""


class ColumnReader:
    """Reads one column of a table, batch by batch.

    Raises:
        DataProblem: the column holds nothing that can be read as one value; names table, column and what to do.
    """

    def __init__(self, pages: Pages, table: str, column: StoredColumn) -> None:
        self._pages, self._table, self._column = pages, table, column
        self._known: dict[bytes, str] = {}
        what = NOT_VALUES.get(column.kind)
        if what is None and column.kind not in {kind.value for kind in Kind}:
            what = f"a type of column that is not known here (number {column.kind})"
        if what is None and column.calculated and column.kind == Kind.NUMERIC:
            what = "decimal numbers that Access calculates"
        if what:
            raise DataProblem(
                f"Table {table} of {pages.path}, column {column.name} holds {what}, which cannot be read as values: take the column out "
                "of the input profile, or put its values into a column of text or numbers",
                reason="COLUMN_TYPE",
                details={"table": table, "column": column.name, "path": pages.path},
            )

    def read(self, rows: Rows) -> pl.Series:
        """The column of some rows."""
        column = self._column
        present = rows.present(column)
        if column.kind == Kind.BOOLEAN and not column.calculated:
            return pl.Series(column.name, present)
        if column.fixed and column.kind in _NUMPY and not column.calculated:
            return self._placed(self._numbers(rows.fixed(column, present)), present)
        if column.fixed:
            stored: list[bytes] = [bytes(row) for row in rows.fixed(column, present)]
            there = present
        else:
            begin, end, there = rows.variable(column, present)
            if column.kind == Kind.TEXT and not column.calculated:
                return self._placed(self._distinct(rows, begin, end), there)
            stored = [rows.stored[a:b] for a, b in zip(begin.tolist(), end.tolist(), strict=True)]
        if column.calculated and column.kind not in (Kind.TEXT, Kind.MEMO):
            with_result = np.array([len(self._calculated(value)) > 0 for value in stored], bool)
            there = there.copy()
            there[there] = with_result  # a head without a result: there is none, as of an item without a date
            stored = [value for value, known in zip(stored, with_result.tolist(), strict=True) if known]
        return self._placed(self._values(stored), there)

    def _placed(self, values: pl.Series, there: Mask) -> pl.Series:
        """Values at their rows, null elsewhere."""
        if there.all():
            return values.alias(self._column.name)
        index = np.cumsum(there) - 1
        where = pl.Series(index).zip_with(
            pl.Series(there), pl.Series([None], dtype=pl.Int64).new_from_index(0, len(there))
        )
        return values.gather(where).alias(self._column.name) if len(values) else self._none(len(there))

    def _none(self, count: int) -> pl.Series:
        return pl.Series(
            self._column.name, [None] * count, dtype=POLARS_TYPES[TYPES.get(self._column.kind, ColumnType.TEXT)]
        )

    def _numbers(self, values: Bytes) -> pl.Series:
        kind = Kind(self._column.kind)
        size = np.dtype(_NUMPY[kind]).itemsize
        if values.shape[1] < size:
            raise self._too_short()
        numbers = np.ascontiguousarray(values[:, :size]).view(_NUMPY[kind])[:, 0]
        if kind is Kind.DATETIME:
            return self._moments(numbers)
        if kind is Kind.CURRENCY:
            return pl.Series("", numbers / 10_000)
        return pl.Series("", numbers.astype(np.float64 if kind in (Kind.SINGLE, Kind.DOUBLE) else np.int64))

    def _moments(self, days: np.ndarray[Any, np.dtype[np.float64]]) -> pl.Series:
        """Days since 1899-12-30 with the time of day as their fraction, which counts forward also before that day."""
        outside = ~((days >= _EARLIEST) & (days < _LATEST))
        if outside.any():
            wrong = days[int(np.flatnonzero(outside)[0])]
            raise self._problem(f"{wrong!r} is stored as a date, and lies outside of the years 100 to 9999")
        whole = np.trunc(days)
        milliseconds = (whole - _UNIX_IN_ACCESS) * _DAY_MS + np.rint(np.abs(days - whole) * _DAY_MS)
        return pl.Series("", milliseconds.astype(np.int64)).cast(pl.Datetime("ms"))

    def _values(self, stored: list[bytes]) -> pl.Series:
        """Values of bytes that have their own length each."""
        column = self._column
        if column.kind == Kind.MEMO:
            stored = [self._long(value) for value in stored]
        if column.calculated:
            stored = [self._calculated(value) for value in stored]
        if column.kind in (Kind.TEXT, Kind.MEMO):
            return pl.Series("", self._texts(stored), dtype=pl.String)
        kind = Kind(column.kind)
        least = _LEAST_BYTES[kind] if kind in _LEAST_BYTES else np.dtype(_NUMPY[kind]).itemsize
        if any(len(value) < least for value in stored):
            raise self._too_short()
        if column.kind == Kind.GUID:
            guids = ["{" + str(uuid.UUID(bytes_le=value[:16])).upper() + "}" for value in stored]
            return pl.Series("", guids, dtype=pl.String)
        if column.kind == Kind.NUMERIC:
            return pl.Series("", [self._decimal(value) for value in stored], dtype=pl.Float64)
        if column.kind == Kind.DATETIME_EXTENDED:
            return pl.Series("", [self._extended(value) for value in stored], dtype=pl.Int64).cast(pl.Datetime("ms"))
        if column.kind == Kind.BOOLEAN:
            return pl.Series("", [any(value[:1]) for value in stored], dtype=pl.Boolean)
        joined = np.frombuffer(b"".join(value[:least] for value in stored), np.uint8)
        return self._numbers(joined.reshape(len(stored), least))

    def _too_short(self) -> DataProblem:
        return damaged(
            self._pages.path, f"table {self._table}, column {self._column.name} has a value that is too short"
        )

    def _distinct(self, rows: Rows, begin: Positions, end: Positions) -> pl.Series:
        """Texts by where they begin and end; only different ones become Python objects."""
        lengths = end - begin
        offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
        index = np.repeat(begin - offsets[:-1], lengths) + np.arange(int(offsets[-1]))
        whole = rows.bytes[index]
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(whole)]
        encoded = pa.Array.from_buffers(pa.binary(), len(begin), buffers).dictionary_encode()
        texts = pa.array(self._texts(encoded.dictionary.to_pylist()), pa.large_string())
        return pl.Series("", texts.take(encoded.indices), dtype=pl.String)

    def _texts(self, stored: list[bytes]) -> list[str]:
        """Texts of stored bytes; equal ones are decoded once."""
        known = self._known
        if len(known) > _MOST_CACHED:
            known.clear()
        try:
            known |= {value: decoded(value, self._pages.encoding) for value in set(stored).difference(known)}
        except UnicodeDecodeError:
            raise self._problem(
                f"a text is not of the file's code page {self._pages.encoding}: open and save the database in Access 2000 or later"
            ) from None
        return [known[value] for value in stored]

    def _long(self, stored: bytes) -> bytes:
        """A long value: within the row, in a row of its own, or in a chain of them."""
        if len(stored) < 12:
            raise damaged(self._pages.path, f"table {self._table}, column {self._column.name} has an incomplete text")
        length, how = int.from_bytes(stored[:3], "little"), stored[3]
        if how & _INLINE:
            return stored[12 : 12 + length]
        pointer = struct.unpack_from("<I", stored, 4)[0]
        if how & _ONE_ROW:
            whole = self._pages.row(pointer)[:length]
        else:
            parts, read, seen = [], 0, set[int]()
            while pointer and read < length and pointer not in seen:
                seen.add(pointer)
                row = self._pages.row(pointer)
                if len(row) < 4:
                    break
                parts.append(row[4:])
                read += len(row) - 4
                pointer = struct.unpack_from("<I", row, 0)[0]
            whole = b"".join(parts)[:length]
        if len(whole) < length:
            raise damaged(
                self._pages.path, f"table {self._table}, column {self._column.name} has a text that breaks off"
            )
        return whole

    def _calculated(self, stored: bytes) -> bytes:
        """The result that Access has stored with a calculated column: a head, its length, the value."""
        if len(stored) < _CALCULATED_HEAD:
            return stored
        length = struct.unpack_from("<I", stored, _CALCULATED_LENGTH)[0]
        return stored[_CALCULATED_HEAD : _CALCULATED_HEAD + length]

    def _decimal(self, stored: bytes) -> float:
        """A sign and 128 bits, whose four words stand from the highest to the lowest."""
        words = struct.unpack_from("<4I", stored, 1)
        whole = 0
        for word in words:
            whole = whole << 32 | word
        return (-whole if stored[0] & 0x80 else whole) / int(10**self._column.scale)

    def _extended(self, stored: bytes) -> int:
        """Milliseconds since 1970 of digits: days since the year 1, seconds of the day, tenths of a microsecond."""
        try:
            days, seconds, *_rest = stored.decode("ascii").split(":")
            if not 0 <= int(days) <= _LAST_DAY:
                raise ValueError("no day of a calendar")
            return (
                (int(days) - _UNIX_IN_EXTENDED) * _DAY_MS
                + int(seconds[:12]) * 1000
                + int(seconds[12:19] or 0) // 10_000
            )
        except ValueError:
            raise self._problem("a value of the type Date/Time Extended cannot be read") from None

    def _problem(self, what: str) -> DataProblem:
        return DataProblem(
            f"Table {self._table} of {self._pages.path}, column {self._column.name}: {what}. Correct it in the source, or take the "
            "column out of the input profile",
            reason="VALUE_MISFIT",
            details={"table": self._table, "column": self._column.name, "path": self._pages.path},
        )
