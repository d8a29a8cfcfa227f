"""The product's own predictions: a version trained on the catalogue without the held-out routings, asked for the held-out items."""

from __future__ import annotations

import contextlib
import io
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.prediction_quality.held_out import PROFILE, HeldOut
from plant.blueprint.pipeline import pipeline_of
from plant.settings import PlantSettings
from routings.plant_prediction import prediction_options
from source import open_source
from trained.searchable_model import load_version
from trainer.evaluation import EvaluationOptions
from trainer.progress import JsonLines, ProgressReport
from trainer.right_routings import TRUTH
from trainer.status_file import RUNNING, TrainingStatus
from trainer.training import Training
from trainer.version_evaluation import Asked, evaluate_version


def train(data: HeldOut, folder: Path) -> Path:
    """A version trained as the settings' defaults say, in `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    report = ProgressReport(JsonLines(), None, TrainingStatus(status=RUNNING))
    training = Training(open_source(data.folder), PROFILE, pipeline_of(PlantSettings()), report)
    with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())):
        training.write(folder, *training.prepare(), {}, {})
    return folder


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
