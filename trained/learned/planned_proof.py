"""Whether the arrays of a chosen member fit each other: what evaluates them follows every place without looking at it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from methods.item_description import ItemDescription
from methods.members import named
from methods.text_parts import MOST_NUMBERS
from plant.schema import FeatureKind
from trained.artifacts.array_files import of_kind, within
from trained.learned.planned_routings import EXAMPLES, PlannedRoutings

MOST_CELLS: Final = 2**28
"""Cells of a table of routings and operations; beyond, nothing that a training writes."""
DEEPEST: Final = 100_000
"""Questions of a tree of a forest, which grows until its leaves are pure."""
COLUMN_KINDS: Final = frozenset({"is", "other", "number", "in_text", "count", "least", "most"})

Parts = Mapping[str, npt.NDArray[Any]]


def check_planned(planned: PlannedRoutings, parts: Parts, operations: tuple[str, ...]) -> None:
    """Compare all arrays of a member.

    Args:
        parts: its arrays, by the names that `PlannedRoutings.to_parts` gives them.
        operations: names of the operations of the model that it speaks for.

    Raises:
        KeyError: one is missing.
        ValueError: two do not fit, or one holds what it cannot.
    """
    classes = len(planned.classes)
    try:
        member = named(planned.member)
    except (KeyError, AttributeError, TypeError):
        raise ValueError(f"there is no member {planned.member!r}") from None
    if not classes or not all(routing and _texts(routing) for routing in planned.classes.routings):
        raise ValueError("its routings are not names of operations, at least one each")
    if classes * len(operations) > MOST_CELLS or planned.classes.told != operations:
        raise ValueError("its routings are made of other operations than the model has")
    within("planned.holders", parts["holders"], 0, 2**62, (classes,))
    within("planned.examples", parts["examples"], -1, 2**62, (classes, EXAMPLES))
    kinds = {str(kind) for kind in FeatureKind}
    for one in planned.features:
        if not (_texts((one.name, one.unit_from or "")) and one.kind in kinds and isinstance(one.is_unit, bool)):
            raise ValueError("its features are of another form")
    _check_description(planned.description)
    if set(planned.fitted.parts) != set(member.parts):
        raise ValueError(f"its parts are not those of {planned.member}")
    for name in planned.fitted.parts:
        given = {
            key.removeprefix(f"fitted.{name}."): one for key, one in parts.items() if key.startswith(f"fitted.{name}.")
        }
        _CHECKS[name](planned, planned.fitted.parts[name], given, classes)


def check_examples(planned: PlannedRoutings, items: int) -> None:
    """Compare the items that a member names with the number of items of the version.

    Raises:
        ValueError: it names one that there is not.
    """
    within("planned.examples", planned.examples, -1, items, (None, None))


def _check_description(description: ItemDescription) -> None:
    for one in description.columns:
        placed = type(one.place) is int and 0 <= one.place < MOST_NUMBERS
        if not (_texts((one.feature, one.kind, one.value)) and one.kind in COLUMN_KINDS and placed):
            raise ValueError("its columns are of another form")
    if not (_texts(description.texts) and _texts(description.parts)):
        raise ValueError("its texts and parts of texts are no texts")
    if len(set(description.parts)) != len(description.parts):
        raise ValueError("it names a part of texts twice")


def _check_group(_planned: PlannedRoutings, member: Any, parts: Parts, classes: int) -> None:
    rows = len(of_kind("planned.group.chances", parts["chances"], "f", (None, classes)))
    if not rows or not _texts(member.levels) or len(member.levels) != len(member.shares):
        raise ValueError("its groups are of another form")
    for depth, level in enumerate(member.shares, 1):
        if not all(len(key) == depth and _texts(key) and 0 <= row < rows for key, row in level.items()):
            raise ValueError(f"its groups of level {depth} lead to chances that there are not")


def _check_likeness(planned: PlannedRoutings, member: Any, parts: Parts, classes: int) -> None:
    columns, texts = len(planned.description.columns), len(planned.description.parts)
    facts = of_kind("planned.vote.facts", parts["facts"], "f", (5,))
    if not member.bandwidth > 0 or float(facts[4]) != classes:
        raise ValueError("its bandwidth or its number of routings cannot be")
    of_kind("planned.vote.weights", parts["weights"], "f", (columns,))
    of_kind("planned.vote.centre", parts["centre"], "f", (columns,))
    of_kind("planned.vote.logarithmic", parts["logarithmic"], "b", (columns,))
    of_kind("planned.vote.rarity", parts["rarity"], "f", (texts,))
    items = len(of_kind("planned.vote.dense", parts["dense"], "f", (None, columns)))
    of_kind("planned.vote.lengths", parts["lengths"], "f", (items,))
    within("planned.vote.of_item", parts["of_item"], 0, classes, (items,))
    holders = within("planned.vote.holders", parts["holders"], 0, items)
    of_kind("planned.vote.strengths", parts["strengths"], "f", (len(holders),))
    _check_offsets("planned.vote.starts", parts["starts"], texts, len(holders))


def _check_forest(planned: PlannedRoutings, _member: Any, parts: Parts, classes: int) -> None:
    columns, texts = len(planned.description.columns), len(planned.description.parts)
    facts = within("planned.forest.facts", parts["facts"], 0, 2**31, (4,)).tolist()
    if facts[:3] != [columns, texts, classes] or facts[3] > DEEPEST:
        raise ValueError("its forest is of other columns or routings")
    asked = within("planned.forest.column", parts["column"], -1, max(columns + texts, 1))
    nodes = len(asked)
    roots = within("planned.forest.roots", parts["roots"], 0, nodes)
    if not len(roots) or (np.diff(roots.astype(np.int64)) <= 0).any():
        raise ValueError("planned.forest.roots does not rise")
    of_kind("planned.forest.threshold", parts["threshold"], "f", (nodes,))
    within("planned.forest.children", parts["children"], 0, nodes, (nodes, 2))
    leaves = within("planned.forest.leaf_class", parts["leaf_class"], 0, classes)
    of_kind("planned.forest.leaf_chance", parts["leaf_chance"], "f", (len(leaves),))
    offsets = _check_offsets("planned.forest.leaf_offsets", parts["leaf_offsets"], nodes, len(leaves))
    if (np.diff(offsets) > classes).any():
        raise ValueError("planned.forest.leaf_offsets gives a leaf more chances than there are routings")


_CHECKS: Final[Mapping[str, Callable[[PlannedRoutings, Any, Parts, int], None]]] = {
    "everybody": _check_group,
    "group": _check_group,
    "nearest": _check_likeness,
    "vote": _check_likeness,
    "forest": _check_forest,
}


def _check_offsets(name: str, array: object, parts: int, values: int) -> npt.NDArray[np.int64]:
    """Offsets of so many parts that rise from 0 to the number of values."""
    offsets: npt.NDArray[np.int64] = within(name, array, 0, values + 1, (parts + 1,)).astype(np.int64)
    if offsets[0] != 0 or offsets[-1] != values or (np.diff(offsets) < 0).any():
        raise ValueError(f"{name} does not rise from 0 to {values}")
    return offsets


def _texts(values: Any) -> bool:
    return isinstance(values, tuple | list) and all(isinstance(value, str) for value in values)
