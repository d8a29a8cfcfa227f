"""The product's own predictions: a version trained on the catalogue without the held-out routings, asked for the held-out items."""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.prediction_quality.held_out import PROFILE, HeldOut
from benchmarks.prediction_quality.own_evaluation import OwnEvaluation, own_evaluation
from plant.blueprint.pipeline import pipeline_of
from plant.input_profile import InputProfile
from plant.settings import PlantSettings
from routings.plant_prediction import prediction_options
from routings.quality_metrics import ItemScore, RightRouting
from source import Source, open_source
from trained.item_codes import ItemCodeIndex
from trained.version_loading import load_version
from trainer.catalogue import read_catalogue
from trainer.current_routings import read_current_routings
from trainer.evaluation import ITEMS_AT_ONCE, Evaluated, EvaluationOptions, judge_items
from trainer.progress import JsonLines, ProgressReport
from trainer.right_routings import ROUTINGS, TRUTH, RightRoutings
from trainer.status_file import RUNNING, TrainingStatus
from trainer.training import Training
from trainer.version_evaluation import Asked, encoder_of, evaluate_version


def train(data: HeldOut, folder: Path) -> Path:
    """A version trained as the settings' defaults say, in `folder`."""
    return train_on(open_source(data.folder), PROFILE, folder, judged=True)


def train_on(source: Source, profile: InputProfile, folder: Path, *, judged: bool = False) -> Path:
    """A version trained on any source as the settings' defaults say, in `folder`; judged: with its own evaluation."""
    shutil.rmtree(folder, ignore_errors=True)
    report = ProgressReport(JsonLines(), None, TrainingStatus(status=RUNNING))
    judging = EvaluationOptions(prediction=prediction_options(PlantSettings())) if judged else None
    training = Training(source, profile, pipeline_of(PlantSettings()), report, judging)
    with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())):
        training.write(folder, *training.prepare(), {}, {})
    return folder


def own(data: HeldOut, folder: Path) -> list[OwnEvaluation]:
    """What the version says of itself beside how it does on the held-out items, both judged by what planners entered."""
    scores = predicted_scores(folder, open_source(data.folder), PROFILE, "consensus", data.entered)
    return own_evaluation([folder], scores)


def space(data: HeldOut, folder: Path) -> npt.NDArray[np.float32]:
    """The version's vectors of all items, in the order of the catalogue; float32 (items, dimension)."""
    model = load_version(folder, folder / "manifest.json")
    try:
        codes = data.index.codes_at(np.arange(len(data.index)))
        return np.array(model.vectors(model.find_many(codes).astype(np.int64)))
    finally:
        model.close()


def predicted(data: HeldOut, folder: Path, strategy: str) -> dict[str, Any]:
    """What the evaluation of the version finds on the held-out items, with a strategy of the product."""
    options = EvaluationOptions(0, prediction=replace(prediction_options(PlantSettings()), strategy=strategy))
    asked = Asked(TRUTH, codes=data.codes)
    found = evaluate_version(folder, open_source(data.folder), PROFILE, options, asked)
    summary: dict[str, Any] = found["summary"]
    return summary


def predicted_scores(
    folder: Path, source: Source, profile: InputProfile, strategy: str, right: Mapping[int, RightRouting]
) -> list[ItemScore]:
    """How a strategy does on items of a source.

    Args:
        right: what is right for them, by position.
    """
    catalogue = read_catalogue(source, profile)
    index = ItemCodeIndex.of(catalogue.codes.to_pylist())
    routings = read_current_routings(source, profile, index, results=True)
    options = EvaluationOptions(0, prediction=replace(prediction_options(PlantSettings()), strategy=strategy))
    model = load_version(folder, folder / "manifest.json")
    try:
        against = RightRoutings(ROUTINGS, right, {})
        work = Evaluated(model, index, routings, against, encoder_of(model, catalogue.with_codes()))
        items = against.positions()
        parts = [items[start : start + ITEMS_AT_ONCE] for start in range(0, len(items), ITEMS_AT_ONCE)]
        return [one.score for part in parts for one in judge_items(work, options, part)]
    finally:
        model.close()
