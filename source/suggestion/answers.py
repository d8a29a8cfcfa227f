"""Answers to the questions of a suggestion: what somebody chose where the data left a doubt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from common.errors import InvalidInput

Answers = Mapping[str, str]
"""Topic of a question -> what was chosen: a table, a column of the operations table, a unit of time, or "" for `so be it`."""

TABLE_TOPIC: Final = "operations_table"
COLUMN_TOPICS: Final = ("item", "sequence", "operation", "time")
TIME_UNITS: Final = ("MIN", "H", "SEC", "DAY")
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "time_unit": TIME_UNITS,
    "date_order": ("MDY", "DMY"),
    "decimal_sign": ("POINT", "COMMA"),
    "duration": ("H_MM", "M_SS"),
}
"""Topic -> what it can be, for those that are neither tables nor columns; the first is what is taken until somebody answers."""
TOPICS: Final = (TABLE_TOPIC, *COLUMN_TOPICS, *CHOICES, "no_time", "no_items")
"""What a suggestion may ask."""


def column_answers(answers: Answers) -> dict[str, str]:
    """Role -> column of the operations table that somebody named for it; a time that was missing is named under `time`."""
    named = {topic: answers[topic] for topic in COLUMN_TOPICS if answers.get(topic)}
    if answers.get("no_time"):
        named["time"] = answers["no_time"]
    return named


def check_answers(answers: Answers, tables: Mapping[str, Iterable[str]]) -> None:
    """Refuse answers that no source of these tables can follow.

    Args:
        tables: table -> its columns.

    Raises:
        InvalidInput: an unknown topic, table, column or unit; says which, and what there is.
    """
    for topic, chosen in answers.items():
        if topic not in TOPICS:
            raise InvalidInput(
                f"Nothing is asked about {topic!r}; it can be {', '.join(TOPICS)}", reason="ANSWER_UNKNOWN"
            )
        if topic in CHOICES and chosen not in CHOICES[topic]:
            raise InvalidInput(
                f"{chosen!r} is no answer to {topic}; it can be {', '.join(CHOICES[topic])}", reason="ANSWER_UNKNOWN"
            )
    table = answers.get(TABLE_TOPIC, "")
    if table and table not in tables:
        raise InvalidInput(f"The source has no table {table}; it has {', '.join(tables)}", reason="ANSWER_UNKNOWN")
    for role, column in column_answers(answers).items():
        looked_at = [table] if table else list(tables)
        if not any(column in tables[name] for name in looked_at):
            raise InvalidInput(
                f"{table or 'No table of the source'} has no column {column}, which was named as {role}",
                reason="ANSWER_UNKNOWN",
            )


def cannot_be(answers: Answers) -> InvalidInput:
    """The error for answers that name columns that are there, yet cannot play their role."""
    said = ", ".join(f"{topic} = {chosen}" for topic, chosen in answers.items() if chosen)
    return InvalidInput(
        f"With {said} no table looks like operations of items: the item has to repeat, the sequence has to differ within a routing, "
        "and the operation has to repeat between routings. Choose other columns, or write the profile by hand",
        reason="ANSWER_MISFIT",
    )
