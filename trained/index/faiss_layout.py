"""What lies in the file of a faiss index, checked without faiss: a graph whose links lead out of it makes a search read foreign memory.

The layout is that of faiss's index_write.cpp for flat indexes ("IxFI", "IxF2") and graphs over them ("IHNf").
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from common.errors import DataProblem

_HEADER: Final = struct.Struct("<4siqqqBi")
_TAIL: Final = struct.Struct("<iiiii")
_COUNT: Final = struct.Struct("<Q")
FLAT: Final = {b"IxFI": 0, b"IxF2": 1}
"""Kinds without graph, and their metric (inner product, L2)."""
GRAPH: Final = b"IHNf"
MOST_DIMENSIONS: Final = 65_536
UNIT_SLACK: Final = 1e-2
ROWS_AT_ONCE: Final = 16_384


class _Reader:
    """Goes through a mapped file; every length is compared with what is left."""

    def __init__(self, data: npt.NDArray[np.uint8]) -> None:
        self._data, self.at = data, 0

    def unpack(self, form: struct.Struct) -> tuple[Any, ...]:
        return form.unpack(self._take(form.size).tobytes())

    def array(self, kind: str) -> npt.NDArray[Any]:
        (count,) = self.unpack(_COUNT)
        return self._take(count * np.dtype(kind).itemsize).view(kind)

    def vectors(self, items: int, dimension: int) -> npt.NDArray[np.float32]:
        (count,) = self.unpack(_COUNT)
        if count != items * dimension:
            raise ValueError(f"it has {count:,} numbers for {items:,} vectors of {dimension} dimensions")
        return self._take(count * 4).view("<f4").reshape(items, dimension)

    def _take(self, size: int) -> npt.NDArray[np.uint8]:
        if size > len(self._data) - self.at:
            raise ValueError("it is cut off, or a length in it is too large")
        part = self._data[self.at : self.at + size]
        self.at += size
        return part

    def end(self) -> None:
        if self.at != len(self._data):
            raise ValueError(f"it has {len(self._data) - self.at:,} bytes too many")


def check_faiss_file(path: Path) -> tuple[int, int]:
    """Items and dimensions of an index whose every link leads to an item of it, and whose vectors have length 1 (or 0).

    Raises:
        DataProblem: the file is no such index; says why.
    """
    try:
        data = np.memmap(path, np.uint8, "r") if path.stat().st_size else np.zeros(0, np.uint8)
        reader = _Reader(np.asarray(data))
        kind, items, dimension, metric = _header(reader)
        if kind == GRAPH:
            _check_graph(reader, items)
            inner, inner_items, inner_dimension, inner_metric = _header(reader)
            if inner not in FLAT or (inner_items, inner_dimension, inner_metric) != (items, dimension, metric):
                raise ValueError("its graph and its vectors do not belong together")
            kind = inner
        if FLAT[kind] != metric:
            raise ValueError("its kind and its metric do not fit")
        _check_vectors(reader.vectors(items, dimension))
        reader.end()
    except (OSError, ValueError, OverflowError, struct.error) as error:
        raise DataProblem(
            f"{path} is no faiss index that can be searched ({error}): restore it from a backup, or train again",
            reason="ARTIFACT_DAMAGED",
            details={"path": path},
        ) from error
    return items, dimension


def _header(reader: _Reader) -> tuple[bytes, int, int, int]:
    kind, dimension, items, _one, _other, trained, metric = reader.unpack(_HEADER)
    if kind != GRAPH and kind not in FLAT:
        raise ValueError(f"its kind is {kind!r}, neither a flat index nor a graph over one")
    if not (0 < dimension <= MOST_DIMENSIONS and 0 < items < 2**31 and trained == 1 and metric in (0, 1)):
        raise ValueError(f"its header tells of {items:,} vectors of {dimension:,} dimensions and metric {metric}")
    return kind, items, dimension, metric


def _check_graph(reader: _Reader, items: int) -> None:
    reader.array("<f8")  # chances of levels, for adding
    sizes, levels, offsets = reader.array("<i4"), reader.array("<i4"), reader.array("<u8")
    links = reader.array("<i4")
    entry, top, build_width, search_width, _beam = reader.unpack(_TAIL)
    if not len(sizes) or sizes[0] != 0 or (np.diff(sizes.astype(np.int64)) < 0).any():
        raise ValueError("the numbers of links by level do not rise")
    if len(levels) != items or len(offsets) != items + 1:
        raise ValueError(f"its graph has {len(levels):,} items, its header {items:,}")
    if not (0 <= top < len(sizes) - 1 and 0 <= entry < items and build_width > 0 and search_width > 0):
        raise ValueError("its graph begins outside of itself")
    if levels.min() < 1 or levels.max() > top + 1 or levels[entry] != top + 1:
        raise ValueError("items lie on levels that its graph does not have")
    wanted = np.concatenate(([0], np.cumsum(sizes[levels].astype(np.int64))))
    if not np.array_equal(offsets.astype(np.int64), wanted) or len(links) != int(wanted[-1]):
        raise ValueError("the places of links do not follow from the levels of the items")
    if len(links) and not (int(links.min()) >= -1 and int(links.max()) < items):
        raise ValueError("links lead to items that it does not have")
    _check_upper_links(sizes, levels, wanted, links, top)


def _check_upper_links(sizes: Any, levels: Any, starts: Any, links: Any, top: int) -> None:
    """On an upper level a link must lead to an item of that level: others keep no links for it."""
    for level in range(1, top + 1):
        members = np.flatnonzero(levels > level)
        places = starts[members][:, None] + np.arange(int(sizes[level]), int(sizes[level + 1]))[None, :]
        there = links[places.reshape(-1)]
        if (levels[there[there >= 0]] <= level).any():
            raise ValueError(f"links of level {level} lead to items that do not lie on it")


def _check_vectors(vectors: npt.NDArray[np.float32]) -> None:
    for start in range(0, len(vectors), ROWS_AT_ONCE):
        part = vectors[start : start + ROWS_AT_ONCE].astype(np.float64)
        lengths = np.sqrt((part**2).sum(axis=1))
        wrong = ~((np.abs(lengths - 1.0) < UNIT_SLACK) | (lengths == 0.0))  # NaN is wrong too
        if wrong.any():
            place = start + int(wrong.argmax())
            raise ValueError(f"the vector at place {place} has the length {lengths[wrong.argmax()]:g}, neither 1 nor 0")
