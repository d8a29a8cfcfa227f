"""Arrays in .npy and .npz files that others may have written: exactly of the type and shape that is wanted, or refused."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from common.errors import DataProblem


def map_array(path: Path, kind: npt.DTypeLike, dimensions: int = 1) -> npt.NDArray[Any]:
    """An array mapped from a .npy file; one without values is read.

    Args:
        kind: its type, in the byte order of this machine.
        dimensions: how many it has.

    Raises:
        DataProblem: the file is missing, damaged, of another type or shape, or longer or shorter than its header says.
    """
    try:
        with open(path, "rb") as stream:
            version = np.lib.format.read_magic(stream)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, fortran, dtype = read(stream)
            start, size = stream.tell(), os.fstat(stream.fileno()).st_size
        if dtype != np.dtype(kind) or len(shape) != dimensions or fortran:
            raise ValueError(f"it holds {dtype} of shape {shape}, not {np.dtype(kind)} of {dimensions} dimension(s)")
        count = 1
        for length in shape:
            count *= int(length)
        if start + count * dtype.itemsize != size:
            raise ValueError(f"its header tells of {count:,} values, the file has {size - start:,} bytes for them")
        if not count:
            return np.zeros(shape, dtype)
        return np.asarray(np.memmap(path, dtype, "r", start, shape))
    except Exception as error:  # NumPy's reading of a header can fail in any way
        raise _damaged(path, error) from error


def read_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a .npz file that is not compressed.

    Raises:
        DataProblem: it cannot be read, is compressed (it could hold any number of bytes then), or names an array twice.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if any(member.compress_type != zipfile.ZIP_STORED for member in members):
                raise ValueError("it is compressed")
            if len({member.filename for member in members}) != len(members):
                raise ValueError("it names an array twice")
            if sum(member.file_size for member in members) > path.stat().st_size:
                raise ValueError("its arrays are longer than it")
        with np.load(path, allow_pickle=False) as stored:
            made = {name: stored[name] for name in stored.files}
        if any(array.dtype.hasobject or array.dtype.names for array in made.values()):
            raise ValueError("it holds other than numbers")
        return made
    except Exception as error:  # so can that of an archive
        raise _damaged(path, error) from error


def of_kind(name: str, array: object, kind: str, shape: Sequence[int | None]) -> npt.NDArray[Any]:
    """An array of a kind (letters of NumPy's kinds) and shape (None: any length), all of it finite.

    Raises:
        ValueError: it is not.
    """
    if not isinstance(array, np.ndarray) or array.dtype.kind not in kind or len(array.shape) != len(shape):
        raise ValueError(f"{name} is not an array of {len(shape)} dimension(s) and its kind")
    if any(wanted is not None and length != wanted for length, wanted in zip(array.shape, shape, strict=True)):
        raise ValueError(
            f"{name} has the shape {array.shape} and not {tuple('any' if w is None else w for w in shape)}"
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"{name} holds NaN or infinity")
    return array


def within(name: str, array: object, least: int, most: int, shape: Sequence[int | None] = (None,)) -> npt.NDArray[Any]:
    """An array of whole numbers, all from `least` to below `most`.

    Raises:
        ValueError: it is not.
    """
    checked = of_kind(name, array, "iu", shape)
    if checked.size and not (int(checked.min()) >= least and int(checked.max()) < most):
        raise ValueError(
            f"{name} holds {int(checked.min())} to {int(checked.max())}; {least} to {most - 1} are possible"
        )
    return checked


def _damaged(path: Path, error: BaseException) -> DataProblem:
    return DataProblem(
        f"{path} cannot be read ({str(error)[:300] or type(error).__name__}): restore it from a backup, or train again",
        reason="ARTIFACT_DAMAGED",
        details={"path": path},
    )
