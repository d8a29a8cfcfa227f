"""A feature that is the answer is named; a family by which everything is made, or chance, is not."""

import numpy as np
import pytest

from methods.feature_table import ColumnKind, FeatureColumn, FeatureTable
from methods.leaks import leaks
from methods.routing_classes import RoutingClasses

ITEMS = 200


def catalogue(plan: bool, family: bool, items: int = ITEMS) -> tuple[FeatureTable, RoutingClasses]:
    random = np.random.default_rng(8)
    routings = random.integers(0, 8, items).tolist()
    columns = [FeatureColumn.of_texts("colour", ColumnKind.CATEGORY, [f"{n}" for n in random.integers(0, 4, items)])]
    if plan:
        columns.append(FeatureColumn.of_texts("plan", ColumnKind.CATEGORY, [f"P{number}" for number in routings]))
    if family:
        near = [number if random.uniform() < 0.9 else 0 for number in routings]
        columns.append(FeatureColumn.of_texts("family", ColumnKind.CATEGORY, [f"F{number}" for number in near]))
    return FeatureTable(tuple(columns), items), RoutingClasses.of([(f"op {number}", "pack") for number in routings])


@pytest.mark.parametrize(
    ("plan", "family", "items", "named"),
    [
        (True, False, ITEMS, ["plan"]),
        (True, True, ITEMS, []),
        (False, True, ITEMS, []),
        (False, False, ITEMS, []),
        (True, False, 20, []),
    ],
)
def test_a_feature_that_is_the_answer_is_named(plan: bool, family: bool, items: int, named: list[str]) -> None:
    assert [name for name, _share in leaks(*catalogue(plan, family, items))] == named


def test_one_routing_of_all_items_is_given_away_by_nothing() -> None:
    table, _classes = catalogue(True, False)
    assert leaks(table, RoutingClasses.of([("pack",)] * ITEMS)) == []
