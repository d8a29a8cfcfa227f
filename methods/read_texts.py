"""The distinct texts of a column, each read once however often items are split and described: its numbers and its parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from methods.text_parts import MOST_NUMBERS, numbers_in, parts_of_text

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Integers32 = npt.NDArray[np.int32]

MOST_KEPT: Final = 50_000
"""Texts whose parts are kept at a time; about 100 bytes a part would be 100 MB for names of 20 characters."""


class ReadTexts:
    """Texts and what was read of them so far.

    Args:
        values: the texts.
    """

    def __init__(self, values: Sequence[str]) -> None:
        self._values = values
        self._numbers: dict[int, Floats] = {}
        self._parts: dict[int, tuple[Integers32, Integers32]] = {}
        self._number_of: dict[str, int] = {}
        self.known: list[str] = []
        """Every part met so far, by number."""

    def reads(self, values: Sequence[str]) -> bool:
        """Whether these are the texts."""
        return self._values is values

    def numbers(self, places: Integers) -> Floats:
        """Numbers in the texts at some places, float64 (places, MOST_NUMBERS), NaN where a text has no more."""
        made = np.full((len(places), MOST_NUMBERS), np.nan)
        for row, place in enumerate(places.tolist()):
            found = self._numbers.get(place)
            if found is None:
                if len(self._numbers) >= MOST_KEPT:
                    self._numbers.clear()
                found = self._numbers[place] = np.array(numbers_in(self._values[place]), np.float64)
            made[row, : len(found)] = found
        return made

    def parts(self, places: Integers) -> tuple[Integers, Integers32, Integers32]:
        """Parts of the texts at some places.

        Returns:
            Where each text's parts begin (int64, places + 1), their numbers among `known`, and how often each occurs.
        """
        if len(self._parts) + len(places) > MOST_KEPT:
            self._parts.clear()
        found = [self._parts.get(place) or self._read(place) for place in places.tolist()]
        offsets = np.concatenate(([0], np.cumsum([len(one[0]) for one in found], dtype=np.int64))).astype(np.int64)
        if not found:
            return offsets, np.zeros(0, np.int32), np.zeros(0, np.int32)
        return offsets, np.concatenate([one[0] for one in found]), np.concatenate([one[1] for one in found])

    def _read(self, place: int) -> tuple[Integers32, Integers32]:
        counts = Counter(parts_of_text(self._values[place]))
        for part in counts:
            if part not in self._number_of:
                self._number_of[part] = len(self.known)
                self.known.append(part)
        numbers = np.fromiter((self._number_of[part] for part in counts), np.int32, len(counts))
        self._parts[place] = numbers, np.fromiter(counts.values(), np.int32, len(counts))
        return self._parts[place]
