"""The supervised block of a vector: what the learned models say of an item, as a point on a sphere, so that near means made alike.

An item's probabilities and time factors are a point y; [y / R, sqrt(1 - |y|^2 / R^2)] has length 1, and the cosine of two items falls
with the squared distance of their points: one operation more or less counts 1, the times of all operations as they differ in logarithm.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from common.errors import DataProblem
from trained.encoding.dictionary_columns import Columns
from trained.learned.learned_model import FILE, LearnedModel, LearnedOutputs, parts_of

NAME: Final = "LEARNED_ROUTING"
"""What the block is called where features are named."""
TIME_SCALE: Final = 0.7
"""How much a difference of times counts beside operations: its square is multiplied by this squared."""

Floats32 = npt.NDArray[np.float32]


class LearnedBlock:
    """Lays what the models say out as vectors of length 1, and reads it back from them. Immutable.

    Attributes:
        model: the models.
        width: dimensions.
        exact: whether vectors hold the probabilities of all operations, so that nothing is lost.
    """

    def __init__(self, model: LearnedModel, centre: Floats32, axes: Floats32, radius: float) -> None:
        """Args:
        centre: mean probabilities, float32 (operations,).
        axes: orthonormal directions among the operations, float32 (operations, directions).
        radius: R above; points beyond it are drawn in to it.
        """
        self.model, self._centre, self._axes, self._radius = model, centre, axes, radius
        self._directions = axes.shape[1]
        self.width = self._directions + model.times.factors + 1
        self.exact = self._directions == len(model.operations)

    @classmethod
    def fit(cls, model: LearnedModel, outputs: LearnedOutputs, directions: int) -> LearnedBlock:
        """The block for a catalogue.

        Args:
            outputs: what the models say of its items.
            directions: most dimensions for the operations; where there are more of those, the directions in which items differ most.
        """
        probabilities = outputs.probabilities
        centre = probabilities.mean(axis=0, dtype=np.float64).astype(np.float32)
        count = len(model.operations)
        if count <= directions:
            axes = np.eye(count, dtype=np.float32)
        else:
            sample = probabilities[:: max(1, len(probabilities) // 20_000)] - centre
            _values, vectors = np.linalg.eigh((sample.T @ sample).astype(np.float64))
            axes = np.ascontiguousarray(vectors[:, ::-1][:, :directions], np.float32)
        made = cls(model, centre, axes, 1.0)
        lengths = np.concatenate(
            [
                np.linalg.norm(made._points(LearnedOutputs(*(part[a : a + 65_536] for part in outputs))), axis=1)
                for a in range(0, len(probabilities), 65_536)
            ]
        )
        return cls(model, centre, axes, max(1.0, 1.1 * float(np.quantile(lengths, 0.999))))

    def with_model(self, model: LearnedModel) -> LearnedBlock:
        """The same block around models that say the same."""
        return LearnedBlock(model, self._centre, self._axes, self._radius)

    def _points(self, outputs: LearnedOutputs) -> Floats32:
        operations = (outputs.probabilities - self._centre) @ self._axes
        return np.concatenate([operations, np.float32(TIME_SCALE) * outputs.factors], axis=1)

    def encode(self, outputs: LearnedOutputs) -> Floats32:
        """Vectors of length 1, float32 (items, width)."""
        points = self._points(outputs) / np.float32(self._radius)
        lengths = np.linalg.norm(points, axis=1)
        points /= np.maximum(1.0, lengths)[:, None]
        height = np.sqrt(np.maximum(0.0, 1.0 - np.minimum(lengths, 1.0) ** 2))
        return np.concatenate([points, height[:, None]], axis=1).astype(np.float32, copy=False)

    def encode_items(self, columns: Columns) -> Floats32:
        """The same for items given by their features."""
        return self.encode(self.model.outputs(columns))

    def decode(self, vectors: Floats32) -> LearnedOutputs:
        """What the models say of items with these vectors, float32 (items, width); only nearly where not `exact`."""
        points = vectors[:, :-1] * np.float32(self._radius)
        probabilities = points[:, : self._directions] @ self._axes.T + self._centre
        return LearnedOutputs(np.clip(probabilities, 0.0, 1.0), self.factors(vectors))

    def factors(self, vectors: Floats32) -> Floats32:
        """The time factors alone of items with these vectors, float32 (items, factors)."""
        made: Floats32 = vectors[:, self._directions : -1] * np.float32(self._radius / TIME_SCALE)
        return made

    def to_parts(self) -> dict[str, npt.NDArray[Any]]:
        """Arrays from which `from_parts` makes block and models again."""
        return {
            "block.centre": self._centre,
            "block.axes": self._axes,
            "block.radius": np.array([self._radius]),
            **self.model.to_parts(),
        }

    @classmethod
    def from_parts(cls, parts: Mapping[str, npt.NDArray[Any]]) -> LearnedBlock:
        """The block of such arrays. Raises DataProblem as `LearnedModel.from_parts` does."""
        model = LearnedModel.from_parts(parts)
        own = parts_of(parts, "block.")
        try:
            return cls(model, own["centre"], own["axes"], float(own["radius"][0]))
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise DataProblem(
                f"{FILE} is damaged ({type(error).__name__}: {error}): restore it from a backup, or train again"
            ) from error
