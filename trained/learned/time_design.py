"""What the time models multiply: sizes in logarithms, straight and bent at quantiles, and one column a frequent value of a category."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from trained.learned.learned_inputs import Inputs, ItemInputs

MOST_COLUMNS: Final = 320
LEAST_ITEMS: Final = 10
"""Items that must have a value before it gets a column."""
BENDS: Final = (0.2, 0.5, 0.8)
"""Quantiles at which the effect of a size may change its slope."""

Floats32 = npt.NDArray[np.float32]


class TimeDesign:
    """Turns inputs into the columns of an additive model of logarithms of times. Immutable.

    Attributes:
        columns: number of columns.
    """

    def __init__(self, parts: Mapping[str, npt.NDArray[Any]]) -> None:
        """Args:
        parts: arrays as `to_parts` gives them.
        """
        self._parts = dict(parts)
        self._numeric, self._centres, self._scales = parts["numeric"], parts["centres"], parts["scales"]
        self._bend_of, self._bends = parts["bend_of"], parts["bends"]
        self._absent = parts["absent"]
        self._value_of, self._values = parts["value_of"], parts["values"]
        self.columns = len(self._numeric) + len(self._bend_of) + len(self._absent) + len(self._values)
        self._first_value = self.columns - len(self._values)
        self._tables = {
            column: self._table(column) for column in np.unique(self._value_of).tolist()
        }  # code -> its column

    def _table(self, column: int) -> npt.NDArray[np.int64]:
        places = np.flatnonzero(self._value_of == column)
        table = np.full(int(self._values[places].max()) + 2, -1, np.int64)
        table[self._values[places]] = self._first_value + places
        return table

    @classmethod
    def fit(cls, inputs: ItemInputs, matrix: Inputs) -> TimeDesign:
        """Choose the columns for the inputs of a catalogue, float32 (items, inputs)."""
        numeric, centres, scales, bend_of, bends, absent = [], [], [], [], [], []
        values: list[tuple[int, int, int]] = []
        for column, one in enumerate(inputs.inputs):
            present = matrix[:, column][~np.isnan(matrix[:, column])]
            if one.is_category:
                counts = np.bincount(present.astype(np.int64))
                values += [
                    (-int(counts[code]), column, code) for code in np.flatnonzero(counts >= LEAST_ITEMS).tolist()
                ]
                continue
            spread = float(present.std()) if len(present) else 0.0
            if spread <= 0.0:
                continue
            numeric.append(column)
            centres.append(float(present.mean()))
            scales.append(spread)
            if len(present) < len(matrix):
                absent.append(column)
            if one.kind == "size":
                for bend in np.unique(np.quantile(present, BENDS)).tolist():
                    bend_of.append(column)
                    bends.append(bend)
        room = max(0, MOST_COLUMNS - len(numeric) - len(bend_of) - len(absent))
        kept = sorted(values)[:room]
        scale_of = dict(zip(numeric, scales, strict=True))
        return cls(
            {
                "numeric": np.array(numeric, np.int64),
                "centres": np.array(centres, np.float32),
                "scales": np.array(scales, np.float32),
                "bend_of": np.array(bend_of, np.int64),
                "bends": np.array([bends, [scale_of[column] for column in bend_of]], np.float32),
                "absent": np.array(absent, np.int64),
                "value_of": np.array([column for _count, column, _code in kept], np.int64),
                "values": np.array([code for _count, _column, code in kept], np.int64),
            }
        )

    def to_parts(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays from which the constructor makes the design again."""
        return dict(self._parts)

    def columns_of(self, matrix: Inputs) -> Floats32:
        """The columns of items, float32 (items, columns); absent sizes count as average ones."""
        design = np.zeros((len(matrix), self.columns), np.float32)
        numbers = np.nan_to_num((matrix[:, self._numeric] - self._centres) / self._scales)
        design[:, : len(self._numeric)] = np.clip(numbers, -8.0, 8.0)
        start = len(self._numeric)
        bent = np.nan_to_num((matrix[:, self._bend_of] - self._bends[0]) / self._bends[1])
        design[:, start : start + len(self._bend_of)] = np.clip(bent, 0.0, 8.0)
        start += len(self._bend_of)
        design[:, start : start + len(self._absent)] = np.isnan(matrix[:, self._absent])
        rows = np.arange(len(matrix))
        for column, table in self._tables.items():
            codes = matrix[:, column]
            known = (codes >= 0) & (codes < len(table) - 1)
            places = table[np.where(known, codes, len(table) - 1).astype(np.int64)]
            design[rows[places >= 0], places[places >= 0]] = 1.0
        return design
