"""Fitting how an item's features make times: an additive model of logarithms, pooled over all operations, then each operation's own
deviation from it, shrunk the more the fewer times there are; reduced to the few factors in which times differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from plant.time_columns import RUN_SOURCES, SETUP
from routings.operation_table import OperationTable
from trained.learned.learned_inputs import Inputs
from trained.learned.learned_model import RUN_KIND, SETUP_KIND, TimeModel

POOLED_PENALTY, OWN_PENALTY = 5.0, 20.0
TIMES_A_COLUMN: Final = 64
"""Times that one operation learns from, for each column of the design: more lower the error of a time by less than a hundredth, for what
is estimated adds one part in so many to the scatter that no model explains."""
MOST_FACTORS: Final = 12
EXPLAINED: Final = 0.9995
KIND_WEIGHTS: Final = {SETUP_KIND: 0.3, RUN_KIND: 1.0}
"""How much a difference of set-up and of run times counts in the space of the factors."""
ROWS_AT_ONCE: Final = 16_384

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


class Design(Protocol):
    """What the models multiply.

    Attributes:
        columns: number of columns.
    """

    columns: int

    def columns_of(self, matrix: Inputs) -> Floats32:
        """The columns of items, float32 (items, columns)."""


class Moments(NamedTuple):
    """Sums over the times of an operation in one fold: their number, of columns, of times, of products."""

    number: float
    columns: Floats
    times: float
    products: Floats
    with_times: Floats

    def less(self, other: Moments) -> Moments:
        """What is left without another's times."""
        return Moments(
            self.number - other.number,
            self.columns - other.columns,
            self.times - other.times,
            self.products - other.products,
            self.with_times - other.with_times,
        )


class Line(NamedTuple):
    """One linear model: log minutes = base + design columns @ weights."""

    base: float
    weights: Floats


@dataclass(frozen=True)
class FittedTimes:
    """What came out.

    Attributes:
        times: how factors make times.
        factor_weights, factor_centre: factors = design columns @ weights - centre.
        factors: of all rows, from models that did not see the item's times, float32 (rows, factors).
    """

    times: TimeModel
    factor_weights: Floats32
    factor_centre: Floats32
    factors: Floats32


def run_and_setup_times(table: OperationTable) -> Floats:
    """Logarithms of the set-up and run time of each row, float64 (rows, 2); NaN where absent or 0."""
    run = np.array(table.times[:, RUN_SOURCES[0]])
    for column in RUN_SOURCES[1:]:
        run = np.where(np.isnan(run), table.times[:, column], run)
    both = np.stack([table.times[:, SETUP], run], axis=1)
    present = both > 0.0
    return np.where(present, np.log(np.where(present, both, 1.0)), np.nan)


def fit_times(
    design: Design,
    matrix: Inputs,
    table: OperationTable,
    operation: Integers,
    operations: int,
    folds: Integers,
    told_by: Integers,
    seed: int,
) -> FittedTimes:
    """Fit the time models.

    Args:
        matrix: inputs of all rows, float32 (rows, inputs): the items, and behind them what else is asked.
        table: routings of the items.
        operation: number of the model of each row of the table, -1 where the operation has none.
        folds: fold of each item from 0, -1 for rows without routing.
        told_by: fold whose models, which did not see it, speak of each row; -1: those of all items do.
    """
    fold_count, items = int(folds.max()) + 1, matrix[: table.items]
    item_of = np.repeat(np.arange(table.items), np.diff(table.offsets))
    times = run_and_setup_times(table)
    random = np.random.default_rng(seed)
    shares = np.bincount(operation[operation >= 0], minlength=operations) / max(1, int((folds >= 0).sum()))
    moments: dict[tuple[int, int], list[Moments]] = {
        (kind, number): [] for kind in KIND_WEIGHTS for number in range(operations)
    }
    stated = np.logical_not(np.isnan(times).all(axis=1))
    rows_of = _rows_of_operations(operation, stated, operations)
    most = TIMES_A_COLUMN * max(design.columns, 1)
    for number, rows in enumerate(rows_of):
        if len(rows) > most:
            rows = random.choice(rows, most, replace=False)
        fold_of = folds[item_of[rows]]
        for fold in range(fold_count):
            some = rows[fold_of == fold]
            columns = design.columns_of(matrix[item_of[some]]).astype(np.float64)
            for kind, one in zip(KIND_WEIGHTS, _moments_of_kinds(columns, times[some]), strict=True):
                moments[(kind, number)].append(one)
    final = _models(moments, operations, None)
    centre = _mean_columns(design, items)
    scale = np.array([np.sqrt(weight * shares) for weight in KIND_WEIGHTS.values()])  # (2, operations)
    level = _levels(final, operations, centre)
    slopes = np.stack([_weights(final, kind, operations) for kind in KIND_WEIGHTS])  # (2, operations, columns)
    scaled = (slopes * scale[:, :, None]).reshape(len(KIND_WEIGHTS) * operations, design.columns)
    directions = _directions(design, items, scaled, centre)
    factor_weights = scaled.T @ directions  # (columns, factors)
    effects = np.zeros((operations + 1, len(KIND_WEIGHTS), directions.shape[1]))
    shaped = directions.reshape(len(KIND_WEIGHTS), operations, -1)
    for kind in KIND_WEIGHTS:
        with np.errstate(divide="ignore", invalid="ignore"):
            effects[:operations, kind] = np.where(scale[kind, :, None] > 0, shaped[kind] / scale[kind, :, None], 0.0)
        effects[operations, kind] = _pooled_effects(final[(kind, operations)].weights, factor_weights, design, items)
    base = np.array([[level[kind, number] for kind in KIND_WEIGHTS] for number in range(operations + 1)])
    factors = np.empty((len(matrix), directions.shape[1]), np.float32)
    for fold in [*range(fold_count), -1]:
        models = final if fold < 0 else _models(moments, operations, fold)
        chosen = np.flatnonzero(told_by == fold)
        factors[chosen] = _factors(design, matrix, chosen, models, operations, scale, level, directions)
    return FittedTimes(
        times=TimeModel(base.astype(np.float32), effects.astype(np.float32)),
        factor_weights=factor_weights.astype(np.float32),
        factor_centre=(centre @ factor_weights).astype(np.float32),
        factors=factors,
    )


def _rows_of_operations(operation: Integers, timed: npt.NDArray[np.bool_], operations: int) -> list[Integers]:
    """Rows with a time of each operation with a model."""
    rows = np.flatnonzero(timed & (operation >= 0))
    rows = rows[np.argsort(operation[rows], kind="stable")]
    return np.split(rows, np.cumsum(np.bincount(operation[rows], minlength=operations))[:-1])


def _moments_of_kinds(columns: Floats, times: Floats) -> list[Moments]:
    """Moments of the set-up and the run times of rows, float64 (rows, kinds); products are made once where both are known."""
    made: list[Moments] = []
    before: npt.NDArray[np.bool_] | None = None
    for kind in KIND_WEIGHTS:
        known = ~np.isnan(times[:, kind])
        told = times[known, kind]
        chosen = columns if known.all() else columns[known]
        if before is not None and np.array_equal(known, before):
            total, products = made[-1].columns, made[-1].products
        else:
            total, products = chosen.sum(axis=0), chosen.T @ chosen
        made.append(Moments(float(len(told)), total, float(told.sum()), products, chosen.T @ told))
        before = known
    return made


def _models(
    moments: dict[tuple[int, int], list[Moments]], operations: int, without: int | None
) -> dict[tuple[int, int], Line]:
    """A model for each kind of time and operation (the last: all others), leaving a fold out."""
    models: dict[tuple[int, int], Line] = {}
    for kind in KIND_WEIGHTS:
        kept = {}
        for number in range(operations):
            parts = moments[(kind, number)]
            whole = Moments(*(sum(values) for values in zip(*parts, strict=True)))
            kept[number] = whole if without is None else whole.less(parts[without])
        centred = {number: _centred(one) for number, one in kept.items() if one.number >= 2}
        width = len(next(iter(kept.values())).columns) if kept else 0
        products = sum((square for square, _product in centred.values()), np.zeros((width, width)))
        sums = sum((product for _square, product in centred.values()), np.zeros(width))
        pooled = _solved(products, sums, POOLED_PENALTY)
        for number, one in kept.items():
            weights = pooled
            if number in centred:
                square, product = centred[number]
                weights = pooled + _solved(square, product - square @ pooled, OWN_PENALTY)
            models[(kind, number)] = _through_mean(one, weights)
        together = Moments(*(sum(values) for values in zip(*kept.values(), strict=True)))
        models[(kind, operations)] = _through_mean(together, pooled)
    return models


def _centred(one: Moments) -> tuple[Floats, Floats]:
    mean = one.columns / one.number
    return one.products - np.outer(mean, one.columns), one.with_times - mean * one.times


def _solved(products: Floats, sums: Floats, penalty: float) -> Floats:
    solved: Floats = np.asarray(np.linalg.solve(products + penalty * np.eye(len(sums)), sums), np.float64)
    return solved


def _through_mean(one: Moments, weights: Floats) -> Line:
    if one.number < 1:
        return Line(0.0, np.zeros_like(weights))
    return Line(float((one.times - one.columns @ weights) / one.number), weights)


def _weights(models: dict[tuple[int, int], Line], kind: int, operations: int) -> Floats:
    return np.stack([models[(kind, number)].weights for number in range(operations)])


def _levels(models: dict[tuple[int, int], Line], operations: int, centre: Floats) -> Floats:
    """Log minutes of the mean item, float64 (2, operations + 1)."""
    return np.array(
        [
            [models[(kind, number)].base + centre @ models[(kind, number)].weights for number in range(operations + 1)]
            for kind in KIND_WEIGHTS
        ]
    )


def _mean_columns(design: Design, matrix: Inputs) -> Floats:
    total = np.zeros(design.columns)
    for start in range(0, len(matrix), ROWS_AT_ONCE):
        total += design.columns_of(matrix[start : start + ROWS_AT_ONCE]).sum(axis=0, dtype=np.float64)
    return total / max(1, len(matrix))


def _directions(design: Design, matrix: Inputs, scaled: Floats, centre: Floats) -> Floats:
    """Orthonormal directions among the models in which the items' times differ, float64 (2 x operations, factors)."""
    sample = matrix[:: max(1, len(matrix) // ROWS_AT_ONCE)]
    made = (design.columns_of(sample) - centre) @ scaled.T
    values, vectors = np.linalg.eigh(made.T @ made)
    falling: Floats = np.flip(np.maximum(values, 0.0))
    vectors = np.flip(vectors, axis=1)
    total = float(falling.sum())
    enough = int(np.searchsorted(np.cumsum(falling), EXPLAINED * total)) + 1 if total > 0 else 1
    return np.ascontiguousarray(vectors[:, : min(enough, MOST_FACTORS, len(falling))])


def _pooled_effects(pooled: Floats, factor_weights: Floats, design: Design, matrix: Inputs) -> Floats:
    """What the factors say of the pooled model: least squares over a sample of items, float64 (factors,)."""
    sample = design.columns_of(matrix[:: max(1, len(matrix) // ROWS_AT_ONCE)]).astype(np.float64)
    sample -= sample.mean(axis=0)
    factors = sample @ factor_weights
    return _solved(factors.T @ factors, factors.T @ (sample @ pooled), 1e-6)


def _factors(
    design: Design,
    matrix: Inputs,
    chosen: Integers,
    models: dict[tuple[int, int], Line],
    operations: int,
    scale: Floats,
    level: Floats,
    directions: Floats,
) -> Floats32:
    slopes = np.stack([_weights(models, kind, operations) for kind in KIND_WEIGHTS])
    bases = np.array([[models[(kind, number)].base for number in range(operations)] for kind in KIND_WEIGHTS])
    shift = ((bases - level[:, :operations]) * scale).reshape(-1)
    weights = (slopes * scale[:, :, None]).reshape(len(KIND_WEIGHTS) * operations, design.columns).T @ directions
    offset = shift @ directions
    made = np.empty((len(chosen), directions.shape[1]), np.float32)
    for start in range(0, len(chosen), ROWS_AT_ONCE):
        part = design.columns_of(matrix[chosen[start : start + ROWS_AT_ONCE]])
        made[start : start + ROWS_AT_ONCE] = part @ weights + offset
    return made
