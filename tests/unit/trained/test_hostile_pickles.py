"""Pickles that are made to harm: each instruction that makes or changes an object does what the classes' own writers do, or nothing."""

from __future__ import annotations

import pickle
import random
import struct
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

from common.errors import DataProblem
from trained.artifacts.pickled_arrays import is_numbers
from trained.artifacts.stand_ins import opaque, stand_in
from trained.artifacts.unpickler import load_joblib

LEGACY = Path(__file__).parents[2] / "data" / "legacy_model"
ALLOWED = {
    "sklearn.*.StandardScaler": stand_in("StandardScaler", {"mean_": is_numbers}),
    "sklearn.*.OrdinalEncoder": stand_in("OrdinalEncoder", {}),
    "*.HNSWSearch": stand_in("HNSWSearch", {}),
    "faiss.*": stand_in("FaissIndex", {}),
    "logging.Logger": opaque("Logger"),
}


class Made:
    """Pickles as a call, with a state: what a forger writes by hand."""

    def __init__(self, call: Any, arguments: tuple[Any, ...], state: Any = None) -> None:
        self.call, self.arguments, self.state = call, arguments, state

    def __reduce__(self) -> tuple[Any, ...]:
        return (self.call, self.arguments) if self.state is None else (self.call, self.arguments, self.state)


def dtype(kind: str, *state: Any) -> Made:
    return Made(np.dtype, (kind, False, True), state)


def array(shape: Any, of: Any, data: Any, fortran: Any = False) -> Made:
    return Made(np.zeros(1).__reduce__()[0], (np.ndarray, (0,), b"b"), (1, shape, of, fortran, data))


FLOAT = ("<", None, None, None, -1, -1, 0)
OBJECTS = ("|", None, None, None, -1, -1, 63)
FIELD = {"a": (np.dtype(object), 0)}

FORGED = {
    "a dtype with a field of objects": dtype("V8", 3, "|", None, ("a",), FIELD, 8, 1, 27),
    "numbers with a field of objects": dtype("f8", 3, "<", None, ("a",), FIELD, 8, 8, 0),
    "numbers whose flags say objects": dtype("f8", 3, "<", None, None, None, -1, -1, 63),
    "objects whose flags say numbers": dtype("O8", 3, "|", None, None, None, -1, -1, 0),
    "a dtype of another size": dtype("f8", 3, "<", None, None, None, 4096, -1, 0),
    "a dtype of subarrays": dtype("f8", 3, "<", (np.dtype("f8"), (2,)), None, None, -1, -1, 0),
    "bytes of nothing": dtype("V16", 3, "|", None, None, None, 16, 1, 0),
    "a dtype of fields by its name": Made(np.dtype, ("i4,O", False, True)),
    "a dtype of a class": Made(np.dtype, (np.ndarray, False, True)),
    "objects from bytes": array((2,), dtype("O8", 3, *OBJECTS), b"\x41" * 16),
    "fewer bytes than numbers": array((1 << 30,), dtype("f8", 3, *FLOAT), b"\0" * 8),
    "more bytes than numbers": array((1,), dtype("f8", 3, *FLOAT), b"\0" * 16),
    "lengths below nothing": array((-1, -8), dtype("f8", 3, *FLOAT), b"\0" * 64),
    "lengths that run over": array((1 << 32, 1 << 32), dtype("f8", 3, *FLOAT), b""),
    "an array without dtype": array((1,), None, b"\0" * 8),
    "another kind of array": Made(np.zeros(1).__reduce__()[0], (np.memmap, (0,), b"b")),
    "a scalar of objects": Made(np.float64(0).__reduce__()[0], (dtype("O8", 3, *OBJECTS), b"\x41" * 8)),
    "a scalar of too few bytes": Made(np.float64(0).__reduce__()[0], (dtype("f8", 3, *FLOAT), b"\0")),
    "a list of everything": Made(list, (range(1 << 40),)),
    "bytes without end": Made(bytes, (1 << 40,)),
    "a type that is called": Made(str, (b"x", "utf-8")),
    "a class with other bases": Made(__import__("copyreg")._reconstructor, (pickle.Pickler, object, None)),
    "a key that takes for ever to hash": {((((),) * 2,) * 2,) * 2: 1},
}


@pytest.mark.parametrize("what", FORGED)
@pytest.mark.parametrize("protocol", [2, 4])
def test_what_no_writer_writes_is_refused(tmp_path: Path, what: str, protocol: int) -> None:
    (tmp_path / "x.joblib").write_bytes(pickle.dumps(FORGED[what], protocol=protocol))
    with pytest.raises(DataProblem):
        load_joblib(tmp_path / "x.joblib", ALLOWED)


def test_every_dtype_and_array_that_numpy_writes_is_read(tmp_path: Path) -> None:
    things = [
        np.arange(6).reshape(2, 3).astype(kind)
        for kind in ("b1", "i1", "<i2", ">i4", "i8", "u2", "u8", "f2", ">f4", "f8")
    ]
    things += [
        np.array(["a", "슬리브"]),
        np.array([b"ab", b"c"]),
        np.array(["2024-01-02", "NaT"], "M8[ns]"),
        np.array([1], "m8[D]"),
    ]
    things += [
        np.array([["x", None], [3, 2.5]], object),
        np.zeros((0, 4)),
        np.asfortranarray(np.eye(3)[:2]),
        np.zeros((), "i4"),
    ]
    shared = np.array(["once"], object)
    for protocol in (2, 3, 4, 5):
        data = pickle.dumps(
            [*things, shared, {"again": shared}, np.float32(2.5), np.datetime64("2024-01-02")], protocol=protocol
        )
        (tmp_path / "x.joblib").write_bytes(data)
        read = load_joblib(tmp_path / "x.joblib")
        for wanted, found in zip(things, read, strict=False):
            assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
            np.testing.assert_array_equal(found, wanted)
        assert read[-3]["again"] is read[-4]
        assert read[-4].tolist() == ["once"]
        assert read[-2:] == [2.5, np.datetime64("2024-01-02")]


SCALER = b"\x80\x02csklearn.preprocessing._data\nStandardScaler\n"
INSTRUCTIONS = {
    "attributes that are none": SCALER + b")\x81}(K\x01K\x02ub.",
    "a state that is a list": SCALER + b")\x81](K\x01eb.",
    "a state of slots": SCALER + b")\x81N}U\x05mean_K\x01s\x86b.",
    "an attribute of another kind": SCALER + b")\x81}U\x05mean_K\x01sb.",
    "arguments": SCALER + b"K\x01\x85\x81.",
    "a class that is changed": SCALER + b"}U\x05mean_K\x01sb.",
    "a function that is changed": b"\x80\x02c_codecs\nencode\n}U\x04makeK\x01sb.",
    "things put into an object": SCALER + b")\x81(K\x01e.",
    "an item set in an object": SCALER + b")\x81K\x00K\x01s.",
    "a value that is called": b"\x80\x02K\x01)R.",
    "a call of a list": b"\x80\x02]K\x01\x85R.",
    "an object of a function": b"\x80\x02c_codecs\nencode\n)\x81.",
    "an old object": b"(csklearn.preprocessing._data\nStandardScaler\nK\x01o.",
    "a length that lies": b"\x80\x05\x96" + struct.pack("<Q", 1 << 62) + b"x.",
    "a text that lies": b"\x80\x04\x8d" + struct.pack("<Q", 1 << 62) + b"x.",
    "a buffer from outside": b"\x80\x05\x97.",
    "an object from outside": b"\x80\x02U\x01xQ.",
    "marks without end": b"\x80\x02" + b"(" * 100_000 + b".",
    "a set in a set": b"\x80\x04\x8f(]\x90.",
    "a number that is too long": b"I" + b"9" * 100_000 + b"\n.",
}


@pytest.mark.parametrize("what", INSTRUCTIONS)
def test_instructions_that_no_writer_gives_are_refused(tmp_path: Path, what: str) -> None:
    (tmp_path / "x.joblib").write_bytes(INSTRUCTIONS[what])
    with pytest.raises(DataProblem):
        load_joblib(tmp_path / "x.joblib", ALLOWED)


def test_only_attributes_that_are_read_are_kept_and_opaque_objects_keep_nothing(tmp_path: Path) -> None:
    data = SCALER + b")\x81}(U\x06secretK\x01U\x0b__class__K\x02ubclogging\nLogger\nU\x01x\x85R}U\x01aK\x01sb\x86."
    (tmp_path / "x.joblib").write_bytes(data)
    scaler, logger = load_joblib(tmp_path / "x.joblib", ALLOWED)
    assert vars(scaler) == {}
    assert vars(logger) == {}


def test_arrays_of_objects_within_each_other_end_in_a_refusal(tmp_path: Path) -> None:
    header = joblib.numpy_pickle.NumpyArrayWrapper(np.ndarray, (1,), "C", np.dtype(object))
    (tmp_path / "x.joblib").write_bytes(pickle.dumps(header, protocol=2)[:-1] * 5_000)
    with pytest.raises(DataProblem):
        load_joblib(tmp_path / "x.joblib")


@pytest.mark.parametrize("name", ["encoder", "scaler", "feature_columns", "feature_weights"])
def test_a_changed_byte_anywhere_is_read_or_refused_and_never_more(tmp_path: Path, name: str) -> None:
    whole = joblib.load(LEGACY / f"{name}.joblib")
    joblib.dump(whole, tmp_path / "plain.joblib")
    data = (tmp_path / "plain.joblib").read_bytes()
    chance = random.Random(name)
    for _ in range(250):
        changed = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        (tmp_path / "x.joblib").write_bytes(
            changed[: chance.randint(1, len(changed))] if chance.random() < 0.2 else changed
        )
        try:
            load_joblib(tmp_path / "x.joblib", ALLOWED)
        except DataProblem:
            continue
