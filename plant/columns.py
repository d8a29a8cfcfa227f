"""Types of columns as every source reports and delivers them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ColumnType(StrEnum):
    """What a column holds."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    INTEGER = "INTEGER"
    DATETIME = "DATETIME"
    BOOLEAN = "BOOLEAN"


@dataclass(frozen=True)
class SourceColumn:
    """A column of a table as the source has it.

    Attributes:
        name: as stored.
        type: what it holds.
        nullable: whether values may be absent; true where the source does not say.
    """

    name: str
    type: ColumnType
    nullable: bool = True
