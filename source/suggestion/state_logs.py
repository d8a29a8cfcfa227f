"""Logs with one row a change of state (started, completed): rows of operations with both ends are made of them."""

from __future__ import annotations

from typing import Final

import polars as pl

from common.sql_names import quoted
from source.suggestion.facts import ColumnFacts, Shape, TableFacts, facts_of_table
from source.suggestion.queries import frame_of, moment
from source.suggestion.vocabulary import fit

BEGAN, ENDED = "started", "finished"
MOST_STATES: Final = 8
_PAIRED: Final = 0.5
"""Share of the beginnings that an end has to follow: elsewhere the states are of something else."""


def states_of(table: TableFacts) -> TableFacts | None:
    """The operations of a log of states, each with its beginning and end; None where a table is none.

    A beginning and the next change of the same operation (all other columns that repeat being alike) belong together when that is its end.
    """
    times = [column for column in table.columns.values() if column.shape is Shape.DATE]
    found = next(filter(None, map(_states, table.columns.values())), None)
    if len(times) != 1 or found is None:
        return None
    (state, begun, ended), time = found, times[0]
    alike = [
        column.name
        for column in table.columns.values()
        if column is not state
        and column is not time
        and column.shape is not Shape.NUMBER
        and not column.unique
        and column.present
    ]
    if not alike or time.times is None:
        return None
    frame = frame_of(table).with_columns(time.times.alias("time of it")).sort("time of it", maintain_order=True)
    following = [pl.col(name).shift(-1).over(alike).alias(f"next {name}") for name in (state.name, time.name)]
    marked = frame.with_columns(*following, pl.col(state.name).cast(pl.String).str.strip_chars())
    begins = marked.filter(pl.col(state.name) == begun)
    paired = begins.filter(pl.col(f"next {state.name}") == ended)
    if paired.height < _PAIRED * begins.height or not paired.height:
        return None
    first, last = (name if name not in alike else f"{name} at" for name in (BEGAN, ENDED))
    rows = paired.select(*alike, pl.col(time.name).alias(first), pl.col(f"next {time.name}").alias(last))
    columns = ", ".join(
        [*map(quoted, alike), f"{quoted(time.name)} AS {quoted(first)}", f"{quoted('next time')} AS {quoted(last)}"]
    )
    within = f"OVER (PARTITION BY {', '.join(map(quoted, alike))} ORDER BY {moment(time, '')})"
    said = f"trim(CAST({quoted(state.name)} AS VARCHAR))"
    # runs in a locked database without files and network
    sql = (
        f"SELECT {columns} FROM (SELECT *, lead({quoted(time.name)}) {within} AS {quoted('next time')}, "  # noqa: S608
        f"lead({said}) {within} AS {quoted('next state')} FROM {quoted(table.name)}) "
        f"WHERE {said} = {_text(begun)} AND {quoted('next state')} = {_text(ended)}"
    )
    made = facts_of_table(f"{table.name} (states)", rows)
    return TableFacts(made.name, made.rows, made.rows, made.columns, sql, table.name, frozenset({state.name}))


def _states(column: ColumnFacts) -> tuple[ColumnFacts, str, str] | None:
    """A column of states with the texts for beginning and end; None where it is none."""
    if column.shape is not Shape.TEXT or not 2 <= column.distinct <= MOST_STATES:
        return None
    texts = column.texts.drop_nulls().unique().to_list()
    begun, ended = ([text for text in texts if fit(text, meaning) >= 0.7] for meaning in ("start", "end"))
    return (column, begun[0], ended[0]) if len(begun) == len(ended) == 1 else None


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
