"""`routing-ml models doctor DIR` on folders of every lineage, whole and broken, without a running system."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from auth_service.versions.adoption import describe_folder
from cli.care.model_doctor import examine
from common.errors import NotFound
from trained.artifacts import write_manifest
from trained.searchable_model import SearchableModel
from trained.version_loading import load_version

DATA = Path(__file__).resolve().parents[2] / "data"
LINEAGES = DATA / "legacy_lineages"
"""Written by scikit-learn 1.2.2, joblib 1.2.0 and NumPy 1.26: ordinal codes compressed with zlib, gzip, bz2 and lzma, label codes plain,
with xz and zlib; both with the searcher EfficientSimilaritySearch."""
EXPECTED = json.loads((LINEAGES / "expected.json").read_text(encoding="utf-8"))


def loaded(folder: Path, tmp_path: Path) -> SearchableModel:
    write_manifest(tmp_path / "manifest.json", describe_folder(folder))
    return load_version(folder, tmp_path / "manifest.json", tmp_path / "derived")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the version with ordinal codes, for breaking."""
    return shutil.copytree(LINEAGES / "scikit_learn_1_2_ordinal", tmp_path / "old version")


@pytest.mark.parametrize("lineage", ["ordinal", "label"])
def test_versions_of_scikit_learn_1_2_can_be_served(lineage: str) -> None:
    place = LINEAGES / f"scikit_learn_1_2_{lineage}"
    before = sorted(path.name for path in place.iterdir())
    found = examine(place)
    assert found.problems == []
    assert any("numpy 1.26.4 at training" in line for line in found.passed)
    assert any("6 items, 3 dimensions" in line for line in found.passed)
    assert sorted(path.name for path in place.iterdir()) == before


@pytest.mark.parametrize("lineage", ["ordinal", "label"])
def test_versions_of_scikit_learn_1_2_give_the_similarities_that_it_gave(lineage: str, tmp_path: Path) -> None:
    model = loaded(LINEAGES / f"scikit_learn_1_2_{lineage}", tmp_path)
    vectors = model.encode(EXPECTED["columns"], 6)
    assert np.abs(vectors @ vectors.T - np.array(EXPECTED["similarities"])).max() < 1e-5
    stored = model.vectors(model.find_many(EXPECTED["codes"]))
    assert np.abs(stored - vectors).max() < 1e-5
    model.close()


@pytest.mark.parametrize(
    "name", ["similarity_engine.joblib", "encoder.joblib", "scaler.joblib", "feature_columns.joblib"]
)
def test_a_folder_with_a_part_of_the_artifacts_is_refused_with_what_is_missing(folder: Path, name: str) -> None:
    (folder / name).unlink()
    problem = " ".join(examine(folder).problems)
    assert name in problem
    assert "train" in problem


def test_a_file_that_is_cut_off_is_named(folder: Path) -> None:
    path = folder / "scaler.joblib"
    path.write_bytes(path.read_bytes()[:-40])
    problem = " ".join(examine(folder).problems)
    assert "scaler.joblib" in problem
    assert "restore it from a backup" in problem


def test_a_file_of_a_class_that_models_have_no_use_for_is_not_opened(folder: Path) -> None:
    (folder / "encoder.joblib").write_bytes(pickle.dumps(Path("x")))
    assert "pathlib" in " ".join(examine(folder).problems)


def test_a_file_that_is_not_the_one_of_the_manifest_is_refused(folder: Path) -> None:
    write_manifest(folder / "manifest.json", describe_folder(folder))
    (folder / "feature_columns.joblib").write_bytes((folder / "scaler.joblib").read_bytes())
    assert "feature_columns.joblib" in " ".join(examine(folder).problems)


def test_libraries_that_are_too_old_are_the_reason(folder: Path) -> None:
    (folder / "training_metadata.json").write_text('{"runtime_versions": {"scikit_learn": "0.19.2"}}')
    assert "older than 0.20" in " ".join(examine(folder).problems)


def test_features_that_are_not_known_here_are_named(folder: Path) -> None:
    (folder / "feature_columns.joblib").write_bytes(pickle.dumps(["ITEM_MATERIAL", "SHOE_SIZE"]))
    assert "SHOE_SIZE" in " ".join(examine(folder).problems)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        examine(tmp_path / "nowhere")
