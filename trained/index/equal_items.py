"""Equal vectors held once with their items behind them, around any engine.

A graph whose nodes are hundreds of equals leads from one to the next and to nothing else: their neighbours are not found, nor are they.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from trained.index.engine import Engine, M, Positions, Vectors

FILE: Final = "equal_items.npz"
MANY_EQUAL: Final = M
"""Equals from which they are held once: as many as an item has links, so that none would be left to lead elsewhere."""


class EqualItems:
    """An engine over distinct vectors that answers with items. Among equals the order of `members` rules.

    Attributes:
        name: of the engine inside.
        distinct: the engine inside.
        number_of: distinct vector of each item, int32 (items,).
        members: the items, those of a distinct vector together, int32 (items,).
        starts: where those of distinct vector v begin in `members`, int64 (distinct + 1,).
    """

    def __init__(self, distinct: Engine, number_of: npt.NDArray[np.int32], members: npt.NDArray[np.int32]) -> None:
        self.distinct, self.number_of, self.members = distinct, number_of, members
        self.name, self.waits = distinct.name, distinct.waits
        self.starts = np.concatenate(([0], np.cumsum(np.bincount(number_of, minlength=distinct.items)))).astype(
            np.int64
        )

    @property
    def items(self) -> int:
        return len(self.number_of)

    @property
    def dimension(self) -> int:
        return self.distinct.dimension

    def search(
        self, queries: Vectors, k: int, ef_search: int, blocked: npt.NDArray[np.integer] | None = None
    ) -> tuple[Positions, Vectors]:
        hidden = np.zeros(self.items, np.bool_)
        if blocked is not None and len(blocked):
            hidden[blocked] = True
        left = np.bincount(self.number_of[~hidden], minlength=self.distinct.items)
        gone = np.flatnonzero(left == 0)
        found, similar = self.distinct.search(
            queries, min(k, self.distinct.items), max(ef_search, 1), gone if len(gone) else None
        )
        positions = np.full((len(queries), k), -1, np.int64)
        similarities = np.full((len(queries), k), -1.0, np.float32)
        for query in range(len(queries)):
            filled = 0
            for number, value in zip(found[query].tolist(), similar[query].tolist(), strict=True):
                if number < 0 or filled == k:
                    break
                own = self._some(number, k - filled, hidden)
                positions[query, filled : filled + len(own)] = own
                similarities[query, filled : filled + len(own)] = value
                filled += len(own)
        return positions, similarities

    def _some(self, number: int, most: int, hidden: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
        """The first items of a distinct vector that are not hidden."""
        start, end = int(self.starts[number]), int(self.starts[number + 1])
        members = self.members[start:end]
        if hidden[members[:most]].any():
            members = members[~hidden[members]]
        return members[:most]

    def vectors(self, positions: npt.NDArray[np.integer]) -> Vectors:
        return self.distinct.vectors(self.number_of[positions])

    def touch(self) -> None:
        self.distinct.touch()

    def save(self, path: Path) -> None:
        self.distinct.save(path)

    def close(self) -> None:
        self.distinct.close()


def equal_groups(
    vectors: Vectors, preferred: npt.NDArray[np.int64] | None = None
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.int32]] | None:
    """Where each distinct vector is first, and number_of and members of `EqualItems`; None where no vector has MANY_EQUAL items.

    Args:
        vectors: float32 (n, d).
        preferred: items in the order in which equals are answered; None: as they come.
    """
    rows = np.ascontiguousarray(vectors)
    width = rows.dtype.itemsize * rows.shape[1]
    encoded = pa.Array.from_buffers(pa.binary(width), len(rows), [None, pa.py_buffer(rows)]).dictionary_encode()
    number_of = encoded.indices.to_numpy().astype(np.int64)
    counts = np.bincount(number_of)
    first = np.zeros(len(counts), np.int64)
    first[number_of[::-1]] = np.arange(len(rows))[::-1]
    if not len(counts) or int(counts.max()) <= MANY_EQUAL:
        return None
    order = np.arange(len(vectors)) if preferred is None else preferred
    members = order[np.argsort(number_of[order], kind="stable")]
    return first, number_of.astype(np.int32), members.astype(np.int32)
