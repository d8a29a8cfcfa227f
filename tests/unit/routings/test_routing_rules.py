"""Rules of a manifest against operations."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routings.routing_rules import OPERATORS, check

OPERATIONS: list[dict[str, object]] = [
    {"PROC_SEQ": 10, "SETUP_TIME": 1.0, "MACH_WORKED_HOURS": 4.0, "JOB_NM": "선삭"},
    {"PROC_SEQ": 20, "ACT_SETUP_TIME": 2.0, "ACT_RUN_TIME": 6.0, "JOB_NM": ""},
    {"PROC_SEQ": 30, "JOB_NM": None},
]


def threshold(**changed: Any) -> dict[str, Any]:
    return {"id": "t", "type": "threshold", "field": "run_time", "operator": "<=", "value": 10, **changed}


def test_a_total_counts_the_first_present_time_of_each_operation() -> None:
    assert check([threshold()], OPERATIONS).violations == ()
    (violation,) = check([threshold(value=9)], OPERATIONS).violations
    assert violation.rule_id == "t"
    assert "total run_time is 10" in violation.message


def test_per_operation_names_each_operation_that_breaks_the_rule() -> None:
    outcome = check([threshold(scope="per_operation", value=3)], OPERATIONS)
    assert [one.message.split(":")[0] for one in outcome.violations] == ["operation 10", "operation 20"]
    assert outcome.evaluated == 1


def test_the_lead_time_is_the_sum_of_all_times() -> None:
    assert check([threshold(field="lead_time", operator="==", value=13)], OPERATIONS).passed
    assert not check([threshold(field="lead_time", operator="!=", value=13)], OPERATIONS).passed


def test_the_name_of_a_column_means_that_column_alone() -> None:
    assert check([threshold(field="SETUP_TIME", operator="==", value=1)], OPERATIONS).passed
    outcome = check([{"id": "r", "type": "required_field", "field": "SETUP_TIME"}], OPERATIONS)
    assert [one.message for one in outcome.violations] == [
        "operation 20 lacks SETUP_TIME",
        "operation 30 lacks SETUP_TIME",
    ]


def test_too_many_operations() -> None:
    rule = {"id": "m", "type": "max_operations", "value": 2}
    assert not check([rule], OPERATIONS).passed
    assert check([{**rule, "value": 3}], OPERATIONS).passed


def test_a_required_field_must_be_in_every_operation_and_not_empty() -> None:
    outcome = check([{"id": "r", "type": "required_field", "field": "JOB_NM"}], OPERATIONS)
    assert [one.message for one in outcome.violations] == ["operation 20 lacks JOB_NM", "operation 30 lacks JOB_NM"]


@pytest.mark.parametrize(("severity", "passed"), [("info", True), ("warning", True), ("error", False), (None, False)])
def test_only_an_error_fails_the_check(severity: str | None, passed: bool) -> None:
    outcome = check([threshold(value=1, severity=severity)], OPERATIONS)
    assert outcome.passed is passed
    assert len(outcome.violations) == 1


def test_only_the_wanted_rules_are_evaluated() -> None:
    rules = [threshold(id="a", value=1), threshold(id="b", value=1)]
    assert [one.rule_id for one in check(rules, OPERATIONS, ["b", "unknown"]).violations] == ["b"]
    assert check(rules, OPERATIONS, []).evaluated == 0


@pytest.mark.parametrize(
    "broken",
    [
        {"type": "other"},
        {"field": None},
        {"operator": "=>"},
        {"value": "many"},
        {"scope": "each"},
        {"value": True},
        {"value": float("nan")},
    ],
)
def test_a_rule_that_does_not_say_what_it_must_is_a_warning(broken: dict[str, Any]) -> None:
    outcome = check([threshold(**broken)], OPERATIONS)
    assert outcome.passed
    assert [one.severity for one in outcome.violations] == ["warning"]
    assert "cannot be evaluated" in outcome.violations[0].message


def test_the_rules_own_words_come_first() -> None:
    (violation,) = check([threshold(value=1, message="가공 시간 초과")], OPERATIONS).violations
    assert violation.message.startswith("가공 시간 초과 (")


@given(st.lists(st.floats(0, 1e6), max_size=8), st.floats(0, 1e7), st.sampled_from(sorted(OPERATORS)))
def test_a_total_and_its_opposite_never_both_hold(times: list[float], limit: float, sign: str) -> None:
    opposite = {">=": "<", "<": ">=", "<=": ">", ">": "<=", "==": "!=", "!=": "=="}[sign]
    operations = [{"PROC_SEQ": number, "MOVE_TIME": time} for number, time in enumerate(times)]
    held = [
        check([threshold(field="move_time", operator=one, value=limit)], operations).passed for one in (sign, opposite)
    ]
    assert sorted(held) == [False, True]
