"""Routings with the same operations in another order are told apart by what a vector holds."""

from dataclasses import replace

import numpy as np

from methods.routing_classes import RoutingClasses, orders_told
from trained.learned.planned_routings import as_probabilities

ROUTINGS = [("saw", "turn"), ("saw", "turn"), ("turn", "saw"), ("saw", "mill")]


def test_every_routing_is_told_apart() -> None:
    classes = RoutingClasses.of(ROUTINGS)
    said = as_probabilities(classes, np.full((3, 3), 1 / 3), np.arange(3)) > 0.5
    assert said.tolist() == (classes.telling > 0.5).tolist()
    assert len({row.tobytes() for row in said}) == 3


def test_an_order_names_its_operations_by_their_numbers() -> None:
    classes = RoutingClasses.of(ROUTINGS)
    assert classes.operations == ("saw", "turn", "mill")
    assert orders_told(classes.told) == {3: (0, 1), 4: (1, 0)}


def test_routings_that_differ_in_operations_need_no_orders() -> None:
    classes = RoutingClasses.of([("saw", "turn"), ("saw", "mill")])
    assert classes.told == classes.operations


def test_what_was_stored_before_tells_no_orders() -> None:
    classes = replace(RoutingClasses.of(ROUTINGS), ordered=False)
    assert classes.told == classes.operations
    assert classes.telling.shape == (3, 3)
