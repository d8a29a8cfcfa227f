"""Encoded vectors of items given by their features, the least recently used forgotten first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Final

import numpy as np
import numpy.typing as npt

from common.errors import InvalidInput

LEAST_ENTRIES: Final = 1
MOST_ENTRIES: Final = 50_000

Vectors = npt.NDArray[np.float32]
Cells = Mapping[str, Sequence[str | float | None]]


class VectorCache:
    """A least-recently-used cache. Used from one thread.

    Attributes:
        hits: look-ups that found a vector, since the start.
        misses: look-ups that did not.
    """

    def __init__(self, capacity: int) -> None:
        self._entries: OrderedDict[bytes, Vectors] = OrderedDict()
        self._capacity = 0
        self.hits = 0
        self.misses = 0
        self.resize(capacity)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def capacity(self) -> int:
        """Entries it may hold."""
        return self._capacity

    def resize(self, capacity: int) -> None:
        """Change how many entries it may hold; what is too much is forgotten.

        Raises:
            InvalidInput: not within 1 to 50,000.
        """
        if not LEAST_ENTRIES <= capacity <= MOST_ENTRIES:
            raise InvalidInput(
                f"The cache cannot hold {capacity} vectors; {LEAST_ENTRIES} to {MOST_ENTRIES:,} are possible"
            )
        self._capacity = capacity
        while len(self._entries) > capacity:
            self._entries.popitem(last=False)

    def clear(self) -> None:
        """Forget all entries; the counts stay."""
        self._entries.clear()

    def get(self, key: bytes) -> Vectors | None:
        """The vector of a key, float32 (d,); None when it is not held."""
        vector = self._entries.get(key)
        if vector is None:
            self.misses += 1
            return None
        self.hits += 1
        self._entries.move_to_end(key)
        return vector

    def put(self, key: bytes, vector: Vectors) -> None:
        """Hold a vector; it is copied and must not be changed afterwards."""
        self._entries[key] = vector.copy()
        self._entries.move_to_end(key)
        if len(self._entries) > self._capacity:
            self._entries.popitem(last=False)


def row_keys(
    version: bytes, reads: Sequence[str], cells: Cells, rows: int, cell_key: Callable[[object], str]
) -> list[bytes]:
    """Hashes of rows of features as the encoder sees them: rows that are encoded alike have the same.

    Args:
        version: what tells the encoder from others.
        reads: features the encoder looks at; others do not count.
        cells: columns by name; a missing one counts as absent.
        cell_key: text of a value, equal for values that are encoded alike.
    """
    nothing = cell_key(None)
    columns = [
        [nothing] * rows if values is None else [cell_key(value) for value in values]
        for values in (cells.get(name) for name in reads)
    ]
    keys = []
    for row in zip(*columns, strict=True) if columns else ((),) * rows:
        digest = blake2b(version, digest_size=16)
        digest.update("\x1f".join(row).encode("utf-8", "surrogatepass"))
        keys.append(digest.digest())
    return keys
