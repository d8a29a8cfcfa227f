"""Quality of proposed routings: sets, sequences, times and confidences."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routings.quality_metrics import (
    Proposal,
    RightRouting,
    by_operation,
    calibration,
    calibration_error,
    interval,
    numbered,
    quality,
    relative_errors,
    score,
    set_f1,
)
from routings.routing_changes import edit_distance

routings = st.lists(st.sampled_from("ABCDE"), max_size=8)
confidences = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=60)


def proposal(operations: str, times: list[float] | None = None, confidence: float = math.nan) -> Proposal:
    count = len(operations)
    return Proposal(list(operations), np.array(times or [math.nan] * count), np.full(count, confidence))


def right(operations: str, times: list[float] | None = None) -> RightRouting:
    return RightRouting(list(operations), np.array(times or [math.nan] * len(operations)))


@given(routings, routings)
def test_f1_is_symmetric_within_bounds_and_one_only_for_the_same_operations(a: list[str], b: list[str]) -> None:
    value = set_f1(a, b)
    assert value == set_f1(b, a)
    assert 0.0 <= value <= 1.0
    assert (value == 1.0) == (sorted(a) == sorted(b))


@given(routings, routings, routings)
def test_edit_distance_is_a_metric(a: list[str], b: list[str], c: list[str]) -> None:
    assert edit_distance(a, b) == edit_distance(b, a)
    assert (edit_distance(a, b) == 0) == (a == b)
    assert edit_distance(a, c) <= edit_distance(a, b) + edit_distance(b, c)
    assert abs(len(a) - len(b)) <= edit_distance(a, b) <= max(len(a), len(b))


@given(routings, st.integers(0, 8), st.sampled_from("ABCDEX"))
def test_an_inserted_operation_is_one_edit(a: list[str], place: int, operation: str) -> None:
    assert edit_distance(a, [*a[:place], operation, *a[place:]]) == 1


@given(routings)
def test_repeated_operations_differ_by_their_occurrence(a: list[str]) -> None:
    made = numbered(a)
    assert len(set(made)) == len(a)
    assert [operation for operation, _occurrence in made] == a


@given(confidences, st.data())
def test_calibration_keeps_every_confidence_and_its_error_is_within_bounds(
    values: list[float], data: st.DataObject
) -> None:
    hits = np.array(data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values))))
    found = calibration(np.array(values), hits)
    assert sum(one.count for one in found) == len(values)
    error = calibration_error(found)
    assert error is not None
    assert 0.0 <= error <= 1.0


def test_confidences_that_come_true_have_no_calibration_error() -> None:
    values = np.array([0.25] * 4 + [0.75] * 4)
    hits = np.array([True, False, False, False, True, True, True, False])
    assert calibration_error(calibration(values, hits)) == pytest.approx(0.0)
    assert calibration_error(calibration(values, ~hits)) == pytest.approx(0.5)


def test_absent_confidences_do_not_count() -> None:
    assert calibration_error(calibration(np.array([math.nan]), np.array([True]))) is None


@given(st.lists(st.tuples(st.floats(0.01, 1e5), st.floats(0.01, 1e5)), min_size=1, max_size=20), st.floats(0.1, 100.0))
def test_relative_errors_do_not_depend_on_the_unit(pairs: list[tuple[float, float]], factor: float) -> None:
    estimates, actual = (np.array(values) for values in zip(*pairs, strict=True))
    np.testing.assert_allclose(
        relative_errors(estimates * factor, actual * factor), relative_errors(estimates, actual), rtol=1e-6, atol=1e-9
    )


def test_times_without_a_right_value_have_no_error() -> None:
    errors = relative_errors(np.array([3.0, 1.0, math.nan, 2.0]), np.array([2.0, 0.0, 1.0, math.nan]))
    assert errors[0] == pytest.approx(0.5)
    assert np.isnan(errors[1:]).all()


def test_the_first_proposal_is_judged_and_the_right_one_may_be_among_the_first_few() -> None:
    made = score(
        [proposal("ABX", [10.0, 30.0, 5.0], 0.9), proposal("AB"), proposal("AC"), proposal("BA"), proposal("ABC")],
        right("ABC", [20.0, 30.0, 1.0]),
    )
    assert not made.exact
    assert not made.in_top
    assert score([proposal("ABX"), proposal("ABC")], right("ABC")).in_top
    assert made.f1 == pytest.approx(2 / 3)
    assert made.edits == 1
    assert made.missed == ("C",)
    assert made.added == ("X",)
    assert made.hits.tolist() == [True, True, False]
    assert [(one.operation, one.error) for one in made.timed] == [("A", 0.5), ("B", 0.0)]


def test_a_moved_operation_keeps_the_set_but_is_not_exact() -> None:
    made = score([proposal("BAC")], right("ABC"))
    assert (made.exact, made.f1, made.edits) == (False, 1.0, 2)


def test_an_item_without_proposal_counts_as_wrong() -> None:
    figures = quality([score([], right("ABC")), score([proposal("ABC", None, 1.0)], right("ABC"))])
    assert (figures.items, figures.unanswered, figures.sequence_exact, figures.set_f1) == (2, 1, 0.5, 0.5)
    assert figures.edit_distance == 1.5
    assert figures.run_time_mape is None
    assert figures.calibration_error == pytest.approx(0.0)


def test_figures_of_an_operation_name_where_it_was_missed_and_added() -> None:
    scores = [
        score([proposal("AB", [1.0, 2.0])], right("AC", [2.0, 1.0])),
        score([proposal("A", [3.0])], right("A", [2.0])),
    ]
    found = by_operation(scores)
    assert list(found) == ["A", "C", "B"]
    assert (found["A"].items, found["A"].missed, found["A"].added) == (2, 0, 0)
    assert found["A"].run_time_mape == pytest.approx(0.5)
    assert (found["C"].items, found["C"].missed, found["B"].added) == (1, 1, 1)


def test_times_have_a_median_error_and_a_bias_that_one_typing_error_does_not_move() -> None:
    scores = [score([proposal("A", [time])], right("A", [10.0])) for time in (11.0, 11.0, 9.0, 11.0, 10_000.0)]
    figures = quality(scores)
    assert figures.run_time_mape is not None
    assert figures.run_time_mape > 100
    assert figures.run_time_median_error == pytest.approx(0.1)
    assert figures.run_time_bias == pytest.approx(0.1)


def test_an_interval_holds_the_mean_and_narrows_with_items() -> None:
    random = np.random.default_rng(4)
    few, many = (random.uniform(size=count) < 0.8 for count in (40, 4000))
    (low, high), (lower, higher) = interval(few.astype(float)), interval(many.astype(float))
    assert low < few.mean() < high
    assert higher - lower < 0.2 * (high - low)


def test_items_that_all_came_out_alike_are_no_proof_of_a_figure() -> None:
    assert interval(np.ones(30)) == [0.9, 1.0]
    assert interval(np.zeros(30)) == [0.0, 0.1]
    assert interval(np.zeros(0)) == [0.0, 1.0]
