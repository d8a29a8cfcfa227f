"""Fitting one operation: a boosted classifier, cross-fitted, on rows that are binned once for all operations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from trained.learned.learned_model import sigmoid
from trained.learned.tree_ensemble import Tree
from trainer.lightgbm_trees import trees_of

NEGATIVES_A_POSITIVE: Final = 4
FEWEST_NEGATIVES: Final = 2_000
LEAST_SHARE: Final = 1e-4
ROWS_A_PREDICTION: Final = 65_536

_PARAMETERS: Final[dict[str, Any]] = {
    "objective": "binary",
    "verbosity": -1,
    "num_threads": 1,
    "deterministic": True,
    "force_col_wise": True,
    "max_bin": 255,
    "min_data_in_leaf": 20,
    "lambda_l2": 10.0,
    "min_data_per_group": 20,
    "cat_smooth": 10.0,
    "cat_l2": 10.0,
}

Booleans = npt.NDArray[np.bool_]
Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class BoostingOptions:
    """How the classifiers are fitted.

    Attributes:
        iterations: trees an operation.
        leaves: most leaves of a tree.
        learning_rate: what each tree adds.
        most_rows: most items that one operation learns from; of its absences, a sample.
        threads: operations fitted at once.
        seed: of the samples.
        cluster: address of a Ray cluster that fits them; "" this machine does.
    """

    iterations: int = 40
    leaves: int = 15
    learning_rate: float = 0.15
    most_rows: int = 60_000
    threads: int = 2
    seed: int = 1
    cluster: str = ""


@dataclass(frozen=True)
class Task:
    """What all operations are fitted on.

    Attributes:
        matrix: inputs of all rows, float32 (rows, inputs): the items, and behind them what else is asked.
        folds: fold of each item from 0, at least two of them; -1 for rows that nothing is learned from.
        told_by: whose models, which did not see it, speak of each row: those without a fold, behind the folds those without a group of
            `left_out`; -1: those of all items do.
        left_out: groups of rows that models of their own do not see.
        categories: inputs that are categories.
        bins: most bins of each input.
        options: how.
        weights: what each item counts, float64 (items,); None: all alike.
    """

    matrix: Floats32
    folds: Integers
    told_by: Integers
    left_out: Sequence[Integers]
    categories: list[int]
    bins: list[int]
    options: BoostingOptions
    weights: Floats | None = None


@dataclass(frozen=True)
class FittedOperation:
    """One operation.

    Attributes:
        trees: of the model of all items.
        base: log odds that the trees add to.
        importance: gain of each input, float64 (inputs,).
        probabilities: of all rows, each from models that did not see it, float32 (rows,).
    """

    trees: list[Tree]
    base: float
    importance: Floats
    probabilities: Floats32


class OperationFitter:
    """Fits operations of one task; safe to use from several threads. The same task gives the same models wherever it is done."""

    def __init__(self, task: Task) -> None:
        import sklearn  # noqa: F401  # brings the OpenMP library that LightGBM needs on Windows, so it comes first
        import lightgbm  # isort: skip  # only the training side has it

        self._lightgbm: Any = lightgbm
        self._task = task
        self._known = np.flatnonzero(task.folds >= 0)
        self._parameters = {
            **_PARAMETERS,
            "max_bin_by_feature": task.bins,
            "num_leaves": task.options.leaves,
            "learning_rate": task.options.learning_rate,
            "seed": task.options.seed,
        }
        self._data = lightgbm.Dataset(
            task.matrix[self._known],
            label=np.zeros(len(self._known)),
            categorical_feature=task.categories,
            params=self._parameters,
            free_raw_data=False,
        ).construct()

    def fit(self, operation: int, needed: Booleans) -> FittedOperation:
        """Fit one operation.

        Args:
            operation: its number, from 0.
            needed: whether each item with a routing has it, bool (items,).
        """
        task, known, told_by = self._task, self._known, self._task.told_by
        options, matrix = task.options, task.matrix
        label, fold_of_known = needed[known], task.folds[known]
        random = np.random.default_rng((options.seed, operation))
        importance = np.zeros(matrix.shape[1])
        probabilities = np.empty(len(matrix), np.float32)
        unseen = np.flatnonzero(told_by < 0)
        folds = range(int(task.folds.max()) + 1)
        parts = [np.flatnonzero(fold_of_known != fold) for fold in folds]
        judged = [np.flatnonzero(told_by == fold) for fold in folds]
        others = [
            (np.flatnonzero(~np.isin(known, group)), np.flatnonzero(told_by == number))
            for number, group in enumerate(task.left_out, start=len(folds))
        ]
        trees: list[Tree] = []
        base = 0.0
        everything = (np.arange(len(known)), unseen)
        for rows, targets in [*zip(parts, judged, strict=True), everything, *others]:
            share = float(np.clip(label[rows].mean(), LEAST_SHARE, 1.0 - LEAST_SHARE))
            positives = int(label[rows].sum())
            if positives < 2 or positives > len(rows) - 2:
                probabilities[targets] = share
                if targets is unseen:
                    base = float(np.log(share / (1.0 - share)))
                continue
            chosen, raised = _sampled(rows, label, options.most_rows, random)
            booster = self._booster_of(chosen, label)
            for start in range(0, len(targets), ROWS_A_PREDICTION):
                some = targets[start : start + ROWS_A_PREDICTION]
                raw = booster.predict(matrix[some], raw_score=True, num_threads=1)
                probabilities[some] = sigmoid(raw + raised)
            if targets is unseen:
                base = raised
                trees = trees_of(booster)
                importance = booster.feature_importance("gain")
        return FittedOperation(trees, base, importance, probabilities)

    def _booster_of(self, rows: Integers, label: Booleans) -> Any:
        part = self._data.subset(rows.tolist(), params=self._parameters).construct()
        part.set_label(label[rows].astype(np.float64))
        if self._task.weights is not None:
            part.set_weight(self._task.weights[self._known[rows]])
        booster = self._lightgbm.Booster(self._parameters, part)
        for _iteration in range(self._task.options.iterations):
            if booster.update():
                break
        return booster


def _sampled(rows: Integers, label: Booleans, most_rows: int, random: np.random.Generator) -> tuple[Integers, float]:
    """Rows to learn from, ascending, and what their log odds must be raised by because absences are only a sample."""
    have = label[rows]
    positives, negatives = rows[have], rows[~have]
    kept_positives = min(len(positives), most_rows // 2)
    most_negatives = max(FEWEST_NEGATIVES, NEGATIVES_A_POSITIVE * kept_positives)
    kept_negatives = min(len(negatives), most_rows - kept_positives, most_negatives)
    shift = np.log(kept_negatives / len(negatives)) - np.log(kept_positives / len(positives))
    if kept_positives < len(positives):
        positives = random.choice(positives, kept_positives, replace=False)
    if kept_negatives < len(negatives):
        negatives = random.choice(negatives, kept_negatives, replace=False)
    return np.sort(np.concatenate([positives, negatives])), float(shift)
