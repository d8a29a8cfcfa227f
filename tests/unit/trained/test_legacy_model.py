"""The monolith's versions serve as they are."""

from __future__ import annotations

import json
import logging
import shutil
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import faiss
import joblib
import numpy as np
import pytest
from sklearn.preprocessing import LabelEncoder, MinMaxScaler, OrdinalEncoder, StandardScaler

from auth_service.versions.adoption import describe_folder
from common.errors import DataProblem, PreconditionFailed
from trained.artifacts import Manifest, describe_file, read_manifest, write_manifest
from trained.artifacts.unpickler import StoredFile
from trained.index.engine_faiss import FaissEngine
from trained.item_codes import SUFFIXES, ItemCodeIndex
from trained.older.legacy_encoding import legacy_number, legacy_text
from trained.older.legacy_searcher import read_searcher
from trained.older.model_reading import LEGACY as LINEAGE
from trained.plain_version import REQUIRED
from trained.searchable_model import SearchableModel
from trained.version_loading import load_version

DATA = Path(__file__).parents[2] / "data"
LEGACY = DATA / "legacy_model"
EXPECTED = json.loads((DATA / "legacy_neighbours.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> SearchableModel:
    return load_version(LEGACY, derived=tmp_path_factory.mktemp("derived"), version_name="plant 2025-09")


def check_neighbours(model: SearchableModel, found: list[tuple[str, float]], expected: list[list[Any]]) -> None:
    """Same codes in order up to ties, similarity within 1e-3."""
    assert len(found) == len(expected)
    for (code, similarity), (wanted, wanted_similarity) in zip(found, expected, strict=True):
        assert similarity == pytest.approx(wanted_similarity, abs=1e-3)
        if code != wanted:
            tied = [name for name, value in expected if abs(value - wanted_similarity) < 2e-5]
            assert code in tied


def neighbours(model: SearchableModel, queries: Any, k: int) -> list[list[tuple[str, float]]]:
    positions, similarities = model.search(np.ascontiguousarray(queries), k, model.default_ef_search)
    return [
        [(model.code(int(p)), float(s)) for p, s in zip(row, values, strict=True)]
        for row, values in zip(positions, similarities, strict=True)
    ]


def test_known_items_have_the_neighbours_the_monolith_found(model: SearchableModel) -> None:
    for code, expected in EXPECTED["known"].items():
        position = model.find_many([code])
        assert position[0] >= 0
        check_neighbours(model, neighbours(model, model.vectors(position), len(expected))[0], expected)


def test_unseen_items_have_the_neighbours_the_monolith_found(model: SearchableModel) -> None:
    for case in EXPECTED["unseen"]:
        vector = model.encode({name: [value] for name, value in case["features"].items()}, 1)
        check_neighbours(model, neighbours(model, vector, len(case["neighbours"]))[0], case["neighbours"])


def test_the_weights_of_a_call_change_the_neighbours(model: SearchableModel) -> None:
    vector = np.ascontiguousarray(model.vectors(model.find_many(["SLS-0000718"])))
    factors = model.factors("", {"OUTDIAMETER": 30.0})
    plain = model.search(vector, 10, 256)
    weighted = model.search(vector, 10, 256, factors=factors)
    assert plain[0].tolist() != weighted[0].tolist()
    assert weighted[0][0, 0] == plain[0][0, 0]


def test_a_read_only_folder_is_not_written_and_the_mapped_index_is_derived_once(tmp_path: Path) -> None:
    folder, derived = tmp_path / "models" / "plant", tmp_path / "derived"
    shutil.copytree(LEGACY, folder)
    before = sorted((path.name, path.stat().st_mtime_ns) for path in folder.iterdir())
    load_version(folder, derived=derived).close()
    (made,) = (path for path in derived.iterdir() if path.is_dir())
    assert made.name.startswith("plain-plant-")
    assert sorted(path.name for path in made.iterdir()) == [
        "facts.json",
        "index.faiss",
        *(f"item_codes{s}" for s in SUFFIXES),
    ]
    stamp = (made / "index.faiss").stat().st_mtime_ns
    again = load_version(folder, derived=derived)
    again.prove()
    assert (made / "index.faiss").stat().st_mtime_ns == stamp
    assert sorted((path.name, path.stat().st_mtime_ns) for path in folder.iterdir()) == before


def test_without_a_folder_for_derived_files_the_index_stays_in_memory(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    for derived in (None, blocked / "derived"):
        model = load_version(LEGACY, derived=derived)
        model.prove()
        assert model.items == 2000
        model.close()


class HNSWSearch:
    """As the monolith's pickles name it."""


class EfficientSimilaritySearch:
    """As the monolith's pickles name it."""


COLOURS, SIZES = ["red", "green", "missing", "blue"], np.array([1.0, 2.0, 0.0, 5.0])
CODES = ["A-1", "A-2", " b-3", "슬리브"]


def write_folder(
    folder: Path,
    *,
    encoder: Callable[[], Any] | None = None,
    scaler: Any = None,
    searcher: Any = None,
    metadata: dict[str, Any] | None = None,
    leave_out: str = "",
) -> Path:
    """A tiny version of the monolith with a brute-force searcher and two features."""
    folder.mkdir()
    ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    ordinal.fit(np.array(COLOURS, dtype=object)[:, None])
    raw = np.column_stack([ordinal.transform(np.array(COLOURS, dtype=object)[:, None])[:, 0], SIZES])
    ordinal.feature_names_in_ = np.array(["COLOUR"], dtype=object)
    standard = StandardScaler().fit(raw)
    standard.feature_names_in_ = np.array(["COLOUR", "SIZE"], dtype=object)
    brute = EfficientSimilaritySearch()
    brute.vectors = (raw - standard.mean_) / standard.scale_  # type: ignore[attr-defined]
    brute.item_codes = CODES  # type: ignore[attr-defined]
    contents = {
        "similarity_engine": searcher or brute,
        "encoder": encoder() if encoder else ordinal,
        "scaler": scaler or standard,
        "feature_columns": ["COLOUR", "SIZE"],
    }
    artifacts = {}
    for name, content in contents.items():
        if name != leave_out:
            joblib.dump(content, folder / f"{name}.joblib", compress=3)
            artifacts[name] = describe_file(folder, f"{name}.joblib")
    if metadata is not None:
        (folder / "training_metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
        artifacts["training_metadata"] = describe_file(folder, "training_metadata.json")
    write_manifest(folder / "manifest.json", artifacts)
    return folder


def test_a_brute_force_searcher_serves_exactly(tmp_path: Path) -> None:
    model = load_version(write_folder(tmp_path / "v"), derived=tmp_path / "derived")
    found = neighbours(model, model.encode({"COLOUR": ["red"], "SIZE": [1.0]}, 1), 4)[0]
    assert found[0][0] == "A-1"
    assert found[0][1] == pytest.approx(1, abs=1e-5)
    assert {code for code, _similarity in found} == set(CODES)
    assert model.find_many(["B-3", "슬리브 "]).tolist() == [2, 3]


def test_a_dictionary_of_label_encoders_gives_the_same_vectors(tmp_path: Path) -> None:
    ordinal = load_version(write_folder(tmp_path / "v"))
    labelled = load_version(write_folder(tmp_path / "w", encoder=lambda: {"COLOUR": LabelEncoder().fit(COLOURS)}))
    columns: dict[str, list[str | float | None]] = {
        "COLOUR": ["'red'", " ", "never seen", "blue"],
        "SIZE": [2.0, None, 3.0, "4"],
    }
    assert np.abs(labelled.encode(columns, 4) - ordinal.encode(columns, 4)).max() < 1e-6


def test_a_scaler_without_column_names_scales_the_feature_columns(tmp_path: Path) -> None:
    scaler = StandardScaler().fit(np.array([[0.0, 1.0], [2.0, 5.0]]))
    model = load_version(write_folder(tmp_path / "v", scaler=scaler))
    assert model.encode({"COLOUR": ["red"], "SIZE": [2.0]}, 1).shape == (1, 2)
    with pytest.raises(DataProblem, match="does not name its 3 columns"):
        load_version(write_folder(tmp_path / "w", scaler=StandardScaler().fit(np.eye(3))))


@pytest.mark.parametrize("name", REQUIRED[LINEAGE])
def test_a_folder_with_only_part_of_the_artifacts_is_refused_with_what_is_missing(tmp_path: Path, name: str) -> None:
    with pytest.raises(PreconditionFailed, match=rf"lacks {name}\.joblib: a version needs"):
        load_version(write_folder(tmp_path / "v", leave_out=name))


def test_parts_of_an_unknown_kind_are_refused_with_the_exact_reason(tmp_path: Path) -> None:
    with pytest.raises(DataProblem, match="MinMaxScaler"):
        load_version(write_folder(tmp_path / "a", scaler=MinMaxScaler().fit(np.eye(2))))
    with pytest.raises(DataProblem, match=r"holds list, not an OrdinalEncoder"):
        load_version(write_folder(tmp_path / "b", encoder=lambda: [1]))
    with pytest.raises(DataProblem, match="that cannot be used"):
        load_version(write_folder(tmp_path / "c", searcher=HNSWSearch()))
    with pytest.raises(DataProblem, match="not fitted or lacks"):
        load_version(write_folder(tmp_path / "d", encoder=OrdinalEncoder))


def test_files_of_different_trainings_are_refused(tmp_path: Path) -> None:
    brute = EfficientSimilaritySearch()
    brute.vectors, brute.item_codes = np.eye(3), ["a", "b", "c"]  # type: ignore[attr-defined]
    with pytest.raises(DataProblem, match="2 columns, its index 3 dimensions"):
        load_version(write_folder(tmp_path / "v", searcher=brute))
    brute.item_codes = ["a", "b"]  # type: ignore[attr-defined]
    with pytest.raises(DataProblem, match=r"cannot be used|2 item codes"):
        load_version(write_folder(tmp_path / "w", searcher=brute))


def test_libraries_of_the_training_that_are_too_old_are_refused(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "v", metadata={"runtime_versions": {"scikit_learn": "0.19.1"}})
    with pytest.raises(PreconditionFailed, match=r"scikit-learn 0\.19\.1"):
        load_version(folder)
    folder = write_folder(tmp_path / "w", metadata={"lineage": "routing-ml/blocks@7"})
    with pytest.raises(PreconditionFailed, match="blocks@7"):
        load_version(folder)


@pytest.mark.parametrize("text", [" ", "''", '"nan"', "NULL", None, float("nan"), "--"])
def test_absence_is_missing_as_in_the_monolith(text: object) -> None:
    assert legacy_text(text) == "missing"
    assert legacy_number(text) == 0.0


def test_a_manifest_may_lie_elsewhere(tmp_path: Path) -> None:
    target = tmp_path / "plant.manifest.json"
    shutil.copy(LEGACY / "manifest.json", target)
    model = load_version(LEGACY, target)
    assert isinstance(model.engine, FaissEngine)
    assert isinstance(model.codes, ItemCodeIndex)
    assert Manifest({}).roles == {}


FAISS_CLASSES: dict[str, Any] = {}


def pickled_index(index: Any) -> Any:
    """An index as a process whose faiss was built for another machine pickled it."""
    name = type(index).__name__
    module = sys.modules.setdefault("faiss.swigfaiss_sve", ModuleType("faiss.swigfaiss_sve"))
    if name not in FAISS_CLASSES:
        made = type(name, (), {"__getstate__": lambda self: {"this": self.data}})
        made.__module__ = "faiss.swigfaiss_sve"
        setattr(module, name, made)
        FAISS_CLASSES[name] = made
    one = FAISS_CLASSES[name]()
    one.data = faiss.serialize_index(index).tobytes()
    return one


def changed_copy(tmp_path: Path, *without: str, **replaced: Any) -> Path:
    """The monolith's folder without some files and with other contents of joblib files; its manifest is written anew."""
    folder = Path(shutil.copytree(LEGACY, tmp_path / "plant"))
    folder.chmod(0o755)
    for name in ("manifest.json", *without):
        (folder / name).unlink()
    for name, content in replaced.items():
        (folder / f"{name}.joblib").unlink()
        joblib.dump(content, folder / f"{name}.joblib")
    write_manifest(folder / "manifest.json", describe_folder(folder))
    return folder


def stored_vectors() -> tuple[Any, list[str]]:
    engine, codes = read_searcher(StoredFile.read(LEGACY / "similarity_engine.joblib"), 1)
    return engine.stored.copy(), codes


def check_everything(model: SearchableModel) -> None:
    test_known_items_have_the_neighbours_the_monolith_found(model)
    test_unseen_items_have_the_neighbours_the_monolith_found(model)


def test_without_the_optional_files_neighbours_stay_the_same(tmp_path: Path) -> None:
    """The scaler shows that the older system's own weights were used."""
    optional = ("training_metadata.json", "feature_weights.joblib", "feature_weights.json", "active_features.json")
    model = load_version(changed_copy(tmp_path, *optional))
    check_everything(model)
    assert "no feature weights" in model.notes[0]
    assert "which features are active" in model.notes[1]


def test_active_features_are_also_read_from_the_weights_state(tmp_path: Path) -> None:
    check_everything(load_version(changed_copy(tmp_path, "active_features.json")))
    state = json.loads((LEGACY / "feature_weights.json").read_text("utf-8"))
    nested = changed_copy(tmp_path / "b", feature_weights={"weights": state["weights"]})
    check_everything(load_version(nested))


def test_a_scaler_and_an_encoder_without_column_names_are_told_by_their_numbers(tmp_path: Path) -> None:
    scaler, encoder = joblib.load(LEGACY / "scaler.joblib"), joblib.load(LEGACY / "encoder.joblib")
    del scaler.feature_names_in_
    labels = []
    for categories in encoder.categories_:
        label = LabelEncoder()
        label.classes_ = categories
        labels.append(label)
    named = defaultdict(LabelEncoder, zip(encoder.feature_names_in_, labels, strict=True))
    del encoder.feature_names_in_
    check_everything(load_version(changed_copy(tmp_path / "a", scaler=scaler, encoder=encoder)))
    check_everything(load_version(changed_copy(tmp_path / "b", encoder=labels)))
    check_everything(load_version(changed_copy(tmp_path / "c", encoder=named)))
    check_everything(load_version(changed_copy(tmp_path / "d", encoder={"encoders": dict(named), "version": 2})))


def test_a_searcher_that_python_313_has_written_may_carry_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PosixPath:
        def __reduce__(self) -> tuple[Any, tuple[str, ...]]:
            return PosixPath, ("opt", "models")

    named = ModuleType("pathlib._local")
    PosixPath.__module__, PosixPath.__qualname__ = named.__name__, "PosixPath"
    vars(named)["PosixPath"] = PosixPath
    monkeypatch.setitem(sys.modules, named.__name__, named)
    vectors, codes = stored_vectors()
    index = faiss.IndexFlatL2(vectors.shape[1])
    index.add(vectors)
    searcher = HNSWSearch()
    vars(searcher).update(index=pickled_index(index), item_codes=codes, made_in=PosixPath())
    copy = changed_copy(tmp_path, similarity_engine=searcher)
    monkeypatch.undo()
    assert b"pathlib._local" in (copy / "similarity_engine.joblib").read_bytes()
    check_everything(load_version(copy))


@pytest.mark.parametrize("kind", ["flat", "inner", "lists", "ids", "hnswlib", "longer", "bytes"])
def test_indexes_of_other_kinds_find_the_same(tmp_path: Path, kind: str) -> None:
    vectors, codes = stored_vectors()
    dimension, places = vectors.shape[1], np.arange(len(codes))
    index: Any = faiss.IndexFlatL2(dimension)
    if kind == "inner":
        index = faiss.IndexHNSWFlat(dimension, 32, faiss.METRIC_INNER_PRODUCT)
    elif kind == "lists":
        index = faiss.IndexIVFFlat(index, dimension, 4)
        index.train(vectors)
    elif kind == "ids":
        places = np.random.default_rng(1).permutation(places)
        index = faiss.IndexIDMap(index)
    if kind == "hnswlib":
        hnswlib = pytest.importorskip("hnswlib")  # has no wheels for Python 3.13
        index = hnswlib.Index("cosine", dimension)
        index.init_index(len(codes) + 10, M=16, ef_construction=100)
        index.add_items(vectors[::-1], places[::-1])
    elif kind == "ids":
        index.add_with_ids(vectors[places], places)
    else:
        index.add(vectors * 3 if kind == "longer" else vectors)
    searcher = HNSWSearch()
    held = faiss.serialize_index(index) if kind == "bytes" else index if kind == "hnswlib" else pickled_index(index)
    vars(searcher).update(index=held, item_codes=codes, log=logging.getLogger("x"), made_in=tmp_path)
    check_everything(load_version(changed_copy(tmp_path, similarity_engine=searcher)))


def test_an_index_that_cannot_be_used_is_refused_by_its_kind(tmp_path: Path) -> None:
    vectors, codes = stored_vectors()

    def loading(case: str, codes: list[str], index: Any = None, **attributes: Any) -> None:
        searcher = HNSWSearch() if index is not None else EfficientSimilaritySearch()
        held = {"index": pickled_index(index)} if index is not None and not isinstance(index, str) else {"index": index}
        vars(searcher).update(held, item_codes=codes, **attributes)
        load_version(changed_copy(tmp_path / case, similarity_engine=searcher))

    compressed = faiss.IndexScalarQuantizer(vectors.shape[1], faiss.ScalarQuantizer.QT_8bit)
    compressed.train(vectors)
    compressed.add(vectors)
    broken = vectors.copy()
    broken[5, 3] = np.nan
    with pytest.raises(DataProblem, match="is an IndexScalarQuantizer, which does not keep vectors whole"):
        loading("a", codes, compressed)
    with pytest.raises(DataProblem, match="its index is str, neither of faiss nor of hnswlib"):
        loading("b", codes, "lost")
    with pytest.raises(DataProblem, match=r"similarity_engine\.joblib has no items"):
        loading("c", [], faiss.IndexHNSWFlat(vectors.shape[1], 32))
    with pytest.raises(DataProblem, match="the vector at place 5 holds NaN"):
        loading("d", codes, vectors=broken)


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("feature_columns", None, "holds NoneType, not a list of the names of the features"),
        ("feature_columns", {"columns": ["ITEM_CD"]}, "holds dict, not a list of the names"),
        ("feature_weights", [1.0], "holds list, not weights by feature"),
        ("feature_weights", {"OUTDIAMETER": "heavy"}, "weight 'heavy' for OUTDIAMETER"),
    ],
)
def test_small_files_of_another_form_are_refused_by_name(tmp_path: Path, file: str, content: Any, said: str) -> None:
    with pytest.raises(DataProblem, match=rf"{file}\.joblib.*{said}"):
        load_version(changed_copy(tmp_path, **{file: content}))


@pytest.mark.parametrize("versions", [["1.4"], "scikit-learn 1.4", None, {"numpy": {"a": 1}}])
def test_library_versions_of_another_form_count_as_unknown(tmp_path: Path, versions: object) -> None:
    folder = changed_copy(tmp_path)
    (folder / "training_metadata.json").unlink()
    (folder / "training_metadata.json").write_text(json.dumps({"runtime_versions": versions}))
    write_manifest(folder / "manifest.json", describe_folder(folder))
    assert load_version(folder).items == 2000


def test_what_the_manifest_leaves_out_is_named(tmp_path: Path) -> None:
    folder = changed_copy(tmp_path)
    listed = read_manifest(folder / "manifest.json").artifacts
    write_manifest(folder / "manifest.json", {n: a for n, a in listed.items() if n != "active_features"})
    model = load_version(folder)
    check_everything(model)
    assert "the manifest does not list it: active_features.json" in model.notes[-1]
