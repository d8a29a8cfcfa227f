"""What people answer to the questions of a suggestion decides; what cannot be is refused by name."""

from __future__ import annotations

import polars as pl
import pytest

from common.errors import InvalidInput
from source.suggestion import suggest
from tests.unit.source.suggestion import foreign_plants


def nameless() -> dict[str, pl.DataFrame]:
    """The Korean plant with names that say nothing, so that there is something to ask."""
    tables = foreign_plants.korean()
    steps = tables["표준공정"].rename(dict(zip(tables["표준공정"].columns, "abcdefg", strict=True)))
    return {"t1": tables["품목마스터"].rename({"품목코드": "x1", "품명": "x2"}), "t2": steps}


def test_an_answer_is_followed_and_not_asked_again() -> None:
    asked = suggest(nameless())
    topics = {question.topic: question for question in asked.questions}
    assert topics
    operation = asked.operations.operation
    assert operation is not None
    other = "d" if operation.name == "c" else "c"
    answers = {topic: question.taken for topic, question in topics.items()} | {
        "operations_table": "t2",
        "operation": other,
    }
    answered = suggest(nameless(), answers=answers)
    assert answered.sure
    assert answered.operations.operation is not None
    assert answered.operations.operation.name == other


def test_run_times_that_would_be_strange_in_minutes_are_asked_about() -> None:
    tables = foreign_plants.korean()
    tables["표준공정"] = tables["표준공정"].with_columns(pl.col("가공시간") / 600)
    found = suggest(tables)
    assert [(question.topic, question.taken) for question in found.questions] == [("time_unit", "가공시간")]
    answered = suggest(tables, answers={"time_unit": "H"})
    assert answered.sure
    assert {time.role: time.unit for time in answered.operations.times} == {"setup": "H", "run": "H"}


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"colour": "red"}, "colour"),
        ({"time_unit": "parsec"}, "parsec"),
        ({"operations_table": "t9"}, "t9"),
        ({"sequence": "zz"}, "zz"),
        ({"operations_table": "t2", "sequence": "a", "item": "b"}, "sequence = a"),
    ],
)
def test_answers_that_cannot_be_are_refused(answers: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        suggest(nameless(), answers=answers)


def test_two_times_that_are_named_alike_are_asked_about() -> None:
    tables = foreign_plants.korean()
    steps = tables["표준공정"]
    tables["표준공정"] = steps.rename({"가공시간": "작업시간1"}).with_columns(작업시간2=steps["가공시간"] * 2 + 1)
    found = suggest(tables)
    assert [(question.topic, question.taken, question.candidates) for question in found.questions] == [
        ("time", "작업시간1", ("작업시간2",))
    ]
    answered = suggest(tables, answers={"time": "작업시간2"})
    assert answered.sure
    assert next(time.column.name for time in answered.operations.times if time.role == "run") == "작업시간2"


def test_an_operations_table_with_only_a_set_up_time_is_asked_for_the_run_time() -> None:
    tables = foreign_plants.korean()
    tables["표준공정"] = tables["표준공정"].drop("가공시간")
    assert [question.topic for question in suggest(tables).questions] == ["no_time"]


def test_times_of_a_table_of_their_own_are_asked_about_where_minutes_would_be_strange() -> None:
    tables = foreign_plants.korean()
    steps = tables["표준공정"].with_row_index("op_id").with_columns(op_id=pl.format("OP{}", "op_id"))
    tables["표준공정"] = steps.drop("준비시간", "가공시간")
    tables["resources"] = steps.select("op_id", usage_time=pl.col("가공시간") / 600)
    found = suggest(tables)
    assert [(question.topic, question.table) for question in found.questions] == [("time_unit", "resources")]
    answered = suggest(tables, answers={"time_unit": "H"})
    assert answered.sure
    assert "60.0" in answered.operation_sql
