"""Blocks of an item's vector: one feature each, one rule for what near means.

A block gives each row a vector of length 1, or nothing where the row has a value it cannot place (never seen in training); the
encoder puts such rows' share into its slack dimensions.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from plant.features import ABSENT, mm_per_unit, number_of, tidy_text, tidy_unit
from plant.schema import FeatureKind
from trained.encoding.dictionary_columns import Columns, DictionaryColumn
from trained.encoding.encoder_directions import seeds_of, text_directions, unit_directions

Vectors = npt.NDArray[np.float32]
Seeds = npt.NDArray[np.uint64]

SIZE_FREQUENCIES: Final = (0.527, 1.345, 1.957)
"""Radians per factor e between two sizes."""
SIZE_SHARES: Final = (0.646, 0.194, 0.160)
"""Share of each frequency. Found by linear programming: the similarity falls with the ratio of two sizes up to 1,000 (1.5: 0.91,
2: 0.75, 3: 0.47, 10: 0) as steeply near 1 as three frequencies allow."""


class Unplaced(NamedTuple):
    """Rows whose value a block cannot place, and a seed of each one's value."""

    rows: npt.NDArray[np.int64]
    seeds: Seeds


NOTHING: Final = Unplaced(np.zeros(0, np.int64), np.zeros(0, np.uint64))


class Block(Protocol):
    """One block of dimensions."""

    kind: ClassVar[str]
    feature: str
    """Whose weight scales the block."""

    @property
    def width(self) -> int:
        """Dimensions."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Features it needs."""

    def encode(self, columns: Columns, out: Vectors) -> Unplaced:
        """Fill `out` (rows, width), zero on entry, with vectors of length 1; rows that cannot be placed stay zero."""

    def to_state(self) -> dict[str, Any]:
        """Plain builtins from which `from_state` makes the block again."""


def tidy_flag(value: object) -> str:
    """A choice as text: numbers in one spelling (1, 1.0 and "1" are equal), other texts as they are."""
    number = number_of(value)
    return tidy_text(value) if number != number else tidy_text(number)


TIDIERS: Final = {"text": tidy_text, "flag": tidy_flag, "unit": tidy_unit}


class CategoryBlock:
    """Equal or not: frequent values own an axis each, the others a fixed pseudo-random direction in the remaining dimensions."""

    kind: ClassVar[str] = "category"

    def __init__(self, feature: str, frequent: list[str], shared: int, tidy: str) -> None:
        """Args:
        frequent: values that own the first axes, in their order.
        shared: dimensions that the other values share; 0 when all values of the training own an axis.
        tidy: text, flag or unit.
        """
        self.feature, self.frequent, self.shared, self.tidy = feature, frequent, shared, tidy
        self._axis = {value: axis for axis, value in enumerate(frequent)}
        self._tidy = TIDIERS[tidy]

    @property
    def width(self) -> int:
        return len(self.frequent) + self.shared

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.feature,)

    def encode(self, columns: Columns, out: Vectors) -> Unplaced:
        values, codes = columns[self.feature].distinct(self._tidy)
        table = np.zeros((len(values), self.width), np.float32)
        rest: list[int] = []
        for place, value in enumerate(values):
            axis = self._axis.get(value)
            if axis is None:
                rest.append(place)
            else:
                table[place, axis] = 1.0
        if not rest:
            out[:] = table[codes]
            return NOTHING
        seeds = seeds_of(self.feature, [values[place] for place in rest])
        if self.shared:
            table[rest, len(self.frequent) :] = unit_directions(seeds, self.shared)
            out[:] = table[codes]
            return NOTHING
        out[:] = table[codes]
        return _unplaced(codes, rest, seeds, len(values))

    def to_state(self) -> dict[str, Any]:
        return {"feature": self.feature, "frequent": self.frequent, "shared": self.shared, "tidy": self.tidy}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> CategoryBlock:
        """The block of a state."""
        return cls(str(state["feature"]), list(state["frequent"]), int(state["shared"]), str(state["tidy"]))


Waves = tuple[Vectors, Vectors]
"""The first two dimensions of size blocks, cosine and sine at the lowest frequency."""


def size_differences(one: Waves, other: Waves) -> Vectors:
    """Differences of the logarithms of pairs of sizes by their vectors, scaled or not; 0 where either is absent."""
    across = one[0] * other[1] - one[1] * other[0]
    along = one[0] * other[0] + one[1] * other[1]
    return (np.abs(np.arctan2(across, along)) / SIZE_FREQUENCIES[0]).astype(np.float32)


class SizeBlock:
    """Sizes by their ratio: cosine and sine of the logarithm (in mm) at several frequencies; absence on an axis of its own."""

    kind: ClassVar[str] = "size"

    def __init__(self, feature: str, unit_from: str | None, absence: bool) -> None:
        """Args:
        unit_from: feature with the unit; None: mm.
        absence: whether absence has an axis (it was seen in training).
        """
        self.feature, self.unit_from, self.absence = feature, unit_from, absence

    @property
    def width(self) -> int:
        return 2 * len(SIZE_FREQUENCIES) + int(self.absence)

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.feature,) if self.unit_from is None else (self.feature, self.unit_from)

    def encode(self, columns: Columns, out: Vectors) -> Unplaced:
        sizes = sizes_in_mm(columns, self.feature, self.unit_from)
        present = np.flatnonzero(sizes > 0)
        logarithms = np.log(sizes[present])
        for place, (frequency, share) in enumerate(zip(SIZE_FREQUENCIES, SIZE_SHARES, strict=True)):
            out[present, 2 * place] = np.sqrt(share) * np.cos(frequency * logarithms)
            out[present, 2 * place + 1] = np.sqrt(share) * np.sin(frequency * logarithms)
        if len(present) == len(sizes):
            return NOTHING
        absent = np.flatnonzero(~(sizes > 0))
        if self.absence:
            out[absent, -1] = 1.0
            return NOTHING
        return Unplaced(absent, np.repeat(seeds_of(self.feature, [ABSENT]), len(absent)))

    def to_state(self) -> dict[str, Any]:
        return {"feature": self.feature, "unit_from": self.unit_from, "absence": self.absence}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> SizeBlock:
        """The block of a state."""
        unit = state["unit_from"]
        return cls(str(state["feature"]), None if unit is None else str(unit), bool(state["absence"]))


class NumberBlock:
    """Numbers by their difference near 0 and by their ratio further out, dates by the years between them; absence on an axis of its own."""

    kind: ClassVar[str] = "number"

    def __init__(self, feature: str, of: str, scale: float, absence: bool) -> None:
        """Args:
        of: number or date.
        scale: number up to which differences count rather than ratios; years of a date that count as one step.
        absence: whether absence has an axis (it was seen in training).
        """
        self.feature, self.of, self.scale, self.absence = feature, FeatureKind(of), scale, absence

    @property
    def width(self) -> int:
        return 2 * len(SIZE_FREQUENCIES) + int(self.absence)

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.feature,)

    def encode(self, columns: Columns, out: Vectors) -> Unplaced:
        numbers = numbers_of(columns[self.feature], self.of)
        present = np.flatnonzero(~np.isnan(numbers))
        steps = numbers[present] / self.scale
        if self.of is FeatureKind.NUMBER:
            steps = np.arcsinh(steps)
        for place, (frequency, share) in enumerate(zip(SIZE_FREQUENCIES, SIZE_SHARES, strict=True)):
            out[present, 2 * place] = np.sqrt(share) * np.cos(frequency * steps)
            out[present, 2 * place + 1] = np.sqrt(share) * np.sin(frequency * steps)
        if len(present) == len(numbers):
            return NOTHING
        absent = np.flatnonzero(np.isnan(numbers))
        if self.absence:
            out[absent, -1] = 1.0
            return NOTHING
        return Unplaced(absent, np.repeat(seeds_of(self.feature, [ABSENT]), len(absent)))

    def to_state(self) -> dict[str, Any]:
        return {"feature": self.feature, "of": self.of.value, "scale": self.scale, "absence": self.absence}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> NumberBlock:
        """The block of a state."""
        return cls(str(state["feature"]), str(state["of"]), float(state["scale"]), bool(state["absence"]))


class TextBlock:
    """Free text by common pieces of three characters; absence on an axis of its own."""

    kind: ClassVar[str] = "text"

    def __init__(self, feature: str, width: int) -> None:
        """Args:
        width: dimensions, the axis of absence included; at least 2.
        """
        self.feature, self._width = feature, width

    @property
    def width(self) -> int:
        return self._width

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.feature,)

    def encode(self, columns: Columns, out: Vectors) -> Unplaced:
        values, codes = columns[self.feature].distinct(tidy_text)
        table = np.zeros((len(values), self._width), np.float32)
        table[:, 1:] = text_directions(self.feature, values, self._width - 1)
        for place, value in enumerate(values):
            if value == ABSENT:
                table[place] = 0.0
                table[place, 0] = 1.0
        out[:] = table[codes]
        return NOTHING

    def to_state(self) -> dict[str, Any]:
        return {"feature": self.feature, "width": self._width}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> TextBlock:
        """The block of a state."""
        return cls(str(state["feature"]), int(state["width"]))


BLOCK_KINDS: Final[dict[str, Any]] = {block.kind: block for block in (CategoryBlock, SizeBlock, NumberBlock, TextBlock)}
"""Where `BlockEncoder.from_state` finds the class of a stored block."""


NUMBERS: Final = frozenset({FeatureKind.NUMBER, FeatureKind.DATE})
"""Kinds whose values a NumberBlock compares."""
DAYS_PER_YEAR: Final = 365.25


def numbers_of(column: DictionaryColumn, kind: FeatureKind) -> npt.NDArray[np.float64]:
    """Numbers of all rows, or dates as years since 1970; NaN where absent or neither; float64 (n,)."""
    if kind is not FeatureKind.DATE:
        return column.numbers()
    values, codes = column.distinct(tidy_text)
    years = np.fromiter((_years(value) for value in values), np.float64, len(values))
    return years[codes]


def _years(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return float("nan")
    return (moment.date().toordinal() - date(1970, 1, 1).toordinal()) / DAYS_PER_YEAR


def scale_of(present: npt.NDArray[np.float64], kind: FeatureKind) -> float:
    """The scale of a NumberBlock for values that are present: the number that a quarter of the others stay below; for dates the range in
    which half of them lie, a year at least."""
    if kind is FeatureKind.DATE:
        low, high = np.quantile(present, (0.25, 0.75))
        return max(1.0, float(high - low))
    sizes = np.abs(present[present != 0.0])
    return float(np.quantile(sizes, 0.25)) if len(sizes) else 1.0


def sizes_in_mm(columns: Columns, feature: str, unit_from: str | None) -> npt.NDArray[np.float64]:
    """Sizes of all rows in mm; NaN, 0 or below where absent; float64 (n,)."""
    sizes = columns[feature].numbers()
    if unit_from is None or unit_from not in columns:
        return sizes
    units, codes = columns[unit_from].distinct(tidy_unit)
    factors = np.fromiter((mm_per_unit(unit) for unit in units), np.float64, len(units))
    return sizes if (factors == 1.0).all() else sizes * factors[codes]


def shares_of(column: DictionaryColumn, tidy: Any) -> tuple[list[str], npt.NDArray[np.float64]]:
    """Distinct tidied values, most frequent first (ties by value), and the share of the rows that has each."""
    values, codes = column.distinct(tidy)
    counts = np.bincount(codes, minlength=len(values))
    order = sorted((place for place in range(len(values)) if counts[place]), key=lambda p: (-counts[p], values[p]))
    return [values[place] for place in order], counts[order] / max(1, len(codes))


def _unplaced(codes: npt.NDArray[np.int32], rest: list[int], seeds: Seeds, values: int) -> Unplaced:
    seed_of = np.zeros(values, np.uint64)
    seed_of[rest] = seeds
    missing = np.zeros(values, bool)
    missing[rest] = True
    rows = np.flatnonzero(missing[codes])
    return Unplaced(rows, seed_of[codes[rows]])
