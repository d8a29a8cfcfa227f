"""Values of cells, as Access and tables of text give them, on their way into the columns that are read."""

from __future__ import annotations

import contextlib
from typing import Final

import polars as pl

from common.errors import ServiceError
from plant.columns import ColumnType
from plant.output_profile.reading import read_date, read_integer, read_moment, read_number, read_text, read_truth
from source.canonical import canonical_frame

_TEXTS: Final = (
    "1.5\n-\n2024-12-31\n2024-12-31 오전 8:30:00\n3\n",
    "1e400\nNaN\nyes\n0x10\n1_000\n12/31/99\n٣\n",
    "99999999999999999999\n-0\n2024-13-45\n24:00\n\u3000\n",
)
SEEDS: Final = tuple(text.encode() for text in _TEXTS)


def read(data: bytes) -> None:
    """Convert every line to every type, alone and as a column."""
    values = data.decode("utf-8", "replace").split("\n")[:50]
    for value in values:
        for reader in (read_text, read_number, read_integer, read_moment, read_date, read_truth):
            reader(value)
    for kind in ColumnType:
        with contextlib.suppress(ServiceError):
            canonical_frame(pl.DataFrame({"x": values}), {"x": kind}, table="t", item_column="x", first_row=1)
