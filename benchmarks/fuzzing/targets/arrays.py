"""Arrays, several arrays in one file, and indexes of versions."""

from __future__ import annotations

import contextlib
import io
import tempfile
from pathlib import Path
from typing import Final

import faiss
import numpy as np

from common.errors import ServiceError
from trained.artifacts.array_files import map_array, read_arrays
from trained.index.faiss_layout import check_faiss_file


def _saved(**arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays) if len(arrays) > 1 else np.save(stream, *arrays.values())  # type: ignore[arg-type]
    return stream.getvalue()


def _index(graph: bool) -> bytes:
    vectors = np.eye(6, dtype=np.float32)
    index = faiss.IndexHNSWFlat(6, 2, faiss.METRIC_INNER_PRODUCT) if graph else faiss.IndexFlatIP(6)
    index.add(vectors)
    return bytes(faiss.serialize_index(index).tobytes())


SEEDS: Final = (
    _saved(a=np.arange(5, dtype=np.int32)),
    _saved(a=np.zeros(0, np.int32)),
    _saved(a=np.arange(5, dtype=np.int32), b=np.eye(2)),
    _index(True),
    _index(False),
)
_FILE: Final = Path(tempfile.mkdtemp(prefix="routing-ml-fuzzing-")) / "array"


def read(data: bytes) -> None:
    """Read it as each of them."""
    _FILE.unlink(missing_ok=True)  # what is still mapped must not shrink
    _FILE.write_bytes(data)
    for reader in (lambda path: map_array(path, np.int32).sum(), read_arrays, check_faiss_file):
        with contextlib.suppress(ServiceError):
            reader(_FILE)
