"""Reads as much of an unknown source as tells what it holds: the first rows of every table, and keys whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from common.errors import DataProblem
from common.notices import Notice
from plant.columns import ColumnType
from source.source import Source

MOST_CELLS: Final = 20_000_000
"""Values of a table that are read at most: 321,000 rows of 47 columns are 15 million, and fit into 1.5 GB."""
FEWEST_ROWS: Final = 2_000
MOST_TABLES: Final = 200


@dataclass(frozen=True)
class Sample:
    """What was read of a source.

    Attributes:
        frames: table -> its first rows, every value as text.
        totals: table -> all its rows.
        unread: table -> why it could not be read.
    """

    frames: dict[str, pl.DataFrame] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    unread: dict[str, Notice] = field(default_factory=dict)


def read_sample(source: Source, on_table: Callable[[str, int, int], None] | None = None) -> Sample:
    """The beginnings of all tables of a source.

    Args:
        on_table: called before each table with its name, its place from 0, and how many there are.

    Raises:
        DataProblem: the source has no tables or more than 200, or none of them can be read.
    """
    names = source.tables()
    if len(names) > MOST_TABLES:
        raise DataProblem(
            f"{source.description} has {len(names):,} tables; a suggestion looks at {MOST_TABLES} at most. "
            "Put the tables of items and operations into a folder or a schema of their own",
            reason="SOURCE_TOO_LARGE",
        )
    sample = Sample()
    for place, name in enumerate(names):
        if on_table is not None:
            on_table(name, place, len(names))
        try:
            frame = _first_rows(source, name)
            sample.totals[name] = source.count(name)
            sample.frames[name] = frame
        except DataProblem as error:
            sample.unread[name] = error.message
    if not sample.frames:
        said = next(iter(sample.unread.values()), f"{source.description} holds no tables")
        raise DataProblem(said, reason="SOURCE_EMPTY")
    return sample


def _first_rows(source: Source, table: str) -> pl.DataFrame:
    columns = [column.name for column in source.columns(table)]
    rows = max(FEWEST_ROWS, MOST_CELLS // max(1, len(columns)))
    types = dict.fromkeys(columns, ColumnType.TEXT)
    frames: list[pl.DataFrame] = []
    read = 0
    for frame in source.batches(table, columns, types, min(rows, 50_000), item_column=""):
        frames.append(frame[: rows - read])
        read += frames[-1].height
        if read >= rows:
            break
    return pl.concat(frames) if frames else pl.DataFrame(schema=dict.fromkeys(columns, pl.String()))
