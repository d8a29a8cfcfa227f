"""Times of operations that stand in a table of their own, one row for each resource of an operation: they are added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from common.sql_names import quoted
from source.suggestion.facts import TableFacts
from source.suggestion.links import Link
from source.suggestion.operations import OperationsFound
from source.suggestion.queries import SURE_LINK, in_minutes, unit_factor
from source.suggestion.time_columns import TimeColumn, find_times


class DetailTimes(NamedTuple):
    """A join of minutes to the operations `o`, role -> expression in it, the table and its columns of times; empty where there are none."""

    join: str = ""
    expressions: Mapping[str, str] = MappingProxyType({})
    table: str = ""
    times: tuple[TimeColumn, ...] = ()


def detail_times(
    found: OperationsFound, tables: Sequence[TableFacts], links: Sequence[Link], unit: str | None = None
) -> DetailTimes:
    """The times of a table that refers to single operations.

    Args:
        unit: of times that state none, as somebody said.
    """
    if found.times or (found.start is not None and found.end is not None):
        return DetailTimes()
    for link in links:
        if link.parent.table != found.table.name or link.strength < SURE_LINK or link.child.table == found.table.name:
            continue
        table = next(each for each in tables if each.name == link.child.table)
        free = [column for column in table.columns.values() if column is not link.child and not column.constant]
        times = find_times(free, table, by_values=False, unit=unit)
        if not times:
            continue
        sums = []
        for time in times:
            minutes = (
                in_minutes("t", time.column.name, time.unit_column.name)
                if time.unit_column is not None
                else f"t.{quoted(time.column.name)} * {unit_factor(time.unit)!r}"
            )
            sums.append(f"sum({minutes}) AS {time.role}_minutes")
        key = quoted(link.child.name)
        inner = f"SELECT t.{key} AS of_operation, {', '.join(sums)} FROM {quoted(table.name)} AS t GROUP BY t.{key}"  # noqa: S608
        join = f"LEFT JOIN ({inner}) AS d ON o.{quoted(link.parent.name)} = d.of_operation"
        return DetailTimes(join, {time.role: f"d.{time.role}_minutes" for time in times}, table.name, times)
    return DetailTimes()
