"""The supervised stage: what is learned, what is not, and what a version keeps of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from plant.input_profile import InputProfile
from plant.mechanical_seals import MECHANICAL_SEALS
from source import open_source
from trained.artifacts.array_files import read_arrays
from trained.encoder import BlockEncoder
from trained.encoding.dictionary_columns import DictionaryColumn
from trained.item_codes import ItemCodeIndex
from trained.learned.learned_block import LearnedBlock
from trained.learned.learned_chances import LearnedChances
from trained.learned.learned_model import write_parts
from trainer.calibrating import logistic, rising
from trainer.catalogue import Catalogue, read_catalogue
from trainer.current_routings import CurrentRoutings, read_current_routings
from trainer.learned_stage import LearnedStage, LearningOptions, learn, learned_weights
from trainer.operation_fitter import BoostingOptions

OPTIONS = LearningOptions(folds=2, boosting=BoostingOptions(iterations=15))


def read(folder: Path) -> tuple[Catalogue, CurrentRoutings]:
    source, profile = open_source(folder), InputProfile.built_in()
    catalogue = read_catalogue(source, profile)
    index = ItemCodeIndex.of(catalogue.codes.to_pylist())
    return catalogue, read_current_routings(source, profile, index)


@pytest.fixture(scope="module")
def taught(catalogue_of_300: Path) -> tuple[Catalogue, CurrentRoutings, LearnedStage]:
    catalogue, routings = read(catalogue_of_300)
    stage = learn(catalogue.columns, routings, OPTIONS, schema=MECHANICAL_SEALS)
    assert stage is not None
    return catalogue, routings, stage


def test_models_that_have_not_seen_an_item_know_most_of_its_operations(
    taught: tuple[Catalogue, CurrentRoutings, LearnedStage],
) -> None:
    _catalogue, routings, stage = taught
    table = routings.table
    has = np.zeros((table.items, len(routings.jobs)), bool)
    has[np.repeat(np.arange(table.items), np.diff(table.offsets)), table.operation] = True
    known = np.flatnonzero(stage.operation_of >= 0)
    routed = np.diff(table.offsets) > 0
    said = stage.outputs.probabilities[:, stage.operation_of[known]] > 0.5
    right = (said == has[:, known])[routed].mean()
    base = np.maximum(has[routed][:, known].mean(axis=0), 1 - has[routed][:, known].mean(axis=0)).mean()
    assert right > base + 0.3 * (1 - base)


def test_a_stored_model_says_the_same_and_needs_neither_lightgbm_nor_scikit_learn(
    taught: tuple[Catalogue, CurrentRoutings, LearnedStage], tmp_path: Path
) -> None:
    catalogue, _routings, stage = taught
    write_parts(tmp_path / "learned.npz", stage.block.to_parts())
    again = LearnedBlock.from_parts(read_arrays(tmp_path / "learned.npz"))
    before, after = (block.model.outputs(catalogue.columns) for block in (stage.block, again))
    np.testing.assert_array_equal(before.probabilities, after.probabilities)
    np.testing.assert_array_equal(before.factors, after.factors)
    program = (
        "import sys; from pathlib import Path\n"
        "from trained.learned.learned_block import LearnedBlock\n"
        "from trained.artifacts.array_files import read_arrays\n"
        f"block = LearnedBlock.from_parts(read_arrays(Path({str(tmp_path / 'learned.npz')!r})))\n"
        "from trained.encoding.dictionary_columns import DictionaryColumn\n"
        "block.encode_items({'OUTDIAMETER': DictionaryColumn.of([50.0])})\n"
        "assert not {'lightgbm', 'sklearn', 'polars'} & set(sys.modules)"
    )
    root = Path(__file__).resolve().parents[3]
    assert subprocess.run([sys.executable, "-c", program], cwd=root, check=False).returncode == 0


def test_the_block_has_length_one_and_gives_back_what_was_put_in(
    taught: tuple[Catalogue, CurrentRoutings, LearnedStage],
) -> None:
    _catalogue, _routings, stage = taught
    vectors = stage.block.encode(stage.outputs)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert stage.block.exact
    read_back = stage.block.decode(vectors)
    inside = np.abs(vectors[:, -1]) > 1e-3  # points beyond the radius are drawn in
    assert inside.mean() > 0.99
    np.testing.assert_allclose(read_back.probabilities[inside], stage.outputs.probabilities[inside], atol=1e-4)
    np.testing.assert_allclose(read_back.factors[inside], stage.outputs.factors[inside], atol=1e-3)


def test_learning_twice_gives_the_same(
    taught: tuple[Catalogue, CurrentRoutings, LearnedStage],
) -> None:
    catalogue, routings, stage = taught
    again = learn(catalogue.columns, routings, OPTIONS, schema=MECHANICAL_SEALS)
    assert again is not None
    np.testing.assert_array_equal(again.outputs.probabilities, stage.outputs.probabilities)
    np.testing.assert_array_equal(again.outputs.factors, stage.outputs.factors)


def test_an_encoder_with_a_learned_block_survives_its_state_and_keeps_features_apart(
    taught: tuple[Catalogue, CurrentRoutings, LearnedStage],
) -> None:
    catalogue, _routings, stage = taught
    plain = BlockEncoder.fit(catalogue.columns)
    encoder = plain.with_learned(stage.block, 0.8)
    vectors = encoder.transform(catalogue.columns)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-4)
    again = BlockEncoder.from_state(encoder.to_state(), stage.block)
    np.testing.assert_array_equal(again.transform(catalogue.columns), vectors)
    np.testing.assert_allclose(encoder.features_alone(vectors), plain.transform(catalogue.columns), atol=1e-5)
    switched_off = encoder.block_factors({"LEARNED_ROUTING": 0.0})
    assert not switched_off[encoder.features_dimension :].any()
    assert switched_off[: encoder.features_dimension].all()


def test_too_few_routings_teach_nothing(tables_of_300: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    few = tables_of_300["routing"]["ITEM_CD"].unique(maintain_order=True).head(15)
    tables_of_300["items"].write_parquet(tmp_path / "items.parquet")
    tables_of_300["routing"].filter(pl.col("ITEM_CD").is_in(few.to_list())).write_parquet(tmp_path / "routing.parquet")
    catalogue, routings = read(tmp_path)
    assert learn(catalogue.columns, routings, OPTIONS, schema=MECHANICAL_SEALS) is None


def test_contradictory_routings_and_constant_and_absent_columns_are_learned_from_all_the_same(
    taught: tuple[Catalogue, CurrentRoutings, LearnedStage],
) -> None:
    catalogue, routings, _stage = taught
    rows = len(catalogue)
    alike = {name: DictionaryColumn(["same"], np.zeros(rows, np.int32)) for name in ("GROUP1", "ITEM_TYPE")}
    assert learn(alike, routings, OPTIONS, schema=MECHANICAL_SEALS) is None  # nothing tells items apart
    halves = {
        **alike,
        "PART_TYPE": DictionaryColumn(["A", "B"], (np.arange(rows) % 2).astype(np.int32)),
        "OUTDIAMETER": DictionaryColumn(np.full(rows, 1e30)),
        "INDIAMETER": DictionaryColumn.absent(rows),
    }
    stage = learn(halves, routings, OPTIONS, schema=MECHANICAL_SEALS)
    assert stage is not None
    assert np.isfinite(stage.outputs.probabilities).all()
    assert np.isfinite(stage.outputs.factors).all()


def test_an_item_without_any_feature_is_encoded_without_trouble(
    taught: tuple[Catalogue, CurrentRoutings, LearnedStage],
) -> None:
    vectors = taught[2].block.encode_items({"": DictionaryColumn.absent(2)})
    assert vectors.shape == (2, taught[2].block.width)
    assert np.isfinite(vectors).all()


def test_chances_come_back_from_their_files_but_for_the_smallest(tmp_path: Path) -> None:
    chances = np.random.default_rng(1).random((40, 7)).astype(np.float32)
    chances[chances < 0.3] = 0.001
    LearnedChances.write(tmp_path, chances)
    found = LearnedChances.open(tmp_path, 7)
    wanted = np.where(chances < 0.01, 0.0, chances)
    np.testing.assert_allclose(found.at(np.array([3, 0, 39])), wanted[[3, 0, 39]], atol=1e-3)
    found.close()


def test_learned_weights_keep_their_sum_and_leave_out_what_is_switched_off() -> None:
    made = learned_weights({"GROUP2": 0.9, "PART_TYPE": 0.1}, {"ITEM_TYPE": False}, MECHANICAL_SEALS)
    usual = learned_weights({"GROUP2": 1.0}, {"ITEM_TYPE": False}, MECHANICAL_SEALS)
    assert "ITEM_TYPE" not in made
    assert sum(made.values()) == pytest.approx(sum(usual.values()), rel=1e-6)
    assert made["GROUP2"] > made["PART_TYPE"] > 0
    assert learned_weights({}, {}, MECHANICAL_SEALS) == {}


def test_fits_find_what_made_the_data() -> None:
    random = np.random.default_rng(3)
    scores = random.normal(size=(20_000, 2))
    right = random.random(20_000) < 1 / (1 + np.exp(-(0.5 + 2.0 * scores[:, 0])))
    bias, first, second = logistic(scores, right)
    assert bias == pytest.approx(0.5, abs=0.1)
    assert first == pytest.approx(2.0, abs=0.1)
    assert 0.0 <= second < 0.1
    curve = rising(scores[:, 0], right)
    assert curve.at(np.array([1.0]))[0] == pytest.approx(1 / (1 + np.exp(-2.5)), abs=0.05)
    assert list(curve.shares) == sorted(curve.shares)
