"""Opening joblib and pickle files without running what they name: a file may make plain values, arrays and stand-ins, nothing else.

Classes of the libraries that wrote a model (scikit-learn, faiss, the monolith's own) need not exist here. Every instruction of a
pickle that makes or changes an object is carried out by functions of this package, which admit what those classes' own writers
write. NumPy arrays, compressed files and joblib's own array format are read directly, so that serving needs no joblib.

Only a process that has locked itself down (`trained.older.model_reading`) opens such files.
"""

from __future__ import annotations

import bz2
import io
import lzma
import pickle
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np

from common.errors import DataProblem
from trained.artifacts import pickled_arrays
from trained.artifacts.pickled_arrays import ArrayShell, PickledDtype, TypeName, is_scalar
from trained.artifacts.stand_ins import Opaque, Record

Allowed = Mapping[str, type[Record]]
"""`module.Class` or a pattern of it (`faiss.swigfaiss*.IndexHNSWFlat`) -> what stands for it here."""


@dataclass(frozen=True)
class StoredFile:
    """What a file holds, and what errors call it by."""

    path: Path
    data: bytes

    @classmethod
    def read(cls, path: Path) -> StoredFile:
        """The file at a path.

        Raises:
            DataProblem: it cannot be read.
        """
        try:
            return cls(path, path.read_bytes())
        except OSError as error:
            raise DataProblem(f"{path} cannot be read ({error.strerror or error})", details={"path": path}) from error


class DefaultDictionary(dict[Any, Any]):
    """Stands for collections.defaultdict: its entries, without what would make new ones."""


class _Maker:
    """A function that a pickle may call."""

    def __init__(self, make: Callable[..., object]) -> None:
        self.make = make


class _ArrayHeader(Record):
    """joblib's note that the bytes of an array follow it in the file."""

    dtype: PickledDtype
    shape: tuple[int, ...]
    order: str
    numpy_array_alignment_bytes: int | None = None

    def take_state(self, state: object) -> None:
        super().take_state(state)
        if not {"subclass", "dtype", "shape", "order"} <= vars(self).keys():
            raise pickle.UnpicklingError("the note before an array is not whole")

    reads = {
        "subclass": lambda value: isinstance(value, TypeName) and value.name == "numpy.ndarray",
        "dtype": lambda value: isinstance(value, PickledDtype),
        "shape": lambda value: isinstance(pickled_arrays.checked_shape(value), tuple),
        "order": lambda value: value in ("C", "F"),
        "numpy_array_alignment_bytes": lambda value: value is None or (type(value) is int and 0 < value <= 4096),
    }


_TYPES: Final = ("bool", "int", "float", "complex", "str", "bytes", "list", "tuple", "dict", "object", "slice", "range")


def _always() -> dict[str, object]:
    plain: dict[str, object] = {}
    for module in ("builtins", "__builtin__"):
        plain |= {f"{module}.{name}": TypeName(f"builtins.{name}") for name in _TYPES}
        plain |= {f"{module}.set": _Maker(lambda items=(): set(_hashable(items)))}
        plain |= {f"{module}.frozenset": _Maker(lambda items=(): frozenset(_hashable(items)))}
        plain |= {f"{module}.bytearray": _Maker(_bytes_of)}
    plain |= {f"numpy.{name}": TypeName(f"numpy.{name}", code) for name, code in pickled_arrays.NUMPY_TYPES.items()}
    plain["numpy.dtype"] = _Maker(PickledDtype)
    for package in ("numpy.core", "numpy._core"):
        plain[f"{package}.multiarray._reconstruct"] = _Maker(pickled_arrays.reconstruct)
        plain[f"{package}.multiarray.scalar"] = _Maker(pickled_arrays.scalar)
        plain[f"{package}.numeric._frombuffer"] = _Maker(pickled_arrays.from_buffer)
    plain["collections.OrderedDict"] = _Maker(_ordered)
    plain["collections.defaultdict"] = _Maker(lambda *_factory: DefaultDictionary())
    plain["_codecs.encode"] = _Maker(_encode)
    plain["copyreg._reconstructor"] = plain["copy_reg._reconstructor"] = _Maker(_reconstruct_object)
    plain["joblib.numpy_pickle.NumpyArrayWrapper"] = _ArrayHeader
    return plain


def _hashable(items: object) -> Iterable[Any]:
    if not isinstance(items, list | tuple) or not all(is_scalar(item) for item in items):
        raise pickle.UnpicklingError("a set of other than texts and numbers")
    return items


def _ordered(items: object = ()) -> dict[Any, Any]:
    if not isinstance(items, list | tuple) or not all(isinstance(p, list | tuple) and len(p) == 2 for p in items):
        raise pickle.UnpicklingError("a dictionary that is not made of pairs")
    return {_key(key): value for key, value in items}


def _key(key: object) -> Any:
    if not is_scalar(key):
        raise pickle.UnpicklingError("a dictionary whose keys are not texts or numbers")
    return key


def _bytes_of(*arguments: object) -> bytearray:
    if len(arguments) == 1 and isinstance(arguments[0], bytes):
        return bytearray(arguments[0])
    return bytearray(_encode(*arguments)) if arguments else bytearray()


def _encode(*arguments: object) -> bytes:
    """Pickles of protocol 2 hold bytes as latin-1 text."""
    text = arguments[0] if arguments else None
    if not isinstance(text, str) or arguments[1:] not in ((), ("latin1",), ("latin-1",), ("utf-8",)):
        raise pickle.UnpicklingError("bytes that are not made of text")
    return text.encode(str(arguments[1]) if len(arguments) > 1 else "utf-8")


def _reconstruct_object(*arguments: object) -> Record:
    kind, base = arguments[0], arguments[1]
    if not (isinstance(base, TypeName) and base.name == "builtins.object"):
        raise pickle.UnpicklingError("an object built on another than object is not admitted")
    return _instance(kind, ())


def _instance(kind: object, arguments: tuple[object, ...]) -> Record:
    if not (isinstance(kind, type) and issubclass(kind, Record)):
        raise pickle.UnpicklingError("it makes an object of what is no admitted class")
    if arguments and not issubclass(kind, Opaque):
        raise pickle.UnpicklingError(f"its {kind.__name__} is made with arguments, which its writer does not give")
    return kind()


_ALWAYS: Final = _always()


_PurePython: Any = pickle._Unpickler  # type: ignore[attr-defined,unused-ignore]


class _Unpickler(_PurePython):  # type: ignore[misc]
    """The pure-Python unpickler, since joblib puts array bytes between its instructions and each of them is checked here."""

    dispatch = dict(_PurePython.dispatch)

    def __init__(self, stream: BinaryIO, allowed: Allowed) -> None:
        super().__init__(stream)
        self._stream, self._allowed = stream, allowed
        self._shells: dict[int, list[int]] = {}

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
        raise pickle.UnpicklingError("it refers to an object outside of it")

    def load_reduce(self) -> None:
        arguments = self.stack.pop()
        self.stack[-1] = _called(self.stack[-1], arguments)

    def load_newobj(self) -> None:
        arguments = self.stack.pop()
        self.stack[-1] = _instance(self.stack[-1], tuple(arguments))

    def load_newobj_ex(self) -> None:
        named = self.stack.pop()
        arguments = self.stack.pop()
        self.stack[-1] = _instance(self.stack[-1], (*arguments, *named))

    def _instantiate(self, kind: object, arguments: list[object]) -> None:
        self.append(_called(kind, tuple(arguments)))

    def load_build(self) -> None:
        state = self.stack.pop()
        thing = self.stack[-1]
        if isinstance(thing, ArrayShell):
            self.stack[-1] = array = thing.made(state)
            for place in self._shells.pop(id(thing), ()):  # what refers to it later means the array
                self.memo[place] = array
        elif isinstance(thing, PickledDtype | Record):
            thing.take_state(state)
            if isinstance(thing, _ArrayHeader):
                self.stack[-1] = self._read_array(thing)
        elif state:
            raise pickle.UnpicklingError(f"it changes a {type(thing).__name__}")

    def load_append(self) -> None:
        value = self.stack.pop()
        self._target(list).append(value)

    def load_appends(self) -> None:
        items = self.pop_mark()
        self._target(list).extend(items)

    def load_setitem(self) -> None:
        value = self.stack.pop()
        key = self.stack.pop()
        self._target(dict, DefaultDictionary)[_key(key)] = value

    def load_setitems(self) -> None:
        items = self.pop_mark()
        self._target(dict, DefaultDictionary).update(
            (_key(items[at]), items[at + 1]) for at in range(0, len(items) - 1, 2)
        )

    def load_dict(self) -> None:
        items = self.pop_mark()
        self.append({_key(items[at]): items[at + 1] for at in range(0, len(items) - 1, 2)})

    def load_additems(self) -> None:
        items = self.pop_mark()
        self._target(set).update(_hashable(items))

    def load_frozenset(self) -> None:
        self.append(frozenset(_hashable(self.pop_mark())))

    def load_bytearray8(self) -> None:
        length = int.from_bytes(self.read(8), "little")
        self.append(bytearray(self.read(length)))  # read before it is made: a length may lie

    def _target(self, *kinds: type) -> Any:
        thing = self.stack[-1]
        if type(thing) not in kinds:
            raise pickle.UnpicklingError(f"it puts things into a {type(thing).__name__}")
        return thing

    def _put(self, place: int) -> None:
        thing = self.stack[-1]
        self.memo[place] = thing
        if isinstance(thing, ArrayShell):
            self._shells.setdefault(id(thing), []).append(place)

    def load_put(self) -> None:
        self._put(int(self.readline()[:-1]))

    def load_binput(self) -> None:
        self._put(self.read(1)[0])

    def load_long_binput(self) -> None:
        self._put(int.from_bytes(self.read(4), "little"))

    def load_memoize(self) -> None:
        self._put(len(self.memo))

    def _read_array(self, header: _ArrayHeader) -> object:
        if header.dtype.holds_objects:
            made = _Unpickler(self._stream, self._allowed).load()
            if not isinstance(made, np.ndarray) or made.shape != tuple(header.shape):
                raise pickle.UnpicklingError("an array of objects is not the one that was announced")
            return made
        if header.numpy_array_alignment_bytes is not None:
            padding = self._stream.read(1)
            self._stream.read(padding[0] if padding else 0)
        size = header.dtype.dtype.itemsize
        for length in header.shape:
            size *= length
        return pickled_arrays.filled(header.shape, header.dtype, header.order, self._stream.read(size))

    for _code, _load in (
        (pickle.REDUCE, load_reduce),
        (pickle.NEWOBJ, load_newobj),
        (pickle.NEWOBJ_EX, load_newobj_ex),
        (pickle.BUILD, load_build),
        (pickle.APPEND, load_append),
        (pickle.APPENDS, load_appends),
        (pickle.SETITEM, load_setitem),
        (pickle.SETITEMS, load_setitems),
        (pickle.DICT, load_dict),
        (pickle.ADDITEMS, load_additems),
        (pickle.FROZENSET, load_frozenset),
        (pickle.BYTEARRAY8, load_bytearray8),
        (pickle.PUT, load_put),
        (pickle.BINPUT, load_binput),
        (pickle.LONG_BINPUT, load_long_binput),
        (pickle.MEMOIZE, load_memoize),
    ):
        dispatch[_code[0]] = _load
    del _code, _load


def _called(what: object, arguments: object) -> object:
    if type(arguments) is not tuple:
        raise pickle.UnpicklingError("it calls something without arguments")
    if isinstance(what, TypeName) and what.name == "builtins.bytes" and not arguments:
        return b""  # how protocol 2 writes it
    return what.make(*arguments) if isinstance(what, _Maker) else _instance(what, arguments)


class _ForeignClass(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def load_joblib(path: Path, allowed: Allowed | None = None) -> Any:
    """The object in a joblib or pickle file, as `unpickled` gives it."""
    return unpickled(StoredFile.read(path), allowed)


def unpickled(stored: StoredFile, allowed: Allowed | None = None) -> Any:
    """The object in a joblib or pickle file, compressed (zlib, gzip, bz2, xz, lzma) or not.

    Args:
        allowed: classes to admit beside NumPy's arrays and plain values, and what stands for them.

    Raises:
        DataProblem: the file is damaged, or it names a class that is not admitted (reason FOREIGN_CLASS).
    """
    path = stored.path
    try:
        return _Unpickler(io.BytesIO(_decompressed(stored.data)), allowed or {}).load()
    except _ForeignClass as error:
        raise DataProblem(
            f"{path} names the class {error.name[:200]}, which a model file of this kind has no use for; it was not opened. "
            "Restore the file from a trusted backup, or train again",
            reason="FOREIGN_CLASS",
            details={"path": path, "class": error.name[:200]},
        ) from None
    except Exception as error:  # a damaged pickle can fail in any way
        raise DataProblem(
            f"{path} is no joblib file that can be read ({type(error).__name__}: {str(error)[:300]}): restore it from a backup, "
            "or train again",
            reason="ARTIFACT_DAMAGED",
            details={"path": path},
        ) from error


def feature_columns(stored: StoredFile) -> list[str]:
    """The names in a feature_columns.joblib.

    Raises:
        DataProblem: it holds something else; names the file.
    """
    names, path = unpickled(stored), stored.path
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
