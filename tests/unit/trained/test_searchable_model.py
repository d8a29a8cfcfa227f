"""A version is written and searched: what the trainer stores is what serving finds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import joblib
import numpy as np
import pytest

from common.errors import DataProblem, InvalidInput, PreconditionFailed
from trained.artifacts import describe_file, read_manifest, write_manifest
from trained.artifacts.unpickler import load_joblib
from trained.encoder import BlockEncoder
from trained.encoding.dictionary_columns import DictionaryColumn
from trained.index.engine import build_index
from trained.index.recall import exact_truth, measure, unlike_below
from trained.searchable_model import SearchableModel, weighted_similarities
from trained.version_files import TrainedVersion, write_version
from trained.version_loading import load_version

ROWS = 600
RNG = np.random.default_rng(11)
CODES = [f" IT-{row:04d}" if row % 7 == 0 else f"슬리브-{row}" for row in range(ROWS)]
COLUMNS = {
    "ITEM_GRP1": DictionaryColumn([f"G{n}" for n in range(9)], RNG.integers(0, 9, ROWS).astype(np.int32)),
    "SealTypeGrup": DictionaryColumn([f"S{n}" for n in range(40)], RNG.integers(0, 40, ROWS).astype(np.int32)),
    "OUTDIAMETER": DictionaryColumn(np.exp(RNG.normal(4, 1, ROWS)).astype(np.float64)),
    "INDIAMETER": DictionaryColumn(np.exp(RNG.normal(3, 1, ROWS)).astype(np.float64)),
}


def write(folder: Path, engine: str = "faiss", **more: object) -> Path:
    folder.mkdir(parents=True)
    encoder = BlockEncoder.fit(COLUMNS)
    vectors = encoder.transform(COLUMNS)
    index = build_index(engine, vectors)
    truth = exact_truth(vectors, queries=200)
    write_version(
        folder,
        TrainedVersion(
            encoder=encoder,
            vectors=vectors,
            index=index,
            item_codes=CODES,
            recall_curve=measure(index, vectors, (16, 64, 256), truth=truth),
            unlike_below=unlike_below(truth),
            statistics={"ITEM_GRP1": {"unique": 9}},
            weight_profiles={"geometry": {"OUTDIAMETER": 25.0, "INDIAMETER": 25.0}, "plain": {"ITEM_GRP1": 1.5}},
            projector={"ITEM_CD": CODES, "GROUP": ["a\tb"] * ROWS},
            **more,  # type: ignore[arg-type]
        ),
    )
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("models") / "v1", time_profiles={"IT": {}}, request={"source": "test"})


@pytest.fixture(scope="module")
def model(folder: Path) -> Iterator[SearchableModel]:
    loaded = load_version(folder)
    yield loaded
    loaded.close()


def test_all_files_have_the_names_they_have_always_had(folder: Path) -> None:
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert names == {
        "similarity_engine.joblib",
        "encoder.joblib",
        "scaler.joblib",
        "feature_columns.joblib",
        "feature_weights.joblib",
        "feature_weights.json",
        "encoder.json",
        "plant_schema.json",
        "active_features.json",
        "training_metadata.json",
        "training_request.json",
        "training_metrics.json",
        "feature_statistics.json",
        "time_profiles.json",
        "index.faiss",
        "item_codes.arrow",
        "item_codes.hash.npy",
        "item_codes.order.npy",
        "tb_projector/vectors.tsv",
        "tb_projector/metadata.tsv",
        "tb_projector/projector_config.json",
        "manifest.json",
    }


def test_the_manifest_lists_every_file_the_roles_and_the_recall_curve(folder: Path) -> None:
    manifest = read_manifest(folder / "manifest.json")
    assert {artifact.path for artifact in manifest.artifacts.values()} == {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert {"encoder", "index", "weights", "meta", "time"} <= set(manifest.roles)
    assert manifest.needed("index").path == "index.faiss"
    assert manifest.metadata["items"] == ROWS
    assert [point["ef_search"] for point in manifest.metadata["recall_curve"]] == [16, 64, 256]
    assert manifest.metadata["default_ef_search"] in (16, 64, 256)


def test_the_joblib_files_hold_plain_values_that_joblib_reads_too(folder: Path) -> None:
    for path in folder.glob("*.joblib"):
        assert load_joblib(path) == joblib.load(path)


def test_the_training_metadata_say_which_libraries_trained(folder: Path) -> None:
    metadata = json.loads((folder / "training_metadata.json").read_text("utf-8"))
    assert metadata["total_items"] == ROWS
    assert metadata["runtime_versions"]["scikit_learn"]
    assert metadata["runtime_versions"]["python"]


def test_the_projector_export_has_a_line_an_item(folder: Path) -> None:
    lines = (folder / "tb_projector" / "metadata.tsv").read_text("utf-8").splitlines()
    assert lines[0] == "ITEM_CD\tGROUP"
    assert lines[1] == "IT-0000\ta b"
    assert len(lines) == ROWS + 1
    assert len((folder / "tb_projector" / "vectors.tsv").read_text("utf-8").splitlines()) == ROWS


def test_a_loaded_version_is_what_was_trained(model: SearchableModel) -> None:
    assert (model.items, model.engine_name, model.version_name) == (ROWS, "faiss", "v1")
    assert model.judgement.startswith("as_is")
    assert model.code(0) == " IT-0000"
    assert model.find_many(["it-0000", "슬리브-1 ", "?"]).tolist() == [0, 1, -1]
    assert set(model.weight_profiles) == {"geometry", "plain"}
    model.warm()


def test_stored_vectors_and_encoded_features_agree(model: SearchableModel) -> None:
    row = {
        name: [column.values[row] for row in [column.codes[5] if column.codes is not None else 5]]
        for name, column in COLUMNS.items()
    }
    encoded = model.encode(row, 1)[0]
    np.testing.assert_allclose(encoded, model.vectors(np.array([5]))[0], atol=1e-6)


def test_the_weights_of_a_call_give_the_exact_weighted_neighbours(model: SearchableModel) -> None:
    query = np.ascontiguousarray(model.vectors(np.arange(20)))
    factors = model.factors("", {"OUTDIAMETER": 9.0, "SealTypeGrup": 0.0})
    assert factors is not None
    positions, similarities = model.search(query, 10, 256, factors=factors)
    everything = np.broadcast_to(model.vectors(np.arange(ROWS)), (20, ROWS, model.dimension))
    exact = weighted_similarities(query, everything, factors)
    best = -np.sort(-exact, axis=1)[:, :10]
    np.testing.assert_allclose(similarities, best, atol=1e-5)
    np.testing.assert_allclose(np.take_along_axis(exact, positions, 1), similarities, atol=1e-5)


def test_a_weight_profile_counts_like_its_weights_and_single_weights_override_it(model: SearchableModel) -> None:
    profile = model.factors("geometry", {})
    by_hand = model.factors("", {"OUTDIAMETER": 10.0, "INDIAMETER": 10.0})
    assert profile is not None
    assert by_hand is not None
    np.testing.assert_allclose(profile, by_hand)
    overridden = model.factors("geometry", {"OUTDIAMETER": 1.0})
    assert overridden is not None
    np.testing.assert_allclose(overridden, model.factors("", {"INDIAMETER": 10.0}))  # type: ignore[arg-type]


def test_weights_as_trained_cost_nothing(model: SearchableModel) -> None:
    assert model.factors("", {}) is None
    assert model.factors("default", {"OUTDIAMETER": 1.0}) is None
    assert model.factors("plain", {}) is None


def test_an_unknown_profile_or_feature_is_named(model: SearchableModel) -> None:
    with pytest.raises(InvalidInput, match=r"default, geometry, plain"):
        model.factors("nobody's", {})
    with pytest.raises(InvalidInput, match="WIDTH"):
        model.factors("", {"WIDTH": 2.0})


def test_blocked_items_are_not_found(model: SearchableModel) -> None:
    query = np.ascontiguousarray(model.vectors(np.array([4])))
    blocked = np.array([4])
    for factors in (None, model.factors("", {"OUTDIAMETER": 2.0})):
        assert 4 not in model.search(query, 10, 64, factors=factors, blocked=blocked)[0]


def test_a_version_of_hnswlib_serves_too(tmp_path: Path) -> None:
    pytest.importorskip("hnswlib")
    model = load_version(write(tmp_path / "v", "hnswlib"))
    assert model.engine_name == "hnswlib"
    model.warm()
    assert model.search(model.vectors(np.array([3])), 1, 64)[0].tolist() == [[3]]


def test_parts_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    encoder = BlockEncoder.fit(COLUMNS)
    vectors = encoder.transform(COLUMNS)
    index = build_index("faiss", vectors)
    curve = measure(index, vectors, (64,), queries=10)
    with pytest.raises(InvalidInput, match="599 item codes"):
        write_version(tmp_path, TrainedVersion(encoder, vectors, index, CODES[1:], curve, 0.1))


def test_a_changed_index_is_refused_and_a_wrong_one_does_not_pass_the_proof(tmp_path: Path) -> None:
    folder = write(tmp_path / "v")
    other = write(tmp_path / "w")
    shuffled = BlockEncoder.fit(COLUMNS).transform(COLUMNS)[::-1].copy()
    build_index("faiss", shuffled[:300]).save(folder / "index.faiss")
    with pytest.raises(PreconditionFailed, match=r"index\.faiss is not the file"):
        load_version(folder)
    manifest = read_manifest(folder / "manifest.json")
    artifacts = {**manifest.artifacts, "index": describe_file(folder, "index.faiss", "index")}
    write_manifest(folder / "manifest.json", artifacts, roles=manifest.roles, metadata=manifest.metadata)
    with pytest.raises(DataProblem, match="600 item codes for 300 vectors"):
        load_version(folder).prove()
    load_version(other).prove()
