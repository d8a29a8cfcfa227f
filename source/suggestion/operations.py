"""Finds the table of operations: which column names the item, which the sequence, the operation, the machine and the times.

The shape of the data speaks first: a sequence is what makes rows of an item's routing different, starts alike everywhere and steps
regularly; an operation is what repeats between items and changes within one. Names decide between columns that look alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from source.suggestion.answers import TABLE_TOPIC, Answers, column_answers
from source.suggestion.facts import ColumnFacts, Shape, TableFacts, mean_of
from source.suggestion.labels import code_and_name, find_labels, operation_and_machine
from source.suggestion.links import Link, keys_of
from source.suggestion.sequences import case_of, find_sequence, group_of, start_and_end
from source.suggestion.shared_routings import SharedPath, shared_paths
from source.suggestion.time_columns import TimeColumn, find_times, rival_times
from source.suggestion.vocabulary import fit

JUDGED_ROWS: Final = 50_000
"""Rows by which columns are judged: routings lie together in tables, and regularity shows in thousands of rows."""


NEARLY_ALL: Final = 0.95


@dataclass(frozen=True)
class ItemPath:
    """How the rows of a table come to their item: by a column of their own, or through a table between (`header`).

    Attributes:
        column: column of the operations table.
        header: key of the table between and its column that names the item; None when `column` names the item itself.
        key: key of the item table; None when there is no item table.
        strength: how sure it is, 0 to 1.
    """

    column: ColumnFacts
    header: tuple[ColumnFacts, ColumnFacts] | None
    key: ColumnFacts | None
    strength: float


@dataclass(frozen=True)
class OperationsFound:
    """A table that can be the operations, with the columns by their role and how sure each is (0 to 1)."""

    table: TableFacts
    path: ItemPath
    routing_number: ColumnFacts | None
    sequence: ColumnFacts | None
    start: ColumnFacts | None
    end: ColumnFacts | None
    operation: ColumnFacts | None
    operation_name: ColumnFacts | None
    machine: ColumnFacts | None
    machine_name: ColumnFacts | None
    times: tuple[TimeColumn, ...]
    valid_from: ColumnFacts | None
    valid_to: ColumnFacts | None
    subcontracting: ColumnFacts | None
    base_quantity: ColumnFacts | None
    sureness: Mapping[str, float] = field(default_factory=dict)
    rivals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """How much speaks for this table: the sum of what speaks for its columns."""
        return sum(self.sureness.values())


def find_operations(
    tables: Sequence[TableFacts], links: Sequence[Link], answers: Answers | None = None
) -> list[OperationsFound]:
    """All tables that can hold the operations, the best first; only what follows the answers where there are any."""
    answers = answers or {}
    named = column_answers(answers)
    found = []
    for table in tables:
        if answers.get(TABLE_TOPIC, table.name) != table.name or not named.keys() <= {
            role for role, column in named.items() if column in table.columns
        }:
            continue
        best: OperationsFound | None = None
        for path in item_paths(table, tables, links, named.get("item", "")):
            judged = _judge(table, path, tables, links, answers)
            if judged is not None and (best is None or _rank(judged, tables) > _rank(best, tables)):
                best = judged
        if best is not None:
            found.append(best)
    return sorted(found, key=lambda operations: -operations.score)


def _rank(found: OperationsFound, tables: Sequence[TableFacts]) -> float:
    """The score; of item tables that are referred to alike the one that says more of its items."""
    key = found.path.key
    columns = 0 if key is None else next(len(table.columns) for table in tables if table.name == key.table)
    return found.score + 0.01 * min(columns, 20)


def item_paths(
    table: TableFacts, tables: Sequence[TableFacts], links: Sequence[Link], answered: str = ""
) -> Iterator[ItemPath]:
    """Ways from a table's rows to items: direct references, references through a header table, and columns named as item codes.

    Args:
        answered: the column that somebody named as the item's; the ways through it only.
    """
    by_name = {each.name: each for each in tables}
    shared = [path for path in shared_paths(table, tables, links) if answered in ("", path[0].name)]
    for column, head, item, key, strength in shared:
        yield ItemPath(column, (head, item), key, strength)
    direct = [link for link in links if link.child.table == table.name and answered in ("", link.child.name)]
    for link in direct:
        parent = by_name[link.parent.table]
        if _is_lookup(parent, link) or _looks_like_header(parent, link, links) or _is_head_of(parent, link, shared):
            continue
        own = _key_beside_routing(parent, link.parent)
        if own is not None:
            yield ItemPath(link.child, (link.parent, own), own, link.strength)
            continue
        yield ItemPath(link.child, None, link.parent, link.strength)
    for link in direct:
        for further in links:
            if (
                further.child.table != link.parent.table
                or further.parent.table == table.name
                or further.child is link.parent
            ):
                continue
            if _is_lookup(by_name[further.parent.table], further):
                continue
            itemlike = max(fit(further.child.name, "item_key"), fit(further.child.name, "item"))
            if itemlike < 0.5 and further.strength < 0.8:
                continue
            yield ItemPath(
                link.child, (link.parent, further.child), further.parent, 0.95 * min(link.strength, further.strength)
            )
    own_items = max((_itemlike(column) for column in table.columns.values() if column.unique), default=0.0)
    for column in table.columns.values():
        itemlike = _itemlike(column)
        if (
            (itemlike >= max(0.3, own_items) if not answered else column.name == answered)
            and not any(link.child is column for link in direct)
            and 1 < column.distinct < column.rows
            and column.shape in (Shape.WHOLE, Shape.TEXT)
        ):
            yield ItemPath(column, None, None, 0.5 * itemlike)


def _itemlike(column: ColumnFacts) -> float:
    """How well a name says that the column names items. A table that has another item in each row describes items; it has no operations."""
    return max(fit(column.name, "item_key"), 0.9 * fit(column.name, "item"), 0.5 * fit(column.name, "routing_number"))


def _key_beside_routing(parent: TableFacts, referred: ColumnFacts) -> ColumnFacts | None:
    """The key of an item table whose column of routing numbers is referred to, each item having a routing of its own; None elsewhere."""
    if fit(referred.name, "routing_number") < 0.7 or fit(referred.name, "item_key") >= 0.7:
        return None
    others = [key for key in keys_of(parent) if key is not referred and fit(key.name, "routing_number") < 0.7]
    return next((key for key in others if max(fit(key.name, meaning) for meaning in ("item_key", "key")) >= 0.6), None)


FEW_ROWS: Final = 30
FEW_TO_ONE: Final = 0.05
"""Rows of a table of names for codes: so many, or that share of the rows that refer to it."""


def _is_lookup(parent: TableFacts, link: Link) -> bool:
    """A small table of names for codes (categories, units, work centres), no item master."""
    itemlike = max(fit(parent.name, "item"), fit(link.parent.name, "item_key"), 0.9 * fit(link.parent.name, "item"))
    if itemlike >= 0.7:
        return False
    category = max(fit(parent.name, meaning) for meaning in ("group", "machine", "unit", "operation"))
    few = parent.total <= max(FEW_ROWS, FEW_TO_ONE * link.child.rows)
    return category >= 0.5 or (len(parent.columns) <= 3 and few)


def _looks_like_header(parent: TableFacts, link: Link, links: Sequence[Link]) -> bool:
    """A routing's or order's head: it refers to an item master itself, by a column named as one."""
    itemlike = max(fit(parent.name, "item"), fit(link.parent.name, "item_key"))
    return itemlike < 0.7 and any(
        further.child.table == parent.name
        and max(fit(further.child.name, "item_key"), fit(further.child.name, "item")) >= 0.7
        for further in links
    )


def _names_steps(column: ColumnFacts, order: ColumnFacts | None) -> bool:
    """Whether a column holds values of the sequence: the next or the previous operation."""
    if order is None or column.shape not in (Shape.WHOLE, Shape.TEXT) or column.distinct < 2:
        return False
    if fit(column.name, "operation") < 0.5 and fit(column.name, "sequence") < 0.5:
        return False
    return mean_of(column.texts.drop_nulls().unique().is_in(order.texts.drop_nulls().unique().implode())) >= NEARLY_ALL


def _is_head_of(parent: TableFacts, link: Link, shared: Sequence[SharedPath]) -> bool:
    """A routing's head without a reference to items, where the items name the routing themselves."""
    itemlike = max(fit(parent.name, "item"), fit(link.parent.name, "item_key"))
    return itemlike < 0.7 and any(column is link.child for column, *_ in shared)


def _judge(
    table: TableFacts, path: ItemPath, tables: Sequence[TableFacts], links: Sequence[Link], answers: Answers
) -> OperationsFound | None:
    rows = min(table.rows, JUDGED_ROWS)
    item = item_of_rows(path, tables).head(rows)
    referring = {link.child.name: link for link in links if link.child.table == table.name}
    to_items = {
        name
        for name, link in referring.items()
        if path.key is not None and link.parent.table == path.key.table and link.strength >= 0.7
    }
    free = [
        column
        for column in table.columns.values()
        if column is not path.column and not column.constant and not column.guid
    ]
    named = column_answers(answers)
    header = path.column if path.header is not None else None
    sequence = find_sequence(free, header, item, rows, referring, named.get("sequence", ""))
    used = {path.column.name} | to_items
    sureness: dict[str, float] = {"item": path.strength}
    rivals: dict[str, tuple[str, ...]] = {}
    number = order = None
    start, end = start_and_end(free)
    if sequence is not None:
        number, order = sequence.number, sequence.column
        sureness["sequence"] = sequence.score
        rivals["sequence"] = sequence.rivals
    elif start is not None:
        number = case_of(free, item, rows, start)
        sureness["sequence"] = 0.35
    else:
        return None
    used |= {column.name for column in (number, order, start, end) if column is not None}
    group = group_of(item, number, rows)
    telling = [column for column in free if column.name not in used and not _names_steps(column, order)]
    labels = find_labels(telling, group, rows, referring)
    operation, machine = operation_and_machine(labels, named.get("operation", ""))
    if operation is None:
        return None
    sureness["operation"] = operation.score_as_operation
    rivals["operation"] = tuple(
        label.column.name
        for label in labels
        if label.column is not operation.column
        and label.score_as_operation > operation.score_as_operation - 0.1
        and (machine is None or label.column is not machine.column)
    )
    if not named.get("operation") and fit(operation.column.name, "operation") < 0.5:
        rivals["operation"] += tuple(
            column.name
            for column in telling
            if column.shape is Shape.TEXT
            and fit(column.name, "operation") >= 0.7
            and all(column is not label.column for label in labels)
        )
    if machine is not None:
        sureness["machine"] = 0.5 * machine.score_as_machine
    chosen = {operation.column.name} | ({machine.column.name} if machine else set())
    code, name = code_and_name(operation.column, labels, chosen, rows, "operation")
    if name is not None and fit(code.name, "operation") < 0.5 and name.distinct < code.distinct:
        machine = machine or operation  # several numbers for one name: these are machines, the names are the operations
        code, name = name, None
    machine_code: ColumnFacts | None = None
    machine_name: ColumnFacts | None = None
    if machine:
        taken = chosen | {column.name for column in (code, name) if column is not None}
        machine_code, machine_name = code_and_name(machine.column, labels, taken, rows, "machine")
    taken = used | {column.name for column in (code, name, machine_code, machine_name) if column is not None}
    timed = start is not None and end is not None
    times = find_times(
        [column for column in free if column.name not in taken],
        table,
        by_values=not timed,
        answered=named.get("time", ""),
        unit=answers.get("time_unit"),
    )
    if not named.get("time"):
        rivals["time"] = rival_times(free, times)
    if times:
        sureness["time"] = 0.6 * max(time.score for time in times)
    elif start is not None and end is not None:
        sureness["time"] = 0.4
    sureness["table"] = 0.3 * fit(table.name, "routing_table") - 0.15 * fit(table.name, "results")
    if any(fit(column.name, "component") >= 0.7 for column in free):
        sureness["table"] -= 0.8
    return OperationsFound(
        table=table,
        path=path,
        routing_number=number,
        sequence=order,
        start=start,
        end=end,
        operation=code,
        operation_name=name,
        machine=machine_code,
        machine_name=machine_name,
        times=times,
        valid_from=_dated(free, "valid_from"),
        valid_to=_dated(free, "valid_to"),
        subcontracting=_named(free, "subcontracting", taken),
        base_quantity=_base_quantity(free, taken),
        sureness=sureness,
        rivals={role: names for role, names in rivals.items() if names},
    )


def item_of_rows(path: ItemPath, tables: Sequence[TableFacts]) -> pl.Series:
    """The item of each row of the operations table, as text."""
    if path.header is None:
        return path.column.texts
    key, item = path.header
    heads = pl.DataFrame({"head": key.texts.str.to_lowercase(), "item": item.texts}).unique("head", keep="first")
    rows = pl.DataFrame({"head": path.column.texts.str.to_lowercase()})
    return rows.join(heads, on="head", how="left", maintain_order="left")["item"]


def _dated(columns: Sequence[ColumnFacts], meaning: str) -> ColumnFacts | None:
    dates = [column for column in columns if column.shape is Shape.DATE and fit(column.name, meaning) >= 0.9]
    return dates[0] if dates else None


def _base_quantity(columns: Sequence[ColumnFacts], taken: set[str]) -> ColumnFacts | None:
    """The column of pieces that the run times are for."""
    fitting = [
        column
        for column in columns
        if column.name not in taken
        and column.shape in (Shape.WHOLE, Shape.NUMBER)
        and fit(column.name, "base_quantity") >= 0.9
    ]
    return fitting[0] if fitting else None


def _named(columns: Sequence[ColumnFacts], meaning: str, taken: set[str]) -> ColumnFacts | None:
    fitting = [
        column
        for column in columns
        if column.name not in taken and column.shape in (Shape.TEXT, Shape.FLAG) and fit(column.name, meaning) >= 0.7
    ]
    return fitting[0] if fitting else None
