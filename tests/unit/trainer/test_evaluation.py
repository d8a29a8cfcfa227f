"""Leave-out evaluation of a version, in a training and of a version on disk."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from common.errors import InvalidInput
from plant.blueprint.options import PipelineOptions
from plant.input_profile import InputProfile
from routings.operation_table import Neighbours
from routings.routing_prediction import PredictionOptions
from source import open_source
from tests.support.catalogue import CATALOGUE
from trained.artifacts import check_integrity, read_manifest
from trained.item_codes import ItemCodeIndex
from trained.version_loading import load_version
from trainer.current_routings import read_current_routings
from trainer.evaluation import Evaluated, EvaluationOptions, leave_out_neighbours, sample
from trainer.progress import JsonLines, ProgressReport
from trainer.right_routings import RightRoutings
from trainer.status_file import RUNNING, TrainingStatus
from trainer.training import Training
from trainer.version_evaluation import Asked, evaluate_version

ITEMS = 400
PROFILE = InputProfile.built_in()
OPTIONS = EvaluationOptions(60, prediction=PredictionOptions(threshold=0.5))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first items of the demo catalogue, with their routings and their truth."""
    folder = tmp_path_factory.mktemp("source")
    items = pl.read_parquet(CATALOGUE / "items.parquet").head(ITEMS)
    items.write_parquet(folder / "items.parquet")
    for name in ("routing", "work_orders", "truth"):
        rows = pl.read_parquet(CATALOGUE / f"{name}.parquet")
        rows.filter(pl.col("ITEM_CD").is_in(items["ITEM_CD"].implode())).write_parquet(folder / f"{name}.parquet")
    return folder


def trained(source: Path, folder: Path, judging: EvaluationOptions | None = OPTIONS) -> Path:
    """A version trained on a source in this process."""
    report = ProgressReport(JsonLines(), None, TrainingStatus(status=RUNNING))
    training = Training(open_source(source), PROFILE, PipelineOptions(), report, judging)
    catalogue, learned = training.prepare()
    training.write(folder, catalogue, learned, {}, {})
    return folder


@pytest.fixture(scope="module")
def version(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(source, tmp_path_factory.mktemp("models") / "v1")


def evaluated(version: Path, source: Path, **asked: Any) -> dict[str, Any]:
    options = asked.pop("options", OPTIONS)
    return evaluate_version(version, open_source(source), PROFILE, options, Asked(**asked))


def test_a_training_stores_what_the_evaluation_of_a_sample_found(version: Path) -> None:
    manifest = read_manifest(version / "manifest.json")
    check_integrity(manifest, version)
    summary = manifest.metadata["evaluation"]
    whole = json.loads((version / "evaluation.json").read_text(encoding="utf-8"))
    assert whole["summary"] == summary
    assert summary["judged_against"] == "routings"
    assert summary["items"] == 60
    assert 0.1 < summary["sequence_exact"] <= summary["top_recall"] <= 1.0
    assert 0.5 < summary["set_f1"] <= 1.0
    assert 0.0 < summary["run_time_mape"] < 2.0
    reached = summary["ranges"]
    assert 0.3 < reached["standard"] < reached["optimal"] < reached["safe"] <= 1.0
    assert sum(group["items"] for group in whole["by_family"]) == 60
    assert sum(group["items"] for group in whole["by_neighbours"]) == 60
    assert {entry["operation"] for entry in whole["operations"]} >= {"INS", "DEB"}
    assert manifest.artifacts["evaluation"].schema_version == "routing-ml/evaluation@1"
    assert json.loads((version / "training_metrics.json").read_text(encoding="utf-8"))["evaluation"] == summary


def test_a_source_without_any_routing_is_trained_without_evaluation(source: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("items", "routing", "work_orders"):
        rows = pl.read_parquet(source / f"{name}.parquet")
        (rows if name == "items" else rows.clear()).write_parquet(bare / f"{name}.parquet")
    folder = trained(bare, tmp_path / "v1")
    assert "evaluation" not in read_manifest(folder / "manifest.json").metadata
    assert not (folder / "evaluation.json").exists()
    with pytest.raises(InvalidInput, match=r"No item of .* can be judged"):
        evaluated(folder, bare)


def test_a_version_is_judged_against_the_truth_where_the_source_has_it(version: Path, source: Path) -> None:
    against_truth = evaluated(version, source)["summary"]
    against_routings = evaluated(version, source, against="routings")["summary"]
    assert against_truth["judged_against"] == "truth"
    assert against_routings["judged_against"] == "routings"
    unrouted = evaluated(version, source, which="without-routing")
    assert unrouted["summary"]["items"] == min(60, ITEMS - routed_items(source))


def routed_items(source: Path) -> int:
    return pl.read_parquet(source / "routing.parquet", columns=["ITEM_CD"])["ITEM_CD"].n_unique()


def test_the_same_question_has_the_same_answer(version: Path, source: Path) -> None:
    first, second = evaluated(version, source), evaluated(version, source)
    for found in (first, second):
        found["summary"].pop("seconds")
    assert first == second


def test_named_items_only_are_judged(version: Path, source: Path) -> None:
    codes = pl.read_parquet(source / "truth.parquet", columns=["ITEM_CD"])["ITEM_CD"].unique().sort().head(3).to_list()
    assert evaluated(version, source, codes=[f" {code.lower()}" for code in codes])["summary"]["items"] == 3
    with pytest.raises(InvalidInput, match="has no item 'ghost'"):
        evaluated(version, source, codes=["ghost"])


def neighbours_of(version: Path, source: Path, items: list[str], renamed: bool) -> tuple[Neighbours, ItemCodeIndex]:
    """Neighbours of the first items; renamed: under codes that the version does not hold."""
    index = ItemCodeIndex.of([f"{code}-X" for code in items] if renamed else items)
    current = read_current_routings(open_source(source), PROFILE, index)
    model = load_version(version, version / "manifest.json")
    known = load_version(version, version / "manifest.json")
    try:
        places = known.find_many(items).astype(np.int64)
        work = Evaluated(
            model, index, current, RightRoutings("routings", {}, {}), lambda rows: known.vectors(places[rows])
        )
        return leave_out_neighbours(work, replace(OPTIONS, top_k=5), np.arange(20))[0], index
    finally:
        model.close()
        known.close()


def test_an_item_is_never_its_own_neighbour(version: Path, source: Path) -> None:
    items = pl.read_parquet(source / "items.parquet")["ITEM_CD"].to_list()
    found, _index = neighbours_of(version, source, items, renamed=False)
    query = found.query_of_each()
    assert np.diff(found.offsets).tolist() == [5] * 20
    assert not (found.items == query).any()
    assert (found.items >= 0).all()


def test_items_that_the_version_does_not_hold_are_encoded_and_keep_their_double(version: Path, source: Path) -> None:
    items = pl.read_parquet(source / "items.parquet")["ITEM_CD"].to_list()
    found, _index = neighbours_of(version, source, items, renamed=True)
    assert (found.similarities[found.offsets[:-1]] > 0.999).all()
    assert (found.items == -1).all()


def test_a_sample_is_within_its_positions_and_all_of_them_when_zero_is_asked() -> None:
    positions = np.arange(3, 50, dtype=np.int64)
    chosen = sample(positions, 10, 1)
    assert len(chosen) == 10
    assert np.isin(chosen, positions).all()
    assert (np.diff(chosen) > 0).all()
    np.testing.assert_array_equal(sample(positions, 0, 1), positions)
