"""What an Access file says of its tables: their names, columns and where their rows lie."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from plant.columns import ColumnType, SourceColumn
from source.access_file.pages import DEFINITION_PAGE, Pages, Positions, damaged
from source.access_file.texts import decoded

_FIXED, _NULLABLE = 0x01, 0x02
_CALCULATED: Final = 0xC0
_CATALOGUE_PAGE: Final = 2


class Kind(IntEnum):
    """Type of a stored column, by Access's number."""

    BOOLEAN = 0x01
    BYTE = 0x02
    INTEGER = 0x03
    LONG = 0x04
    CURRENCY = 0x05
    SINGLE = 0x06
    DOUBLE = 0x07
    DATETIME = 0x08
    BINARY = 0x09
    TEXT = 0x0A
    OLE = 0x0B
    MEMO = 0x0C
    GUID = 0x0F
    NUMERIC = 0x10
    COMPLEX = 0x12
    LARGE = 0x13
    DATETIME_EXTENDED = 0x14


TYPES: Final[dict[int, ColumnType]] = {
    Kind.BOOLEAN: ColumnType.BOOLEAN,
    Kind.BYTE: ColumnType.INTEGER,
    Kind.INTEGER: ColumnType.INTEGER,
    Kind.LONG: ColumnType.INTEGER,
    Kind.LARGE: ColumnType.INTEGER,
    Kind.CURRENCY: ColumnType.NUMBER,
    Kind.SINGLE: ColumnType.NUMBER,
    Kind.DOUBLE: ColumnType.NUMBER,
    Kind.NUMERIC: ColumnType.NUMBER,
    Kind.DATETIME: ColumnType.DATETIME,
    Kind.DATETIME_EXTENDED: ColumnType.DATETIME,
}
"""Column type of each kind; TEXT for every other."""

NOT_VALUES: Final[dict[int, str]] = {
    Kind.BINARY: "bytes",
    Kind.OLE: "embedded objects",
    Kind.COMPLEX: "attachments or several values in one row",
}
"""Kinds that hold nothing that can be read as one value, and what they hold."""


@dataclass(frozen=True)
class StoredColumn:
    """A column as its table's definition has it.

    Attributes:
        name: as stored.
        kind: Access's number of its type; one that is not in `Kind` for types that came later.
        number: its bit in a row's mask of present values.
        fixed: whether it has a fixed place in rows.
        place: place in the fixed part, bytes; or its number among the variable columns.
        size: bytes of a fixed value.
        scale: digits after the point of a NUMERIC.
        calculated: whether Access computes it from others and stores the result.
        nullable: whether values may be absent.
    """

    name: str
    kind: int
    number: int
    fixed: bool
    place: int
    size: int
    scale: int
    calculated: bool
    nullable: bool

    def as_source(self) -> SourceColumn:
        """As sources tell it."""
        return SourceColumn(self.name, TYPES.get(self.kind, ColumnType.TEXT), self.nullable)


@dataclass(frozen=True)
class Definition:
    """A table: its definition's page, rows, columns in the order of the table, and data pages."""

    page: int
    rows: int
    columns: tuple[StoredColumn, ...]
    pages: Positions


def read_definition(pages: Pages, first: int) -> Definition:
    """The definition of a table that begins on a page.

    Raises:
        DataProblem: there is none, or the file is damaged.
    """
    layout = pages.layout
    whole, number, seen = b"", first, set()
    while number:
        page = pages.page(number)
        if page[0] != DEFINITION_PAGE or number in seen:
            raise damaged(pages.path, f"page {number:,} should hold the definition of a table, and does not")
        seen.add(number)
        whole += page if not whole else page[8:]
        number = struct.unpack_from("<I", page, 4)[0]
    at_rows, _at_variable, at_columns, at_indexes, at_usage, end = layout.definition
    try:
        count = struct.unpack_from("<H", whole, at_columns)[0]
        start = end + struct.unpack_from("<I", whole, at_indexes)[0] * layout.index_entry
        names = _names(pages, whole, start + count * layout.column_entry, count)
        columns = [_column(pages, whole, start + place * layout.column_entry, names[place]) for place in range(count)]
        rows = struct.unpack_from("<I", whole, at_rows)[0]
        usage = struct.unpack_from("<I", whole, at_usage)[0]
    except (struct.error, IndexError, UnicodeDecodeError):
        raise damaged(pages.path, f"the table's definition on page {first:,} is not complete") from None
    if len(set(names)) < len(names):
        raise damaged(pages.path, f"the table's definition on page {first:,} names a column twice")
    shown = tuple(column for _, column in sorted(columns, key=lambda pair: pair[0]))
    return Definition(first, rows, shown, pages.pages_of_map(usage))


def _names(pages: Pages, whole: bytes, start: int, count: int) -> list[str]:
    names = []
    for _ in range(count):
        if pages.layout.wide:
            length, start = struct.unpack_from("<H", whole, start)[0], start + 2
        else:
            length, start = whole[start], start + 1
        names.append(decoded(whole[start : start + length], pages.encoding))
        start += length
    return names


def _column(pages: Pages, whole: bytes, at: int, name: str) -> tuple[int, StoredColumn]:
    number_at, place_at, precision_at, flags_at, further_at, offset_at, size_at = pages.layout.column
    short = "<H"

    def read(place: int) -> int:
        return int(struct.unpack_from(short, whole, at + place)[0])

    number, flags = read(number_at), whole[at + flags_at]
    fixed = bool(flags & _FIXED)
    column = StoredColumn(
        name=name,
        kind=whole[at],
        number=number,
        fixed=fixed,
        place=read(offset_at) if fixed else read(place_at),
        size=read(size_at),
        scale=whole[at + precision_at + 1],
        calculated=further_at is not None and whole[at + further_at] & _CALCULATED == _CALCULATED,
        nullable=bool(flags & _NULLABLE),
    )
    return number, column


def catalogue_of(pages: Pages) -> Definition:
    """The table in which Access keeps its objects."""
    return read_definition(pages, _CATALOGUE_PAGE)
