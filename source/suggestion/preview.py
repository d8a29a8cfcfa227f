"""What a draft makes of a source: some items with their routings, as they would be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from common.notices import within
from plant.input_profile import InputProfile
from plant.schema import FEATURES, ITEM_CODE, ROUTING, SEQUENCE
from source.column_types import POLARS_TYPES
from source.role_reading import read_role
from source.source import Source

SHOWN_ITEMS: Final = 6
SHOWN_OPERATIONS: Final = 30
SHOWN_FEATURES: Final = 12
LOOKED_AT: Final = 200_000
"""Rows of operations, and of items, that are read at most for a preview."""


@dataclass(frozen=True)
class PreviewedItem:
    """An item as it would be read: feature -> text, and its operations with internal columns, times in minutes."""

    code: str
    features: Mapping[str, str | None]
    operations: pl.DataFrame


@dataclass(frozen=True)
class Preview:
    """Items of a draft with their routings.

    Attributes:
        items: some items, of those with routings of a usual length first.
        rows: rows of operations that were read.
        findings: what was found in the rows, for people.
    """

    items: tuple[PreviewedItem, ...]
    rows: int
    findings: tuple[str, ...]


def preview_of(source: Source, profile: InputProfile) -> Preview:
    """Read some items and their routings through a profile.

    Args:
        source: with the profile's queries as tables (`open_mapped`).

    Raises:
        DataProblem: a value does not fit, a query fails, a table or column is missing; says where.
    """
    findings: list[str] = []
    operations = _first(source, profile, ROUTING, _shown_columns(profile), findings)
    operations = operations.filter(pl.col(ITEM_CODE).is_not_null() & pl.col(SEQUENCE).is_not_null())
    folded = pl.col(ITEM_CODE).str.strip_chars().str.to_lowercase()
    operations = operations.with_columns(folded.alias("key"))
    codes = _usual(operations)
    names = [feature.name for feature in profile.plant.features][:SHOWN_FEATURES]
    items = _first(source, profile, FEATURES, [ITEM_CODE, *names], findings).with_columns(folded.alias("key"))
    known = {row["key"]: row for row in items.filter(pl.col("key").is_in(codes)).iter_rows(named=True)}
    shown = []
    for code in codes:
        own = operations.filter(pl.col("key") == code).sort(SEQUENCE, maintain_order=True)
        own = _one_routing(own, profile.plant.routing.number).drop("key").head(SHOWN_OPERATIONS)
        described = known.get(code, {})
        features = {name: _text(described.get(name)) for name in names}
        shown.append(PreviewedItem(str(own[ITEM_CODE][0]), features, own))
    return Preview(tuple(shown), operations.height, tuple(findings))


def _shown_columns(profile: InputProfile) -> list[str]:
    """Item, routing number, sequence, operation, machine and times: those that the profile maps."""
    roles, mapped = profile.plant.routing, profile.columns_of(ROUTING)
    wanted = (
        roles.number, roles.operation_code, roles.operation_name, roles.machine, roles.machine_name,
        roles.setup, roles.run, roles.queue, roles.wait, roles.move,
    )  # fmt: skip
    return [ITEM_CODE, SEQUENCE, *dict.fromkeys(name for name in wanted if name and name in mapped)]


def _first(source: Source, profile: InputProfile, role: str, columns: list[str], findings: list[str]) -> pl.DataFrame:
    frames: list[pl.DataFrame] = []

    def note(rows: int, what: str) -> None:
        findings.append(within(f"{rows:,} {what}", what, count=rows))

    rows = read_role(source, profile, role, columns, on_finding=note)
    for frame in rows:
        frames.append(frame)
        if sum(each.height for each in frames) >= LOOKED_AT:
            break
    rows.close()
    if not frames:
        kinds = profile.plant.columns(role)
        return pl.DataFrame(schema={name: POLARS_TYPES[kinds[name]] for name in columns})
    return pl.concat(frames)


def _usual(operations: pl.DataFrame) -> list[str]:
    """Items whose number of operations is nearest to the middle one, in the order of the source."""
    counted = operations.group_by("key", maintain_order=True).len()
    if not counted.height:
        return []
    middle = counted["len"].cast(pl.Float64).median()
    nearest = counted.with_row_index("at").sort((pl.col("len").cast(pl.Float64) - middle).abs(), "at").head(SHOWN_ITEMS)
    return [str(key) for key in nearest.sort("at")["key"]]


def _one_routing(own: pl.DataFrame, number: str) -> pl.DataFrame:
    """The rows of the first routing where an item has several."""
    if number not in own.columns or own[number].null_count() == own.height:
        return own
    return own.filter(pl.col(number) == own[number].drop_nulls()[0])


def _text(value: object) -> str | None:
    if value is None:
        return None
    return f"{value:g}" if isinstance(value, float) else str(value)
