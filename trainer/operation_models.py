"""Fitting which operations an item needs: one boosted classifier a frequent operation, cross-fitted, on rows that are binned once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from trained.learned.learned_inputs import Inputs, ItemInputs
from trained.learned.learned_model import sigmoid
from trained.learned.tree_ensemble import Tree, TreeEnsemble
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
    """

    iterations: int = 40
    leaves: int = 15
    learning_rate: float = 0.15
    most_rows: int = 60_000
    threads: int = 2
    seed: int = 1


@dataclass(frozen=True)
class FittedOperations:
    """What came out.

    Attributes:
        trees: log odds of each operation, from all items.
        probabilities: of all items, each from models that did not see it, float32 (items, operations).
        gains: share of each operation's gain that each input has, float64 (operations, inputs).
    """

    trees: TreeEnsemble
    probabilities: Floats32
    gains: npt.NDArray[np.float64]


def fit_operations(
    inputs: ItemInputs,
    matrix: Inputs,
    needed: Callable[[int], Booleans],
    operations: int,
    folds: npt.NDArray[np.int64],
    options: BoostingOptions,
    weights: npt.NDArray[np.float64] | None = None,
    on_operation: Callable[[int], None] | None = None,
) -> FittedOperations:
    """Fit the classifiers.

    Args:
        matrix: inputs of all items, float32 (items, inputs).
        needed: whether each item with a routing has operation number k, bool (items,).
        folds: fold of each item from 0, at least two of them; -1 for items without routing.
        weights: what each item counts, float64 (items,); None: all alike.
        on_operation: told how many operations are done.
    """
    import sklearn  # noqa: F401  # brings the OpenMP library that LightGBM needs on Windows, so it comes first
    import lightgbm  # isort: skip  # only the training side has it

    known = np.flatnonzero(folds >= 0)
    categories = [place for place, one in enumerate(inputs.inputs) if one.is_category]
    bins = [max(255, len(one.values) + 1) if one.is_category else 255 for one in inputs.inputs]
    parameters = {
        **_PARAMETERS,
        "max_bin_by_feature": bins,
        "num_leaves": options.leaves,
        "learning_rate": options.learning_rate,
        "seed": options.seed,
    }
    data = lightgbm.Dataset(
        matrix[known],
        label=np.zeros(len(known)),
        categorical_feature=categories,
        params=parameters,
        free_raw_data=False,
    ).construct()
    probabilities = np.empty((len(matrix), operations), np.float32)
    fold_count = int(folds.max()) + 1
    fold_of_known = folds[known]
    unseen = np.flatnonzero(folds < 0)

    def booster_of(rows: Integers, label: Booleans) -> Any:
        part = data.subset(rows.tolist(), params=parameters).construct()
        part.set_label(label[rows].astype(np.float64))
        if weights is not None:
            part.set_weight(weights[known[rows]])
        booster = lightgbm.Booster(parameters, part)
        for _iteration in range(options.iterations):
            if booster.update():
                break
        return booster

    def fit_one(operation: int) -> tuple[list[Tree], float, npt.NDArray[np.float64]]:
        whole = needed(operation)
        label = whole[known]
        random = np.random.default_rng((options.seed, operation))
        importance = np.zeros(matrix.shape[1])
        parts = [np.flatnonzero(fold_of_known != fold) for fold in range(fold_count)]
        judged = [known[fold_of_known == fold] for fold in range(fold_count)]
        trees: list[Tree] = []
        base = 0.0
        for rows, targets in [*zip(parts, judged, strict=True), (np.arange(len(known)), unseen)]:
            share = float(np.clip(label[rows].mean(), LEAST_SHARE, 1.0 - LEAST_SHARE))
            positives = int(label[rows].sum())
            final = targets is unseen
            if positives < 2 or positives > len(rows) - 2:
                base = float(np.log(share / (1.0 - share)))
                probabilities[targets, operation] = share
                continue
            chosen, base = _sampled(rows, label, options.most_rows, random)
            booster = booster_of(chosen, label)
            for start in range(0, len(targets), ROWS_A_PREDICTION):
                some = targets[start : start + ROWS_A_PREDICTION]
                raw = booster.predict(matrix[some], raw_score=True, num_threads=1)
                probabilities[some, operation] = sigmoid(raw + base)
            if final:
                trees = trees_of(booster)
                importance = booster.feature_importance("gain")
        return trees, base, importance

    with ThreadPoolExecutor(max(1, options.threads), thread_name_prefix="boosting") as pool:
        results = []
        for done, result in enumerate(pool.map(fit_one, range(operations)), start=1):
            results.append(result)
            if on_operation:
                on_operation(done)
    gains = np.array([gain / max(gain.sum(), 1e-12) for _trees, _base, gain in results])
    return FittedOperations(
        trees=TreeEnsemble.of(
            [tree for trees, _base, _gain in results for tree in trees],
            [number for number, (trees, _base, _gain) in enumerate(results) for _tree in trees],
            np.array([base for _trees, base, _gain in results]),
        ),
        probabilities=probabilities,
        gains=gains,
    )


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
