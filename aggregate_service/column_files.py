"""Columns of a snapshot: one Arrow file each, mapped into memory and read row by row without a query.

Text (and dates, as ISO text) is dictionary-encoded; entry 0 of every dictionary is null. Numbers are float64 with NaN where absent.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from common.errors import DataProblem

DECODED_VALUES: Final = 50_000
"""Dictionaries up to this size are kept as Python text once they are used; larger ones stay mapped."""

Rows = npt.NDArray[np.integer]


class TextColumn:
    """A text column: `codes` (rows) into `values`, where 0 is null."""

    def __init__(self, name: str, codes: npt.NDArray[np.integer], values: pa.Array) -> None:
        self.name = name
        self.codes = codes
        self.values = values
        self._decoded: npt.NDArray[np.object_] | None = None

    def take(self, rows: Rows) -> list[str | None]:
        """Values of some rows, None where absent."""
        codes = self.codes[rows]
        if self._decoded is None and len(self.values) <= DECODED_VALUES:
            self._decoded = np.array([*self.values.to_pylist(), None], dtype=object)[:-1]
        if self._decoded is not None:
            return self._decoded[codes].tolist()  # type: ignore[no-any-return]
        return self.values.take(pa.array(codes.astype(np.int64))).to_pylist()  # type: ignore[no-any-return]


class NumberColumn:
    """A column of float64 values, NaN where absent."""

    def __init__(self, name: str, values: npt.NDArray[np.float64]) -> None:
        self.name = name
        self.values = values

    def take(self, rows: Rows) -> npt.NDArray[np.float64]:
        """Values of some rows."""
        return self.values[rows]


Column = TextColumn | NumberColumn


def smallest_codes(codes: npt.NDArray[np.integer], values: int) -> npt.NDArray[np.integer]:
    """Codes below `values` in the smallest type that holds them."""
    kind = np.uint8 if values <= 0xFF else np.uint16 if values <= 0xFFFF else np.int32
    return codes.astype(kind, copy=False)


def write_text_column(path: Path, codes: npt.NDArray[np.integer], values: Sequence[str | None]) -> None:
    """Write a text column; `values[0]` must be None."""
    small = smallest_codes(codes, len(values))
    write_array(path, pa.DictionaryArray.from_arrays(pa.array(small), pa.array(values, pa.large_string())))


def write_number_column(path: Path, values: npt.NDArray[np.float64]) -> None:
    """Write a column of numbers, NaN where absent."""
    write_array(path, pa.array(values))


def write_array(path: Path, array: pa.Array) -> None:
    """Write one Arrow array as a file of one record batch and make it durable."""
    schema = pa.schema([("value", array.type)])
    with open(path, "wb") as stream:
        with pa.ipc.new_file(stream, schema) as writer:
            writer.write_batch(pa.record_batch([array], schema))
        stream.flush()
        os.fsync(stream.fileno())


def write_numpy(path: Path, array: npt.NDArray[np.generic]) -> None:
    """Write a NumPy file and make it durable."""
    with open(path, "wb") as stream:
        np.save(stream, array)
        stream.flush()
        os.fsync(stream.fileno())


def map_numpy(path: Path) -> npt.NDArray[np.generic]:
    """Map a NumPy file as a plain read-only array.

    Raises:
        DataProblem: the file is missing or damaged.
    """
    try:
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError:
        try:
            mapped = np.load(path, allow_pickle=False)  # an empty array cannot be mapped
        except (OSError, ValueError) as error:
            raise _damaged(path, error) from error
    except OSError as error:
        raise _damaged(path, error) from error
    return np.asarray(mapped)


def map_array(path: Path) -> pa.Array:
    """Map the array of an Arrow file that `write_array` wrote.

    Raises:
        DataProblem: the file is missing or damaged.
    """
    try:
        batch = pa.ipc.open_file(pa.memory_map(str(path))).get_batch(0)
    except (OSError, pa.ArrowInvalid) as error:
        raise _damaged(path, error) from error
    return batch.column(0)


def map_column(path: Path, name: str) -> Column:
    """Map a column file.

    Raises:
        DataProblem: the file is missing or damaged.
    """
    array = map_array(path)
    if pa.types.is_dictionary(array.type):
        return TextColumn(name, cast(npt.NDArray[np.integer], _view(array.indices)), array.dictionary)
    return NumberColumn(name, cast(npt.NDArray[np.float64], _view(array)))


def _view(array: pa.Array) -> npt.NDArray[np.generic]:
    if not len(array):
        return np.zeros(0, array.type.to_pandas_dtype())
    view: npt.NDArray[np.generic] = array.to_numpy(zero_copy_only=True)
    return view


def _damaged(path: Path, error: Exception) -> DataProblem:
    return DataProblem(
        f"The snapshot file {path} cannot be read ({error}): refresh the snapshot", details={"path": path}
    )
