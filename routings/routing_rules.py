"""Rules that a routing must keep, as a model's manifest lists them: thresholds, the number of operations, required fields.

A rule is an object {id, type, severity, message?, ...}:
- `threshold`: `field`, `operator` (>= > <= < == !=), `value`, `scope` (`total`, the default, or `per_operation`); the field's value must
  stand in that relation; a field is a column, or a time in small letters (`run_time`, `lead_time`; see routings.time_summary);
- `max_operations`: `value`, the most operations;
- `required_field`: `field`, which every operation must have.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from common.notices import notice, within
from plant.mechanical_seals import MECHANICAL_SEALS

Severity = Literal["info", "warning", "error"]
Operation = Mapping[str, object]
Sources = Mapping[str, Sequence[str]]

OPERATORS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True)
class Violation:
    """A rule that is not kept, or that cannot be evaluated (then a warning)."""

    rule_id: str
    message: str
    severity: Severity


@dataclass(frozen=True)
class Outcome:
    """What a check found."""

    violations: tuple[Violation, ...]
    evaluated: int

    @property
    def passed(self) -> bool:
        """Whether no rule of severity error is broken."""
        return all(violation.severity != "error" for violation in self.violations)


class RuleUnusableError(Exception):
    """A rule that does not say what it must."""


def check(
    rules: Iterable[object],
    operations: Sequence[Operation],
    only: Sequence[str] | None = None,
    sources: Sources = MECHANICAL_SEALS.routing.summed,
) -> Outcome:
    """Check operations against rules.

    Args:
        rules: as the manifest has them.
        only: ids of the rules to evaluate; None: all.
        sources: kind of time -> columns of an operation, of which the first present one counts.
    """
    wanted = None if only is None else set(only)
    found: list[Violation] = []
    evaluated = 0
    for position, rule in enumerate(rules):
        if not isinstance(rule, Mapping):
            continue
        rule_id = str(rule.get("id") or f"rule-{position + 1}")
        if wanted is not None and rule_id not in wanted:
            continue
        evaluated += 1
        severity = _severity(rule)
        try:
            texts = list(_broken(rule, operations, sources))
        except RuleUnusableError as error:
            found.append(
                Violation(rule_id, notice("RULE_UNUSABLE", "The rule cannot be evaluated: {why}", why=error), "warning")
            )
            continue
        own_words = rule.get("message")
        found.extend(Violation(rule_id, _in_own_words(own_words, text), severity) for text in texts)
    return Outcome(tuple(found), evaluated)


def _in_own_words(own_words: object, text: str) -> str:
    """What is wrong, in the words of the plant where the rule has some."""
    if not isinstance(own_words, str) or not own_words:
        return text
    return within(f"{own_words} ({text})", text, own_words=own_words)


def _severity(rule: Mapping[str, object]) -> Severity:
    severity = rule.get("severity")
    if severity == "info":
        return "info"
    return "warning" if severity == "warning" else "error"


def _broken(rule: Mapping[str, object], operations: Sequence[Operation], sources: Sources) -> Iterable[str]:
    kind = rule.get("type")
    if kind == "threshold":
        return _threshold(rule, operations, sources)
    if kind == "max_operations":
        most = _number(rule, "value")
        broken = notice(
            "TOO_MANY_OPERATIONS",
            "{count} operations; at most {most} are allowed",
            count=len(operations),
            most=f"{most:g}",
        )
        return [broken] if len(operations) > most else []
    if kind == "required_field":
        field = _field(rule)
        return [
            notice("OPERATION_LACKS", "operation {sequence} lacks {field}", sequence=_sequence(one), field=field)
            for one in operations
            if value_of(one, field, sources) in (None, "")
        ]
    raise RuleUnusableError(f"its type {str(kind)[:60]!r} is not threshold, max_operations or required_field")


def _threshold(rule: Mapping[str, object], operations: Sequence[Operation], sources: Sources) -> Iterable[str]:
    field, limit, sign = _field(rule), _number(rule, "value"), str(rule.get("operator"))
    holds = OPERATORS.get(sign)
    if holds is None:
        raise RuleUnusableError(f"its operator {sign[:20]!r} is none of {' '.join(OPERATORS)}")
    scope = rule.get("scope") or "total"
    if scope not in ("total", "per_operation"):
        raise RuleUnusableError(f"its scope {str(scope)[:40]!r} is neither total nor per_operation")
    numbers = [(one, _as_number(value_of(one, field, sources))) for one in operations]
    if scope == "total":
        total = math.fsum(number for _one, number in numbers if number is not None)
        broken = notice(
            "TOTAL_OUT_OF_LIMIT",
            "total {field} is {value}; it must be {sign} {limit}",
            field=field,
            value=f"{total:g}",
            sign=sign,
            limit=f"{limit:g}",
        )
        return [] if holds(total, limit) else [broken]
    return [
        notice(
            "OPERATION_OUT_OF_LIMIT",
            "operation {sequence}: {field} is {value}; it must be {sign} {limit}",
            sequence=_sequence(one),
            field=field,
            value=f"{number:g}",
            sign=sign,
            limit=f"{limit:g}",
        )
        for one, number in numbers
        if number is not None and not holds(number, limit)
    ]


def value_of(operation: Operation, field: str, sources: Sources = MECHANICAL_SEALS.routing.summed) -> object:
    """The value of a column, or of a time by its name in the time summary (small letters, as `run_time`); None when absent."""
    if field in sources:
        return next((operation[name] for name in sources[field] if operation.get(name) is not None), None)
    if field.lower() == "lead_time":
        parts = [_as_number(value_of(operation, name, sources)) for name in sources]
        present = [part for part in parts if part is not None]
        return math.fsum(present) if present else None
    return operation[field] if field in operation else operation.get(field.upper())


def _field(rule: Mapping[str, object]) -> str:
    field = rule.get("field")
    if not isinstance(field, str) or not field:
        raise RuleUnusableError("it names no field")
    return field


def _number(rule: Mapping[str, object], name: str) -> float:
    number = _as_number(rule.get(name))
    if number is None:
        raise RuleUnusableError(f"its {name} is no number")
    return number


def _as_number(value: object) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _sequence(operation: Operation) -> str:
    return str(operation.get("PROC_SEQ", "?"))
