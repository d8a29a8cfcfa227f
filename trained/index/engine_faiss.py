"""The faiss engine: an HNSW graph whose file is mapped, so that processes share its pages and start at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import faiss as _faiss
import numpy as np
import numpy.typing as npt

from common.errors import DataProblem
from common.files import replace, temporary_name
from trained.index.engine import ROWS_AT_ONCE, Positions, Progress, Vectors
from trained.index.native_paths import native_path

faiss: Any = _faiss  # its own annotations lack what its Python layer adds

MOST_WIDTHS = 64
"""Widths of searches whose parameters are kept: making them costs as much as a tenth of a search."""
PAGE_FLOATS = 1024
"""Numbers of float32 in a page of memory."""


class FaissEngine:
    """An index of faiss over inner products, or an older one over L2 distances or without graph."""

    name = "faiss"
    waits = False

    def __init__(self, index: Any, threads: int) -> None:
        """Args:
        index: a faiss index with a flat storage.
        threads: for batches of queries.
        """
        self._index = index
        self._threads = threads
        self._is_graph = hasattr(index, "hnsw")
        self._is_distance = index.metric_type == faiss.METRIC_L2
        self._items, self._dimension = int(index.ntotal), int(index.d)
        storage = faiss.downcast_index(index.storage) if self._is_graph else index
        flat = faiss.rev_swig_ptr(storage.get_xb(), self._items * self._dimension)
        self._parameters: dict[int, Any] = {}
        self._stored: Vectors = flat.reshape(self._items, self._dimension)

    @classmethod
    def build(
        cls, vectors: Vectors, m: int, ef_construction: int, threads: int, on_progress: Progress | None
    ) -> FaissEngine:
        """Build a graph; see `trained.index.engine.build_index`."""
        total, dimension = vectors.shape
        index = faiss.IndexHNSWFlat(dimension, m, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = ef_construction
        faiss.omp_set_num_threads(threads or os.cpu_count() or 1)
        for start in range(0, total, ROWS_AT_ONCE):
            index.add(vectors[start : start + ROWS_AT_ONCE])
            if on_progress:
                on_progress(min(start + ROWS_AT_ONCE, total), total)
        return cls(index, threads or os.cpu_count() or 1)

    @classmethod
    def flat(cls, vectors: Vectors) -> FaissEngine:
        """An index that compares with every vector: exact, for few items and for brute-force versions."""
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(vectors)
        return cls(index, 1)

    @classmethod
    def open(cls, path: Path, threads: int) -> FaissEngine:
        """Map a saved index.

        Raises:
            DataProblem: the file is no faiss index.
        """
        try:
            name = native_path(path)
            if name is not None:
                return cls(faiss.read_index(name, faiss.IO_FLAG_MMAP_IFC), threads)
            with open(path, "rb") as stream:  # into memory of this process; the file cannot be named to faiss
                return cls(faiss.read_index(faiss.PyCallbackIOReader(stream.read)), threads)
        except (RuntimeError, AttributeError) as error:
            raise DataProblem(
                f"{path} is no faiss index that can be searched ({_first_line(error)}): restore it from a backup, "
                "or train again",
                reason="ARTIFACT_DAMAGED",
                details={"path": path},
            ) from error

    @property
    def items(self) -> int:
        return self._items

    @property
    def dimension(self) -> int:
        return self._dimension

    @property
    def stored(self) -> Vectors:
        """All stored vectors without copying, float32 (items, dimension); not to be kept beyond `close`."""
        return self._stored

    def search(
        self, queries: Vectors, k: int, ef_search: int, blocked: npt.NDArray[np.integer] | None = None
    ) -> tuple[Positions, Vectors]:
        if blocked is not None and len(blocked):
            parameters = self._parameters_for(ef_search, self._selector_without(blocked))
        else:
            parameters = self._parameters.get(ef_search)
            if parameters is None:
                parameters = self._parameters_for(ef_search, None)
                if len(self._parameters) < MOST_WIDTHS:
                    self._parameters[ef_search] = parameters
        if len(queries) > 1:
            faiss.omp_set_num_threads(self._threads)
        queries = np.ascontiguousarray(queries, np.float32)
        count, width = queries.shape
        if width != self._dimension or k < 1:  # faiss would read what lies behind
            raise ValueError(
                f"a search for {k} items by vectors of {width} dimensions, in an index of {self._dimension}"
            )
        scores, positions = np.empty((count, k), np.float32), np.empty((count, k), np.int64)
        pointers = faiss.swig_ptr(queries), k, faiss.swig_ptr(scores), faiss.swig_ptr(positions)
        self._index.search_c(
            count, *pointers, parameters
        )  # what `search` does, which first looks through its arguments
        if self._is_distance:
            scores = 1.0 - scores / 2.0  # both vectors have length 1
        return positions, scores

    def _parameters_for(self, ef_search: int, selector: Any) -> Any:
        if self._is_graph:
            return faiss.SearchParametersHNSW(efSearch=ef_search, sel=selector)
        return faiss.SearchParameters(sel=selector)

    def _selector_without(self, blocked: npt.NDArray[np.integer]) -> Any:
        bits = np.full((self._items + 7) // 8, 255, np.uint8)
        np.bitwise_and.at(bits, blocked >> 3, ~np.left_shift(1, blocked & 7).astype(np.uint8))
        return faiss.IDSelectorBitmap(bits)

    def vectors(self, positions: npt.NDArray[np.integer]) -> Vectors:
        made: Vectors = self._stored[positions]
        return made

    def touch(self) -> None:
        self._stored.reshape(-1)[::PAGE_FLOATS].sum()

    def save(self, path: Path) -> None:
        temporary = temporary_name(path)
        try:
            with open(temporary, "wb") as stream:
                faiss.write_index(self._index, faiss.PyCallbackIOWriter(stream.write))
                stream.flush()
                os.fsync(stream.fileno())
            replace(temporary, path)
        except RuntimeError as error:
            raise OSError(f"{path} cannot be written ({_first_line(error)})") from error
        finally:
            temporary.unlink(missing_ok=True)

    def to_bytes(self) -> bytes:
        """The index as its file holds it."""
        made: bytes = faiss.serialize_index(self._index).tobytes()
        return made

    def close(self) -> None:
        self._stored = np.zeros((0, self._dimension), np.float32)
        self._index = None


def exact_nearest(vectors: Vectors, queries: Vectors, k: int) -> tuple[Vectors, Positions]:
    """The true k nearest of each query by comparing with all vectors: similarities (q, k) descending, positions (q, k)."""
    similarities, positions = faiss.knn(queries, vectors, k, metric=faiss.METRIC_INNER_PRODUCT)
    return similarities, positions


def engine_from_bytes(data: bytes, threads: int = 1) -> FaissEngine | Vectors:
    """The index that faiss serialised into bytes; its vectors in order, where another index has to be built from them.

    Raises:
        DataProblem: they are no index, or one that does not keep its vectors whole.
    """
    try:
        index = faiss.deserialize_index(np.frombuffer(data, np.uint8))
    except RuntimeError as error:
        raise DataProblem(f"its bytes are no faiss index ({_first_line(error)})") from error
    try:
        return FaissEngine(index, threads)
    except AttributeError:
        return _whole_vectors(index)


def _whole_vectors(index: Any) -> Vectors:
    """The vectors that an index keeps, in the order in which they were added."""
    kind = type(index).__name__
    try:
        if isinstance(index, faiss.IndexIDMap):  # IndexIDMap2 is one too
            labels = faiss.vector_to_array(index.id_map)
            if not np.array_equal(np.sort(labels), np.arange(index.ntotal)):
                raise DataProblem(f"the labels of its {kind} are not the places of its item codes")
            return _whole_vectors(faiss.downcast_index(index.index))[np.argsort(labels)]
        if isinstance(index, faiss.IndexIVFFlat):
            index.make_direct_map()
            kept: Vectors = index.reconstruct_n(0, index.ntotal)
            return kept
        if isinstance(index, faiss.IndexFlat | faiss.IndexHNSWFlat):
            return FaissEngine(index, 1).stored.copy()
    except RuntimeError as error:
        raise DataProblem(f"the vectors of its {kind} cannot be read ({_first_line(error)})") from error
    raise DataProblem(
        f"its faiss index is an {kind}, which does not keep vectors whole; those of IndexHNSWFlat, IndexFlat, IndexIVFFlat and "
        "IndexIDMap can be read"
    )


def _first_line(error: BaseException) -> str:
    """faiss puts file, line and function of its own source before what it means."""
    return str(error).splitlines()[0].rpartition(": ")[2]
