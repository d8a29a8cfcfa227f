"""What speaks for a set of operations is learned from held-out items, and used only where it brings the right ones to the front."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from routings.calibration import FACTS_OF_SETS
from routings.consensus import kept_operations, weigh
from routings.operation_sharing import share_operations
from routings.operation_table import usable_neighbours
from tests.unit.routings.plain_alternatives import plain_candidates
from tests.unit.routings.plain_consensus import holders_of
from tests.unit.routings.test_consensus_of_many_items import random_estimates, random_neighbours, random_plant
from trainer.set_calibration import NEVER, SetCases, conditional_logit, fit_sets, set_cases

SETS = 8
WEIGHTS = np.array([1.5, 0.5, 0.0])


def cases(items: int, telling_credit: bool) -> SetCases:
    """Items with SETS sets each, of which the right one is drawn as WEIGHTS say; the credit says the same, or knows only half of them."""
    random = np.random.default_rng(4)
    facts = random.normal(0.0, 1.5, (items, SETS, FACTS_OF_SETS))
    scores = facts @ WEIGHTS
    chances = np.exp(scores - scores.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    chosen = np.array([random.choice(SETS, p=row) for row in chances])
    right = np.zeros((items, SETS), np.bool_)
    right[np.arange(items), chosen] = True
    credit = scores.copy() if telling_credit else random.normal(0.0, 1.0, (items, SETS))
    if not telling_credit:
        credit[:, ::2] = NEVER
    return SetCases(
        np.arange(items).repeat(SETS), right.reshape(-1), facts.reshape(-1, FACTS_OF_SETS), credit.reshape(-1)
    )


def test_weights_are_those_by_which_the_right_sets_came_about() -> None:
    found = conditional_logit(cases(3000, False))
    np.testing.assert_allclose(found, WEIGHTS, atol=0.12)
    assert (found >= 0.0).all()


def test_items_whose_own_set_is_not_among_the_cases_say_nothing() -> None:
    made = cases(500, False)
    unknown = made._replace(right=made.right & (made.item >= 250))
    known = made.only(made.item >= 250)
    np.testing.assert_allclose(conditional_logit(unknown), conditional_logit(known), atol=1e-6)


@pytest.mark.parametrize(
    ("items", "telling_credit", "fitted"), [(400, False, True), (400, True, False), (50, False, False)]
)
def test_sets_are_ranked_anew_only_where_that_is_clearly_better(items: int, telling_credit: bool, fitted: bool) -> None:
    made = cases(items, telling_credit)
    halves = [made.only(made.item % 2 == odd) for odd in (0, 1)]
    assert bool(fit_sets(halves)) is fitted


def rounded(facts: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(one, 8) + 0.0 for one in facts)


@pytest.mark.parametrize("seed", range(6))
def test_the_own_set_of_an_item_is_right_and_no_other(seed: int) -> None:
    random = np.random.default_rng(seed)
    table = random_plant(random, 40)
    near = random_neighbours(random, 40, 12)
    learned = random_estimates(random, 40, len(near.items))
    routed = np.flatnonzero(table.lengths(np.arange(40)) > 0)
    shared = share_operations(table, usable_neighbours(table, np.arange(40), near, 0.0))
    weighed = weigh(table, shared, np.arange(40), learned.estimates, learned.model_of)
    operation_of = table.operation[shared.rows.max(axis=1)]
    own = {int(item): set(holders_of(table, [item])[0]) for item in routed.tolist()}
    query = shared.query_of_groups
    belongs = np.array(
        [operation in own.get(item, ()) for item, operation in zip(query.tolist(), operation_of.tolist(), strict=True)]
    )
    found = set_cases(weighed, belongs.astype(np.bool_), table.lengths(np.arange(40)), 0)
    kept = kept_operations(weighed)
    for item in range(40):
        groups = np.flatnonzero(query == item)
        if not len(groups):
            assert item not in found.item
            continue
        consensus = set(operation_of[groups[kept[groups]]].tolist())
        mine = found.item == item
        if consensus == own.get(item, set()):
            assert not mine.any()
            continue
        start, end = shared.neighbours.offsets[item : item + 2]
        holders = holders_of(table, shared.neighbours.items[start:end].tolist())
        believed = dict(zip(operation_of[groups].tolist(), weighed.believed[groups].tolist(), strict=True))
        plain = plain_candidates(holders, believed, weighed.weights[item, : len(holders)].tolist(), sorted(consensus))
        wanted = sorted(
            (rounded(one.facts), set(one.operations) == own.get(item)) for one in plain if one.operations != consensus
        )
        rows = zip(found.facts[mine].tolist(), found.right[mine].tolist(), strict=True)
        assert sorted((rounded(facts), right) for facts, right in rows) == wanted
