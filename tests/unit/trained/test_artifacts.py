"""Artifacts: manifests, integrity, safe unpickling, library versions."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import pickle
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.preprocessing import OrdinalEncoder, StandardScaler

from common.errors import DataProblem, PreconditionFailed
from trained.artifacts import (
    Manifest,
    Verdict,
    check_integrity,
    describe_file,
    judge,
    read_manifest,
    running_versions,
    write_manifest,
)
from trained.artifacts import integrity as integrity_module
from trained.artifacts.pickled_arrays import is_numbers
from trained.artifacts.stand_ins import anything, stand_in
from trained.artifacts.unpickler import load_joblib

LEGACY = Path(__file__).parents[2] / "data" / "legacy_model"


@pytest.fixture
def version(tmp_path: Path) -> Path:
    folder = tmp_path / "version"
    shutil.copytree(LEGACY, folder)
    return folder


def test_an_older_manifest_without_roles_is_read_by_artifact_names() -> None:
    manifest = read_manifest(LEGACY / "manifest.json")
    assert manifest.roles == {}
    assert manifest.needed("index").path == "similarity_engine.joblib"
    assert manifest.needed("encoder").schema_version == "routing-ml/encoder@1"
    assert manifest.role("time") is None
    check_integrity(manifest, LEGACY)


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "vectors.tsv").write_text("1\t2", encoding="utf-8")
    (tmp_path / "encoder.joblib").write_bytes(b"x")
    artifacts = {
        a.name: a for a in (describe_file(tmp_path, "sub/vectors.tsv"), describe_file(tmp_path, "encoder.joblib"))
    }
    written = write_manifest(
        tmp_path / "manifest.json", artifacts, roles={"encoder": "encoder"}, metadata={"item": "슬리브"}
    )
    assert read_manifest(tmp_path / "manifest.json") == written
    check_integrity(written, tmp_path)
    assert written.artifacts["vectors"].schema_version == "routing-ml/vectors@1"


def test_a_role_that_no_artifact_plays_is_said() -> None:
    with pytest.raises(PreconditionFailed, match="role time"):
        read_manifest(LEGACY / "manifest.json").needed("time")


def test_a_missing_manifest_is_said(tmp_path: Path) -> None:
    with pytest.raises(PreconditionFailed, match="There is no manifest"):
        read_manifest(tmp_path / "manifest.json")


def broken(**changes: Any) -> dict[str, Any]:
    return {**json.loads((LEGACY / "manifest.json").read_text("utf-8")), **changes}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "no JSON object"),
        (broken(schema_version="routing-ml/manifest@9"), "manifest@9"),
        (broken(hash_algorithm="md5"), "md5"),
        (broken(artifacts={"encoder": {"path": "../x", "sha256": "0" * 64}}), "not below"),
        (broken(artifacts={"encoder": {"path": "C:\\x", "sha256": "0" * 64}}), "not below"),
        (broken(artifacts={"encoder": {"path": "x", "sha256": "12"}}), "no sha256"),
        (broken(artifacts={"encoder": {"sha256": "0" * 64}}), "lacks 'path'"),
        (broken(roles={"index": "nothing"}), "index is nothing"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused_with_the_reason(tmp_path: Path, document: Any, message: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(PreconditionFailed, match=message) as caught:
        read_manifest(path)
    assert caught.value.reason == "MANIFEST_INVALID"


NESTED = "[" * 100_000 + "]" * 100_000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"schema_version": ' + NESTED + "}", "nested too deeply"),
        ('{"schema_version": "routing-ml/manifest@1", "artifacts": {}, "artifacts": {}}', "'artifacts' twice"),
        ('{"schema_version": "routing-ml/manifest@1", "artifacts": {}, "metadata": {"a": "\\ud800"}}', "surrogate"),
        (json.dumps(broken(artifacts={"encoder": {"path": "a\0b", "sha256": "0" * 64}})), "control characters"),
        (json.dumps(broken(artifacts={"encoder": {"path": "..", "sha256": "0" * 64}})), "not below"),
        (json.dumps(broken(artifacts=["encoder"])), "items"),
        (" " * (9 * 1024 * 1024), "more than"),
        ("\x00", "cannot be used"),
    ],
    ids=["nested", "twice", "half a character", "null", "parent", "list", "large", "binary"],
)
def test_a_manifest_that_is_made_to_harm_is_refused_with_the_reason(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PreconditionFailed, match=message) as caught:
        read_manifest(path)
    assert caught.value.reason == "MANIFEST_INVALID"


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right of their own there")
@pytest.mark.parametrize("kind", ["file", "folder", "circle", "pipe"])
def test_what_leads_out_of_the_folder_is_not_served(version: Path, tmp_path: Path, kind: str) -> None:
    manifest = read_manifest(version / "manifest.json")
    target = version / "scaler.joblib"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(target, elsewhere)
    target.unlink()
    if kind == "folder":
        (version / "sub").symlink_to(elsewhere)
        scaler = replace(manifest.artifacts["scaler"], path="sub/scaler.joblib")
        manifest = replace(manifest, artifacts={**manifest.artifacts, "scaler": scaler})
    elif kind == "pipe":
        os.mkfifo(target)
    else:
        target.symlink_to(target if kind == "circle" else elsewhere / "scaler.joblib")
    with pytest.raises(PreconditionFailed) as caught:
        check_integrity(manifest, version)
    assert caught.value.reason == ("ARTIFACT_UNREADABLE" if kind == "circle" else "ARTIFACT_OUTSIDE")


def test_a_link_within_the_folder_and_a_folder_that_is_one_are_served(version: Path, tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("links need a right of their own there")
    (version / "scaler.joblib").rename(version / "kept")
    (version / "scaler.joblib").symlink_to("kept")
    (tmp_path / "linked").symlink_to(version)
    check_integrity(read_manifest(version / "manifest.json"), tmp_path / "linked")


def test_a_changed_file_is_refused_before_anything_is_opened(version: Path) -> None:
    with open(version / "encoder.joblib", "ab") as stream:
        stream.write(b"x")
    with pytest.raises(PreconditionFailed, match=r"encoder\.joblib is not the file") as caught:
        check_integrity(read_manifest(version / "manifest.json"), version)
    assert caught.value.reason == "HASH_MISMATCH"


def test_a_missing_file_is_named(version: Path) -> None:
    (version / "scaler.joblib").unlink()
    with pytest.raises(PreconditionFailed, match=r"scaler is missing: there is no .*scaler\.joblib") as caught:
        check_integrity(read_manifest(version / "manifest.json"), version)
    assert caught.value.reason == "ARTIFACT_MISSING"


def test_a_large_file_is_hashed_once_while_it_does_not_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(integrity_module, "LARGE_BYTES", 10)
    (tmp_path / "index.faiss").write_bytes(b"a" * 100)
    manifest = Manifest({"index": describe_file(tmp_path, "index.faiss")})
    remembered = tmp_path / "derived" / "verified.json"
    check_integrity(manifest, tmp_path, remembered=remembered)
    monkeypatch.setattr(integrity_module, "sha256_of", lambda path: pytest.fail(f"{path} was hashed again"))
    check_integrity(manifest, tmp_path, remembered=remembered)
    monkeypatch.undo()
    monkeypatch.setattr(integrity_module, "LARGE_BYTES", 10)
    (tmp_path / "index.faiss").write_bytes(b"b" * 100)
    os.utime(tmp_path / "index.faiss", ns=(1, 1))
    with pytest.raises(PreconditionFailed, match=r"index\.faiss"):
        check_integrity(manifest, tmp_path, remembered=remembered)


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return (os.system, ("echo pwned > pwned.txt",))


@pytest.mark.parametrize("thing", [Evil(), [{"a": Evil()}], np.array([Evil()], dtype=object)])
def test_a_pickle_that_names_a_foreign_class_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, thing: object
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "encoder.joblib"
    joblib.dump(thing, path, compress=3)
    with pytest.raises(DataProblem, match=r"system") as caught:
        load_joblib(path)
    assert caught.value.reason == "FOREIGN_CLASS"
    assert not (tmp_path / "pwned.txt").exists()


@pytest.mark.parametrize(
    "data",
    [
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"cbuiltins\ngetattr\n(S'1'\nS'x'\ntR.",
        b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x01x\x85R.",
        b"\x80\x02\x82\x01.",
    ],
)
def test_names_of_dangerous_functions_are_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.joblib").write_bytes(data)
    with pytest.raises(DataProblem):
        load_joblib(tmp_path / "x.joblib", {"sklearn.*": stand_in("Anything", {})})


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("lzma", 3), ("xz", 3)])
def test_plain_objects_and_arrays_are_read_as_joblib_wrote_them(tmp_path: Path, compress: Any) -> None:
    thing = {
        "texts": np.array(["슬리브", None, 3], dtype=object),
        "matrix": np.arange(12, dtype=np.float32).reshape(3, 4),
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "empty": np.zeros((0, 3)),
        "scalar": np.float64(2.5),
        "nested": [(1, {2, 3}, b"bytes", True, None)],
        "type": np.float32,
    }
    path = tmp_path / "thing.joblib"
    joblib.dump(thing, path, compress=compress)
    read = load_joblib(path)
    for name in ("texts", "matrix", "fortran", "empty"):
        np.testing.assert_array_equal(read[name], thing[name])
    assert read["scalar"] == 2.5
    assert read["nested"] == thing["nested"]
    assert repr(read["type"]) == "<class numpy.float32>"
    assert not callable(read["type"])


@pytest.mark.parametrize("pack", [lambda b: b, gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_plain_pickles_of_any_protocol_are_read(tmp_path: Path, protocol: int, pack: Any) -> None:
    thing = {"a": np.arange(3), "b": [b"x", "y", 1.5]}
    (tmp_path / "x.pkl").write_bytes(pack(pickle.dumps(thing, protocol=protocol)))
    read = load_joblib(tmp_path / "x.pkl")
    assert read["a"].tolist() == [0, 1, 2]
    assert read["b"] == thing["b"]


def test_scikit_learn_objects_are_read_without_scikit_learn(tmp_path: Path) -> None:
    encoder = OrdinalEncoder().fit([["b"], ["a"]])
    scaler = StandardScaler().fit(np.array([[1.0], [3.0]]))
    joblib.dump((encoder, scaler), tmp_path / "x.joblib")
    ordinal = stand_in("OrdinalEncoder", {"categories_": anything})
    standard = stand_in("StandardScaler", {"mean_": is_numbers})
    read = load_joblib(tmp_path / "x.joblib", {"*.OrdinalEncoder": ordinal, "sklearn.*.StandardScaler": standard})
    assert isinstance(read[0], ordinal)
    assert vars(read[0])["categories_"][0].tolist() == ["a", "b"]
    assert vars(read[1]).keys() == {"mean_"}  # and nothing that is not read
    assert vars(read[1])["mean_"].tolist() == [2.0]


@pytest.mark.parametrize("data", [b"", b"nonsense", b"\x80\x05", b"\x78\x9cbroken", b"ZFxxxx", b"\x04\x22\x4d\x18x"])
def test_a_damaged_file_is_said(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.joblib").write_bytes(data)
    with pytest.raises(DataProblem, match=r"x\.joblib"):
        load_joblib(tmp_path / "x.joblib")


def test_a_truncated_array_is_said(tmp_path: Path) -> None:
    joblib.dump(np.arange(1000.0), tmp_path / "x.joblib")
    data = (tmp_path / "x.joblib").read_bytes()
    (tmp_path / "x.joblib").write_bytes(data[: len(data) // 2])
    with pytest.raises(DataProblem, match="cut off"):
        load_joblib(tmp_path / "x.joblib")


RUNNING = {"python": "3.11.2", "joblib": "1.6.0", "scikit_learn": "1.9.1", "numpy": "2.4.6", "faiss": "1.15.1"}


def test_the_same_major_versions_load_as_they_are() -> None:
    judgement = judge({"python": "3.11.7", "joblib": "1.3.2", "scikit-learn": "1.4.0"}, RUNNING)
    assert judgement.verdict is Verdict.AS_IS
    assert judgement.differences["scikit_learn"] == ("1.4.0", "1.9.1")


def test_another_major_version_or_none_goes_through_the_compatible_loader() -> None:
    judgement = judge({"numpy": "1.26.4", "scikit_learn": "0.24.2"}, RUNNING)
    assert judgement.verdict is Verdict.COMPATIBLE
    assert "numpy 1.26.4 at training, 2.4.6 here" in judgement.reason
    assert judge({}, RUNNING).verdict is Verdict.COMPATIBLE


@pytest.mark.parametrize(("library", "old"), [("python", "2.7.18"), ("joblib", "0.9.4"), ("sklearn", "0.19.2")])
def test_a_version_that_cannot_be_read_is_refused_with_the_reason(library: str, old: str) -> None:
    judgement = judge({library: old}, RUNNING)
    assert judgement.verdict is Verdict.REFUSED
    assert old in judgement.reason
    assert "train the version again" in judgement.reason


def test_the_running_versions_are_known_without_importing_anything() -> None:
    assert {"python", "joblib", "scikit_learn", "numpy", "faiss"} <= set(running_versions())
