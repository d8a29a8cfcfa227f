"""Opening joblib and pickle files without running what they name: only listed classes are admitted.

Classes of the libraries that wrote a model (scikit-learn, faiss, the monolith's own) need not exist here: a stand-in takes their
attributes. NumPy arrays, compressed files and joblib's own array format are read directly, so that serving needs no joblib.
"""

from __future__ import annotations

import bz2
import io
import lzma
import pickle
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np

from common.errors import DataProblem

Allowed = Mapping[str, object]
"""`module.Class` or a pattern of it (`faiss.swigfaiss*.IndexHNSWFlat`) -> what stands for it here."""


class Record:
    """The attributes of a pickled object whose class is not needed."""

    def __init__(self, *arguments: object, **named: object) -> None:
        self.__dict__.update(named)
        if arguments:
            self.__dict__["arguments"] = arguments

    def __setstate__(self, state: object) -> None:
        if isinstance(state, tuple) and len(state) == 2 and isinstance(state[1], dict):  # attributes and slots
            self.__dict__.update(state[0] or {})
            self.__dict__.update(state[1])
        elif isinstance(state, dict):
            self.__dict__.update(state)
        else:
            self.__dict__["state"] = state


def stand_in(name: str) -> type[Record]:
    """A Record class of its own name, so that objects of different classes can be told apart."""
    return type(name, (Record,), {})


class DefaultDictionary(dict[Any, Any]):
    """Stands for collections.defaultdict: its entries, without what would make new ones."""

    def __init__(self, *_factory: object) -> None:
        super().__init__()


class _ArrayHeader(Record):
    """joblib's note that the bytes of an array follow it in the file."""

    subclass: object
    shape: tuple[int, ...]
    order: str
    dtype: np.dtype[Any]
    numpy_array_alignment_bytes: int | None


_NUMPY_SCALARS: Final = (
    "bool_",
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float16",
    "float32",
    "float64",
    "str_",
    "bytes_",
    "datetime64",
    "timedelta64",
    "object_",
)
_BUILTINS = (bool, int, float, complex, str, bytes, bytearray, list, tuple, dict, set, frozenset, slice, range, object)


def _always() -> dict[str, object]:
    plain: dict[str, object] = {f"builtins.{kind.__name__}": kind for kind in _BUILTINS}
    plain |= {f"__builtin__.{kind.__name__}": kind for kind in _BUILTINS}
    plain |= {f"numpy.{name}": getattr(np, name) for name in _NUMPY_SCALARS if hasattr(np, name)}
    plain |= {"numpy.ndarray": np.ndarray, "numpy.dtype": np.dtype, "collections.OrderedDict": OrderedDict}
    plain |= {"collections.defaultdict": DefaultDictionary}
    reconstruct, scalar = _numpy_constructors()
    for package in ("numpy.core", "numpy._core"):
        plain[f"{package}.multiarray._reconstruct"] = reconstruct
        plain[f"{package}.multiarray.scalar"] = scalar
        plain[f"{package}.numeric._frombuffer"] = _array_from_buffer
    plain["_codecs.encode"] = _encode
    plain["copyreg._reconstructor"] = plain["copy_reg._reconstructor"] = _reconstruct_object
    plain["joblib.numpy_pickle.NumpyArrayWrapper"] = _ArrayHeader
    return plain


def _numpy_constructors() -> tuple[object, object]:
    """The two functions by which pickles make arrays and scalars, whatever module this NumPy keeps them in."""
    array_maker = np.zeros(1).__reduce__()[0]
    scalar_maker = np.float64(0).__reduce__()[0]
    return array_maker, scalar_maker


def _array_from_buffer(data: Any, dtype: Any, shape: Any, order: Any) -> object:
    return np.frombuffer(data, dtype=dtype).reshape(shape, order=order)


def _encode(text: str, encoding: str = "utf-8", errors: str = "strict") -> bytes:
    return text.encode(encoding, errors)  # pickles of protocol 2 hold bytes as latin-1 text


def _reconstruct_object(kind: type, base: type, _state: object) -> object:
    if base is not object:
        raise pickle.UnpicklingError(f"an object built on {base.__name__} is not admitted")
    return object.__new__(kind)


_ALWAYS: Final = _always()


_PurePython: Any = pickle._Unpickler  # type: ignore[attr-defined,unused-ignore]


class _Unpickler(_PurePython):  # type: ignore[misc]
    """The pure-Python unpickler, since joblib puts array bytes between its instructions."""

    dispatch = dict(_PurePython.dispatch)

    def __init__(self, stream: BinaryIO, allowed: Allowed) -> None:
        super().__init__(stream)
        self._stream, self._allowed = stream, allowed

    def find_class(self, module: str, name: str) -> object:
        full = f"{module}.{name}"
        if full in _ALWAYS:
            return _ALWAYS[full]
        if full in self._allowed:
            return self._allowed[full]
        for pattern, replacement in self._allowed.items():
            if fnmatchcase(full, pattern):
                return replacement
        raise _ForeignClass(full)

    def get_extension(self, code: int) -> None:
        raise _ForeignClass(f"extension {code}")

    def persistent_load(self, pid: object) -> object:
        raise pickle.UnpicklingError(f"it refers to the outside object {pid!r}")

    def load_build(self) -> None:
        if callable(self.stack[-2]):
            raise pickle.UnpicklingError("it changes a class or a function")
        super().load_build()
        header = self.stack[-1]
        if isinstance(header, _ArrayHeader):
            self.stack[-1] = self._read_array(header)

    dispatch[pickle.BUILD[0]] = load_build

    def _read_array(self, header: _ArrayHeader) -> object:
        if header.dtype.hasobject:
            return _Unpickler(self._stream, self._allowed).load()
        if getattr(header, "numpy_array_alignment_bytes", None) is not None:
            padding = self._stream.read(1)
            self._stream.read(padding[0] if padding else 0)
        count = 1
        for length in header.shape:
            count *= int(length)
        data = self._stream.read(count * header.dtype.itemsize)
        if len(data) != count * header.dtype.itemsize:
            raise EOFError("the bytes of an array are cut off")
        array = np.frombuffer(bytearray(data), header.dtype)
        if header.order == "F":
            return array.reshape(header.shape[::-1]).transpose()
        return array.reshape(header.shape)


class _ForeignClass(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def load_joblib(path: Path, allowed: Allowed | None = None) -> Any:
    """The object in a joblib or pickle file, compressed (zlib, gzip, bz2, xz, lzma) or not.

    Args:
        allowed: classes to admit beside NumPy's and the plain builtins, and what stands for them.

    Raises:
        DataProblem: the file cannot be read or is damaged, or it names a class that is not admitted (reason FOREIGN_CLASS).
    """
    try:
        stream = io.BytesIO(_decompressed(path.read_bytes()))
        return _Unpickler(stream, allowed or {}).load()
    except _ForeignClass as error:
        raise DataProblem(
            f"{path} names the class {error.name}, which a model file of this kind has no use for; it was not opened. "
            "Restore the file from a trusted backup, or train again",
            reason="FOREIGN_CLASS",
            details={"path": path, "class": error.name},
        ) from None
    except OSError as error:
        raise DataProblem(f"{path} cannot be read ({error.strerror or error})", details={"path": path}) from error
    except Exception as error:  # a damaged pickle can fail in any way
        raise DataProblem(
            f"{path} is no joblib file that can be read ({type(error).__name__}: {error}): restore it from a backup, "
            "or train again",
            reason="ARTIFACT_DAMAGED",
            details={"path": path},
        ) from error


def read_feature_columns(path: Path) -> list[str]:
    """The names in a feature_columns.joblib.

    Raises:
        DataProblem: it holds something else; names the file.
    """
    names = load_joblib(path)
    if isinstance(names, np.ndarray):
        names = names.tolist()
    if not isinstance(names, list | tuple) or not names or not all(isinstance(name, str) for name in names):
        raise DataProblem(
            f"{path} holds {type(names).__name__}, not a list of the names of the features: restore it from a backup, or train "
            "again",
            reason="ARTIFACT_UNUSABLE",
            details={"path": path},
        )
    return [str(name) for name in names]


def _decompressed(data: bytes) -> bytes:
    """What a joblib file holds, whichever compression its first bytes tell."""
    if data[:2] == b"\x1f\x8b":
        return zlib.decompress(data, wbits=31)
    if data[:1] == b"\x78":
        return zlib.decompress(data)
    if data[:2] == b"BZ":
        return bz2.decompress(data)
    if data[:6] == b"\xfd7zXZ\x00" or data[:3] == b"\x5d\x00\x00":
        return lzma.decompress(data)
    if data[:4] == b"\x04\x22\x4d\x18":
        raise ValueError("it is compressed with lz4, which this program does not read; write it again with zlib")
    if data[:2] == b"ZF":
        raise ValueError("joblib before 0.10 wrote it; load it there once and write it with a current joblib")
    return data
