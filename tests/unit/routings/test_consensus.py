"""The consensus of neighbours and learned models: operations, order, machines, times, alternatives, confidence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import DataProblem
from plant.time_columns import RUN, TIMES
from routings.calibration import Calibration, Curve, smoothed
from routings.drafts import MERGED
from routings.estimates import Estimates
from routings.operation_table import Neighbours, OperationTable
from routings.routing_prediction import Learned, PredictionOptions, RoutingBatch, predict_routings
from trained.learned.learned_model import TimeModel

OPERATIONS = 6


def table_of(routings: Sequence[Sequence[tuple[int, int, float]]]) -> OperationTable:
    """Item 0 has no routing; the others have operations (operation, machine, run minutes)."""
    rows = [row for routing in routings for row in routing]
    times = np.full((len(rows), len(TIMES)), np.nan)
    times[:, RUN] = [row[2] for row in rows]
    lengths = [0, *(len(routing) for routing in routings)]
    return OperationTable(
        offsets=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        operation=np.array([row[0] for row in rows], np.int32),
        machine=np.array([row[1] for row in rows], np.int32),
        sequence=np.arange(len(rows), dtype=np.int32),
        times=times,
        actual=np.full((len(rows), 2), np.nan),
    )


def predicted(
    table: OperationTable,
    probabilities: Sequence[float] | None = None,
    *,
    similarities: Sequence[float] | None = None,
    factors: Sequence[float] | None = None,
    sizes: Sequence[float] | None = None,
    calibration: Calibration | None = None,
    variants: int = 4,
) -> RoutingBatch:
    """Item 0 predicted from all others."""
    count = table.items - 1
    near = Neighbours(
        np.array([0, count]), np.arange(1, count + 1), np.array(similarities or [0.9] * count, np.float64)
    )
    learned = None
    if probabilities is not None:
        effects = np.zeros((OPERATIONS + 1, 2, 1), np.float32)
        effects[:, 1, 0] = 1.0
        estimates = Estimates(
            operations=[str(number) for number in range(OPERATIONS)],
            probabilities=np.array([probabilities], np.float32),
            factors=np.zeros((1, 1), np.float32),
            neighbour_factors=np.array(factors or [0.0] * count, np.float32)[:, None],
            size_differences=np.array(sizes or [0.0] * count, np.float32),
            times=TimeModel(np.zeros((OPERATIONS + 1, 2), np.float32), effects),
            calibration=calibration or Calibration(),
        )
        learned = Learned(estimates, np.arange(OPERATIONS))
    options = PredictionOptions(strategy="consensus", max_variants=variants, evidence=True)
    return predict_routings(table, np.zeros(1, np.int64), near, options, learned)


def operations(table: OperationTable, batch: RoutingBatch, routing: int = 0) -> list[int]:
    rows = batch.rows[batch.offsets[routing] : batch.offsets[routing + 1]]
    return [int(number) for number in table.operation[rows]]


def test_an_operation_that_half_the_neighbours_have_stays_or_goes_as_the_models_say() -> None:
    table = table_of([[(0, 0, 1.0), (1, 0, 1.0)], [(0, 0, 1.0)]])
    assert operations(table, predicted(table, [0.9, 0.9, 0, 0, 0, 0])) == [0, 1]
    assert operations(table, predicted(table, [0.9, 0.1, 0, 0, 0, 0])) == [0]


def test_neighbours_alone_decide_where_the_version_has_learned_nothing() -> None:
    table = table_of([[(0, 0, 1.0), (1, 0, 1.0)], [(0, 0, 1.0)], [(0, 0, 1.0)]])
    batch = predicted(table)
    assert operations(table, batch) == [0]
    assert batch.variant.tolist()[0] == MERGED


def test_nearer_neighbours_have_more_votes() -> None:
    table = table_of([[(0, 0, 1.0), (1, 0, 1.0)], [(0, 0, 1.0)], [(0, 0, 1.0)]])
    assert operations(table, predicted(table, similarities=[0.99, 0.85, 0.85])) == [0, 1]


def test_operations_stand_in_the_order_that_most_neighbours_have_them_in() -> None:
    table = table_of([[(2, 0, 1.0), (1, 0, 1.0)], [(1, 0, 1.0), (2, 0, 1.0)], [(1, 0, 1.0), (2, 0, 1.0)]])
    assert operations(table, predicted(table)) == [1, 2]


def test_times_of_neighbours_are_scaled_by_how_the_item_compares_with_each() -> None:
    table = table_of([[(0, 0, 10.0)], [(0, 0, 40.0)]])
    batch = predicted(table, [1.0] * OPERATIONS, factors=[-np.log(2.0), np.log(2.0)])
    np.testing.assert_allclose(batch.times[0, RUN], 20.0, rtol=1e-5)


def test_times_that_differ_by_factors_meet_in_the_middle_of_their_logarithms() -> None:
    table = table_of([[(0, 0, 10.0)], [(0, 0, 40.0)]])
    batch = predicted(table, [1.0] * OPERATIONS)
    assert batch.times[0, RUN] == pytest.approx(20.0)
    assert batch.evidence is not None
    assert batch.evidence.ranges["RUN_TIME"][1][0] == pytest.approx(20.0)


def test_a_ratio_beyond_all_reason_is_bounded() -> None:
    table = table_of([[(0, 0, 10.0)]])
    assert predicted(table, [1.0] * OPERATIONS, factors=[-50.0]).times[0, RUN] == pytest.approx(200.0)


def test_the_machine_is_that_of_the_neighbours_of_the_same_size() -> None:
    table = table_of([[(0, 7, 1.0)], [(0, 7, 1.0)], [(0, 9, 1.0)]])
    near = predicted(table, [1.0] * OPERATIONS, sizes=[1.0, 1.0, 0.01])
    assert table.machine[near.rows[0]] == 9
    alike = predicted(table, [1.0] * OPERATIONS)
    assert table.machine[alike.rows[0]] == 7


def test_alternatives_differ_from_the_consensus_and_each_other_and_the_most_credible_comes_first() -> None:
    routings = [[(0, 0, 1.0)], [(0, 0, 2.0)], [(0, 0, 1.0), (1, 0, 1.0)], [(0, 0, 1.0), (2, 0, 1.0)], [(0, 0, 3.0)]]
    table = table_of(routings)
    batch = predicted(table, [1.0, 0.4, 0.05, 0, 0, 0])
    assert [operations(table, batch, routing) for routing in range(3)] == [[0], [0, 1], [0, 2]]
    assert batch.variant.tolist() == [MERGED, 1, 2]
    assert batch.rank.tolist() == [1, 2, 3]


def test_what_no_neighbour_has_together_is_an_alternative_where_the_version_ranks_sets() -> None:
    """Of the operations 1 and 2 each is as likely as not; neighbours have the one or the other."""
    table = table_of([[(0, 3, 1.0), (1, 0, 2.0)], [(0, 3, 1.0), (2, 0, 4.0)], [(0, 3, 1.0), (1, 0, 2.0)]])
    said = [1.0, 0.6, 0.45, 0, 0, 0]
    plain = predicted(table, said)
    assert [operations(table, plain, one) for one in range(len(plain.query))] == [[0, 1], [0, 2]]
    ranked = predicted(table, said, calibration=Calibration(sets=(1.0, 0.0, 0.0)))
    made = [operations(table, ranked, one) for one in range(len(ranked.query))]
    assert made[0] == [0, 1]
    assert sorted(made[1:4]) == [[0], [0, 1, 2], [0, 2]]
    assert ranked.rank.tolist() == [1, 2, 3, 4, 5]
    assert ranked.variant.tolist() == [MERGED, 1, 2, 3, 4]
    both = made.index([0, 1, 2])
    assert ranked.reference[both] == MERGED
    part = slice(int(ranked.offsets[both]), int(ranked.offsets[both + 1]))
    assert ranked.sequence[part].tolist() == [10, 20, 30]
    assert ranked.times[part, RUN].tolist() == [1.0, 2.0, 4.0]
    assert ranked.evidence is not None
    assert [len(holders) for holders in ranked.evidence.supporters[part]] == [3, 2, 1]


def test_operations_that_replace_each_other_are_turned_over_together() -> None:
    """Neighbours are ground or turned, never both and never neither."""
    routings = [[(0, 0, 1.0), (kind, 0, 1.0)] for kind in (1, 2) * 6]
    table = table_of(routings)
    batch = predicted(table, [1.0, 0.6, 0.4, 0, 0, 0], calibration=Calibration(sets=(1.0, 1.0, 0.0)))
    assert [operations(table, batch, one) for one in range(2)] == [[0, 1], [0, 2]]


def test_no_more_alternatives_come_than_are_wanted() -> None:
    table = table_of([[(number, 0, 1.0)] for number in range(5)])
    assert len(predicted(table, variants=2).query) == 3


def test_confidence_is_what_held_out_items_showed() -> None:
    curve = Curve((-10.0, 0.0, 10.0), (0.1, 0.5, 0.7))
    table = table_of([[(0, 0, 1.0)]])
    batch = predicted(table, [0.999, 0, 0, 0, 0, 0], calibration=Calibration(operations=curve))
    assert batch.evidence is not None
    assert 0.5 < batch.evidence.belief[0] <= 0.7
    assert batch.evidence.learned[0] == pytest.approx(0.999)


def test_a_unanimous_vote_of_many_counts_more_than_one_of_few() -> None:
    few, many = (smoothed(np.array([1.0]), np.array([1.0]), np.array([count]))[0] for count in (2.0, 20.0))
    assert 0.5 < few < many < 1.0


@pytest.mark.parametrize(("scale", "kept"), [(0.003, [0]), (0.3, [0, 1])])
def test_how_far_votes_reach_is_the_versions_own(scale: float, kept: list[int]) -> None:
    """The nearest has operation 0 alone, two that are a little farther both."""
    table = table_of([[(0, 0, 1.0)], [(0, 0, 1.0), (1, 0, 1.0)], [(0, 0, 1.0), (1, 0, 1.0)]])
    weighed = Calibration(model=0.0, vote=1.0, vote_scale=scale)
    batch = predicted(table, [0.5] * OPERATIONS, similarities=[0.95, 0.92, 0.92], calibration=weighed)
    assert operations(table, batch) == kept


def test_a_calibration_survives_its_file_and_a_damaged_one_is_named() -> None:
    made = Calibration(0.1, 1.0, 0.2, 0.0, 1.0, Curve((0.0, 1.0), (0.2, 0.9)), Curve(), 0.4, 12)
    assert Calibration.from_json(made.to_json()) == made
    with pytest.raises(DataProblem, match="calibration"):
        Calibration.from_json("{}")


@pytest.mark.parametrize(
    "change",
    [
        {"bias": "0"}, {"vote": None}, {"model": True}, {"bias_alone": 1e999}, {"unlike_below": []}, {"whole": 1}, {"cases": {}},
        {"operations": {"scores": [0, 1], "shares": [0.5]}}, {"operations": {"scores": [1, 0], "shares": [0, 1]}},
        {"times": {"scores": [float("nan")], "shares": [0.5]}}, {"times": 5}, {"nobody": 1},
        {"vote_scale": 0.0}, {"vote_scale": "0.04"}, {"reached": [0.5]}, {"reached": [0.1, 0.2, 2.0]},
        {"reached": 3}, {"reached": ["a", "b", "c"]}, {"sets": [1.0]}, {"sets": [1.0, -0.5, 0.1]}, {"sets": ["1", 1, 1]},
    ],
)  # fmt: skip
def test_a_calibration_with_what_nothing_can_be_computed_with_is_damaged(change: dict[str, Any]) -> None:
    with pytest.raises(DataProblem, match="calibration"):
        Calibration.from_json(json.dumps({**json.loads(Calibration().to_json()), **change}))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_prediction_is_the_same_every_time_and_has_every_operation_once(seed: int) -> None:
    random = np.random.default_rng(seed)
    routings = [
        [(int(number), int(random.integers(0, 3)), float(random.uniform(1, 9))) for number in order]
        for order in (random.permutation(OPERATIONS)[: random.integers(1, 6)] for _item in range(random.integers(1, 6)))
    ]
    table = table_of(routings)
    chances = random.random(OPERATIONS).tolist()
    first, second = (predicted(table, chances) for _time in range(2))
    assert first.rows.tolist() == second.rows.tolist()
    np.testing.assert_array_equal(first.times, second.times)
    made = [tuple(operations(table, first, routing)) for routing in range(len(first.query))]
    assert len(set(made)) == len(made)
    assert all(len(set(one)) == len(one) > 0 for one in made)
