"""Finds what names operations and machines: values that repeat between routings and change within them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from source.suggestion.facts import ColumnFacts, Shape, mean_of
from source.suggestion.links import Link
from source.suggestion.vocabulary import fit

CLOSE: Final = 0.3
"""How much worse than the operation a column may fit that is the machine by its values alone."""


@dataclass(frozen=True)
class Label:
    column: ColumnFacts
    shared: float
    varied: float
    score_as_operation: float
    score_as_machine: float


def find_labels(
    columns: Sequence[ColumnFacts], group: pl.Series, rows: int, referring: Mapping[str, Link]
) -> list[Label]:
    """Columns that can name operations or machines: values that repeat between routings and change within them."""
    labels = []
    for column in columns:
        coded = column.shape is Shape.TEXT or (
            column.shape is Shape.WHOLE and (column.name in referring or _names_label(column))
        )
        if not coded or column.distinct > max(30, 0.5 * column.present) or column.present < 0.5 * column.rows:
            continue
        if any(fit(column.name, meaning) >= 0.9 for meaning in ("unit", "audit", "cost", "quantity")):
            continue
        frame = pl.DataFrame({"group": group, "value": column.texts.head(rows)}).drop_nulls()
        if not frame.height:
            continue
        seen = frame.unique().group_by("value").len()
        shared = int(seen["len"].filter(seen["len"] > 1).sum()) / int(seen["len"].sum())
        sizes = (
            frame.group_by("group")
            .agg(pl.len().alias("rows"), pl.col("value").n_unique().alias("values"))
            .filter(pl.col("rows") > 1)
        )
        varied = mean_of(sizes["values"] / sizes["rows"])
        shape = 0.25 * shared + 0.25 * varied
        as_operation = shape + 0.5 * fit(column.name, "operation") - 0.15 * fit(column.name, "machine")
        as_machine = shape + 0.5 * fit(column.name, "machine") - 0.15 * fit(column.name, "operation")
        labels.append(Label(column, shared, varied, as_operation, as_machine))
    return sorted(labels, key=lambda label: -label.score_as_operation)


def _names_label(column: ColumnFacts) -> bool:
    return max(fit(column.name, "operation"), fit(column.name, "machine")) >= 0.5


def operation_and_machine(labels: Sequence[Label], answered: str = "") -> tuple[Label | None, Label | None]:
    """The operation is what fits best; the machine the best of the rest that is named as one. One column may be both.

    Args:
        answered: the column that somebody named as the operation; "" for the one that fits best.
    """
    operation = next((label for label in labels if answered in ("", label.column.name)), None)
    if operation is None:
        return None, None
    rest = [
        label for label in labels if label.column is not operation.column and fit(label.column.name, "machine") >= 0.5
    ]
    machine = max(rest, key=lambda label: label.score_as_machine, default=None)
    if machine is None and fit(operation.column.name, "machine") >= 0.5:
        machine = operation
    return (operation, machine) if machine is not None or answered else _by_values(operation, labels)


def _by_values(operation: Label, labels: Sequence[Label]) -> tuple[Label, Label | None]:
    """Operation and machine where no name tells the machine: each machine does one operation, which several machines do."""
    others = [
        label
        for label in labels
        if label.column is not operation.column
        and label.score_as_operation > operation.score_as_operation - CLOSE
        and not any(fit(label.column.name, meaning) >= 0.5 for meaning in ("name", "unit", "group"))
    ]
    finer = next((label for label in others if _determines(label.column, operation.column)), None)
    if finer is not None:
        return operation, finer
    coarser = next((label for label in others if _determines(operation.column, label.column)), None)
    if coarser is not None and fit(operation.column.name, "operation") < 0.5:
        return coarser, operation
    return operation, None


def _determines(finer: ColumnFacts, coarser: ColumnFacts) -> bool:
    """Whether each value of a column stands with one value of another that has fewer."""
    if finer.distinct <= coarser.distinct:
        return False
    pairs = pl.DataFrame({"finer": finer.texts, "coarser": coarser.texts}).drop_nulls().unique()
    return pairs.height == pairs["finer"].n_unique() and pairs["coarser"].n_unique() > 1


def code_and_name(
    column: ColumnFacts, labels: Sequence[Label], taken: set[str], rows: int, meaning: str
) -> tuple[ColumnFacts, ColumnFacts | None]:
    """A column and its twin: the code (short) and the name (text) of the same thing, one value of each for one of the other."""
    for label in labels:
        twin = label.column
        if twin.name in taken:
            continue
        related = max(fit(twin.name, meaning), fit(twin.name, "name"))
        if related < 0.5 or fit(twin.name, "machine" if meaning == "operation" else "operation") > fit(
            twin.name, meaning
        ):
            continue
        pairs = pl.DataFrame({"one": column.texts.head(rows), "other": twin.texts.head(rows)}).drop_nulls().unique()
        if not pairs.height:
            continue
        forward = pairs["one"].n_unique() >= 0.9 * pairs.height
        backward = pairs["other"].n_unique() >= 0.9 * pairs.height
        if not (forward or backward):
            continue
        name_first = _nameness(column) > _nameness(twin) or (
            _nameness(column) == _nameness(twin) and column.longest > twin.longest
        )
        if name_first and forward and backward:
            return twin, column
        if forward:
            return column, twin
        if name_first:
            return twin, column
    return column, None


def _nameness(column: ColumnFacts) -> float:
    """Above zero for names, below for codes, as the column's own name says."""
    return fit(column.name, "name") - fit(column.name, "key")
