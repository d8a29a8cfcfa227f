"""Columns of a catalogue as distinct values and codes, so that bulk work is done once per distinct value."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from common.errors import InvalidInput
from plant.features import number_of, tidy_text

Cell = str | float | int | None
Codes = npt.NDArray[np.int32]


@dataclass(frozen=True)
class DictionaryColumn:
    """A column of n rows.

    Attributes:
        values: distinct values (repeats do no harm): texts with None for null, or float64 numbers with NaN for null.
        codes: for each row the position of its value, -1 for null, int32 (n,); None: `values` has one value a row.
    """

    values: Sequence[str | None] | npt.NDArray[np.float64]
    codes: Codes | None = None

    @classmethod
    def of(cls, cells: Sequence[Cell]) -> DictionaryColumn:
        """A column of a few rows as Python values."""
        if all(cell is None or isinstance(cell, (int, float)) for cell in cells):
            return cls(np.array([math.nan if cell is None else cell for cell in cells], np.float64))
        return cls([cell if cell is None or isinstance(cell, str) else tidy_text(cell) for cell in cells])

    @classmethod
    def absent(cls, rows: int) -> DictionaryColumn:
        """A column without any value."""
        return cls([None], np.zeros(rows, np.int32))

    def __len__(self) -> int:
        return len(self.values) if self.codes is None else len(self.codes)

    def of_rows(self, rows: npt.NDArray[np.int64]) -> DictionaryColumn:
        """The column of some rows, with the values that they have, in the order in which those stood."""
        codes = rows if self.codes is None else self.codes[rows]
        if self.codes is None and isinstance(self.values, np.ndarray):
            return DictionaryColumn(self.values[rows])
        kept, places = np.unique(codes, return_inverse=True)
        moved = places.astype(np.int32)
        if len(kept) and kept[0] < 0:
            kept, moved = kept[1:], moved - np.int32(1)
        if isinstance(self.values, np.ndarray):
            return DictionaryColumn(self.values[kept], moved)
        return DictionaryColumn([self.values[place] for place in kept.tolist()], moved)

    def distinct(self, tidy: Callable[[object], str]) -> tuple[list[str], Codes]:
        """Tidied distinct texts, each once, and for each row the position of its own, int32 (n,)."""
        if isinstance(self.values, np.ndarray):
            # NaNs are equal to np.unique, so absence costs one value however many rows have it
            raw, inverse = np.unique(self.values, return_inverse=True)
            listed: list[object] = raw.tolist()
            codes: Codes = inverse.astype(np.int32)
            if self.codes is not None:
                codes = codes[self.codes]
        else:
            listed = list(self.values)
            codes = np.arange(len(listed), dtype=np.int32) if self.codes is None else self.codes
        places: dict[str, int] = {}
        if self.codes is not None and len(self.codes) and self.codes.min() < 0:
            listed.append(None)
            codes = np.where(self.codes < 0, np.int32(len(listed) - 1), codes).astype(np.int32, copy=False)
        moved = np.fromiter((places.setdefault(tidy(value), len(places)) for value in listed), np.int32, len(listed))
        return list(places), moved[codes] if len(moved) else codes

    def numbers(self) -> npt.NDArray[np.float64]:
        """The value of each row as a number, NaN where it is absent or no number; float64 (n,)."""
        if isinstance(self.values, np.ndarray):
            numbers = np.asarray(self.values, np.float64)
        else:
            numbers = np.fromiter((number_of(value) for value in self.values), np.float64, len(self.values))
        if self.codes is None:
            return numbers
        if len(numbers) == 0:
            return np.full(len(self.codes), np.nan)
        return np.where(self.codes < 0, np.nan, numbers[self.codes])


Columns = Mapping[str, DictionaryColumn]


def row_count(columns: Columns) -> int:
    """The number of rows that all columns have; 0 without columns.

    Raises:
        InvalidInput: two columns differ in length.
    """
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        few, many = min(lengths, key=lengths.__getitem__), max(lengths, key=lengths.__getitem__)
        raise InvalidInput(f"Column {few} has {lengths[few]} rows and column {many} has {lengths[many]}")
    return next(iter(lengths.values()), 0)
