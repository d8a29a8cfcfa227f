"""A version whose files were changed and listed anew is refused before anything searches it, whatever was changed."""

from __future__ import annotations

import io
import json
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pyarrow as pa
import pytest

from auth_service.versions.verify_version import main as verify
from common.errors import DataProblem, ServiceError
from tests.support import small_versions
from tests.support.small_versions import ROWS, make_version
from trained.artifacts import describe_file, read_manifest, write_manifest
from trained.artifacts.array_files import map_array, read_arrays
from trained.encoder import BlockEncoder
from trained.encoding.dictionary_columns import DictionaryColumn
from trained.index.engine import build_index
from trained.index.equal_items import EqualItems, equal_groups
from trained.index.faiss_layout import check_faiss_file
from trained.index.recall import exact_truth, measure, unlike_below
from trained.version_files import TrainedVersion, write_version
from trained.version_proof import check_version

HARM = Callable[[Path], None]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("versions") / "v1"
    make_version(folder)
    return folder


@pytest.fixture
def version(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "v1"))


def list_anew(folder: Path) -> None:
    """Write the manifest for the files as they are now."""
    before = read_manifest(folder / "manifest.json")
    artifacts = {name: describe_file(folder, a.path, name, a.schema_version) for name, a in before.artifacts.items()}
    write_manifest(folder / "manifest.json", artifacts, roles=before.roles, metadata=before.metadata)


def array(name: str, change: Callable[[Any], Any]) -> HARM:
    def harm(folder: Path) -> None:
        changed = change(np.load(folder / name))
        np.save(folder / name, changed)

    return harm


def emptied(folder: Path) -> None:
    (folder / ORDER).write_bytes(b"")


def bytes_of(name: str, change: Callable[[bytearray], Any]) -> HARM:
    def harm(folder: Path) -> None:
        data = bytearray((folder / name).read_bytes())
        (folder / name).write_bytes(change(data) or data)

    return harm


def at(place: int, value: int) -> Callable[[Any], Any]:
    def change(values: Any) -> Any:
        values[place] = value
        return values

    return change


def json_of(name: str, change: Callable[[Any], Any]) -> HARM:
    def harm(folder: Path) -> None:
        content = json.loads((folder / name).read_text("utf-8"))
        change(content)
        (folder / name).write_text(json.dumps(content), encoding="utf-8")

    return harm


def codes(make: Callable[[list[str]], Any]) -> HARM:
    def harm(folder: Path) -> None:
        with pa.memory_map(str(folder / "item_codes.arrow")) as source:
            texts = pa.ipc.open_file(source).read_all().column(0).to_pylist()
        table = pa.table({"ITEM_CD": make(texts)})
        with pa.OSFile(str(folder / "item_codes.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)

    return harm


def header(shape: str, kind: str = "'<i4'") -> HARM:
    def harm(folder: Path) -> None:
        text = f"{{'descr': {kind}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
        data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + b"\0" * 4 * ROWS
        (folder / "item_codes.order.npy").write_bytes(data)

    return harm


ORDER, HASHES, INDEX = "item_codes.order.npy", "item_codes.hash.npy", "index.faiss"
FIRST_SIZES = 37 + 8 + 8 * 9 + 8


def links_of(data: bytearray) -> tuple[int, int]:
    """Where the links of a graph begin, and how many there are."""
    place = 37
    for size in (8, 4, 4, 8):
        place += 8 + size * struct.unpack_from("<Q", data, place)[0]
    return place + 8, struct.unpack_from("<Q", data, place)[0]


def link(value: int) -> Callable[[bytearray], None]:
    return lambda data: struct.pack_into("<i", data, links_of(data)[0], value)


def tail(number: int, value: int) -> Callable[[bytearray], None]:
    def change(data: bytearray) -> None:
        start, count = links_of(data)
        struct.pack_into("<i", data, start + 4 * count + 4 * number, value)

    return change


def number(place: int, form: str, value: Any) -> Callable[[bytearray], None]:
    return lambda data: struct.pack_into(form, data, place if place >= 0 else len(data) + place, value)


HARMS: dict[str, HARM] = {
    "positions beyond the items": array(ORDER, at(7, ROWS + 5)),
    "positions below nothing": array(ORDER, at(7, -3)),
    "positions twice": array(ORDER, at(7, 0)),
    "positions of another type": array(ORDER, lambda values: values.astype(np.int64)),
    "positions in two dimensions": array(ORDER, lambda values: values[:, None]),
    "fewer positions": array(ORDER, lambda values: values[:-1]),
    "hashes of other codes": array(HASHES, at(3, 1)),
    "hashes out of order": array(HASHES, lambda values: values[::-1]),
    "hashes that are NaN": array(HASHES, lambda values: np.full(len(values), np.nan)),
    "a header of too many values": header(f"({ROWS * 1000},)"),
    "a header that runs over": header("(99999999999999999999,)"),
    "a header below nothing": header("(-1,)"),
    "a header of objects": header(f"({ROWS},)", "'O'"),
    "a header of fields": header(f"({ROWS},)", "[('a', '<i4')]"),
    "a header that is no header": header("__import__('os').getcwd()"),
    "a header that is nested": header("(" * 5000 + ")" * 5000),
    "a header without end": bytes_of(ORDER, lambda data: data[:9]),
    "an array that is cut off": bytes_of(ORDER, lambda data: data[:-3]),
    "an array with more behind it": bytes_of(ORDER, lambda data: data + b"\0\0\0\0"),
    "an empty file": emptied,
    "codes that are numbers": codes(lambda texts: pa.array(range(len(texts)))),
    "codes of short texts": codes(lambda texts: pa.array(texts, pa.string())),
    "codes that are absent": codes(lambda texts: pa.array([None, *texts[1:]], pa.large_string())),
    "codes of other items": codes(lambda texts: pa.array(["?", *texts[1:]], pa.large_string())),
    "fewer codes": codes(lambda texts: pa.array(texts[1:], pa.large_string())),
    "codes that are cut off": bytes_of("item_codes.arrow", lambda data: data[: len(data) // 2]),
    "links beyond the items": bytes_of(INDEX, link(ROWS)),
    "links far below nothing": bytes_of(INDEX, link(-2_000_000)),
    "an entry beyond the items": bytes_of(INDEX, tail(0, ROWS)),
    "more levels than there are": bytes_of(INDEX, tail(1, 40)),
    "more items than there are": bytes_of(INDEX, number(8, "<q", ROWS * 1000)),
    "fewer items than there are": bytes_of(INDEX, number(8, "<q", ROWS - 1)),
    "no dimensions": bytes_of(INDEX, number(4, "<i", 0)),
    "another dimension": bytes_of(INDEX, number(4, "<i", 8)),
    "another kind": bytes_of(INDEX, number(0, "<4s", b"IxPq")),
    "a length that lies": bytes_of(INDEX, number(37, "<Q", 1 << 62)),
    "numbers of links that fall": bytes_of(INDEX, number(FIRST_SIZES + 4, "<i", -5)),
    "an index that is cut off": bytes_of(INDEX, lambda data: data[:-100]),
    "an index with more behind it": bytes_of(INDEX, lambda data: data + b"\0" * 8),
    "a vector of NaN": bytes_of(INDEX, number(-4, "<f", float("nan"))),
    "a vector of infinity": bytes_of(INDEX, number(-4, "<f", float("inf"))),
    "a long vector": bytes_of(INDEX, number(-4, "<f", 1e20)),
    "an encoder of another format": json_of("encoder.json", lambda state: state.update(format="x")),
    "an encoder of other dimensions": json_of("encoder.json", lambda state: state.update(slack=state["slack"] + 1)),
    "an encoder of fewer than no dimensions": json_of("encoder.json", lambda state: state.update(slack=-4)),
    "weights that are texts": json_of("encoder.json", lambda state: state["weights"].update(OUTDIAMETER="heavy")),
    "weights below nothing": json_of("encoder.json", lambda state: state["weights"].update(OUTDIAMETER=-1.0)),
    "blocks that are none": json_of("encoder.json", lambda state: state.update(blocks=[{"kind": "size"}])),
    "an encoder that is nested": bytes_of("encoder.json", lambda _data: bytearray(b"[" * 100_000)),
    "metadata that are nested": bytes_of("training_metadata.json", lambda _data: bytearray(b'{"a":' * 100_000)),
    "statistics with a key twice": bytes_of("training_metrics.json", lambda _data: bytearray(b'{"a": 1, "a": 2}')),
}


@pytest.mark.parametrize("what", HARMS)
def test_a_version_whose_files_do_not_fit_is_refused(version: Path, what: str) -> None:
    HARMS[what](version)
    list_anew(version)
    with pytest.raises(ServiceError) as caught:
        check_version(version, version / "manifest.json", None)
    assert caught.value.reason in ("ARTIFACT_DAMAGED", "DATA_PROBLEM")


def test_a_whole_version_is_proved_and_a_harmed_one_said(version: Path, tmp_path: Path) -> None:
    found = verify(version, version / "manifest.json", tmp_path / "derived", "v1")
    assert found["problems"] == []
    assert "every array fits its siblings" in [one["text"] for one in found["passed"]]
    HARMS["positions beyond the items"](version)
    list_anew(version)
    found = verify(version, version / "manifest.json", tmp_path / "derived", "v1")
    assert "positions reach from" in found["problems"][0]["text"]
    assert found["reason"] == "ARTIFACT_DAMAGED"


@pytest.mark.parametrize("engine", ["graph", "distances", "flat", "flat distances"])
@pytest.mark.parametrize("count", [1, 2, 700])
def test_every_index_that_is_written_here_passes(tmp_path: Path, engine: str, count: int) -> None:
    vectors = np.random.default_rng(count).normal(size=(count, 12)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1)[:, None]
    kinds: dict[str, Callable[[], Any]] = {
        "graph": lambda: faiss.IndexHNSWFlat(12, 4, faiss.METRIC_INNER_PRODUCT),
        "distances": lambda: faiss.IndexHNSWFlat(12, 4),
        "flat": lambda: faiss.IndexFlatIP(12),
        "flat distances": lambda: faiss.IndexFlatL2(12),
    }
    index = kinds[engine]()
    index.add(vectors)
    (tmp_path / "index.faiss").write_bytes(faiss.serialize_index(index).tobytes())
    assert check_faiss_file(tmp_path / "index.faiss") == (count, 12)


def test_a_link_to_an_item_that_is_not_on_its_level_is_found(tmp_path: Path) -> None:
    vectors = np.random.default_rng(1).normal(size=(900, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1)[:, None]
    index: Any = faiss.IndexHNSWFlat(4, 4, faiss.METRIC_INNER_PRODUCT)
    index.add(vectors)
    levels = faiss.vector_to_array(index.hnsw.levels)
    upper, lower = int(np.flatnonzero(levels > 1)[0]), int(np.flatnonzero(levels == 1)[-1])
    place = int(faiss.vector_to_array(index.hnsw.offsets)[upper]) + index.hnsw.cum_nb_neighbors(1)
    data = bytearray(faiss.serialize_index(index).tobytes())
    struct.pack_into("<i", data, links_of(data)[0] + 4 * place, lower)
    (tmp_path / "index.faiss").write_bytes(data)
    with pytest.raises(DataProblem, match="links of level 1 lead to items that do not lie on it"):
        check_faiss_file(tmp_path / "index.faiss")


def test_arrays_together_in_one_file_are_not_compressed_and_not_named_twice(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", zeros=np.zeros(1_000_000))
    data = io.BytesIO()
    np.save(data, np.zeros(3))
    with zipfile.ZipFile(tmp_path / "b.npz", "w") as archive:
        archive.writestr("x.npy", data.getvalue())
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("x.npy", data.getvalue())
    (tmp_path / "c.npz").write_bytes(b"PK\x03\x04 nothing")
    np.savez(tmp_path / "d.npz", good=np.arange(3), text=np.array(["a"], dtype=object))
    for name, said in (("a", "compressed"), ("b", "twice"), ("c", "zip"), ("d", "allow_pickle")):
        with pytest.raises(DataProblem, match=said):
            read_arrays(tmp_path / f"{name}.npz")
    np.savez(tmp_path / "e.npz", good=np.arange(3))
    assert read_arrays(tmp_path / "e.npz")["good"].tolist() == [0, 1, 2]


def test_an_array_without_values_is_read(tmp_path: Path) -> None:
    np.save(tmp_path / "empty.npy", np.zeros(0, np.int32))
    assert map_array(tmp_path / "empty.npy", np.int32).tolist() == []


def with_equals(folder: Path) -> None:
    """A version of which forty items are equal and share a vector, and two have no routing."""
    folder.mkdir(parents=True)
    columns = {
        name: (
            DictionaryColumn(column.values, np.where(np.arange(ROWS) < 40, 0, column.codes).astype(np.int32))
            if column.codes is not None
            else DictionaryColumn(np.where(np.arange(ROWS) < 40, 50.0, np.asarray(column.values, np.float64)))
        )
        for name, column in small_versions.columns(1).items()
    }
    encoder = BlockEncoder.fit(columns)
    vectors = encoder.transform(columns)
    groups = equal_groups(vectors)
    assert groups is not None
    index = EqualItems(build_index("faiss", vectors[groups[0]]), *groups[1:])
    truth = exact_truth(vectors, queries=ROWS)
    version = TrainedVersion(
        encoder=encoder,
        vectors=vectors,
        index=index,
        item_codes=small_versions.CODES,
        recall_curve=measure(index, vectors, (64,), truth=truth),
        unlike_below=unlike_below(truth),
        unrouted=np.array([3, 400]),
    )
    write_version(folder, version)


@pytest.fixture(scope="module")
def equals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("equals") / "v1"
    with_equals(folder)
    return folder


def test_items_that_share_a_vector_are_proved(equals: Path, tmp_path: Path) -> None:
    found = verify(equals, equals / "manifest.json", tmp_path / "derived", "v1")
    assert found["problems"] == []
    assert any(f"{ROWS} items" in passed["text"] for passed in found["passed"])


@pytest.mark.parametrize(
    ("file", "name", "change"),
    [
        ("equal_items.npz", "number_of", at(5, -1)),
        ("equal_items.npz", "number_of", at(5, ROWS)),
        ("equal_items.npz", "number_of", lambda values: values[:-1]),
        ("equal_items.npz", "number_of", lambda values: values.astype(np.float64)),
        ("equal_items.npz", "members", at(5, ROWS)),
        ("equal_items.npz", "members", at(5, 6)),
        ("equal_items.npz", "members", lambda values: values[::-1]),
        ("equal_items.npz", "members", lambda values: values[:, None]),
        ("equal_items.npz", "members", None),
        ("unrouted_items.npz", "positions", at(0, ROWS)),
        ("unrouted_items.npz", "positions", at(0, -1)),
        ("unrouted_items.npz", "positions", at(0, 400)),
        ("unrouted_items.npz", "positions", lambda values: values.astype(np.float32)),
        ("unrouted_items.npz", "positions", None),
    ],
)
def test_arrays_beside_the_index_that_do_not_fit_are_refused(
    equals: Path, tmp_path: Path, file: str, name: str, change: Any
) -> None:
    folder = Path(shutil.copytree(equals, tmp_path / "v1"))
    arrays = read_arrays(folder / file)
    arrays = {**arrays, name: change(arrays[name].copy())} if change else {"other": arrays[name]}
    np.savez(folder / file, **arrays)  # type: ignore[arg-type]
    list_anew(folder)
    with pytest.raises(DataProblem) as caught:
        check_version(folder, folder / "manifest.json", None)
    assert file in caught.value.message
