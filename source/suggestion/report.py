"""What a suggestion took for what, and what it asks, in sentences for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from plant.input_profile import InputProfile
from plant.schema import ROUTING, SEQUENCE
from source.suggestion.suggestion import LeftOut, Question, Suggestion, columns_read
from source.suggestion.time_columns import TIME_ROLES

MOST_NAMED: Final = 12
"""Columns that are named one by one where they are left out for the same reason."""

REASONS = {
    "empty": "has no values",
    "constant": "has the same value everywhere",
    "identifier": "identifies rows for a program",
    "row_number": "numbers the rows",
    "audit": "says who changed the row, or when",
    "answer": "is known only when the routing is",
    "unit": "is the unit of another column",
    "named": "is a code whose name stands beside it",
    "same_as": "says the same as",
    "too_many": "is one too many for a plant, others are fuller",
}


def taken(found: Suggestion, profile: InputProfile) -> Iterator[str]:
    """One line for each role and feature: what was taken for it."""
    operations = found.operations
    yield f"operations: {operations.table.name}" + (" (by a query)" if found.operation_sql else "")
    roles = profile.plant.routing
    named = {
        "item": profile.source_column(ROUTING, "ITEM_CD"),
        "sequence": profile.source_column(ROUTING, SEQUENCE),
        "routing": profile.source_column(ROUTING, roles.number),
        "operation": profile.source_column(ROUTING, roles.operation_code),
        "its name": profile.source_column(ROUTING, roles.operation_name),
        "machine": profile.source_column(ROUTING, roles.machine),
        "its own name": profile.source_column(ROUTING, roles.machine_name),
    }
    yield from (f"  {role}: {column}" for role, column in named.items() if column)
    for time in operations.times:
        unit = time.unit or (f"unit in {time.unit_column.name}" if time.unit_column is not None else "minutes assumed")
        yield f"  {time.role} time: {time.column.name} ({unit})"
    yield from _spelled(found)
    start, end = operations.start, operations.end
    if not operations.times and (start is None or end is None):
        for role in (role for role in TIME_ROLES if role in found.operation_sql_columns):
            yield f"  {role} time: added up from a table that refers to single operations (minutes)"
    if not operations.times and start is not None and end is not None:
        yield f"  run time: from {start.name} to {end.name}"
    if found.results is not None:
        yield f"work results: {found.results.table.name}"
    yield f"items: {found.items.table.name if found.items else operations.table.name}" + (
        " (by a query)" if profile.tables["features"] in profile.queries else ""
    )
    display = profile.plant.item
    shown = {name: place for place, name in display.model_dump().items() if isinstance(name, str) and name}
    shown |= {name: f"level {level}" for level, name in enumerate(display.levels, start=1)}
    for feature in profile.plant.features:
        place = f", {shown[feature.name]}" if feature.name in shown else ""
        unit = f", unit in {feature.unit_from}" if feature.unit_from else ""
        yield f"  {feature.name}: {feature.kind}{unit}{place}"
    yield from _left_out(found)


def _left_out(found: Suggestion) -> Iterator[str]:
    """A line for each column that is no feature, or one for many with the same reason."""
    by_reason: dict[str, list[LeftOut]] = {}
    for column in found.items.left_out if found.items else ():
        by_reason.setdefault(column.reason, []).append(column)
    for reason, columns in by_reason.items():
        for column in columns if len(columns) <= MOST_NAMED else ():
            detail = f" {column.detail}" if reason == "same_as" else ""
            yield f"  left out: {column.column} {REASONS[reason]}{detail}"
        if len(columns) > MOST_NAMED:
            names = ", ".join(column.column for column in columns[:MOST_NAMED])
            what = REASONS[reason] + (" another" if reason == "same_as" else "")
            yield f"  left out, {len(columns):,} columns: {names}, ...: each {what}"


def _spelled(found: Suggestion) -> Iterator[str]:
    """How dates, numbers and durations are read that their own columns leave open, and who shows it."""
    for column in columns_read(found):
        if column.spelled and (column.unclear is not None or column.shown_by):
            known = (
                f", as {column.shown_by} shows"
                if column.shown_by
                else ", which nothing shows" if column.unclear else ""
            )
            yield f"  {column.table}.{column.name} is read as {column.spelled}{known}"


def asked(question: Question) -> str:
    """A question as a sentence, with what the draft takes meanwhile."""
    others = ", ".join(question.candidates)
    texts = {
        "operations_table": f"Which table holds the operations: {question.taken} (taken), or {others}?",
        "no_items": f"No table describes the items that {question.table}.{question.taken} names: is there one? Without it items are told "
        "apart by their codes alone",
        "item": f"Does {question.table}.{question.taken} name the item of an operation?",
        "sequence": f"Does {question.table}.{question.taken} order the operations of an item"
        + (f", or {others}?" if others else "?"),
        "operation": f"Does {question.table}.{question.taken} say which operation it is"
        + (f", or {others}?" if others else "?"),
        "time": (
            f"Is {question.table}.{question.taken} the run time of an operation, or {others}?"
            if others
            else f"Is {question.table}.{question.taken} the time of an operation, in minutes? Only its values say so"
        ),
        "time_unit": f"In which unit is {question.table}.{question.taken}? Nothing says so, and as minutes its values would be strange "
        f"(minutes are taken; it could be {others})",
        "date_order": f"Does the month come first in {question.table}.{question.taken}? No day is above 12, and nothing else shows it "
        f"(month first is taken, MDY; it could be {others})",
        "decimal_sign": f"Does 1,234 or 1.234 in {question.table}.{question.taken} mean a thousand? All values are written like that, and "
        f"nothing else shows it (the point is taken for the decimal sign, POINT; it could be {others})",
        "duration": f"Is 1:30 in {question.table}.{question.taken} an hour and a half (taken, H_MM), or one minute and a half ({others})?",
        "no_time": f"{question.table} has no column that looks like a time: is there one? Without it routings are predicted without times",
    }
    return texts[question.topic]
