"""How the monolith made vectors: ordinal codes and numbers, weighted, standardised, of length 1."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from common.errors import InvalidInput
from plant.features import tidy_text
from trained.encoding.encoder_directions import scaled_to_unit
from trained.index.engine import Vectors

MISSING: Final = "missing"
MISSING_WORDS: Final = frozenset({"", "nan", "NaN", "null", "NULL", "None", "-", "--"})
IGNORED_FOR_UNSEEN: Final = frozenset({"DRAW_USE", "ITEM_NM_ENG", "MID_SEALSIZE_UOM", "ROTATE_CTRCLOCKWISE"})
"""Features that the monolith takes as absent for items that it has not been trained with."""
UNKNOWN_CODE: Final = -1.0

ValueCodes = Mapping[str, Mapping[str, float]]
"""Categorical feature -> text -> its code."""


def legacy_text(value: object) -> str:
    """A value as the monolith's encoder takes it: stripped of blanks, then of quotes; every absence is `missing`."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return MISSING
    text = value if isinstance(value, str) else tidy_text(value)
    text = text.strip().strip("'\"")
    return MISSING if text in MISSING_WORDS else text


def legacy_number(value: object) -> float:
    """A number, 0 where it is absent or no number."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return 0.0
    return number if math.isfinite(number) else 0.0


class LegacyEncoding:
    """Encodes unseen items as the monolith did.

    Attributes:
        features: all features, constant ones included.
        columns: features that have a dimension, in its order.
        reads: those of them that count for unseen items.
    """

    def __init__(
        self,
        features: Sequence[str],
        columns: Sequence[str],
        codes: ValueCodes,
        weights: Mapping[str, float],
        active: Mapping[str, bool],
        mean: npt.NDArray[np.float64],
        scale: npt.NDArray[np.float64],
    ) -> None:
        """Args:
        codes: of the categorical features; all others are numbers.
        weights: by feature, 1 where unnamed.
        active: by feature, true where unnamed.
        mean, scale: of the standard scaler, float64 (len(columns),).
        """
        self.features = list(features)
        self.columns = list(columns)
        self.dimension = len(self.columns)
        self.reads = tuple(name for name in self.columns if name not in IGNORED_FOR_UNSEEN)
        self.weights = {name: float(weights.get(name, 1.0)) for name in self.features}
        self.active = {name: bool(active.get(name, True)) for name in self.features}
        self._codes = codes
        self._mean, self._scale = mean, scale
        self._applied = np.array([self.weights[c] if self.active[c] else 0.0 for c in self.columns])

    def to_state(self) -> dict[str, Any]:
        """Plain builtins from which `from_state` makes the encoding again."""
        return {
            "features": self.features,
            "columns": self.columns,
            "codes": {name: dict(codes) for name, codes in self._codes.items()},
            "weights": self.weights,
            "active": self.active,
            "mean": self._mean.tolist(),
            "scale": self._scale.tolist(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> LegacyEncoding:
        """The encoding of a state.

        Raises:
            KeyError, TypeError, ValueError: it is none.
        """
        mean, scale = (np.array(state[name], np.float64) for name in ("mean", "scale"))
        if not mean.shape == scale.shape == (len(state["columns"]),):
            raise ValueError("its columns and its scaler do not fit")
        return cls(state["features"], state["columns"], state["codes"], state["weights"], state["active"], mean, scale)

    def encode(self, columns: Mapping[str, Sequence[str | float | None]], rows: int) -> Vectors:
        """Vectors of items that the training has not seen, float32 (rows, dimension), rows of length 1."""
        raw = np.empty((rows, self.dimension))
        for place, name in enumerate(self.columns):
            cells = columns.get(name) if name not in IGNORED_FOR_UNSEEN else None
            if cells is not None and len(cells) != rows:
                raise InvalidInput(f"Column {name} has {len(cells)} values for {rows} rows")
            raw[:, place] = [self._number(name)(cell) for cell in (cells if cells is not None else [None] * rows)]
        return scaled_to_unit((raw * self._applied - self._mean) / self._scale)

    def _number(self, name: str) -> Callable[[object], float]:
        codes = self._codes.get(name)
        if codes is None:
            return legacy_number
        return lambda cell: codes.get(legacy_text(cell), UNKNOWN_CODE)

    @staticmethod
    def cell_key(value: object) -> str:
        """What two values that are encoded alike have in common, as text."""
        return legacy_text(value)

    def block_factors(self, multipliers: Mapping[str, float]) -> npt.NDArray[np.float32]:
        """Factor of each dimension for the weights of one call.

        Raises:
            InvalidInput: a factor is negative or no number, a feature is unknown, or all dimensions would vanish.
        """
        for name, factor in multipliers.items():
            if name not in self.weights:
                raise InvalidInput(f"{name} is no feature of this model; its features are {', '.join(self.features)}")
            if not (math.isfinite(factor) and factor >= 0):
                raise InvalidInput(f"The weight of {name} is {factor}; weights are numbers >= 0")
        factors = np.array([multipliers.get(name, 1.0) for name in self.columns], np.float32)
        if not factors.any():
            raise InvalidInput(
                "The weights leave no feature that tells items apart: give at least one a weight above 0"
            )
        return factors


def ordinal_codes(encoder: Any) -> dict[str, dict[str, float]]:
    """Codes of a stored OrdinalEncoder by feature and text.

    Raises:
        KeyError: it lacks an attribute (named).
    """
    state = vars(encoder)
    names = [str(name) for name in state["feature_names_in_"]]
    groups = state.get("_default_to_infrequent_mappings") or [None] * len(names)
    return {
        name: {
            str(text): float(code if group is None else group[code]) for code, text in enumerate(categories.tolist())
        }
        for name, categories, group in zip(names, state["categories_"], groups, strict=True)
    }


def label_codes(encoders: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Codes of a dictionary of stored LabelEncoders by feature and text.

    Raises:
        KeyError: one lacks its classes.
    """
    return {
        str(name): {str(text): float(code) for code, text in enumerate(vars(encoder)["classes_"].tolist())}
        for name, encoder in encoders.items()
    }
