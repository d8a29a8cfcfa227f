"""Routings proposed for a few items before their times are filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

MERGED: Final = -1
"""Stands for the neighbour, or the reference item, of a routing merged from all neighbours."""
COMPOSED: Final = -2
"""Stands for the neighbour of a routing whose operations no neighbour has together, and for the number of such a set of operations."""

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Drafts:
    """Proposed routings, items in order, best routing first.

    Attributes:
        query: int64 (routings); number of the item.
        slot: int64 (routings); which neighbour of the item it comes from; MERGED for the merged one,
            COMPOSED for one that nobody has.
        similarity: float64 (routings); of the neighbours behind it; NaN: that of the neighbour in `slot`.
        offsets: int64 (routings + 1); operations of routing r are [offsets[r], offsets[r + 1]).
        groups: int64 (operations); shared operation of each.
        rows: int64 (operations); row of the table whose machine and texts each has.
    """

    query: Integers
    slot: Integers
    similarity: Floats
    offsets: Integers
    groups: Integers
    rows: Integers


def running_number(sorted_values: Integers) -> Integers:
    """For each of ascending values how many equal ones come before it."""
    return np.arange(len(sorted_values)) - np.searchsorted(sorted_values, sorted_values)
