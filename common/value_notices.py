"""What is wrong with a value by its schema, with the code and values of the sentence: pydantic's own names, INPUT_ before them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from common.errors import FieldViolation
from common.notices import Notice

LONGEST_VALUE = 40


def value_notice(problem: Mapping[str, Any], *, telling: bool = False) -> Notice:
    """The sentence of one problem of a ValidationError.

    Args:
        problem: an entry of `errors()`: `type`, `msg`, and `ctx`, `input` and `loc` where they are there.
        telling: whether the English text tells the value too.
    """
    context = problem.get("ctx") or {}
    values = {str(name): str(value) for name, value in context.items()}
    value, text = problem.get("input"), str(problem.get("msg", ""))
    if isinstance(value, str | int | float) and problem.get("loc"):
        values["value"] = str(value)[:LONGEST_VALUE]
        if telling:
            text = f"{text}, is {values['value']!r}"
    return Notice(text, f"INPUT_{problem.get('type', '')}".upper(), values)


def value_violations(problems: Sequence[Mapping[str, Any]], whole: str = "") -> list[FieldViolation]:
    """The problems of a ValidationError field by field; what holds something wrong is not wrong again by itself.

    Args:
        whole: what the document is called where the problem has no place in it.
    """
    within = {tuple(one["loc"][:length]) for one in problems for length in range(1, len(one["loc"]))}
    return [
        FieldViolation(".".join(str(part) for part in one["loc"]) or whole, value_notice(one, telling=True))
        for one in problems
        if tuple(one["loc"]) not in within
    ]
