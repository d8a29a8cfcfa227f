"""Queries for roles that no table holds alone: names for codes, items behind headers, events as operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from common.sql_names import quoted
from plant.units import UNITS, time_unit
from source.suggestion.facts import ColumnFacts, Shape, TableFacts, facts_of_table
from source.suggestion.links import Link, is_key
from source.suggestion.operations import OperationsFound
from source.suggestion.vocabulary import fit

SURE_LINK: Final = 0.75
DEEPEST: Final = 3
LONGEST_NAME: Final = 80


@dataclass(frozen=True)
class Join:
    """One table joined to the query: `table` AS `alias` ON `on` (alias and column of what was there) = `key`; gives `label` AS `name`."""

    table: str
    alias: str
    key: str
    on: tuple[str, str]
    labels: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RoleRows:
    """Rows of a role: as they stand in `table`, or by `sql` where joins are needed.

    Attributes:
        table: the facts of the rows as the query gives them.
        sql: DuckDB's SQL over the source's tables; "" where the table alone is enough.
        replaced: columns of codes whose names the query adds.
    """

    table: TableFacts
    sql: str
    replaced: frozenset[str] = frozenset()


def rows_of(table: TableFacts) -> str:
    """What stands behind FROM for a table's rows."""
    return f"({table.sql})" if table.sql else quoted(table.name)


def item_rows(
    table: TableFacts, key: ColumnFacts, tables: Sequence[TableFacts], links: Sequence[Link], apart: frozenset[str]
) -> RoleRows:
    """An item table with the names of its codes and the texts that other tables hold one a item.

    Args:
        apart: tables that play another part (operations, headers, results) and are not joined.
    """
    joins = _lookup_joins(table, tables, links, apart, "i", taken={name.casefold() for name in table.columns})
    joins += _extensions(
        table, key, tables, links, apart, {name.casefold() for name in table.columns} | _names(joins), len(joins)
    )
    if not joins:
        return RoleRows(table, "")
    frame = _joined(frame_of(table), "i", joins, {each.name: each for each in tables})
    facts = facts_of_table(table.name, frame, table.total)
    replaced = frozenset(join.on[1] for join in joins if join.on[0] == "i" and join.on[1] != key.name and join.labels)
    return RoleRows(facts, _select(table.name, "i", joins), replaced)


def operation_sql(
    found: OperationsFound,
    tables: Sequence[TableFacts],
    links: Sequence[Link],
    detail: tuple[str, Mapping[str, str]] = ("", {}),
) -> tuple[str, dict[str, str]]:
    """SQL for the operations where a plain mapping is not enough, and the roles' columns in its result; "" where one is.

    Args:
        detail: a join of times from a table of their own, and role -> expression in it (`detail_times`).
    """
    columns: dict[str, str] = {}
    extra: list[str] = []
    joins: list[str] = []
    names = {name.casefold() for name in found.table.columns}

    def add(role: str, expression: str, wanted: str) -> None:
        name = _free(wanted, names)
        extra.append(f"{expression} AS {quoted(name)}")
        columns[role] = name

    if found.path.header is not None:
        head, item = found.path.header
        joins.append(f"JOIN {quoted(head.table)} AS h ON o.{quoted(found.path.column.name)} = h.{quoted(head.name)}")
        add("item", f"h.{quoted(item.name)}", item.name)
    for role, column in (("operation_name", found.operation), ("machine_name", found.machine)):
        known = found.operation_name if role == "operation_name" else found.machine_name
        if column is None or known is not None or (role == "machine_name" and column is found.operation):
            continue
        lookup = _label_of(column, tables, links)
        if lookup is not None:
            alias = f"l{len(joins)}"
            joins.append(
                f"LEFT JOIN {quoted(lookup.table)} AS {alias} ON o.{quoted(column.name)} = {alias}.{quoted(lookup.key)}"
            )
            add(role, f"{alias}.{quoted(lookup.labels[0][0])}", lookup.labels[0][1])
    if found.sequence is None and found.start is not None:
        within = [f"o.{quoted(found.path.column.name)}"]
        if found.routing_number is not None and found.routing_number is not found.path.column:
            within.append(f"o.{quoted(found.routing_number.name)}")
        order = [moment(column) for column in (found.start, found.end) if column is not None]
        add(
            "sequence",
            f"10 * row_number() OVER (PARTITION BY {', '.join(within)} ORDER BY {', '.join(order)})",
            "sequence",
        )
    if len({time.unit_column.name for time in found.times if time.unit_column is not None}) > 1:
        for time in found.times:
            if time.unit_column is not None:
                add(
                    time.role,
                    in_minutes("o", time.column.name, time.unit_column.name),
                    f"{time.column.name} in minutes",
                )
    if not found.times and found.start is not None and found.end is not None:
        add("run", f"date_diff('second', {moment(found.start)}, {moment(found.end)}) / 60.0", "minutes")
    if detail[0]:
        joins.append(detail[0])
        for role, expression in detail[1].items():
            add(role, expression, f"{role} minutes")
    if not extra and not found.table.sql:
        return "", {}
    lines = [f"SELECT {', '.join(['o.*', *extra])}", f"FROM {rows_of(found.table)} AS o", *joins]
    return "\n".join(lines), columns


_SPELLINGS: Final = (
    "%Y/%m/%d %H:%M:%S.%g", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y",
    "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y",
)  # fmt: skip


def moment(column: ColumnFacts, alias: str = "o.") -> str:
    """SQL for a column's times, however the source has them: as times, or as texts in one of the usual spellings."""
    text = f"CAST({alias}{quoted(column.name)} AS VARCHAR)"
    spellings = ", ".join(f"'{spelling}'" for spelling in _SPELLINGS)
    first = f"try_strptime({text}, '{column.spelled}'), " if column.spelled else ""
    return f"coalesce({first}try_cast({text} AS TIMESTAMP), try_strptime({text}, [{spellings}]))"


def in_minutes(alias: str, column: str, unit: str) -> str:
    """SQL for a time in minutes whose unit stands in another column of the row; null where the unit is unknown."""
    cases = " ".join(
        f"WHEN '{spelling.replace(chr(39), chr(39) * 2)}' THEN {known.factor!r}"
        for spelling, known in UNITS.items()
        if known.measures == "time"
    )
    return f"{alias}.{quoted(column)} * CASE lower(trim(coalesce({alias}.{quoted(unit)}, 'min'))) {cases} END"


def unit_factor(unit: str | None) -> float:
    """Minutes in the unit that a column's name states; 1 where it states none."""
    known = time_unit(unit) if unit else None
    return known.factor if known is not None else 1.0


def _label_of(column: ColumnFacts, tables: Sequence[TableFacts], links: Sequence[Link]) -> Join | None:
    for link in links:
        if link.child is column and link.strength >= SURE_LINK:
            parent = next(each for each in tables if each.name == link.parent.table)
            label = _label(parent, link.parent)
            if label is not None:
                return Join(
                    parent.name, "", link.parent.name, ("o", column.name), ((label.name, _called(label, parent)),)
                )
    return None


def _lookup_joins(
    table: TableFacts,
    tables: Sequence[TableFacts],
    links: Sequence[Link],
    apart: frozenset[str],
    alias: str,
    *,
    taken: set[str],
    depth: int = 1,
) -> list[Join]:
    """Joins to the names of a table's codes, and of those tables' own codes: subcategory, then its category."""
    joins: list[Join] = []
    used: set[str] = set()
    for link in links:
        if (
            link.child.table != table.name
            or link.strength < SURE_LINK
            or link.parent.table in apart
            or link.child.name in used
        ):
            continue
        if link.child.distinct > 0.9 * link.child.present and link.child.present > 50:
            continue
        if max(fit(link.child.name, "unit"), fit(link.parent.table, "unit")) >= 0.5:
            continue  # units are read, not shown
        parent = next(each for each in tables if each.name == link.parent.table)
        label = _label(parent, link.parent)
        if label is None or parent.name == table.name:
            continue
        used.add(link.child.name)
        name = _free(_called(label, parent), taken)
        inner = f"{alias}{len(joins) + 1}"
        joins.append(Join(parent.name, inner, link.parent.name, (alias, link.child.name), ((label.name, name),)))
        if depth < DEEPEST:
            joins += _lookup_joins(
                parent, tables, links, apart | {table.name}, inner + "_", taken=taken, depth=depth + 1
            )
    return [_rebased(join, joins) for join in joins]


def _rebased(join: Join, joins: Sequence[Join]) -> Join:
    """A join of a deeper level names the alias of the table it hangs on."""
    owner, column = join.on
    if owner.endswith("_"):
        return Join(join.table, join.alias, join.key, (owner[:-1], column), join.labels)
    return join


def _extensions(
    table: TableFacts,
    key: ColumnFacts,
    tables: Sequence[TableFacts],
    links: Sequence[Link],
    apart: frozenset[str],
    taken: set[str],
    first: int,
) -> list[Join]:
    """Tables with one row an item: texts in a table of their own."""
    joins: list[Join] = []
    for link in links:
        if (
            link.parent.table != table.name
            or link.parent.texts is not key.texts
            or link.child.table in apart
            or not is_key(link.child)
            or link.strength < 0.8
        ):
            continue
        if any(join.table == link.child.table for join in joins):
            continue
        other = next(each for each in tables if each.name == link.child.table)
        labels = []
        for column in other.columns.values():
            if (
                column is link.child
                or column.constant
                or column.guid
                or fit(column.name, "audit") >= 0.7
                or column.name.casefold() in taken
            ):
                continue
            if column.shape in (Shape.TEXT, Shape.NUMBER, Shape.FLAG):
                labels.append((column.name, _free(column.name, taken)))
        if labels:
            joins.append(
                Join(other.name, f"x{first + len(joins) + 1}", link.child.name, ("i", key.name), tuple(labels))
            )
    return joins


def _label(table: TableFacts, key: ColumnFacts) -> ColumnFacts | None:
    """The column of a table that names its rows: short texts, nearly one a row, best one called a name."""
    texts = [
        column
        for column in table.columns.values()
        if column is not key
        and column.shape is Shape.TEXT
        and not column.guid
        and column.longest <= LONGEST_NAME
        and column.distinct > 0.5 * column.present
        and column.present >= 0.9 * column.rows
    ]
    return max(texts, key=lambda column: fit(column.name, "name"), default=None)


def _called(label: ColumnFacts, table: TableFacts) -> str:
    """What a looked-up name is called: by its table where its own name is only `name` or `text`."""
    return table.name if fit(label.name, "name") == 1.0 else label.name


def _free(wanted: str, taken: set[str]) -> str:
    name, at = wanted, 2
    while name.casefold() in taken:
        name, at = f"{wanted} {at}", at + 1
    taken.add(name.casefold())
    return name


def _names(joins: Sequence[Join]) -> set[str]:
    return {name.casefold() for join in joins for _, name in join.labels}


def frame_of(table: TableFacts) -> pl.DataFrame:
    return pl.DataFrame([column.texts.alias(name) for name, column in table.columns.items()])


def _joined(frame: pl.DataFrame, alias: str, joins: Sequence[Join], tables: dict[str, TableFacts]) -> pl.DataFrame:
    """The rows with the joined columns, as the SQL gives them; columns of deeper joins pass through under hidden names."""
    frame = frame.rename({name: f"{alias}\0{name}" for name in frame.columns})
    shown = {f"{alias}\0{name.split(chr(0))[1]}": name.split("\0")[1] for name in frame.columns}
    for join in joins:
        other = frame_of(tables[join.table]).unique(join.key, keep="first")
        other = other.rename({name: f"{join.alias}\0{name}" for name in other.columns})
        frame = frame.join(
            other,
            left_on=f"{join.on[0]}\0{join.on[1]}",
            right_on=f"{join.alias}\0{join.key}",
            how="left",
            coalesce=False,
            maintain_order="left",
        )
        shown.update({f"{join.alias}\0{label}": name for label, name in join.labels})
    return frame.select(pl.col(hidden).alias(name) for hidden, name in shown.items())


def _select(table: str, alias: str, joins: Sequence[Join]) -> str:
    added = [f"{join.alias}.{quoted(label)} AS {quoted(name)}" for join in joins for label, name in join.labels]
    lines = [f"SELECT {alias}.*, {', '.join(added)}", f"FROM {quoted(table)} AS {alias}"]
    lines += [
        f"LEFT JOIN {quoted(join.table)} AS {join.alias} ON {join.on[0]}.{quoted(join.on[1])} = {join.alias}.{quoted(join.key)}"
        for join in joins
    ]
    return "\n".join(lines)
