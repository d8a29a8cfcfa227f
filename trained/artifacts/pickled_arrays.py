"""NumPy's part of a pickle, made anew from what the file says and never by NumPy's own unpickling.

A dtype's or an array's stored state reaches NumPy's C code unchecked where NumPy restores it itself: a dtype that hides a field of
objects makes it follow bytes of the file as addresses. Here a dtype is one of a few plain kinds, numbers come from exactly as many
bytes as they need, and objects from a list of objects.
"""

from __future__ import annotations

import math
import pickle
import re
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_PLAIN: Final = re.compile(r"[<>=|]?(b1|i[1248]|u[1248]|f[248]|[US]\d{1,9}|[mM]8)")
_UNITS: Final = frozenset(["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"])
_MOST_DIMENSIONS: Final = 8


class PickledDtype:
    """A dtype as a pickle names it: the kind first, then the byte order."""

    def __init__(self, *arguments: object) -> None:
        text = arguments[0] if arguments else None
        if isinstance(text, TypeName):
            text = text.code
        if not isinstance(text, str):
            raise pickle.UnpicklingError("a dtype without its kind")
        self.holds_objects = text in ("O", "O8", "|O", "|O8")
        if not self.holds_objects and not _PLAIN.fullmatch(text):
            raise pickle.UnpicklingError(f"a dtype of the kind {text[:40]!r}, which no model file needs")
        self._dtype = np.dtype(object if self.holds_objects else text)

    @property
    def dtype(self) -> np.dtype[Any]:
        """As NumPy has it."""
        return self._dtype

    def take_state(self, state: object) -> None:
        """The byte order, and the unit of a time.

        Raises:
            UnpicklingError: the state says more, or something else than the kind.
        """
        if not (isinstance(state, tuple) and len(state) in (8, 9)):
            raise pickle.UnpicklingError("a dtype whose state NumPy does not write")
        _version, order, subarray, names, fields, size, alignment, flags = state[:8]
        if subarray is not None or names is not None or fields is not None:
            raise pickle.UnpicklingError("a dtype with fields or subarrays, which no model file needs")
        if order not in ("<", ">", "|", "=") or flags != self._dtype.flags:
            raise pickle.UnpicklingError("a dtype whose state is not that of its kind")
        if size not in (-1, self._dtype.itemsize) or alignment not in (-1, self._dtype.alignment):
            raise pickle.UnpicklingError("a dtype whose size is not that of its kind")
        if self.holds_objects:
            return
        if len(state) == 9:
            self._dtype = _with_unit(self._dtype, state[8])
        self._dtype = self._dtype.newbyteorder(order)


def _with_unit(dtype: np.dtype[Any], metadata: object) -> np.dtype[Any]:
    if metadata is None:
        return dtype
    known = (
        isinstance(metadata, tuple) and len(metadata) == 2 and isinstance(metadata[1], tuple) and len(metadata[1]) == 4
    )
    unit, count = metadata[1][:2] if known and isinstance(metadata, tuple) else ("", 0)
    unit = unit.decode("latin-1") if isinstance(unit, bytes) else unit
    if dtype.kind not in "mM" or unit not in _UNITS or type(count) is not int or not 0 < count < 1_000_000:
        raise pickle.UnpicklingError("a dtype whose unit is none")
    return np.dtype(f"{dtype.kind}8[{count}{unit}]")


class TypeName:
    """A class that a pickle names as a value: inert, nothing can be made of it.

    Attributes:
        name: `module.Class`.
    """

    def __init__(self, name: str, code: str = "") -> None:
        self.name, self.code = name, code

    def __repr__(self) -> str:
        return f"<class {self.name}>"


class ArrayShell:
    """An array before its state has come."""

    def made(self, state: object) -> Array:
        """The array of a state as `ndarray.__reduce__` writes it.

        Raises:
            UnpicklingError: it is none, or its numbers do not fill it exactly.
        """
        if not (isinstance(state, tuple) and len(state) in (4, 5)):
            raise pickle.UnpicklingError("an array whose state NumPy does not write")
        shape, dtype, fortran, data = state[-4:]
        return filled(shape, dtype, "F" if fortran is True else "C", data)


def filled(shape: object, dtype: object, order: object, data: object) -> Array:
    """An array of a shape, filled from bytes or, where it holds objects, from a list.

    Raises:
        UnpicklingError: what is given is not exactly one array.
    """
    lengths = checked_shape(shape)
    if not isinstance(dtype, PickledDtype) or order not in ("C", "F"):
        raise pickle.UnpicklingError("an array without dtype or order")
    count = math.prod(lengths)
    if dtype.holds_objects:
        if type(data) is not list or len(data) != count:
            raise pickle.UnpicklingError("an array of objects without as many objects")
        array = np.empty(count, object)
        for place, thing in enumerate(data):
            array[place] = thing
    else:
        if not isinstance(data, bytes | bytearray):
            raise pickle.UnpicklingError("an array without bytes")
        if len(data) != count * dtype.dtype.itemsize:
            raise pickle.UnpicklingError(
                f"the bytes of an array are cut off, or too many ({len(data)} for {count} values)"
            )
        array = np.frombuffer(bytearray(data), dtype.dtype) if len(data) else np.zeros(count, dtype.dtype)
    if order == "F":
        return array.reshape(tuple(reversed(lengths))).transpose()
    return array.reshape(lengths)


def checked_shape(shape: object) -> tuple[int, ...]:
    """A shape as a tuple of lengths.

    Raises:
        UnpicklingError: it is none.
    """
    if not (isinstance(shape, tuple | list) and len(shape) <= _MOST_DIMENSIONS):
        raise pickle.UnpicklingError("an array without shape")
    if not all(type(length) is int and 0 <= length < 2**40 for length in shape):
        raise pickle.UnpicklingError("an array whose shape holds other than lengths")
    return tuple(shape)


def reconstruct(*arguments: object) -> ArrayShell:
    """Stands for `numpy.core.multiarray._reconstruct`."""
    kind = arguments[0] if arguments else None
    if not isinstance(kind, TypeName) or kind.name != "numpy.ndarray":
        raise pickle.UnpicklingError("an array of another class than ndarray")
    return ArrayShell()


def scalar(*arguments: object) -> Any:
    """Stands for `numpy.core.multiarray.scalar`: one number, text or time from its bytes."""
    if len(arguments) != 2 or not isinstance(arguments[0], PickledDtype) or arguments[0].holds_objects:
        raise pickle.UnpicklingError("a scalar that NumPy does not write")
    return filled((1,), arguments[0], "C", arguments[1])[0]


def from_buffer(*arguments: object) -> Array:
    """Stands for `numpy.core.numeric._frombuffer`."""
    if len(arguments) != 4:
        raise pickle.UnpicklingError("an array that NumPy does not write")
    data, dtype, shape, order = arguments
    return filled(shape, dtype, order, data)


NUMPY_TYPES: Final = {
    "bool_": "b1",
    "bool": "b1",
    "int8": "i1",
    "int16": "i2",
    "int32": "i4",
    "int64": "i8",
    "uint8": "u1",
    "uint16": "u2",
    "uint32": "u4",
    "uint64": "u8",
    "float16": "f2",
    "float32": "f4",
    "float64": "f8",
    "str_": "",
    "bytes_": "",
    "datetime64": "",
    "timedelta64": "",
    "object_": "O",
    "ndarray": "",
}
"""NumPy's classes that files name as values, with the code of the dtype."""


def is_texts(value: object) -> bool:
    """Whether a value is a list or a one-dimensional array of texts or numbers."""
    return _is_row(value) and all(is_scalar(one) for one in _items(value))


def is_numbers(value: object) -> bool:
    """Whether a value is a one-dimensional array of numbers."""
    return isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "biuf"


def is_scalar(value: object) -> bool:
    """Whether a value is one text, number or absence."""
    return value is None or isinstance(value, str | bytes | bool | int | float | np.generic)


def _is_row(value: object) -> bool:
    return isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim == 1)


def _items(value: Any) -> Sequence[object]:
    if isinstance(value, np.ndarray):
        return () if value.dtype.kind != "O" else value.tolist()
    return value  # type: ignore[no-any-return]
