"""What was found in an unknown source: which table and column is what, how sure that is, and the questions that only people can answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from source.suggestion.answers import CHOICES, TIME_UNITS, Answers, cannot_be, check_answers
from source.suggestion.detail_times import detail_times
from source.suggestion.doubts import Spellings
from source.suggestion.facts import ColumnFacts, TableFacts, facts_of_table, mean_of
from source.suggestion.items import FeatureFound, ItemsFound, LeftOut, find_items
from source.suggestion.links import Link, find_links, keys_of
from source.suggestion.log_items import items_of_log
from source.suggestion.operations import ItemPath, OperationsFound, find_operations, item_of_rows
from source.suggestion.queries import RoleRows, item_rows, operation_sql
from source.suggestion.state_logs import states_of
from source.suggestion.time_columns import UNNAMED, TimeColumn
from source.suggestion.vocabulary import fit
from source.suggestion.wide_tables import steps_of

__all__ = ["FeatureFound", "ItemPath", "ItemsFound", "LeftOut", "Question", "Suggestion", "suggest"]

DETAIL_TIMES: Final = 0.4
"""How sure times are that a table of their own holds."""
SURE: Final = {"item": 0.6, "sequence": 0.45, "operation": 0.35, "time": 0.25}
"""What must speak for a role (0 to 1) before it is taken without a question: about half of shape and name together."""
USUAL_MINUTES: Final = (0.5, 240.0)
"""Between these lies the middle run time of an operation when it is told in minutes: half a minute to half a shift."""
TABLE_MARGIN: Final = 0.35
"""Two tables whose scores (sums over five roles) are closer than this could both be the operations."""


@dataclass(frozen=True)
class Question:
    """Something that the data do not decide.

    Attributes:
        topic: what is asked, one of `answers.TOPICS`.
        table: where.
        taken: what the draft takes for it; "" for nothing.
        candidates: what else it could be.
    """

    topic: str
    table: str
    taken: str
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suggestion:
    """The roles found in a source.

    Attributes:
        operations: the table of operations and its columns.
        items: the item table; None where items are known only from their operations (`event log`).
        results: table of reported times beside the planned operations; None without one.
        item_sql, operation_sql: DuckDB's SQL that gives a role's rows; "" where its table does.
        operation_sql_columns: role -> column of the result of `operation_sql`, where the query adds it.
        questions: what should be asked before training; empty when the data decide everything.
    """

    operations: OperationsFound
    items: ItemsFound | None
    results: OperationsFound | None
    item_sql: str
    operation_sql: str
    operation_sql_columns: Mapping[str, str]
    questions: tuple[Question, ...]

    @property
    def sure(self) -> bool:
        """Whether nothing has to be asked."""
        return not self.questions


class NothingFound(Exception):
    """No table of the source looks like operations of items; `tables` were looked at."""

    def __init__(self, tables: Sequence[str]) -> None:
        super().__init__(", ".join(tables))
        self.tables = tuple(tables)


def suggest(
    frames: Mapping[str, pl.DataFrame], totals: Mapping[str, int] | None = None, answers: Answers | None = None
) -> Suggestion:
    """Find the roles of tables and columns.

    Args:
        frames: table -> its first rows; item tables whole, so that references can be followed.
        totals: table -> all its rows, where a frame has only the first.
        answers: what somebody answered to questions of an earlier suggestion; these are not asked again.

    Raises:
        NothingFound: no table can be the operations.
        InvalidInput: an answer names a topic, table or column that is not there, or a column that cannot be what it is taken for.
    """
    answers = answers or {}
    check_answers(answers, {name: frame.columns for name, frame in frames.items()})
    tables = [facts_of_table(name, frame, (totals or {}).get(name)) for name, frame in frames.items() if frame.height]
    tables += [steps for table in tables if (steps := steps_of(table)) is not None]
    spellings = Spellings.of(tables, answers)
    tables = [spellings.settle(table) for table in tables]
    tables += [spellings.settle(states) for table in tables if (states := states_of(table)) is not None]
    links = find_links(tables)
    candidates = [found for found in find_operations(tables, links, answers) if found.sureness.get("sequence", 0) > 0]
    if not candidates:
        if answers:
            raise cannot_be(answers)
        raise NothingFound(sorted(frames))
    operations = candidates[0]
    results = _results(operations, candidates[1:])
    items, item_sql = _items(operations, results, tables, links, spellings)
    detail = detail_times(operations, tables, links, answers.get("time_unit"))
    if detail.join:
        operations = replace(operations, sureness={**operations.sureness, "time": DETAIL_TIMES})
    sql, sql_columns = operation_sql(operations, tables, links, (detail.join, detail.expressions))
    questions = _questions(operations, results, items, candidates)
    questions += [_unit_question(detail.table, time) for time in detail.times if _odd_minutes(time)]
    found = Suggestion(operations, items, results, item_sql, sql, sql_columns, ())
    questions += _spelling_questions(columns_read(found))
    return replace(found, questions=tuple(question for question in questions if question.topic not in answers))


def _items(
    operations: OperationsFound,
    results: OperationsFound | None,
    tables: Sequence[TableFacts],
    links: Sequence[Link],
    spellings: Spellings,
) -> tuple[ItemsFound | None, str]:
    """The item table's columns, and the query that gives its rows ("" for the table as it is)."""
    key = operations.path.key
    if key is None:
        return items_of_log(operations)
    table = next(each for each in tables if each.name == key.table)
    apart = {operations.table.name} | ({results.table.name} if results else set())
    known: set[str] = set(operations.table.made_of) if operations.table.origin == table.name else set()
    if operations.path.header is not None:
        head = operations.path.header[0]
        apart.add(head.table)
        if head.table == table.name:
            known.add(head.name)
            apart |= {link.parent.table for link in links if link.child is head}
    key = _best_key(table, key)
    rows: RoleRows = item_rows(table, key, tables, links, frozenset(apart))
    rows = replace(rows, table=spellings.settle(rows.table))
    found = find_items(rows.table, rows.table.columns[key.name], rows.replaced, _routed(operations, tables))
    return _without(found, known), rows.sql


def _without(found: ItemsFound, known: Set[str]) -> ItemsFound:
    """The items without columns that say which routing they have."""
    return replace(
        found,
        features=tuple(feature for feature in found.features if feature.column not in known),
        left_out=(
            *(column for column in found.left_out if column.column not in known),
            *(LeftOut(name, "answer", "routing") for name in sorted(known)),
        ),
    )


def _best_key(table: TableFacts, key: ColumnFacts) -> ColumnFacts:
    """The key that the operations refer to; of twins with the same values the better named one."""
    twins = [column for column in keys_of(table) if column.texts.equals(key.texts.alias(column.name))]
    return max([key, *twins], key=lambda column: fit(column.name, "item_key"))


def _routed(operations: OperationsFound, tables: Sequence[TableFacts]) -> pl.DataFrame | None:
    """Figures of each item's routing: rows, and the sums of its times."""
    frame = pl.DataFrame(
        {
            "item": item_of_rows(operations.path, tables).str.to_lowercase(),
            **{
                f"sum of {time.column.name}": time.column.numbers
                for time in operations.times
                if time.column.numbers is not None
            },
        }
    )
    sums = [name for name in frame.columns if name != "item"]
    return (
        frame.drop_nulls("item")
        .group_by("item")
        .agg(pl.len().cast(pl.Float64).alias("number of operations"), *(pl.col(name).sum() for name in sums))
    )


def _results(operations: OperationsFound, others: Sequence[OperationsFound]) -> OperationsFound | None:
    """A table that reports the same operations again: the same items and sequences, with times, named as results."""
    for other in others:
        same_items = (
            operations.path.key is not None
            and other.path.key is not None
            and other.path.key.table == operations.path.key.table
        )
        if (
            same_items
            and other.sequence is not None
            and operations.sequence is not None
            and other.times
            and fit(other.table.name, "results") >= 0.5
        ):
            steps = other.sequence.texts.drop_nulls().unique()
            known = operations.sequence.texts.drop_nulls().unique()
            if mean_of(steps.is_in(known.implode())) >= 0.9:
                return other
    return None


def _questions(
    operations: OperationsFound,
    results: OperationsFound | None,
    items: ItemsFound | None,
    candidates: Sequence[OperationsFound],
) -> list[Question]:
    asked = []
    table = operations.table.name
    rivals = tuple(
        other.table.name
        for other in candidates[1:]
        if other is not results and other.score > operations.score - TABLE_MARGIN and other.path.key is not None
    )
    if rivals:
        asked.append(Question("operations_table", table, table, rivals))
    if items is None:
        asked.append(Question("no_items", table, operations.path.column.name))
    taken = {
        "item": operations.path.column.name,
        "sequence": (
            operations.sequence.name if operations.sequence else operations.start.name if operations.start else ""
        ),
        "operation": operations.operation.name if operations.operation else "",
    }
    for role, column in taken.items():
        unsure = operations.sureness.get(role, 0.0) < SURE[role] and not (
            role == "sequence" and operations.sequence is None
        )
        named_rivals = tuple(name for name in operations.rivals.get(role, ()) if name not in _chosen(operations))
        if role == "item" and operations.path.key is None:
            named = fit(column, "item") if fit(column, "material") < 0.7 else 0.0
            unsure = unsure and items is not None and max(fit(column, "item_key"), named) < SURE["item"]
        if unsure or named_rivals:
            asked.append(Question(role, table, column, named_rivals))
    timed = operations.start is not None and operations.end is not None
    if "time" not in operations.sureness or (
        operations.times and not timed and all(time.role != "run" for time in operations.times)
    ):
        asked.append(Question("no_time", table, ""))
    elif operations.times and max(time.score for time in operations.times) <= UNNAMED:
        asked.append(Question("time", table, operations.times[0].column.name))
    elif operations.rivals.get("time"):
        run = next(time.column.name for time in operations.times if time.role == "run")
        asked.append(Question("time", table, run, operations.rivals["time"]))
    else:
        asked += [_unit_question(table, time) for time in operations.times if _odd_minutes(time)]
    return asked


def columns_read(found: Suggestion) -> list[ColumnFacts]:
    """The columns of a suggestion whose spelling matters: dates, times, numbers and features."""
    return [*_columns_read(found.operations), *_columns_read(found.results), *_features_read(found.items)]


def _columns_read(found: OperationsFound | None) -> list[ColumnFacts]:
    """Columns of operations or results whose spelling matters."""
    if found is None:
        return []
    read = (
        found.valid_from,
        found.valid_to,
        found.start,
        found.end,
        found.base_quantity,
        *(t.column for t in found.times),
    )
    return [column for column in read if column is not None]


def _features_read(items: ItemsFound | None) -> list[ColumnFacts]:
    if items is None:
        return []
    return [items.table.columns[each.column] for each in items.features if each.column in items.table.columns]


def _spelling_questions(columns: Sequence[ColumnFacts]) -> list[Question]:
    """One question for each kind of spelling that is open: a source writes all its columns alike."""
    asked: dict[str, Question] = {}
    for column in columns:
        if column.unclear is not None:
            question = Question(column.unclear, column.table, column.name, CHOICES[column.unclear][1:])
            asked.setdefault(column.unclear, question)
    return list(asked.values())


def _unit_question(table: str, time: TimeColumn) -> Question:
    return Question("time_unit", table, time.column.name, TIME_UNITS[1:])


def _odd_minutes(time: TimeColumn) -> bool:
    """Whether a run time whose unit nobody states would be strange in minutes: hours or seconds look like that."""
    if time.role != "run" or time.unit is not None or time.unit_column is not None or time.column.numbers is None:
        return False
    if time.column.spelled:
        return False
    middle = time.column.numbers.filter(time.column.numbers > 0).median()
    return isinstance(middle, float) and not USUAL_MINUTES[0] <= middle <= USUAL_MINUTES[1]


def _chosen(operations: OperationsFound) -> set[str]:
    columns = (
        operations.operation,
        operations.operation_name,
        operations.machine,
        operations.machine_name,
        operations.sequence,
        operations.routing_number,
    )
    return {column.name for column in columns if column is not None}
