"""Fitting which operations an item needs: one boosted classifier a frequent operation, here or on the hosts of a Ray cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trained.learned.learned_inputs import Inputs, ItemInputs
from trained.learned.tree_ensemble import TreeEnsemble
from trainer.operation_fitter import BoostingOptions, FittedOperation, OperationFitter, Task
from trainer.ray_cluster import fitted_on_cluster

Booleans = npt.NDArray[np.bool_]
Floats32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class FittedOperations:
    """What came out.

    Attributes:
        trees: log odds of each operation, from all items.
        probabilities: of all rows, each from models that did not see it, float32 (rows, operations).
        gains: share of each operation's gain that each column of the matrix has, float64 (operations, columns).
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
    told_by: npt.NDArray[np.int64],
    left_out: Sequence[npt.NDArray[np.int64]],
    options: BoostingOptions,
    weights: npt.NDArray[np.float64] | None = None,
    on_operation: Callable[[int], None] | None = None,
) -> FittedOperations:
    """Fit the classifiers.

    Args:
        matrix: inputs of all rows, float32 (rows, inputs); one column more is the age of the routing, which the trees that are kept
            know to be 0.
        needed: whether each item with a routing has operation number k, bool (items,).
        folds, told_by, left_out: see `Task`.
        weights: what each item counts, float64 (items,); None: all alike.
        on_operation: told how many operations are done.

    Raises:
        InvalidInput, Unavailable: the cluster that the options name cannot be used.
    """
    categories = [place for place, one in enumerate(inputs.inputs) if one.is_category]
    bins = [max(255, len(one.values) + 1) if one.is_category else 255 for one in inputs.inputs]
    aged = matrix.shape[1] > len(bins)
    if aged:
        bins.append(255)
    task = Task(matrix, folds, told_by, left_out, categories, bins, options, weights)
    probabilities = np.empty((len(matrix), operations), np.float32)
    results: list[FittedOperation] = []
    fitted = fitted_on_cluster if options.cluster else _fitted_here
    for done, result in enumerate(fitted(task, needed, operations), start=1):
        probabilities[:, done - 1] = result.probabilities
        results.append(result)
        if on_operation:
            on_operation(done)
    gains = np.array([one.importance / max(one.importance.sum(), 1e-12) for one in results])
    return FittedOperations(
        trees=TreeEnsemble.of(
            [tree.knowing(len(inputs.inputs), 0.0) if aged else tree for one in results for tree in one.trees],
            [number for number, one in enumerate(results) for _tree in one.trees],
            np.array([one.base for one in results]),
        ),
        probabilities=probabilities,
        gains=gains,
    )


def _fitted_here(task: Task, needed: Callable[[int], Booleans], operations: int) -> Iterator[FittedOperation]:
    """The operations in their order, several at once on this machine."""
    fitter = OperationFitter(task)
    with ThreadPoolExecutor(max(1, task.options.threads), thread_name_prefix="boosting") as pool:
        yield from pool.map(lambda operation: fitter.fit(operation, needed(operation)), range(operations))
