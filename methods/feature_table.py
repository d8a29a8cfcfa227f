"""Features of items as plain columns with their kinds: what every method reads, whatever plant the items come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from methods.read_texts import ReadTexts

Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

ABSENT: Final = ""


class ColumnKind(StrEnum):
    """How values of a column compare."""

    CATEGORY = "category"
    """Equal or not."""
    NUMBER = "number"
    """By how far they are apart."""
    TEXT = "text"
    """By common words, runs of characters and the numbers in them."""


@dataclass(frozen=True)
class FeatureColumn:
    """One feature of n items.

    Attributes:
        name: of the feature.
        kind: how its values compare.
        values: distinct texts, ABSENT where there is none; not used by numbers.
        codes: place of each item's text among `values`, int32 (n,); not used by numbers.
        numbers: of each item, NaN where absent, float64 (n,); not used by texts.
        read: what is known of the `values`; columns of some of the items share it.
    """

    name: str
    kind: ColumnKind
    values: Sequence[str] = ()
    codes: Codes | None = None
    numbers: Floats | None = None
    read: ReadTexts = field(default_factory=lambda: ReadTexts(()), compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.codes is not None and not self.read.reads(self.values):
            object.__setattr__(self, "read", ReadTexts(self.values))

    @classmethod
    def of_texts(cls, name: str, kind: ColumnKind, texts: Sequence[str]) -> FeatureColumn:
        """A column of one text an item."""
        places: dict[str, int] = {}
        codes = np.fromiter((places.setdefault(text, len(places)) for text in texts), np.int32, len(texts))
        return cls(name, kind, list(places), codes)

    @classmethod
    def of_numbers(cls, name: str, numbers: Sequence[float] | Floats) -> FeatureColumn:
        """A column of numbers."""
        return cls(name, ColumnKind.NUMBER, numbers=np.asarray(numbers, np.float64))

    def __len__(self) -> int:
        if self.numbers is not None:
            return len(self.numbers)
        return 0 if self.codes is None else len(self.codes)

    def of(self, items: npt.NDArray[np.int64]) -> FeatureColumn:
        """The column of some items."""
        return FeatureColumn(
            self.name,
            self.kind,
            self.values,
            None if self.codes is None else self.codes[items],
            None if self.numbers is None else self.numbers[items],
            self.read,
        )


@dataclass(frozen=True)
class FeatureTable:
    """Columns of the same items, in an order that does not change between training and serving."""

    columns: tuple[FeatureColumn, ...]
    items: int

    def of(self, items: npt.NDArray[np.int64]) -> FeatureTable:
        """The table of some items."""
        return FeatureTable(tuple(column.of(items) for column in self.columns), len(items))
