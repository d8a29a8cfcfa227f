"""Sums of operation times, to the last bit."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plant.mechanical_seals import MECHANICAL_SEALS
from routings.time_summary import OperationTimes, operation_times, totals

SOURCES = MECHANICAL_SEALS.routing.summed
COLUMNS = tuple(name for names in SOURCES.values() for name in names)
RECORDINGS = Path(__file__).parents[2] / "contract" / "recordings" / "time.json"
FOUR: list[dict[str, float]] = [
    {"PROC_SEQ": 10, "SETUP_TIME": 0.9, "MACH_WORKED_HOURS": 3.25, "QUEUE_TIME": 2, "WAIT_TIME": 0.5, "MOVE_TIME": 0.2},
    {"PROC_SEQ": 20, "ACT_SETUP_TIME": 4, "ACT_RUN_TIME": 7.5, "MOVE_TIME": 1},
    {"PROC_SEQ": 30, "SETUP_TIME": 0, "ACT_SETUP_TIME": 6, "RUN_TIME_QTY": 2, "QUEUE_TIME": 0.25},
    {"PROC_SEQ": 40},
]


def summary(operations: Sequence[Mapping[str, Any]]) -> list[OperationTimes]:
    columns = {name: [operation.get(name) for operation in operations] for name in COLUMNS}
    return operation_times(columns, len(operations), SOURCES)


@pytest.mark.parametrize(
    "case",
    [c for c in json.loads(RECORDINGS.read_text("utf-8")) if c["response"] and c["response"]["status"] == 200],
    ids=lambda case: case["name"],
)
def test_totals_are_the_recorded_ones_to_the_last_bit(case: dict[str, Any]) -> None:
    operations = case["request"]["json"].get("operations", [])
    assert totals(summary(operations))._asdict() == case["response"]["json"]["totals"]


def test_a_zero_setup_time_is_present_and_wins_over_the_actual_one() -> None:
    times = summary(FOUR)
    assert [t.setup_time for t in times] == [0.9, 4.0, 0.0, 0.0]
    assert [t.run_time for t in times] == [3.25, 7.5, 2.0, 0.0]
    assert times[0].total_time == 6.8500000000000005


def test_negative_times_and_nan_count_as_absent() -> None:
    times = summary([{"SETUP_TIME": -1.0, "ACT_SETUP_TIME": 3.0, "WAIT_TIME": float("nan"), "IDLE_TIME": 2.0}])
    assert (times[0].setup_time, times[0].wait_time) == (3.0, 2.0)


def test_columns_that_are_missing_count_as_absent() -> None:
    assert operation_times({}, 2, SOURCES)[1].total_time == 0.0


@given(st.lists(st.dictionaries(st.sampled_from(COLUMNS), st.none() | st.floats(0, 1e4)), max_size=20))
def test_the_lead_time_is_the_sum_of_the_other_totals(operations: list[dict[str, Any]]) -> None:
    total = totals(summary(operations))
    assert total.lead_time == pytest.approx(sum(total[:-1]))
    assert total.lead_time == pytest.approx(sum(t.total_time for t in summary(operations)), abs=1e-6)
