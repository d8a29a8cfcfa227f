"""The node type of the learned block: what is learned from routings, and how much it counts."""

from __future__ import annotations

from typing import Final

from plant.blueprint.node_options import Option, OptionKind
from plant.blueprint.node_type import NodeType, Port
from plant.blueprint.options import LearnOptions

_LEARN: Final = LearnOptions()


def _count(name: str, default: int, low: int, high: int) -> Option:
    return Option(name, OptionKind.INTEGER, default, low, high)


LEARNED_NODE: Final = NodeType(
    "learned",
    "features",
    part="learn",
    options=(
        Option("enabled", OptionKind.BOOLEAN, _LEARN.enabled),
        Option("share", OptionKind.NUMBER, _LEARN.share, 0.05, 0.95),
        Option("feature_weights", OptionKind.BOOLEAN, _LEARN.feature_weights),
        _count("operations", _LEARN.operations, 1, 1000),
        _count("least_items", _LEARN.least_items, 5, 10_000),
        _count("folds", _LEARN.folds, 2, 10),
        _count("iterations", _LEARN.iterations, 5, 500),
        _count("leaves", _LEARN.leaves, 2, 255),
        Option("learning_rate", OptionKind.NUMBER, _LEARN.learning_rate, 0.01, 1),
        _count("directions", _LEARN.directions, 8, 96),
        _count("most_rows", _LEARN.most_rows, 1_000, 1_000_000),
        _count("seed", _LEARN.seed, 0, 2**31 - 1),
    ),
    inputs=(Port("routing", "routing", required=True),),
    outputs=(Port("learned", "learned"),),
)
