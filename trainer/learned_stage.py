"""The supervised stage of a training: from items and their routings to the learned block and what it says of every item."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from plant.schema import PlantSchema
from trained.encoding.dictionary_columns import Columns
from trained.learned.learned_block import LearnedBlock
from trained.learned.learned_inputs import ItemInputs
from trained.learned.learned_model import LearnedModel, LearnedOutputs, operation_key
from trained.learned.time_design import TimeDesign
from trainer.current_routings import CurrentRoutings
from trainer.operation_fitter import BoostingOptions
from trainer.operation_models import fit_operations
from trainer.routing_ages import seen_as_entered
from trainer.time_models import fit_times

FEWEST_ITEMS: Final = 20
"""Items with a routing below which nothing is learned."""
REASONS: Final = 3
"""Features named as what tells about an operation."""
LEAST_GAIN: Final = 0.02
LEFT_OUT: Final = 0.1
"""Share of the items with a routing that models of an evaluation do without: with a fold less they would know less than a version does."""
MOST_GROUPS: Final = 10
"""Groups that take turns where a tenth of the items is less than what is judged."""

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LearningOptions:
    """How the supervised block is learned.

    Attributes:
        operations: most operations with a model of their own, the most frequent ones.
        least_items: items that must have an operation before it gets a model.
        folds: parts of the catalogue; what is said of an item comes from models that did not see its part.
        directions: most dimensions of the block for the operations.
        boosting: how the classifiers are fitted.
    """

    operations: int = 300
    least_items: int = 20
    folds: int = 3
    directions: int = 48
    boosting: BoostingOptions = field(default_factory=BoostingOptions)


@dataclass(frozen=True)
class LearnedStage:
    """What was learned.

    Attributes:
        block: the block with its models.
        outputs: what the models say of all items, each item unseen by the models that speak of it.
        operation_of: model of each operation number of the routings, -1 where it has none, int64.
        importance: share that each feature has in telling which operations an item needs.
        changed: share of what tells operations that lies in when routings were entered: how much practices changed over the years.
        now: what is said of the items that are judged as of now, not as of when their routings were entered; None: of nobody.
    """

    block: LearnedBlock
    outputs: LearnedOutputs
    operation_of: Integers
    importance: Mapping[str, float]
    changed: float = 0.0
    now: SaidNow | None = None


@dataclass(frozen=True)
class SaidNow:
    """What models that did not see them say of items with a routing as if it were planned now.

    Attributes:
        items: positions, ascending, int64.
        outputs: parallel to them.
    """

    items: Integers
    outputs: LearnedOutputs


def learn(
    columns: Columns,
    routings: CurrentRoutings,
    options: LearningOptions,
    active: Mapping[str, bool] | None = None,
    weights: npt.NDArray[np.float64] | None = None,
    on_operation: Callable[[int], None] | None = None,
    *,
    schema: PlantSchema,
    now: Integers | None = None,
) -> LearnedStage | None:
    """Learn from routings; None where there are too few, or where no input tells items apart.

    An item with a routing is seen as of when that was entered, everything else as of the newest routings (see `trainer.routing_ages`).

    Args:
        columns: features of all items.
        routings: their current routings, in the same order.
        active: whether a feature may be used; the plant's choice where it is not named.
        weights: what each item's routing counts, float64 (items,); None: all alike.
        on_operation: told how many operations are done.
        schema: the plant's features.
        now: positions of items about which is also asked what would be said if they were planned now, ascending.
    """
    table = routings.table
    routed = np.diff(table.offsets) > 0
    if int(routed.sum()) < FEWEST_ITEMS:
        return None
    inputs = ItemInputs.fit(columns, {**schema.active, **(active or {})}, schema)
    if not inputs.inputs:
        return None
    matrix = inputs.matrix(columns)
    counts = np.bincount(table.operation, minlength=len(routings.jobs))
    frequent = np.argsort(-counts, kind="stable")[: options.operations]
    frequent = frequent[counts[frequent] >= options.least_items]
    if not len(frequent):
        return None
    operation_of = np.full(len(routings.jobs), -1, np.int64)
    operation_of[frequent] = np.arange(len(frequent))
    folds = np.where(routed, np.random.default_rng(options.boosting.seed).integers(0, options.folds, len(routed)), -1)
    rows_model = operation_of[table.operation]
    item_of = np.repeat(np.arange(table.items), np.diff(table.offsets))
    order = np.argsort(rows_model, kind="stable")
    starts = np.searchsorted(rows_model[order], np.arange(len(frequent) + 1))

    def needed(number: int) -> npt.NDArray[np.bool_]:
        label = np.zeros(table.items, np.bool_)
        label[item_of[order[starts[number] : starts[number + 1]]]] = True
        return label

    threads, seed = options.boosting.threads, options.boosting.seed
    design = TimeDesign.fit(inputs, matrix)
    seen = seen_as_entered(routings.entered, routed, inputs, matrix, design, threads=threads, seed=seed, now=now)
    taught, told_by = seen.with_now(folds, without=-1), seen.with_now(folds)
    groups = left_out_groups(seen.now, int(routed.sum()), options)
    asked_of = told_by.copy()
    for number, group in enumerate(groups, start=options.folds):
        asked_of[table.items :][np.isin(seen.now, group)] = number
    fitted = fit_operations(
        inputs, seen.matrix, needed, len(frequent), taught, asked_of, groups, options.boosting, weights, on_operation
    )
    times = fit_times(seen.design, seen.matrix, table, rows_model, len(frequent), taught, told_by, seed)
    names = [operation_key(routings.jobs[number], int(routings.occurrences[number])) for number in frequent.tolist()]
    gains = _by_feature(inputs, fitted.gains)
    reasons = [
        [name for name, gain in sorted(one.items(), key=lambda pair: -pair[1])[:REASONS] if gain > LEAST_GAIN]
        for one in gains
    ]
    model = LearnedModel(
        names,
        inputs,
        fitted.trees,
        design,
        times.factor_weights[: design.columns],
        times.factor_centre,
        times.times,
        reasons,
    )
    said = LearnedOutputs(fitted.probabilities, times.factors)
    outputs, as_of_now = (LearnedOutputs(*(part[rows] for part in said)) for rows in seen.parts)
    block = LearnedBlock.fit(model, outputs, options.directions)
    total = {name: sum(one[name] for one in gains) for name in gains[0]}
    whole = max(sum(total.values()), 1e-12)
    shares = {name: gain / whole for name, gain in total.items()}
    changed = float(1.0 - whole / max(float(fitted.gains.sum()), whole))
    said_now = SaidNow(seen.now, as_of_now) if len(seen.now) else None
    return LearnedStage(block, outputs, operation_of, shares, changed, said_now)


def left_out_groups(now: Integers, routed: int, options: LearningOptions) -> list[Integers]:
    """Groups of the items that are asked about as of now, each so small that models without it know nearly what those of all items know.

    None where models without a fold do already: they learn from as many items as any.

    Args:
        now: positions of items with a routing.
        routed: how many have one.
    """
    if not len(now) or routed * (1.0 - 1.0 / options.folds) >= options.boosting.most_rows:
        return []
    groups = min(MOST_GROUPS, len(now), -int(-len(now) // (LEFT_OUT * routed)))
    return np.array_split(np.random.default_rng(options.boosting.seed).permutation(now), groups)


def _by_feature(inputs: ItemInputs, gains: npt.NDArray[np.float64]) -> list[dict[str, float]]:
    """For each operation the gain of each feature, over all inputs that are read from it."""
    found = []
    for shares in gains[:, : len(inputs.inputs)].tolist():
        one: dict[str, float] = {}
        for read, share in zip(inputs.inputs, shares, strict=True):
            one[read.feature] = one.get(read.feature, 0.0) + share
        found.append(one)
    return found


def learned_weights(
    importance: Mapping[str, float], active: Mapping[str, bool], schema: PlantSchema
) -> dict[str, float]:
    """Weights of the features that take part: half the plant's, half by how much each tells about routings; their sum stays."""
    used = {**schema.active, **active}
    usual = {name: weight for name, weight in schema.weights.items() if used.get(name)}
    whole, told = sum(usual.values()), sum(importance.get(name, 0.0) for name in usual)
    if told <= 0.0:
        return {}
    return {
        name: round(0.5 * weight + 0.5 * whole * importance.get(name, 0.0) / told, 6) for name, weight in usual.items()
    }
