"""Index engines: graphs over vectors that find the nearest quickly. One protocol, three engines, named in the manifest.

Vectors are float32 of length 1 (L2); a similarity is their inner product, the cosine.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from common.errors import InvalidInput, PreconditionFailed

Vectors = npt.NDArray[np.float32]
Positions = npt.NDArray[np.int64]
Progress = Callable[[int, int], None]
"""Called with (vectors added, vectors in all) while an index is built."""

ENGINES: Final = ("faiss", "hnswlib", "pgvector")
M: Final = 16
EF_CONSTRUCTION: Final = 200
ROWS_AT_ONCE: Final = 4096
"""Vectors that are added between two reports of progress."""


class Engine(Protocol):
    """An index that answers. Safe to search from several threads; searching releases the interpreter lock."""

    name: str
    waits: bool
    """Whether a search waits for another process, so that it belongs into a thread."""

    @property
    def items(self) -> int:
        """Vectors in the index."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    def search(
        self, queries: Vectors, k: int, ef_search: int, blocked: npt.NDArray[np.integer] | None = None
    ) -> tuple[Positions, Vectors]:
        """The k nearest of each query.

        Args:
            queries: float32 (q, dimension), C-contiguous.
            ef_search: width of the graph search; more finds more and takes longer.
            blocked: positions that must not be found; None: none.

        Returns:
            positions int64 (q, k), -1 where fewer were found; similarities float32 (q, k), best first.
        """

    def vectors(self, positions: npt.NDArray[np.integer]) -> Vectors:
        """Stored vectors at positions, float32 (n, dimension)."""

    def touch(self) -> None:
        """Read every page once, so that no search waits for the disk."""

    def save(self, path: Path) -> None:
        """Write the index to `path`.

        Raises:
            OSError: the file cannot be written.
        """

    def close(self) -> None:
        """Let go of the file; the index cannot be used afterwards."""


def build_index(
    engine_name: str,
    vectors: Vectors,
    *,
    m: int = M,
    ef_construction: int = EF_CONSTRUCTION,
    threads: int = 0,
    on_progress: Progress | None = None,
) -> Engine:
    """Build an index over vectors.

    Args:
        engine_name: one of ENGINES.
        vectors: float32 (n, d), rows of length 1.
        m: links of a vector on each level (twice as many on the lowest).
        ef_construction: width of the search while building.
        threads: 0: all cores.
        on_progress: told how many vectors are in, after each few thousand.

    Raises:
        InvalidInput: no vectors, the wrong shape or type, or values that are no numbers.
        PreconditionFailed: the engine is not installed.
    """
    vectors = checked_vectors(vectors)
    if len(vectors) == 0:
        raise InvalidInput("There are no items to build an index of")
    if engine_name == "faiss":
        from trained.index.engine_faiss import FaissEngine

        return FaissEngine.build(vectors, m, ef_construction, threads, on_progress)
    if engine_name == "hnswlib":
        from trained.index.engine_hnswlib import HnswlibEngine

        return HnswlibEngine.build(vectors, m, ef_construction, threads, on_progress)
    if engine_name == "pgvector":
        from trained.index.engine_pgvector import PgvectorEngine

        return PgvectorEngine.build(vectors, m, ef_construction, threads, on_progress)
    raise _unknown(engine_name)


def open_index(engine_name: str, path: Path, dimension: int, *, threads: int = 1) -> Engine:
    """Open a saved index; faiss maps the file, hnswlib reads it, pgvector has it in a database.

    Args:
        dimension: length of a vector.
        threads: for batches of queries; 1 leaves the cores to other processes.

    Raises:
        PreconditionFailed: the engine is not installed, or there is no such file.
        DataProblem: the file is no index of this engine.
    """
    if engine_name not in ENGINES:
        raise _unknown(engine_name)
    if not path.is_file():
        raise PreconditionFailed(
            f"There is no index {path}: restore it from a backup, or activate another version",
            reason="ARTIFACT_MISSING",
            details={"path": path},
        )
    if engine_name == "faiss":
        from trained.index.engine_faiss import FaissEngine

        return FaissEngine.open(path, threads)
    if engine_name == "pgvector":
        from trained.index.engine_pgvector import PgvectorEngine

        return PgvectorEngine.open(path, dimension)
    from trained.index.engine_hnswlib import HnswlibEngine

    return HnswlibEngine.open(path, dimension, threads)


def index_file_name(engine_name: str) -> str:
    """Name of the index file of an engine in a version's folder."""
    return "index.faiss" if engine_name == "faiss" else f"index.{engine_name}"


def checked_vectors(vectors: Vectors, dimension: int | None = None) -> Vectors:
    """Vectors as C-contiguous float32 (n, d).

    Raises:
        InvalidInput: another shape or dimension, or a value that is no finite number.
    """
    array = np.ascontiguousarray(vectors, dtype=np.float32)
    if array.ndim != 2 or (dimension is not None and array.shape[1] != dimension):
        wanted = "two dimensions" if dimension is None else f"{dimension} dimensions a row"
        raise InvalidInput(f"The vectors have the shape {array.shape}; wanted are {wanted}")
    if len(array) and not np.isfinite(array.sum(axis=1)).all():
        row = int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])
        raise InvalidInput(f"Vector {row} has values that are no numbers (NaN or infinite)")
    return array


def _unknown(engine_name: str) -> InvalidInput:
    return InvalidInput(f"There is no index engine {engine_name!r}; there are {' and '.join(ENGINES)}")
