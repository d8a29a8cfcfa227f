"""Items that appeared, changed or vanished after the training: searched exactly beside the big index until the next training.

The delta lies in one file of the state folder, so that it outlives the process and all workers of a version share it: whoever
changes it writes the file under a lock, and every process reads it again when it has changed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from filelock import FileLock, Timeout

from common.errors import DataProblem, TooManyRequests, Unavailable
from common.files import writing
from common.logs import get_logger
from plant.item_keys import item_key
from trained.item_codes import ItemCodeIndex

log = get_logger(__name__)

MOST_ITEMS: Final = 50_000
LOOK_EVERY_SECONDS: Final = 0.25
LOCK_SECONDS: Final = 20.0
SAME: Final = 1e-5

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Delta:
    """A state of the delta. Immutable: a change makes another one.

    Attributes:
        codes: item codes as stored, d.
        vectors: float32 (d, dimension).
        hidden: positions in the big index that must not be found (removed, or newer here), ascending int64.
        places: item key -> position among `codes`.
    """

    codes: tuple[str, ...]
    vectors: Vectors
    hidden: npt.NDArray[np.int64]
    places: dict[str, int]

    @property
    def empty(self) -> bool:
        """Whether nothing differs from the training."""
        return not self.codes and not len(self.hidden)


def made_delta(codes: Sequence[str], vectors: Vectors, hidden: npt.NDArray[np.int64]) -> Delta:
    """A delta of its parts."""
    return Delta(tuple(codes), vectors, hidden, {item_key(code): place for place, code in enumerate(codes)})


class DeltaIndex:
    """The delta of one version.

    Args:
        path: its file; None: it lives in this process only.
        main: codes of the big index.
        dimension: length of a vector.
    """

    def __init__(self, path: Path | None, main: ItemCodeIndex, dimension: int) -> None:
        self._path, self._main, self._dimension = path, main, dimension
        self._empty = made_delta((), np.zeros((0, dimension), np.float32), np.zeros(0, np.int64))
        self._state = self._empty
        self._stamp: tuple[int, int] | None = None
        self._looked = 0.0

    def hold(self, state: Delta) -> None:
        """Have the state that another process has; of a delta that lives in this process only."""
        self._state = state

    def current(self) -> Delta:
        """The delta now; what another process has written is seen within a quarter of a second."""
        if self._path is not None:
            now = time.monotonic()
            if now - self._looked > LOOK_EVERY_SECONDS:
                self._looked = now
                self._read_if_changed(self._path)
        return self._state

    def change(
        self, codes: Sequence[str], vectors: Vectors, stored: Vectors, removed: Sequence[str]
    ) -> tuple[Delta, int]:
        """Take over items and removals; returns the delta afterwards and how many items were new or changed.

        Args:
            codes: items, n; of several with the same key the last counts.
            vectors: their vectors, float32 (n, dimension).
            stored: their vectors in the big index, float32 (n, dimension); zeros where it does not have them.
            removed: codes that must not be found any more.

        Raises:
            TooManyRequests: the delta would be larger than it may be.
            Unavailable: another process holds the delta for too long.
            OSError: the file cannot be written.
        """
        if self._path is None:
            self._state, accepted = self._changed(self._state, codes, vectors, stored, removed)
            return self._state, accepted
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(str(self._path) + ".lock", timeout=LOCK_SECONDS):
                self._read_if_changed(self._path)
                self._state, accepted = self._changed(self._state, codes, vectors, stored, removed)
                self._write(self._path)
        except Timeout:
            raise Unavailable("Another process is changing the delta index; try again", retry_after=5.0) from None
        return self._state, accepted

    def _changed(
        self, before: Delta, codes: Sequence[str], vectors: Vectors, stored: Vectors, removed: Sequence[str]
    ) -> tuple[Delta, int]:
        held: dict[str, tuple[str, Vectors]] = {
            item_key(code): (code, before.vectors[place]) for place, code in enumerate(before.codes)
        }
        hidden = set(before.hidden.tolist())
        accepted = 0
        for code, position in zip(removed, self._main.find_many(removed).tolist(), strict=True):
            held.pop(item_key(code), None)
            if position >= 0:
                hidden.add(position)
        for row, position in enumerate(self._main.find_many(codes).tolist()):
            key = item_key(codes[row])
            old = held.get(key)
            known = old[1] if old else stored[row] if position >= 0 and position not in hidden else None
            if known is not None and float(known @ vectors[row]) > 1.0 - SAME:
                continue
            accepted += 1
            if position >= 0 and float(stored[row] @ vectors[row]) > 1.0 - SAME:
                held.pop(key, None)  # back to what it was at the training
                hidden.discard(position)
                continue
            held[key] = (codes[row], vectors[row].copy())
            if position >= 0:
                hidden.add(position)
        if len(held) > MOST_ITEMS:
            raise TooManyRequests(
                f"The delta index would hold {len(held):,} items; {MOST_ITEMS:,} is the most: train a new version"
            )
        matrix = np.array([vector for _code, vector in held.values()], np.float32).reshape(-1, self._dimension)
        return made_delta([code for code, _v in held.values()], matrix, np.array(sorted(hidden), np.int64)), accepted

    def _read_if_changed(self, path: Path) -> None:
        try:
            facts = path.stat()
        except OSError:
            self._state, self._stamp = (self._empty, None) if self._stamp else (self._state, None)
            return
        stamp = (facts.st_mtime_ns, facts.st_size)
        if stamp == self._stamp:
            return
        try:
            self._state = self._read(path)
            self._stamp = stamp
        except (OSError, ValueError, KeyError, EOFError, DataProblem) as error:
            log.warning("the delta index cannot be read and is left out", path=str(path), error=str(error))
            self._stamp = stamp

    def _read(self, path: Path) -> Delta:
        with np.load(path, allow_pickle=False) as parts:
            text = parts["codes"].tobytes().decode("utf-8", "surrogatepass")
            codes, vectors, hidden = text.split("\0")[:-1], parts["vectors"], parts["hidden"]
        fits = vectors.shape == (len(codes), self._dimension) and (not len(hidden) or hidden.max() < len(self._main))
        if not fits:
            raise DataProblem(f"{path} does not belong to this version")
        return made_delta(codes, np.ascontiguousarray(vectors, np.float32), hidden.astype(np.int64))

    def _write(self, path: Path) -> None:
        text = "".join(f"{code}\0" for code in self._state.codes).encode("utf-8", "surrogatepass")
        with writing(path) as stream:
            np.savez(
                stream,
                codes=np.frombuffer(text, np.uint8),
                vectors=self._state.vectors,
                hidden=self._state.hidden,
            )
        facts = path.stat()
        self._stamp = (facts.st_mtime_ns, facts.st_size)
