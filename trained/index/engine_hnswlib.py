"""The hnswlib engine, an optional extra: its file is read into each process's memory, and ef is one setting for all threads."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from common.errors import DataProblem, PreconditionFailed
from common.files import replace, temporary_name
from trained.index.engine import ROWS_AT_ONCE, Positions, Progress, Vectors
from trained.index.native_paths import native_path


def _library() -> Any:
    try:
        import hnswlib
    except ImportError:
        raise PreconditionFailed(
            "The engine hnswlib is not installed here: install the package chroma-hnswlib, or use the engine faiss",
            reason="ENGINE_MISSING",
        ) from None
    return hnswlib


class HnswlibEngine:
    """An index of hnswlib over inner products."""

    name = "hnswlib"
    waits = False

    def __init__(self, index: Any, dimension: int, threads: int) -> None:
        self._index, self._dimension, self._threads = index, dimension, threads
        self._items = int(index.get_current_count())
        self._ef = 0
        self._ef_lock = threading.Lock()

    @classmethod
    def build(
        cls, vectors: Vectors, m: int, ef_construction: int, threads: int, on_progress: Progress | None
    ) -> HnswlibEngine:
        """Build a graph; see `trained.index.engine.build_index`."""
        total, dimension = vectors.shape
        threads = threads or os.cpu_count() or 1
        index = _library().Index(space="ip", dim=dimension)
        index.init_index(max_elements=total, M=m, ef_construction=ef_construction)
        index.set_num_threads(threads)
        for start in range(0, total, ROWS_AT_ONCE):
            end = min(start + ROWS_AT_ONCE, total)
            index.add_items(vectors[start:end], np.arange(start, end))
            if on_progress:
                on_progress(end, total)
        return cls(index, dimension, threads)

    @classmethod
    def open(cls, path: Path, dimension: int, threads: int) -> HnswlibEngine:
        """Read a saved index.

        Raises:
            DataProblem: the file is no hnswlib index of this dimension.
        """
        index = _library().Index(space="ip", dim=dimension)
        try:
            index.load_index(_native(path))
            engine = cls(index, dimension, threads)
            if engine.items:
                index.get_items([0])
            return engine
        except (RuntimeError, ValueError, MemoryError) as error:
            raise DataProblem(
                f"{path} is no hnswlib index with {dimension} dimensions ({error}): restore it from a backup, "
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

    def search(
        self, queries: Vectors, k: int, ef_search: int, blocked: npt.NDArray[np.integer] | None = None
    ) -> tuple[Positions, Vectors]:
        barred = set() if blocked is None else set(blocked.tolist())
        found = min(k, self._items - len(barred))
        positions = np.full((len(queries), k), -1, np.int64)
        similarities = np.full((len(queries), k), -1.0, np.float32)
        if found <= 0 or len(queries) == 0:
            return positions, similarities
        options = {"filter": lambda label: label not in barred} if barred else {}
        threads = 1 if barred or len(queries) == 1 else self._threads
        with self._ef_lock:  # ef belongs to the index, not to the call
            if self._ef != max(ef_search, k):
                self._ef = max(ef_search, k)
                self._index.set_ef(self._ef)
            labels, distances = self._index.knn_query(queries, k=found, num_threads=threads, **options)
        positions[:, :found] = labels
        similarities[:, :found] = 1.0 - distances
        return positions, similarities

    def vectors(self, positions: npt.NDArray[np.integer]) -> Vectors:
        if len(positions) == 0:
            return np.zeros((0, self._dimension), np.float32)
        return np.asarray(self._index.get_items(positions.tolist()), np.float32)

    def touch(self) -> None:
        """Nothing: the index was read when it was opened."""

    def save(self, path: Path) -> None:
        temporary = temporary_name(path)
        try:
            self._index.save_index(_native(temporary))
            with open(temporary, "rb+") as stream:
                os.fsync(stream.fileno())
            replace(temporary, path)
        except RuntimeError as error:
            raise OSError(f"{path} cannot be written ({error})") from error
        finally:
            temporary.unlink(missing_ok=True)

    def close(self) -> None:
        self._index = None


def _native(path: Path) -> str:
    name = native_path(path)
    if name is None:
        raise DataProblem(
            f"hnswlib cannot open {path}: the folder's name has other than ASCII characters and the volume no short "
            "names. Move the models to a folder with an ASCII name (ROUTING_ML_MODELS_DIR), or train with faiss",
            reason="PATH_NOT_ASCII",
            details={"path": path},
        )
    return name
