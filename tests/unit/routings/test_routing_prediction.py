"""Predicted routings: which, in which order, with which operations and times."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import InvalidInput
from plant.time_columns import RUN, SETUP, TIMES
from routings.drafts import MERGED
from routings.operation_table import Neighbours, OperationTable
from routings.routing_prediction import PredictionOptions, RoutingBatch, predict_routings
from routings.time_profiles import ProfileOptions

ALL_TIMES = ProfileOptions("sigma_profile")


def table_of(
    routings: Sequence[Sequence[tuple[int, float]]],
    *,
    machines: Sequence[int] | None = None,
    results: npt.NDArray[np.float64] | None = None,
) -> OperationTable:
    """An operation table of one list of (operation, run time) an item; set-up is twice the run time."""
    rows = [operation for routing in routings for operation in routing]
    lengths = [len(routing) for routing in routings]
    times = np.full((len(rows), len(TIMES)), np.nan)
    times[:, RUN] = [run for _operation, run in rows]
    times[:, SETUP] = 2 * times[:, RUN]
    return OperationTable(
        offsets=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        operation=np.array([operation for operation, _run in rows], np.int32),
        machine=np.array(machines if machines is not None else np.zeros(len(rows)), np.int32),
        sequence=np.array([10 * (k + 1) for routing in routings for k in range(len(routing))], np.int32),
        times=times,
        actual=np.full((len(rows), 2), np.nan) if results is None else results,
    )


def neighbours_of(*lists: Sequence[tuple[int, float]]) -> Neighbours:
    flat = [pair for pairs in lists for pair in pairs]
    return Neighbours(
        np.concatenate(([0], np.cumsum([len(pairs) for pairs in lists]))).astype(np.int64),
        np.array([item for item, _s in flat], np.int64),
        np.array([s for _item, s in flat], float),
    )


def predict(table: OperationTable, items: Sequence[int], neighbours: Neighbours, **options: Any) -> RoutingBatch:
    options.setdefault("outliers", ALL_TIMES)
    return predict_routings(table, np.array(items, np.int64), neighbours, PredictionOptions(**options))


def operations(table: OperationTable, batch: RoutingBatch, routing: int) -> list[int]:
    found: list[int] = table.operation[batch.rows[batch.offsets[routing] : batch.offsets[routing + 1]]].tolist()
    return found


def run_times(batch: RoutingBatch, routing: int) -> list[float]:
    found: list[float] = batch.times[batch.offsets[routing] : batch.offsets[routing + 1], RUN].tolist()
    return found


def test_an_item_with_a_routing_keeps_it_as_stored() -> None:
    table = table_of([[(1, 5.0), (2, 7.0)], [(1, 50.0)]])
    batch = predict(table, [0], neighbours_of([(1, 0.99)]))
    assert batch.reference.tolist() == [0]
    assert batch.similarity.tolist() == [1.0]
    assert operations(table, batch, 0) == [1, 2]
    assert run_times(batch, 0) == [5.0, 7.0]
    assert not batch.predicted.any()


def test_an_item_with_a_routing_is_predicted_when_its_own_is_ignored_and_never_from_itself() -> None:
    table = table_of([[(1, 5.0)], [(1, 50.0)]])
    batch = predict(table, [0], neighbours_of([(0, 1.0), (1, 0.99)]), ignore_own=True)
    assert batch.reference.tolist() == [1, MERGED]
    assert run_times(batch, 0) == [50.0]


def test_neighbours_below_the_threshold_do_not_count() -> None:
    table = table_of([[], [(1, 10.0)], [(1, 20.0)], [(1, 90.0)]])
    batch = predict(table, [0], neighbours_of([(1, 0.9), (2, 0.85), (3, 0.5)]), threshold=0.8)
    assert batch.reference.tolist() == [1, 2, MERGED]
    assert max(run_times(batch, 0)) < 20.0
    assert batch.below_threshold.tolist() == []


def test_the_best_neighbour_is_kept_when_none_reaches_the_threshold() -> None:
    table = table_of([[], [(1, 10.0)], [(1, 20.0)]])
    batch = predict(table, [0], neighbours_of([(2, 0.4), (1, 0.6)]), threshold=0.8)
    assert batch.reference.tolist() == [1, MERGED]
    assert batch.below_threshold.tolist() == [0]


def test_a_neighbour_without_routing_does_not_stand_in_the_way_of_one_that_has_one() -> None:
    table = table_of([[], [], [(1, 20.0)]])
    batch = predict(table, [0], neighbours_of([(1, 0.95), (-1, 0.93), (2, 0.6)]), threshold=0.8)
    assert batch.reference.tolist() == [2, MERGED]


def test_there_are_at_most_as_many_candidates_as_asked_and_the_merged_one_comes_last() -> None:
    table = table_of([[], *[[(1, 10.0 + k)] for k in range(9)]])
    batch = predict(table, [0], neighbours_of([(k, 1.0 - k / 100) for k in range(1, 10)]), max_variants=3)
    assert batch.reference.tolist() == [1, 2, 3, MERGED]
    assert batch.variant.tolist() == [1, 2, 3, MERGED]
    assert batch.rank.tolist() == [1, 2, 3, 4]


def test_times_are_weighted_by_similarity_squared_over_all_neighbours_that_share_the_operation() -> None:
    table = table_of([[], [(1, 10.0), (2, 1.0)], [(1, 20.0)], [(3, 5.0)]])
    batch = predict(table, [0], neighbours_of([(1, 1.0), (2, 0.9), (3, 0.85)]), max_variants=1)
    expected = (10.0 * 1.0 + 20.0 * 0.81) / 1.81
    assert run_times(batch, 0) == pytest.approx([expected, 1.0])
    assert batch.times[0, SETUP] == pytest.approx(2 * expected)


def test_gross_errors_of_neighbours_do_not_reach_the_estimate() -> None:
    table = table_of([[], *[[(1, 10.0)] for _ in range(20)], [(1, 1000.0)]])
    near = neighbours_of([(k, 0.95) for k in range(1, 22)])
    for rule in ("trimmed_std", "z_score"):
        batch = predict(table, [0], near, max_variants=1, outliers=ProfileOptions(rule))
        assert run_times(batch, 0) == pytest.approx([10.0])


def test_work_results_stand_in_for_absent_actual_times_of_neighbours() -> None:
    results = np.array([[3.0, 8.0], [np.nan, np.nan]])
    table = table_of([[], [(1, 10.0)], [(1, 10.0)]], results=results)
    batch = predict(table, [0], neighbours_of([(1, 0.9), (2, 0.9)]))
    assert batch.times[0, TIMES.index("actual_run")] == 8.0
    own = predict(table, [1], Neighbours.none(1))
    assert np.isnan(own.times[0, TIMES.index("actual_run")])


def test_the_run_time_falls_back_to_actual_and_machine_time() -> None:
    table = table_of([[(1, np.nan)]])
    table.times[0, TIMES.index("machine_run")] = 4.0
    assert predict(table, [0], Neighbours.none(1)).run_times().tolist() == [4.0]


def test_the_merged_routing_has_what_the_weighted_majority_has_in_its_order() -> None:
    table = table_of(
        [[], [(1, 1.0), (9, 1.0), (3, 1.0)], [(1, 1.0), (2, 1.0), (3, 1.0)], [(1, 1.0), (2, 1.0), (3, 1.0)]]
    )
    batch = predict(table, [0], neighbours_of([(1, 0.99), (2, 0.95), (3, 0.95)]))
    merged = len(batch.reference) - 1
    assert operations(table, batch, merged) == [1, 2, 3]
    assert batch.sequence[batch.offsets[merged] :].tolist() == [10, 20, 30]


def test_the_merged_routing_takes_the_machine_with_the_most_weight_from_the_best_neighbour_that_has_it() -> None:
    table = table_of([[], [(1, 1.0)], [(1, 2.0)], [(1, 3.0)]], machines=[7, 8, 8])
    batch = predict(table, [0], neighbours_of([(1, 0.99), (2, 0.95), (3, 0.94)]))
    assert batch.rows[batch.offsets[-2]] == 1


def test_consensus_puts_the_merged_routing_first_and_proposes_different_routings_after_it() -> None:
    table = table_of([[], [(1, 1.0)], [(1, 1.0)], [(1, 1.0), (2, 1.0)], [(1, 1.0), (2, 2.0)]])
    near = neighbours_of([(1, 0.99), (2, 0.98), (3, 0.9), (4, 0.9)])
    batch = predict(table, [0], near, strategy="consensus")
    assert batch.reference.tolist() == [MERGED, 3]
    assert batch.rank.tolist() == [1, 2]
    assert batch.variant.tolist() == [MERGED, 1]


def test_an_unknown_strategy_names_those_that_exist() -> None:
    with pytest.raises(InvalidInput, match="nearest, consensus"):
        predict(table_of([[]]), [0], Neighbours.none(1), strategy="guess")


def test_unknown_items_and_items_without_neighbours_get_nothing() -> None:
    table = table_of([[], [(1, 1.0)]])
    batch = predict(table, [-1, 0], neighbours_of([(1, 0.9)], []))
    assert len(batch.query) == 0


@pytest.mark.parametrize("strategy", ["nearest", "consensus"])
@pytest.mark.parametrize("threshold", [0.0, 0.8])
def test_neighbours_that_have_nothing_in_common_with_an_item_are_no_reason_for_a_routing(
    strategy: str, threshold: float
) -> None:
    table = table_of([[], [(1 + step, 10.0) for step in range(343)], [(1, 20.0)], []])
    both = neighbours_of([(1, 0.0), (2, 0.0)], [(1, 0.0), (2, 0.9)])
    batch = predict(table, [0, 3], both, threshold=threshold, strategy=strategy)
    assert set(batch.query.tolist()) == {1}
    assert run_times(batch, 0) == pytest.approx([20.0])


def test_evidence_says_who_has_the_operation_and_how_sure_its_time_is() -> None:
    table = table_of([[], [(1, 10.0), (2, 1.0)], [(1, 11.0)], [(1, 12.0)]])
    batch = predict(table, [0], neighbours_of([(1, 1.0), (2, 1.0), (3, 1.0)]), max_variants=1, evidence=True)
    evidence = batch.evidence
    assert evidence is not None
    assert evidence.support[:2].tolist() == pytest.approx([1.0, 1 / 3])
    assert evidence.samples[:2].tolist() == [3, 1]
    assert evidence.supporters[1].tolist() == [1]
    assert evidence.dissenters[1].tolist() == [2, 3]
    optimal, standard, safe = (values[0] for values in evidence.ranges["RUN_TIME"])
    assert standard == pytest.approx(11.0)
    assert standard < optimal < safe
    assert 0.0 < evidence.confidence[0] <= 1.0


routing_lists = st.lists(
    st.lists(st.tuples(st.integers(0, 8), st.floats(0.01, 500)), max_size=6, unique_by=lambda step: step[0]),
    min_size=2,
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(routing_lists, st.data())
def test_a_batch_gives_each_item_what_it_gets_alone(
    routings: list[list[tuple[int, float]]], data: st.DataObject
) -> None:
    table = table_of(routings)
    count = len(routings)
    lists = [
        data.draw(
            st.lists(st.tuples(st.integers(-1, count - 1), st.sampled_from([0.0, 0.5, 0.8, 0.9, 1.0])), max_size=6)
        )
        for _ in range(count)
    ]
    batch = predict(table, list(range(count)), neighbours_of(*lists), ignore_own=True, evidence=True)
    for item in range(count):
        alone = predict(table, [item], neighbours_of(lists[item]), ignore_own=True, evidence=True)
        mine = np.flatnonzero(batch.query == item)
        assert batch.reference[mine].tolist() == alone.reference.tolist()
        np.testing.assert_allclose(batch.similarity[mine], alone.similarity)
        for routing, other in zip(mine, range(len(alone.query)), strict=True):
            a, b = batch.offsets[routing : routing + 2]
            c, d = alone.offsets[other : other + 2]
            assert batch.rows[a:b].tolist() == alone.rows[c:d].tolist()
            np.testing.assert_allclose(batch.times[a:b], alone.times[c:d], rtol=1e-9)


@settings(max_examples=60, deadline=None)
@given(routing_lists, st.permutations(list(range(9))), st.data())
def test_how_operations_are_numbered_does_not_matter(
    routings: list[list[tuple[int, float]]], numbers: list[int], data: st.DataObject
) -> None:
    table = table_of(routings)
    renumbered = table_of([[(numbers[operation], run) for operation, run in routing] for routing in routings])
    near = neighbours_of(
        data.draw(st.lists(st.tuples(st.integers(0, len(routings) - 1), st.floats(0, 1)), min_size=1, max_size=8))
    )
    for strategy in ("nearest", "consensus"):
        first = predict(table, [0], near, ignore_own=True, strategy=strategy)
        second = predict(renumbered, [0], near, ignore_own=True, strategy=strategy)
        assert first.rows.tolist() == second.rows.tolist()
        np.testing.assert_allclose(first.times, second.times, rtol=1e-9)
