"""Finds what an item table says about its items: kind, unit and place of each column, and which columns say nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from plant.schema import MOST_FEATURES
from plant.units import TIME
from source.suggestion.facts import ColumnFacts, Shape, TableFacts, mean_of
from source.suggestion.vocabulary import fit, measured_in, squeezed, unit_in

FEW_VALUES: Final = 50
LEAK_SHARE: Final = 0.98
"""Share of items for which a column equals a figure of their routing before it counts as computed from it."""
LEVELS: Final = 4
DISPLAYS: Final = ("name", "drawing", "revision", "specification", "material")

CATEGORY, TEXT, NUMBER, SIZE, FLAG, DATE, IDENTITY = "category", "text", "number", "size", "flag", "date", "identity"


@dataclass(frozen=True)
class FeatureFound:
    """A column of the item table that can tell items apart.

    Attributes:
        column: name in the item table, or in the rows of its query.
        kind: identity, category, text, number, size, flag or date.
        unit: of its numbers, where the name states it.
        unit_column: column that holds the unit row by row.
        display: what of an item it shows: name, drawing, revision, specification or material; "" for nothing of these.
        level: 1 to 4 where it is a level of the hierarchy of items, coarse to fine; 0 otherwise.
    """

    column: str
    kind: str
    unit: str | None = None
    unit_column: str | None = None
    display: str = ""
    level: int = 0


@dataclass(frozen=True)
class LeftOut:
    """A column that is no feature, and why, as a code.

    The codes: constant, empty, identifier, row_number, audit, answer, unit, named (its names stand beside it), same_as.
    """

    column: str
    reason: str
    detail: str = ""


@dataclass(frozen=True)
class ItemsFound:
    """The item table's columns sorted into features and others."""

    table: TableFacts
    key: ColumnFacts
    features: tuple[FeatureFound, ...]
    left_out: tuple[LeftOut, ...]


def find_items(
    table: TableFacts,
    key: ColumnFacts,
    replaced: frozenset[str] = frozenset(),
    routed: pl.DataFrame | None = None,
) -> ItemsFound:
    """Sort the columns of an item table.

    Args:
        replaced: columns of codes whose names stand in columns of their own.
        routed: figures of the items' routings by which answers are recognised: columns `item` and any number of numeric ones.
    """
    units = {name: column for name, column in table.columns.items() if _holds_units(column)}
    answers = _answers(table, key, routed)
    features: list[FeatureFound] = []
    left_out: list[LeftOut] = []
    seen: dict[tuple[object, ...], str] = {_content(key): key.name}
    for column in table.columns.values():
        if column is key:
            features.append(FeatureFound(column.name, IDENTITY))
            continue
        reason = _useless(column, key) or answers.get(column.name)
        if reason is None and column.name in replaced:
            reason = LeftOut(column.name, "named")
        if reason is None and column.name in units:
            reason = LeftOut(column.name, "unit")
        if reason is None:
            twin = seen.setdefault(_content(column), column.name)
            if twin != column.name:
                reason = LeftOut(column.name, "same_as", twin)
        if reason is not None:
            left_out.append(reason)
            continue
        features.append(_feature(column, units))
    shown = list(_with_levels(_with_displays(features, table), table))
    kept = _most_telling(shown, table)
    left_out += [LeftOut(feature.column, "too_many") for feature in shown if feature not in kept]
    return ItemsFound(table, key, tuple(kept), tuple(left_out))


def _most_telling(features: Sequence[FeatureFound], table: TableFacts) -> list[FeatureFound]:
    """At most as many features as a plant can have, in their order: what is shown goes before the rest, fuller columns before emptier."""
    if len(features) <= MOST_FEATURES:
        return list(features)

    def rank(feature: FeatureFound) -> tuple[bool, bool, int]:
        column = table.columns[feature.column]
        return feature.kind == IDENTITY, bool(feature.display or feature.level), column.present

    best = {feature.column for feature in sorted(features, key=rank, reverse=True)[:MOST_FEATURES]}
    return [feature for feature in features if feature.column in best]


def _content(column: ColumnFacts) -> tuple[object, ...]:
    hashed = column.texts.fill_null("").hash()
    return (
        column.distinct,
        column.present,
        hashed.sum(),
        (hashed * pl.Series(range(1, len(hashed) + 1), dtype=pl.UInt64)).sum(),
    )


def _useless(column: ColumnFacts, key: ColumnFacts) -> LeftOut | None:
    if column.shape is Shape.EMPTY:
        return LeftOut(column.name, "empty")
    if column.constant:
        return LeftOut(column.name, "constant", column.examples[0] if column.examples else "")
    if column.guid:
        return LeftOut(column.name, "identifier")
    if column.shape is Shape.DATE and fit(column.name, "audit") >= 0.5:
        return LeftOut(column.name, "audit")
    if fit(column.name, "audit") >= 0.7 and column.shape is not Shape.NUMBER:
        return LeftOut(column.name, "audit")
    if column.unique and column.shape is Shape.WHOLE and column.dense:
        return LeftOut(column.name, "row_number")
    return None


def _answers(table: TableFacts, key: ColumnFacts, routed: pl.DataFrame | None) -> dict[str, LeftOut]:
    """Columns that are known only when the routing is: named as times of making, or equal to a figure of the routings."""
    found = {}
    for column in table.columns.values():
        if column.shape in (Shape.WHOLE, Shape.NUMBER) and (
            measured_in(column.name) == TIME
            or fit(column.name, "time") >= 0.7
            or squeezed(column.name).startswith(("days", "hours"))
        ):
            found[column.name] = LeftOut(column.name, "answer", "time")
    if routed is None or not routed.height:
        return found
    figures = [name for name in routed.columns if name != "item"]
    for column in table.columns.values():
        if column.numbers is None or column.distinct < 4 or column.name in found:
            continue
        values = pl.DataFrame({"item": key.texts.str.to_lowercase(), "value": column.numbers})
        both = values.join(routed, on="item", how="inner").drop_nulls("value")
        if both.height < 10 or both["value"].n_unique() < 4:
            continue
        for figure in figures:
            pair = both.drop_nulls(figure)
            if (
                pair.height >= 10
                and mean_of((pair["value"] - pair[figure]).abs() <= 1e-6 * pair[figure].abs() + 1e-9) >= LEAK_SHARE
            ):
                found[column.name] = LeftOut(column.name, "answer", figure)
    return found


def _feature(column: ColumnFacts, units: Mapping[str, ColumnFacts]) -> FeatureFound:
    if column.shape is Shape.FLAG:
        return FeatureFound(column.name, FLAG)
    if column.shape is Shape.DATE:
        return FeatureFound(column.name, DATE)
    if column.shape is Shape.WHOLE and _numbers_are_codes(column):
        return FeatureFound(column.name, CATEGORY)
    if column.shape in (Shape.WHOLE, Shape.NUMBER):
        unit = unit_in(column.name)
        unit_column = None if unit else _unit_column(column, units)
        return FeatureFound(column.name, SIZE if unit or unit_column else NUMBER, unit=unit, unit_column=unit_column)
    few = column.distinct <= FEW_VALUES or column.distinct <= 0.3 * column.present
    return FeatureFound(
        column.name, CATEGORY if few and column.longest <= 60 and column.distinct < 0.7 * column.present else TEXT
    )


def _numbers_are_codes(column: ColumnFacts) -> bool:
    """Whole numbers that name something: the id of a group, a class. What is measured or counted is no code."""
    return (
        fit(column.name, "key") >= 0.5 or fit(column.name, "group") >= 0.7
    ) and column.distinct < 0.7 * column.present


_UNIT_TEXTS: Final = frozenset(
    """mm cm m dm km inch in zoll " ' ft kg g t lb oz l ml m2 m3 mm2 mm3 인치 미리 미터 kgm grm""".split()  # noqa: SIM905
)


def _holds_units(column: ColumnFacts) -> bool:
    """A column of units of measure: few short texts, all known, or named as one."""
    if column.shape is not Shape.TEXT or column.distinct > 20 or column.longest > 8:
        return False
    known = [text.strip().casefold().rstrip(".") in _UNIT_TEXTS for text in column.examples]
    return all(known) or (fit(column.name, "unit") >= 0.7 and any(known))


def _unit_column(column: ColumnFacts, units: Mapping[str, ColumnFacts]) -> str | None:
    """The unit column named after a column: the longest of those whose name and the column's share their first word or begin alike."""
    name = squeezed(column.name)
    best = ("", 0)
    for other in units:
        common = _common_start(name, squeezed(other))
        if common >= 3 and common > best[1]:
            best = other, common
    return best[0] or None


def _common_start(left: str, right: str) -> int:
    length = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        length += 1
    return length


def _with_displays(features: Sequence[FeatureFound], table: TableFacts) -> list[FeatureFound]:
    """Give the columns that people recognise an item by their places: one column for each."""
    taken: dict[str, str] = {}
    for display in DISPLAYS:
        scored = []
        for position, feature in enumerate(features):
            if feature.kind not in (TEXT, CATEGORY) or feature.column in taken.values():
                continue
            score = fit(feature.column, display)
            if display == "specification":
                score = max(score, min(0.8, table.columns[feature.column].sizes))
            if display == "name":
                score += 0.7 * fit(feature.column, "item") - 0.4 * max(
                    fit(feature.column, other) for other in ("group", "drawing")
                )
            if score >= 0.5:
                scored.append((score - 0.001 * position, feature.column))
        if scored:
            taken[display] = max(scored)[1]
    places = {column: display for display, column in taken.items()}
    return [replace(feature, display=places.get(feature.column, "")) for feature in features]


def _with_levels(features: Sequence[FeatureFound], table: TableFacts) -> list[FeatureFound]:
    """The hierarchy: the longest chain of groups where each finer value lies in one coarser value."""
    groups = [
        feature
        for feature in features
        if feature.kind == CATEGORY
        and fit(feature.column, "group") >= 0.5
        and feature.display in ("", "name")
        and table.columns[feature.column].present >= 0.3 * table.rows
        and table.columns[feature.column].distinct <= max(5, 0.5 * table.rows)
    ]
    groups.sort(key=lambda feature: table.columns[feature.column].distinct)
    best: list[FeatureFound] = []
    for at, first in enumerate(groups):
        chain = [first]
        for finer in groups[at + 1 :]:
            if _lies_in(table.columns[finer.column], table.columns[chain[-1].column]):
                chain.append(finer)
        if len(chain) > len(best):
            best = chain
    levels = {feature.column: level for level, feature in enumerate(best[:LEVELS], start=1)}
    return [replace(feature, level=levels.get(feature.column, 0)) for feature in features]


def _lies_in(finer: ColumnFacts, coarser: ColumnFacts) -> bool:
    if finer.distinct <= coarser.distinct:
        return False
    pairs = pl.DataFrame({"finer": finer.texts, "coarser": coarser.texts}).drop_nulls("finer").unique()
    return pairs.height <= 1.02 * finer.distinct
