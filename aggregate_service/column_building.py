"""Columns of a table while it is read in batches: text as codes into a growing dictionary, numbers as float64.

A table of millions of rows costs 4 bytes a text value and 8 a number, whatever the texts' length.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from aggregate_service.column_files import write_number_column, write_text_column
from plant.features import number_text
from trained.item_codes import key_hashes

Order = npt.NDArray[np.integer]


class TextBuilder:
    """A text column being read. Dates are kept as ISO text."""

    kind = "text"

    def __init__(self, name: str) -> None:
        self.name = name
        self._code_of: dict[str, int] = {}
        self._parts: list[npt.NDArray[np.int32]] = []
        self._codes: npt.NDArray[np.int32] | None = None

    def add(self, series: pl.Series) -> None:
        """Append a batch: String, or Datetime, Date and Boolean, which become text."""
        encoded = series.to_arrow().dictionary_encode()
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        distinct = pl.Series(series.name, encoded.dictionary)
        texts = distinct.to_list() if distinct.dtype == pl.String else _as_text(distinct)
        known = self._code_of
        mapping = np.zeros(len(texts) + 1, np.int32)
        mapping[: len(texts)] = [known.setdefault(text, len(known) + 1) for text in texts]
        indices = encoded.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)
        self._parts.append(mapping[indices])

    @property
    def codes(self) -> npt.NDArray[np.int32]:
        """Codes of all rows read, 0 for null."""
        if self._codes is None or self._parts:
            parts = self._parts if self._codes is None else [self._codes, *self._parts]
            self._codes, self._parts = np.concatenate(parts) if parts else np.zeros(0, np.int32), []
        return self._codes

    @property
    def values(self) -> list[str | None]:
        """The dictionary; entry 0 is null."""
        return [None, *self._code_of]

    def ranks(self) -> npt.NDArray[np.int32]:
        """For each code its place in the order of the texts; null lowest."""
        values = self.values
        order = sorted(range(1, len(values)), key=lambda code: values[code] or "")
        ranks = np.zeros(len(values), np.int32)
        ranks[order] = np.arange(1, len(values))
        return ranks

    def hashes(self, order: Order) -> npt.NDArray[np.uint64]:
        """64-bit hashes of the values of rows."""
        table = np.zeros(len(self._code_of) + 1, np.uint64)
        table[1:] = key_hashes(self._code_of)
        return table[self.codes[order]]

    def write(self, path: Path, order: Order) -> None:
        """Write the rows of `order`."""
        write_text_column(path, self.codes[order], self.values)


class NumberBuilder:
    """A numeric column being read."""

    kind = "number"

    def __init__(self, name: str) -> None:
        self.name = name
        self._parts: list[npt.NDArray[np.float64]] = []
        self._values: npt.NDArray[np.float64] | None = None

    def add(self, series: pl.Series) -> None:
        """Append a batch of numbers or booleans; null and infinities become NaN."""
        values = series.cast(pl.Float64).fill_null(float("nan")).to_numpy()
        self._parts.append(np.where(np.isfinite(values), values, np.nan))

    @property
    def values(self) -> npt.NDArray[np.float64]:
        """All values read, NaN where absent."""
        if self._values is None or self._parts:
            parts = self._parts if self._values is None else [self._values, *self._parts]
            self._values, self._parts = np.concatenate(parts) if parts else np.zeros(0), []
        return self._values

    def replace(self, values: npt.NDArray[np.float64]) -> None:
        """Put other values in the place of those read."""
        self._values, self._parts = values, []

    def hashes(self, order: Order) -> npt.NDArray[np.uint64]:
        """The bits of the values of rows, one for all kinds of absence."""
        values = self.values[order]
        return np.where(np.isnan(values), 0.0, values + 0.0).view(np.uint64) ^ np.isnan(values).astype(np.uint64)

    def write(self, path: Path, order: Order) -> None:
        """Write the rows of `order`."""
        write_number_column(path, self.values[order])


Builder = TextBuilder | NumberBuilder


class TableBuilder:
    """All columns of a table being read."""

    def __init__(self) -> None:
        self.columns: dict[str, Builder] = {}
        self.rows = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Append a batch; the first one says which columns there are."""
        if not self.columns:
            self.columns = {name: _builder(name, frame.schema[name]) for name in frame.columns}
        for name, builder in self.columns.items():
            builder.add(frame[name])
        self.rows += frame.height

    def text(self, name: str) -> TextBuilder:
        """A column as text, numbers as people write them; one of nulls when the table has no such column."""
        builder = self.columns.get(name)
        if isinstance(builder, TextBuilder):
            return builder
        made = TextBuilder(name)
        numbers = builder.values.tolist() if builder is not None else [math.nan] * self.rows
        made.add(pl.Series(name, [number_text(number) for number in numbers], pl.String))
        return made

    def numbers(self, name: str) -> npt.NDArray[np.float64]:
        """Values of a numeric column; NaN when the table has no such column."""
        builder = self.columns.get(name)
        return builder.values if isinstance(builder, NumberBuilder) else np.full(self.rows, np.nan)

    def write(self, folder: Path, order: Order, without: Collection[str] = ()) -> list[tuple[str, str]]:
        """Write the rows of `order` but for some columns, letting go of each column once it is written; returns names and kinds."""
        folder.mkdir()
        written = []
        for number, name in enumerate([name for name in self.columns if name not in without]):
            builder = self.columns.pop(name)
            builder.write(folder / f"{number:03d}.arrow", order)
            written.append((name, builder.kind))
        return written

    def hashes(self, order: Order, names: Collection[str] | None = None) -> npt.NDArray[np.uint64]:
        """64-bit hashes of the rows of `order` over the named columns; None: over all."""
        total = np.zeros(len(order), np.uint64)
        for number, (name, builder) in enumerate(self.columns.items()):
            if names is not None and name not in names:
                continue
            total += mixed(builder.hashes(order) + np.uint64(number * 0x9E3779B97F4A7C15 % 2**64))
        return mixed(total)


def _builder(name: str, dtype: pl.DataType) -> Builder:
    return NumberBuilder(name) if dtype.is_numeric() or dtype == pl.Boolean else TextBuilder(name)


def _as_text(series: pl.Series) -> list[str]:
    """Dates as ISO text, without fractions of a second where there are none."""
    if series.dtype == pl.Date:
        series = series.cast(pl.Datetime("ms"))
    texts: Sequence[str] = series.dt.to_string("iso:strict").to_list()
    return [text.removesuffix(".000").removesuffix(".000000").removesuffix(".000000000") for text in texts]


def mixed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Bits spread over all 64 (the finaliser of MurmurHash3)."""
    values = values ^ (values >> np.uint64(33))
    values = values * np.uint64(0xFF51AFD7ED558CCD)
    values = values ^ (values >> np.uint64(33))
    values = values * np.uint64(0xC4CEB9FE1A85EC53)
    return values ^ (values >> np.uint64(33))


def read_table(frames: Iterable[pl.DataFrame]) -> TableBuilder:
    """Read all batches of a table."""
    table = TableBuilder()
    for frame in frames:
        table.add(frame)
    return table
