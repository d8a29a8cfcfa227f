"""Gradient boosting straight from the features, without neighbours: a classifier an operation, a regressor of log time an operation."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.prediction_quality.held_out import HeldOut
from plant.features import tidy_text, tidy_unit
from plant.mechanical_seals import MECHANICAL_SEALS
from plant.schema import FeatureKind
from routings.quality_metrics import Proposal
from trained.encoding.dictionary_columns import Columns
from trainer.right_routings import run_times

FEWEST = 20
"""Items with an operation (and times of it) below which it is left out (or has its median)."""
ROUNDS = 150
PARAMETERS = {
    "verbosity": -1,
    "learning_rate": 0.1,
    "num_leaves": 31,
    "min_data_in_leaf": 10,
    "max_cat_to_onehot": 4,
    "cat_smooth": 5.0,
    "deterministic": True,
    "num_threads": 2,
    "seed": 1,
}
MOST_CATEGORIES = 500
"""Texts with more distinct values are left out: codes and drawing numbers, which say nothing by themselves."""


def boosted(data: HeldOut) -> list[list[Proposal]]:
    """Routings of the held-out items."""
    import lightgbm

    matrix, categories = feature_matrix(data.columns)
    table, jobs = data.routings.table, data.routings.jobs
    routed = np.flatnonzero(np.diff(table.offsets) > 0)
    item_of = np.repeat(np.arange(table.items), np.diff(table.offsets))
    run = run_times(table, np.arange(len(table.operation)))
    before = precedence(data)
    asked = matrix[data.items]
    probability = np.zeros((len(data.items), len(jobs)))
    minutes = np.full((len(data.items), len(jobs)), np.nan)
    place_of = np.full(table.items, -1)
    place_of[routed] = np.arange(len(routed))
    dataset = lightgbm.Dataset(
        matrix[routed], np.zeros(len(routed)), categorical_feature=categories, params=PARAMETERS, free_raw_data=False
    ).construct()
    for operation in range(len(jobs)):
        rows = np.flatnonzero(table.operation == operation)
        label = np.zeros(len(routed))
        label[place_of[item_of[rows]]] = 1.0
        if label.sum() < FEWEST:
            continue
        if label.all():
            probability[:, operation] = 1.0
        else:
            dataset.set_label(label)
            model = lightgbm.train({**PARAMETERS, "objective": "binary"}, dataset, ROUNDS)
            probability[:, operation] = model.predict(asked)
        timed = rows[run[rows] > 0]
        minutes[:, operation] = _minutes(matrix[item_of[timed]], np.log(run[timed]), asked, categories)
    return [[_proposal(jobs, probability[q], minutes[q], before)] for q in range(len(data.items))]


def _minutes(
    matrix: npt.NDArray[np.float64],
    logs: npt.NDArray[np.float64],
    asked: npt.NDArray[np.float64],
    categories: list[int],
) -> Any:
    import lightgbm

    if len(logs) < FEWEST:
        return np.exp(np.median(logs)) if len(logs) else np.nan
    part = lightgbm.Dataset(matrix, logs, categorical_feature=categories, params=PARAMETERS)
    model = lightgbm.train({**PARAMETERS, "objective": "regression"}, part, ROUNDS)
    return np.exp(model.predict(asked))


def _proposal(
    jobs: list[str],
    probability: npt.NDArray[np.float64],
    minutes: npt.NDArray[np.float64],
    before: npt.NDArray[np.float64],
) -> Proposal:
    chosen = np.flatnonzero(probability >= 0.5)
    first = before[np.ix_(chosen, chosen)]
    order = chosen[np.argsort(-(first > first.T).sum(axis=1), kind="stable")]
    return Proposal([jobs[number] for number in order.tolist()], minutes[order], probability[order])


def precedence(data: HeldOut) -> npt.NDArray[np.float64]:
    """How often each operation comes before each other in one routing, (operations, operations)."""
    table = data.routings.table
    before = np.zeros((len(data.routings.jobs),) * 2)
    for item in range(table.items):
        numbers = table.operation[int(table.offsets[item]) : int(table.offsets[item + 1])]
        for place, operation in enumerate(numbers.tolist()):
            before[operation, numbers[place + 1 :]] += 1
    return before


def feature_matrix(columns: Columns) -> tuple[npt.NDArray[np.float64], list[int]]:
    """Features as numbers and category codes, float64 (items, features), and the places of the categories."""
    parts: list[npt.NDArray[np.float64]] = []
    categories: list[int] = []
    for feature in MECHANICAL_SEALS.features:
        if feature.name not in columns or feature.kind is FeatureKind.IDENTITY:
            continue
        column = columns[feature.name]
        if feature.kind in (FeatureKind.SIZE, FeatureKind.FLAG):
            numbers = column.numbers()
            if feature.kind is FeatureKind.SIZE:
                numbers = np.where(numbers > 0, numbers, np.nan)
                if feature.unit_from is not None and feature.unit_from in columns:
                    units, codes = columns[feature.unit_from].distinct(tidy_unit)
                    numbers = numbers * np.array([25.4 if unit == "INCH" else 1.0 for unit in units])[codes]
            parts.append(numbers)
            continue
        texts, codes = column.distinct(tidy_text)
        if 1 < len(texts) <= MOST_CATEGORIES:
            categories.append(len(parts))
            parts.append(codes.astype(np.float64))
    return np.column_stack(parts), categories
