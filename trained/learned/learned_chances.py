"""What the models said of the items they learned from, where a vector cannot hold it all: mapped from files, the small ones left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from common.errors import DataProblem
from common.files import writing
from trained.artifacts.array_files import map_array, of_kind, within

FILES: Final = ("learned_chances.offsets.npy", "learned_chances.operations.npy", "learned_chances.values.npy")
LEAST: Final = 0.01
"""Probabilities below are not stored."""

Floats32 = npt.NDArray[np.float32]


class Chances(Protocol):
    """Probabilities of operations by position of the item."""

    def at(self, positions: npt.NDArray[np.integer]) -> Floats32:
        """Probabilities of items, float32 (n, operations)."""

    def close(self) -> None:
        """Let go of what they lie in."""


class KnownChances:
    """Probabilities in memory."""

    def __init__(self, probabilities: Floats32, instead: tuple[npt.NDArray[np.int64], Floats32] | None = None) -> None:
        """Args:
        probabilities: of all items, float32 (items, operations).
        instead: some items, ascending, and the probabilities that stand in the place of theirs, float32 (n, operations).
        """
        self._probabilities = probabilities
        self._instead = instead if instead is not None and len(instead[0]) else None

    def at(self, positions: npt.NDArray[np.integer]) -> Floats32:
        """Probabilities of items, float32 (n, operations)."""
        found: Floats32 = self._probabilities[positions]
        if self._instead is not None:
            items, probabilities = self._instead
            place = np.minimum(np.searchsorted(items, positions), len(items) - 1)
            known = items[place] == positions
            found[known] = probabilities[place[known]]
        return found

    def close(self) -> None:
        """Nothing is held open."""


class LearnedChances:
    """Probabilities of operations by item, mapped."""

    def __init__(
        self, offsets: npt.NDArray[Any], operations: npt.NDArray[Any], values: npt.NDArray[Any], count: int
    ) -> None:
        """Args:
        offsets: int64 (items + 1); item i has [offsets[i], offsets[i + 1]).
        operations, values: uint16 and float16; operation and its probability.
        count: number of operations.
        """
        self._offsets, self._operations, self._values, self._count = offsets, operations, values, count

    @staticmethod
    def write(folder: Path, probabilities: Floats32) -> None:
        """Write the files of all items, float32 (items, operations), into a folder."""
        counts, operations, values = [], [], []
        for start in range(0, len(probabilities), 65_536):
            part = probabilities[start : start + 65_536]
            kept = part >= LEAST
            counts.append(kept.sum(axis=1))
            operations.append(np.nonzero(kept)[1].astype(np.uint16))
            values.append(part[kept].astype(np.float16))
        offsets = np.concatenate(([0], np.cumsum(np.concatenate(counts)))).astype(np.int64)
        arrays: list[npt.NDArray[Any]] = [offsets, np.concatenate(operations), np.concatenate(values)]
        for name, array in zip(FILES, arrays, strict=True):
            with writing(folder / name) as stream:
                np.save(stream, array)

    @classmethod
    def open(cls, folder: Path, operations: int) -> LearnedChances:
        """Map the files of a folder.

        Raises:
            DataProblem: one is missing or damaged.
        """
        offsets, chosen, values = (
            map_array(folder / name, kind) for name, kind in zip(FILES, (np.int64, np.uint16, np.float16), strict=True)
        )
        return cls(offsets, chosen, values, operations)

    def check(self, items: int) -> None:
        """Compare the files with each other and with the number of items.

        Raises:
            DataProblem: they do not belong together.
        """
        try:
            within("its offsets", self._offsets, 0, len(self._values) + 1, (items + 1,))
            if (np.diff(self._offsets) < 0).any() or self._offsets[0] != 0 or self._offsets[-1] != len(self._values):
                raise ValueError("its offsets do not rise from the first to the last value")
            within("its operations", self._operations, 0, self._count, (len(self._values),))
            of_kind("its values", self._values, "f", (None,))
        except ValueError as error:
            raise DataProblem(
                f"{FILES[0]} and the files beside it do not belong together ({error}): restore them from a backup, or train again",
                reason="ARTIFACT_DAMAGED",
            ) from error

    def at(self, positions: npt.NDArray[np.integer]) -> Floats32:
        """Probabilities of items, float32 (n, operations)."""
        found = np.zeros((len(positions), self._count), np.float32)
        for row, position in enumerate(positions.tolist()):
            part = slice(int(self._offsets[position]), int(self._offsets[position + 1]))
            found[row, self._operations[part]] = self._values[part]
        return found

    def close(self) -> None:
        """Let go of the files."""
        empty = np.zeros(0, np.int64)
        self._offsets, self._operations, self._values = empty, empty, empty
