"""What the learned models read of an item: sizes as logarithms and their ratios, numbers within texts, categories as codes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from plant.features import ABSENT, tidy_text
from plant.mechanical_seals import MECHANICAL_SEALS
from plant.schema import FeatureKind, PlantSchema
from trained.encoding.dictionary_columns import Columns, DictionaryColumn, row_count
from trained.encoding.encoder_blocks import NUMBERS, TIDIERS, numbers_of, shares_of, sizes_in_mm

Inputs = npt.NDArray[np.float32]

MOST_VALUES: Final = 1000
"""Values of a category that are told apart, the most frequent ones; items with others count as unknown."""
NUMBERS_IN_TEXT: Final = 3
LEAST_PRESENT: Final = 0.2
"""Share of the items that must have a number before it, or a ratio with it, is an input."""
LEAST_KNOWN: Final = 0.5
"""Share of the items that must have one of the values that are told apart."""
TOKEN_SHARE: Final = 0.02
"""Distinct first words of a text, as a share of the items, beyond which they are no kind of item but a description of one."""

_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")
_TOKEN: Final = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Input:
    """One input of the models.

    Attributes:
        feature: the feature it is read from.
        kind: size (log mm), ratio (log of the quotient of two inputs), number (log of a number within a text), value (a number, bent like
            a logarithm far from 0), date (years), flag, category, token (the first word of a text).
        place: number: which one; ratio: the input divided, and `other` the divisor.
        other: see place.
        unit_from: size: the feature with the unit.
        values: category and token: value of each code.
        is_unit: category: whether it holds units, whose spellings are one.
    """

    feature: str
    kind: str
    place: int = 0
    other: int = 0
    unit_from: str | None = None
    values: tuple[str, ...] = ()
    is_unit: bool = False

    @property
    def is_category(self) -> bool:
        """Whether its numbers are codes without order."""
        return self.kind in ("category", "token")


class ItemInputs:
    """Turns columns of features into the matrix that the learned models read. Immutable, deterministic.

    Attributes:
        inputs: one a column of the matrix.
        reads: features it looks at.
    """

    def __init__(self, inputs: tuple[Input, ...]) -> None:
        self.inputs = inputs
        units = [one.unit_from for one in inputs if one.unit_from]
        self.reads = tuple(dict.fromkeys([*(one.feature for one in inputs), *units]))
        self._codes = [{value: code for code, value in enumerate(one.values)} for one in inputs]

    @classmethod
    def fit(cls, columns: Columns, active: Mapping[str, bool], schema: PlantSchema = MECHANICAL_SEALS) -> ItemInputs:
        """Choose the inputs for a catalogue: what has one value everywhere, or repeats another input, is left out.

        Args:
            columns: columns of the catalogue by feature name.
            active: whether a feature may be used.
            schema: the plant's features.
        """
        chosen: list[Input] = []
        for feature in sorted(
            schema.features, key=lambda one: one.kind is FeatureKind.TEXT
        ):  # a size before the same number in a text
            if feature.kind is FeatureKind.IDENTITY or feature.name not in columns or not active.get(feature.name):
                continue
            column = columns[feature.name]
            if feature.kind in NUMBERS:
                chosen.append(Input(feature.name, "date" if feature.kind is FeatureKind.DATE else "value"))
            elif feature.kind is FeatureKind.SIZE:
                chosen.append(Input(feature.name, "size", unit_from=feature.unit_from))
            elif feature.kind is FeatureKind.FLAG:
                chosen.append(Input(feature.name, "flag"))
            elif feature.kind is FeatureKind.TEXT:
                chosen += [Input(feature.name, "number", place) for place in range(NUMBERS_IN_TEXT)]
                chosen.append(Input(feature.name, "token", values=_most_frequent(column, first_token)))
            else:
                is_unit = feature.name in schema.unit_features
                values = _most_frequent(column, TIDIERS["unit"] if is_unit else tidy_text)
                chosen.append(Input(feature.name, "category", values=values, is_unit=is_unit))
        made = cls(tuple(chosen))
        kept = _telling(made.matrix(columns), chosen)
        return cls((*kept, *_ratios(cls(tuple(kept)).matrix(columns), kept)))

    def matrix(self, columns: Columns) -> Inputs:
        """The inputs of all rows, float32 (rows, inputs); NaN where absent or unknown."""
        rows = row_count(columns)
        matrix = np.full((rows, len(self.inputs)), np.nan, np.float32)
        numbers: dict[str, npt.NDArray[np.float32]] = {}
        nothing = DictionaryColumn.absent(rows)
        for place, one in enumerate(self.inputs):
            column = columns.get(one.feature) or nothing
            if one.kind == "ratio":
                matrix[:, place] = matrix[:, one.place] - matrix[:, one.other]
            elif one.kind == "size":
                sizes = sizes_in_mm({**columns, one.feature: column}, one.feature, one.unit_from)
                matrix[:, place] = _logarithms(sizes)
            elif one.kind == "value":
                matrix[:, place] = np.arcsinh(column.numbers())
            elif one.kind == "date":
                matrix[:, place] = numbers_of(column, FeatureKind.DATE)
            elif one.kind == "flag":
                matrix[:, place] = column.numbers()
            elif one.kind == "number":
                if one.feature not in numbers:
                    numbers[one.feature] = _numbers_in(column)
                matrix[:, place] = numbers[one.feature][:, one.place]
            else:
                matrix[:, place] = self._category_codes(place, one, column)
        return matrix

    def _category_codes(self, place: int, one: Input, column: DictionaryColumn) -> npt.NDArray[np.float32]:
        tidy = first_token if one.kind == "token" else TIDIERS["unit"] if one.is_unit else tidy_text
        values, codes = column.distinct(tidy)
        known = self._codes[place]
        table = np.fromiter((known.get(value, np.nan) for value in values), np.float32, len(values))
        return table[codes]

    def to_state(self) -> list[dict[str, Any]]:
        """Plain builtins from which `from_state` makes the inputs again."""
        return [
            {
                "feature": one.feature,
                "kind": one.kind,
                "place": one.place,
                "other": one.other,
                "unit_from": one.unit_from,
                "values": list(one.values),
                "is_unit": one.is_unit,
            }
            for one in self.inputs
        ]

    @classmethod
    def from_state(cls, state: list[dict[str, Any]]) -> ItemInputs:
        """The inputs of a state; one that does not say which inputs hold units is of the mechanical seal plant."""
        return cls(
            tuple(
                Input(
                    **{
                        "is_unit": one["feature"] in MECHANICAL_SEALS.unit_features,
                        **one,
                        "values": tuple(one["values"]),
                    }
                )
                for one in state
            )
        )


def first_token(value: object) -> str:
    """The first run of letters and digits of a text; ABSENT where it has none."""
    found = _TOKEN.search(tidy_text(value))
    return found.group().upper() if found else ABSENT


def _most_frequent(column: DictionaryColumn, tidy: Any) -> tuple[str, ...]:
    values, shares = shares_of(column, tidy)
    repeated = int((shares * len(column) >= 2).sum())  # a value that one item has tells nothing about others
    return tuple(values[: min(MOST_VALUES, repeated)])


def _logarithms(sizes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    present = sizes > 0
    return np.where(present, np.log(np.where(present, sizes, 1.0)), np.nan)


def _numbers_in(column: DictionaryColumn) -> npt.NDArray[np.float32]:
    """Logarithms of the first numbers in each text, float32 (rows, NUMBERS_IN_TEXT)."""
    values, codes = column.distinct(tidy_text)
    table = np.full((len(values), NUMBERS_IN_TEXT), np.nan)
    for place, value in enumerate(values):
        for number, text in enumerate(_NUMBER.findall(value[:200])[:NUMBERS_IN_TEXT]):
            table[place, number] = float(text[:18])
    return _logarithms(table)[codes].astype(np.float32)


def _telling(matrix: Inputs, inputs: list[Input]) -> list[Input]:
    """Inputs with at least two values, each partition of the items once, numbers in texts only where many items have them."""
    kept, seen = [], set()
    for place, one in enumerate(inputs):
        values = matrix[:, place]
        present = ~np.isnan(values)
        if one.kind == "number" and present.mean() < LEAST_PRESENT:
            continue
        if not present.any() or (present.all() and values.min() == values.max()):
            continue
        if one.is_category:
            if len(one.values) < 2 or present.mean() < LEAST_KNOWN:
                continue
            if one.kind == "token" and len(one.values) > TOKEN_SHARE * len(values):
                continue
            _distinct, first, parts = np.unique(np.nan_to_num(values, nan=-1.0), return_index=True, return_inverse=True)
            partition = np.argsort(np.argsort(first))[parts].astype(np.int32).tobytes()
        else:
            partition = values.tobytes()
        if hash(partition) in seen:
            continue
        seen.add(hash(partition))
        kept.append(one)
    return kept


def _ratios(matrix: Inputs, inputs: list[Input]) -> list[Input]:
    """Quotients of the sizes, and of the numbers of one text, that many items have."""
    numeric = [place for place, one in enumerate(inputs) if one.kind in ("size", "number")]
    common = [place for place in numeric if (~np.isnan(matrix[:, place])).mean() >= 0.5]
    return [
        Input(inputs[a].feature, "ratio", a, b)
        for number, a in enumerate(common)
        for b in common[number + 1 :]
        if inputs[a].kind == inputs[b].kind and (inputs[a].kind == "size" or inputs[a].feature == inputs[b].feature)
    ]
