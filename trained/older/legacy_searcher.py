"""Reading the pickled searchers of the monolith: whichever index they hold, its vectors and item codes come out of it.

A graph or a flat table of faiss is used as it is. Other indexes that keep whole vectors (inverted lists, id maps, hnswlib) are built
anew from them; those that keep only compressed vectors are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from common.errors import DataProblem
from trained.artifacts.pickled_arrays import is_texts
from trained.artifacts.stand_ins import anything, opaque, stand_in
from trained.artifacts.unpickler import StoredFile, unpickled
from trained.encoding.encoder_directions import scaled_to_unit
from trained.index.engine import EF_CONSTRUCTION, M, Vectors
from trained.index.engine_faiss import FaissEngine, engine_from_bytes

FLAT_ITEMS: Final = 20_000
"""Most items that an index built here compares with one by one."""
UNIT_SLACK: Final = 1e-3


def _bytes(value: object) -> bool:
    return isinstance(value, bytes | bytearray) or (isinstance(value, np.ndarray) and value.dtype == np.uint8)


def _whole_number(value: object) -> bool:
    return isinstance(value, int | np.integer)


def _matrix(value: object) -> bool:
    return isinstance(value, list | np.ndarray) and np.asarray(value).dtype.kind in "fiu"


HnswSearch = stand_in("HNSWSearch", {"index": anything, "item_codes": is_texts})
BruteForceSearch = stand_in("EfficientSimilaritySearch", {"vectors": _matrix, "item_codes": is_texts})
FaissIndex = stand_in("FaissIndex", {"this": _bytes})
HnswlibIndex = stand_in(
    "HnswlibIndex",
    {
        **dict.fromkeys(
            ("cur_element_count", "dim", "size_data_per_element", "offset_data", "label_offset"), _whole_number
        ),
        "has_deletions": lambda value: isinstance(value, bool | int),
        "data_level0": lambda value: isinstance(value, np.ndarray) and value.dtype.itemsize == 1,
    },
    boxed=True,
)

SEARCHER_CLASSES: Final = {
    "*.HNSWSearch": HnswSearch,
    "*.EfficientSimilaritySearch": BruteForceSearch,
    "faiss.swigfaiss*.Index*": FaissIndex,
    "faiss.Index*": FaissIndex,
    "hnswlib.Index": HnswlibIndex,
    # What searchers carry beside their index, and nobody reads here.
    "logging.getLogger": opaque("Logger"),
    "logging.Logger": opaque("Logger"),
    **{
        f"{module}.{name}": opaque(name)
        for module in ("pathlib", "pathlib._local")  # the latter is where Python 3.13 says that they are
        for name in ("PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath")
    },
    **{f"datetime.{name}": opaque(name) for name in ("datetime", "date", "timedelta", "timezone")},
}


def read_searcher(stored: StoredFile, threads: int) -> tuple[FaissEngine, list[str]]:
    """The index and the item codes of a pickled searcher, in memory.

    Raises:
        DataProblem: it is none, is damaged, or holds an index without whole vectors; names the file.
    """
    path = stored.path
    searcher = unpickled(stored, SEARCHER_CLASSES)
    if not isinstance(searcher, HnswSearch | BruteForceSearch):
        raise DataProblem(
            f"{path} holds {type(searcher).__name__}, not an HNSWSearch or an EfficientSimilaritySearch: restore it from a "
            "backup, or train again",
            reason="ARTIFACT_UNUSABLE",
            details={"path": path},
        )
    state = vars(searcher)
    try:
        codes = [str(code) for code in state["item_codes"]]
        if isinstance(searcher, BruteForceSearch):
            vectors = np.asarray(state["vectors"], np.float32).reshape(len(codes), -1) if codes else None
            engine = None if vectors is None else FaissEngine.flat(_finite(vectors))
        else:
            engine = _engine_of(state["index"], threads)
    except (KeyError, TypeError, ValueError, DataProblem) as error:
        said = error.message if isinstance(error, DataProblem) else f"{type(error).__name__}: {error}"
        raise DataProblem(
            f"{path} holds a {type(searcher).__name__} that cannot be used ({said}): restore it from a backup, or train again",
            reason="ARTIFACT_DAMAGED",
            details={"path": path},
        ) from error
    _check(path, engine, codes)
    assert engine is not None
    return engine, codes


def _check(path: Path, engine: FaissEngine | None, codes: list[str]) -> None:
    if engine is None or not engine.items:
        wrong = "has no items"
    elif len(codes) != engine.items:
        wrong = f"has {len(codes)} item codes for {engine.items} vectors"
    else:
        return
    raise DataProblem(
        f"{path} {wrong}: restore it from a backup, or train again",
        reason="ARTIFACT_DAMAGED",
        details={"path": path},
    )


def _engine_of(index: Any, threads: int) -> FaissEngine:
    if isinstance(index, HnswlibIndex):
        return _built(_hnswlib_vectors(vars(index)), threads)
    if isinstance(index, FaissIndex):
        index = vars(index)["this"]
    if isinstance(index, np.ndarray):
        index = index.tobytes()
    if not isinstance(index, bytes | bytearray):
        raise TypeError(f"its index is {type(index).__name__}, neither of faiss nor of hnswlib")
    loaded = engine_from_bytes(bytes(index), threads)
    if not isinstance(loaded, FaissEngine):
        return _built(loaded, threads)
    lengths = np.linalg.norm(loaded.stored, axis=1)
    return loaded if (np.abs(lengths - 1) < UNIT_SLACK).all() else _built(loaded.stored, threads)


def _finite(vectors: Vectors) -> Vectors:
    """The vectors scaled to length 1.

    Raises:
        ValueError: one holds NaN or infinity.
    """
    unfit = ~np.isfinite(vectors).all(axis=1)
    if unfit.any():
        raise ValueError(f"the vector at place {int(unfit.argmax())} holds NaN or infinity")
    return scaled_to_unit(vectors)


def _built(vectors: Vectors, threads: int) -> FaissEngine:
    unit = _finite(vectors)
    if len(unit) <= FLAT_ITEMS:
        return FaissEngine.flat(unit)
    return FaissEngine.build(unit, M, EF_CONSTRUCTION, threads, None)


def _hnswlib_vectors(state: Mapping[str, Any]) -> Vectors:
    """Vectors by label from the lowest level of a graph as hnswlib pickles it: links, vector and label of each item in a row of bytes."""
    if state.get("has_deletions"):
        raise ValueError("its hnswlib index has deleted items")
    count, dimension = int(state["cur_element_count"]), int(state["dim"])
    size, at, label_at = (int(state[name]) for name in ("size_data_per_element", "offset_data", "label_offset"))
    rows = np.asarray(state["data_level0"]).view(np.uint8)[: count * size].reshape(count, size)
    labels = rows[:, label_at : label_at + 8].copy().view("<u8").reshape(-1).astype(np.int64)
    vectors = rows[:, at : at + 4 * dimension].copy().view("<f4").reshape(count, dimension)
    if not np.array_equal(np.sort(labels), np.arange(count)):
        raise ValueError("the labels of its hnswlib index are not the places of its item codes")
    return vectors[np.argsort(labels)]
