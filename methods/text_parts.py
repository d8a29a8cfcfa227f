"""What a text says beside being a name: the numbers in it, its words, and runs of its characters."""

from __future__ import annotations

import re
from typing import Final

MOST_CHARACTERS: Final = 200
"""Characters of a text that are read: what tells items apart stands at its beginning, and a pasted document costs nobody a training."""
MOST_NUMBERS: Final = 6
"""Numbers of a text that are read; sizes have up to three, threads with tolerances up to six."""
SHORTEST, LONGEST = 2, 4
"""Lengths of the runs of characters."""

_NUMBER: Final = re.compile(r"(\d+(?:[.,]\d+)?)(?:\s*[-\s]\s*(\d+)/(\d+)|/(\d+))?")
_WORD: Final = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)?")


def numbers_in(text: str) -> list[float]:
    """The numbers of a text in order: `300x100x200`, `M8x1.25`, `1 1/2"` (1.5), `3/4` (0.75), `Ø30`, `2,5` (2.5)."""
    found = []
    for match in _NUMBER.finditer(text[:MOST_CHARACTERS]):
        whole, upper, lower, divisor = match.groups()
        number = float(whole[:18].replace(",", "."))
        if divisor is not None and float(divisor) > 0:
            number /= float(divisor)
        elif lower is not None and float(lower) > 0:
            number += float(upper) / float(lower)
        found.append(number)
        if len(found) == MOST_NUMBERS:
            break
    return found


def parts_of_text(text: str) -> list[str]:
    """Its words, marked by a leading `=`, and the runs of 2 to 4 characters within blanks; each as often as it occurs."""
    lowered = text[:MOST_CHARACTERS].lower()
    made = [f"={word}" for word in _WORD.findall(lowered)]
    for piece in lowered.split():
        padded = f" {piece} "
        for length in range(SHORTEST, LONGEST + 1):
            made += [padded[start : start + length] for start in range(len(padded) - length + 1)]
    return made
