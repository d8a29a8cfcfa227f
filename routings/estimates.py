"""What a model version says of a batch of items and of their neighbours, beside who the neighbours are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from plant.time_columns import RUN_LIKE, SETUP_LIKE, TIMES
from routings.calibration import Calibration
from trained.learned.learned_model import RUN_KIND, SETUP_KIND, TimeModel

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

KIND_OF_COLUMN = tuple(SETUP_KIND if role in SETUP_LIKE else RUN_KIND if role in RUN_LIKE else None for role in TIMES)
"""Which of the modelled times each time column compares like; None: like neither."""
LARGEST_RATIO = 20.0
"""A neighbour's time is scaled at most by this, or its inverse."""


@dataclass(frozen=True)
class Estimates:
    """Estimates for q items and their n neighbours (in the order in which the search found them), from one version.

    Attributes:
        operations: name of each operation with a model (`trained.learned.learned_model.operation_key`).
        probabilities: that each item needs each of them, float32 (q, operations).
        factors: time factors of the items, float32 (q, factors).
        neighbour_factors: time factors of the neighbours, float32 (n, factors).
        size_differences: how far each neighbour's sizes are from the item's, as logarithms of ratios, float32 (n).
        times: how factors make times.
        calibration: how models and votes are weighed, and what confidence that deserves.
        reasons: for each operation the features that tell most about it.
    """

    operations: Sequence[str]
    probabilities: Floats32
    factors: Floats32
    neighbour_factors: Floats32
    size_differences: Floats32
    times: TimeModel
    calibration: Calibration
    reasons: Sequence[Sequence[str]] = ()

    def apart(self, queries: Integers, neighbours: Integers) -> Floats:
        """How far items are from neighbours, by their time factors, float64 (pairs, factors).

        Args:
            queries, neighbours: the item and the neighbour of each pair.
        """
        return (self.factors[queries] - self.neighbour_factors[neighbours]).astype(np.float64)

    def scale_times(self, times: Floats, models: Integers, apart: Floats) -> None:
        """Multiply each neighbour's times of an operation, in place, by what makes them the item's.

        Args:
            times: minutes, float64 (rows, len(TIMES)).
            models: number of the operation's model, -1 where it has none; rows.
            apart: of the item and the neighbour of each row, float64 (rows, factors).
        """
        logarithms = np.einsum("rf,rkf->rk", apart, self.times.effects.astype(np.float64)[models])
        limit = np.log(LARGEST_RATIO)
        ratios = np.exp(np.clip(logarithms, -limit, limit))
        for column, kind in enumerate(KIND_OF_COLUMN):
            if kind is not None:
                times[:, column] *= ratios[:, kind]
