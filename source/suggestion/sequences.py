"""Finds what orders an item's operations: a sequence, the routing number beside it, or the times of events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from source.suggestion.facts import ColumnFacts, Shape, mean_of
from source.suggestion.links import Link
from source.suggestion.vocabulary import fit

UNIQUE_ENOUGH: Final = 0.95


ROWS_A_GROUP: Final = 1.15
"""Mean rows of one routing below which a table hardly holds routings: lines of orders, lists of items."""


@dataclass(frozen=True)
class SequenceFound:
    column: ColumnFacts
    number: ColumnFacts | None
    score: float
    rivals: tuple[str, ...]


def find_sequence(
    columns: Sequence[ColumnFacts],
    header: ColumnFacts | None,
    item: pl.Series,
    rows: int,
    referring: Mapping[str, Link],
    answered: str = "",
) -> SequenceFound | None:
    """What orders the rows of an item.

    Args:
        answered: the column that somebody named for it; "" for the one that fits best.
    """
    numbers: list[ColumnFacts | None] = [None]
    if header is not None:
        numbers.append(header)  # the head is the routing
    numbers += [column for column in columns if can_number_routings(column, item, rows)]
    found: list[SequenceFound] = []
    for column in columns:
        if answered not in ("", column.name):
            continue
        values = _sequence_values(column, rows)
        if values is None:
            continue
        best: tuple[float, ColumnFacts | None] | None = None
        for number in numbers:
            if number is column:
                continue
            score = _sequence_score(values, group_of(item, number, rows))
            if score is None:
                continue
            score -= (
                0.0
                if number is None
                else 0.1 - 0.1 * max(fit(number.name, "routing_number"), 0.5 if number is header else 0.0)
            )
            if best is None or score > best[0] + 0.01:
                best = score, number
        if best is None:
            continue
        score = 0.5 * best[0] + 0.5 * fit(column.name, "sequence")
        if column.name in referring and not fit(column.name, "sequence"):
            score -= 0.25  # numbers of something else: work centres, reasons
        if any(fit(column.name, meaning) == 1.0 for meaning in ("cost", "quantity")):
            score -= 0.3
        found.append(SequenceFound(column, best[1], score, ()))
    if not found:
        return None
    found.sort(key=lambda sequence: -sequence.score)
    best_one = found[0]
    if best_one.score < 0.2 and not answered:
        return None
    close = tuple(sequence.column.name for sequence in found[1:] if sequence.score > best_one.score - 0.1)
    return SequenceFound(best_one.column, best_one.number, best_one.score, close)


def can_number_routings(column: ColumnFacts, item: pl.Series, rows: int) -> bool:
    """A column that parts an item's rows into routings: an order or a variant. Named so, or each value belonging to one item."""
    if column.shape not in (Shape.WHOLE, Shape.TEXT) or column.distinct >= 0.9 * column.present or column.distinct < 2:
        return False
    if fit(column.name, "routing_number") >= 0.7 and fit(column.name, "sequence") < 0.9:
        return True
    if column.distinct < 0.02 * rows or fit(column.name, "operation") >= 0.7:
        return False
    owners = pl.DataFrame({"number": column.texts.head(rows), "item": item}).drop_nulls().unique()
    return (
        owners.height > 0
        and owners["number"].n_unique() >= 0.98 * owners.height
        and owners["number"].n_unique() > owners["item"].n_unique()
    )


def _sequence_values(column: ColumnFacts, rows: int) -> pl.Series | None:
    """Values of a column that can be a sequence: whole numbers not below zero that repeat, also as 0010."""
    if column.shape is Shape.WHOLE and column.numbers is not None:
        values = column.numbers.head(rows)
    elif 0 < column.digits <= 6:
        values = column.texts.head(rows).cast(pl.Float64, strict=False)
    else:
        return None
    low = values.min()
    if not isinstance(low, float) or low < 0 or column.present < 0.98 * column.rows:
        return None
    return values if column.distinct <= max(5, 0.7 * rows) else None


def group_of(item: pl.Series, number: ColumnFacts | None, rows: int) -> pl.Series:
    """A number for each row's routing: of its item and routing number."""
    keys = {"item": item.fill_null("")}
    if number is not None:
        keys["number"] = number.texts.head(rows).fill_null("")
    return pl.DataFrame(keys).select(pl.struct(pl.all()).rank("dense")).to_series()


def _sequence_score(values: pl.Series, group: pl.Series) -> float | None:
    """How much a column is a sequence within groups, 0 to 1; None where it is not."""
    frame = pl.DataFrame({"group": group, "value": values}).drop_nulls()
    groups = frame["group"].n_unique()
    if not groups or frame.height < ROWS_A_GROUP * groups:
        return None
    if frame.unique().height < UNIQUE_ENOUGH * frame.height:
        return None
    ordered = frame.with_columns(rising=(pl.col("value").diff() > 0).over("group"))
    rising = mean_of(ordered["rising"].drop_nulls())
    firsts = frame.group_by("group").agg(pl.col("value").min())["value"]
    alike = mean_of(firsts == firsts.mode()[0])
    steps = frame.sort("group", "value").with_columns(step=pl.col("value").diff().over("group"))["step"].drop_nulls()
    regular = mean_of(steps == steps.mode()[0]) if steps.len() else 0.0
    return 0.4 * alike + 0.35 * regular + 0.25 * rising


def start_and_end(columns: Sequence[ColumnFacts]) -> tuple[ColumnFacts | None, ColumnFacts | None]:
    dates = [column for column in columns if column.shape is Shape.DATE and fit(column.name, "audit") < 0.9]
    dates = [
        column
        for column in dates
        if not any(fit(column.name, meaning) >= 0.9 for meaning in ("valid_from", "valid_to"))
    ]

    def best(meaning: str) -> ColumnFacts | None:
        fitting = sorted(
            dates, key=lambda column: (-fit(column.name, meaning), -fit(column.name, "results"), -column.present)
        )
        return fitting[0] if fitting and fit(fitting[0].name, meaning) >= 0.5 else None

    start, end = best("start"), best("end")
    if start is end:
        end = None
    if start is None and len(dates) == 1 and dates[0].distinct > 0.3 * dates[0].present:
        start = dates[0]
    return start, end


def case_of(columns: Sequence[ColumnFacts], item: pl.Series, rows: int, start: ColumnFacts) -> ColumnFacts | None:
    candidates = [column for column in columns if column is not start and can_number_routings(column, item, rows)]
    return max(candidates, key=lambda column: fit(column.name, "routing_number"), default=None)
