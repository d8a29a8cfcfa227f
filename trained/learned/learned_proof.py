"""Whether the arrays of a learned model fit each other: every number that is used as a place lies in what it points to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from trained.artifacts.array_files import of_kind, within
from trained.learned.learned_inputs import NUMBERS_IN_TEXT, ItemInputs
from trained.learned.learned_model import LearnedModel, parts_of
from trained.learned.planned_proof import check_planned
from trained.learned.planned_routings import PREFIX

DEEPEST: Final = 1_024
"""Levels of a tree; a boosted one has a few dozen leaves."""
MOST_VALUES: Final = 1_000_000

Parts = Mapping[str, npt.NDArray[Any]]


def check_learned(model: LearnedModel, parts: Parts) -> None:
    """Compare all arrays of a learned model and of its block.

    Raises:
        ValueError: two do not fit, or one holds what it cannot.
    """
    operations, inputs = len(model.operations), len(model.inputs.inputs)
    _check_inputs(model.inputs)
    _check_trees(parts_of(parts, "trees."), operations, inputs)
    columns = _check_design(parts_of(parts, "design."), inputs)
    weights = of_kind("factor_weights", parts["factor_weights"], "f", (columns, None))
    factors = weights.shape[1]
    of_kind("factor_centre", parts["factor_centre"], "f", (factors,))
    of_kind("time_base", parts["time_base"], "f", (operations + 1, 2))
    of_kind("time_effects", parts["time_effects"], "f", (operations + 1, 2, factors))
    of_kind("block.centre", parts["block.centre"], "f", (operations,))
    of_kind("block.axes", parts["block.axes"], "f", (operations, None))
    radius = of_kind("block.radius", parts["block.radius"], "f", (1,))
    if not radius[0] > 0:
        raise ValueError(f"block.radius is {radius[0]}")
    if len(model.reasons) != operations or not all(isinstance(name, str) for names in model.reasons for name in names):
        raise ValueError("its reasons are not names of features, one list an operation")
    if not all(isinstance(name, str) for name in model.operations):
        raise ValueError("its operations are no names")
    if model.planned is not None:
        check_planned(model.planned, parts_of(parts, PREFIX), model.operations)


def _check_inputs(inputs: ItemInputs) -> None:
    for place, one in enumerate(inputs.inputs):
        most = {"ratio": place, "number": NUMBERS_IN_TEXT}.get(one.kind)
        named = isinstance(one.feature, str) and (one.unit_from is None or isinstance(one.unit_from, str))
        places = all(type(number) is int for number in (one.place, one.other))
        if not named or not places or not all(isinstance(value, str) for value in one.values):
            raise ValueError(f"input {place} is of another form")
        if most is not None and not (0 <= one.place < most and (one.kind != "ratio" or 0 <= one.other < most)):
            raise ValueError(f"input {place} is made of inputs or numbers that there are not")


def _check_trees(trees: Parts, outputs: int, inputs: int) -> None:
    nodes = len(of_kind("trees.leaf", trees["leaf"], "f", (None,)))
    roots = within("trees.roots", trees["roots"], 0, nodes)
    owner = within("trees.owner", trees["owner"], 0, outputs, (len(roots),))
    if (np.diff(owner) < 0).any():
        raise ValueError("trees.owner does not rise")
    within("trees.child", trees["child"], 0, nodes, (2 * nodes,))
    columns = within("trees.columns", trees["columns"], 0, 2 * inputs)
    of_kind("trees.thresholds", trees["thresholds"], "f", (len(columns),))
    of_kind("trees.bases", trees["bases"], "f", (outputs,))
    within("trees.depth", trees["depth"], 0, DEEPEST, (1,))
    categories = within("trees.category_columns", trees["category_columns"], 0, inputs)
    of_each = within("trees.category_nodes", trees["category_nodes"], 1, nodes + 1, (len(categories),))
    codes = within("trees.category_codes", trees["category_codes"], 1, MOST_VALUES, (len(categories),))
    if len(columns) + int(of_each.sum()) > nodes:
        raise ValueError("the trees have more inner nodes than nodes")
    bits = int((codes.astype(np.int64) * ((of_each.astype(np.int64) + 7) // 8)).sum())
    if of_kind("trees.category_bits", trees["category_bits"], "u", (bits,)).dtype != np.uint8:
        raise ValueError("trees.category_bits are no bytes")


def _check_design(design: Parts, inputs: int) -> int:
    """Number of columns of a time design that fits."""
    numeric = within("design.numeric", design["numeric"], 0, inputs)
    of_kind("design.centres", design["centres"], "f", (len(numeric),))
    if not (of_kind("design.scales", design["scales"], "f", (len(numeric),)) > 0).all():
        raise ValueError("design.scales holds what nothing can be divided by")
    bent = within("design.bend_of", design["bend_of"], 0, inputs)
    if len(bent) and not (of_kind("design.bends", design["bends"], "f", (2, len(bent)))[1] > 0).all():
        raise ValueError("design.bends holds what nothing can be divided by")
    absent = within("design.absent", design["absent"], 0, inputs)
    value_of = within("design.value_of", design["value_of"], 0, inputs)
    within("design.values", design["values"], 0, MOST_VALUES, (len(value_of),))
    return len(numeric) + len(bent) + len(absent) + len(value_of)
