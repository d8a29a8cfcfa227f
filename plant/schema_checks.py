"""What is wrong with a plant's schema by itself, said with its place and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from common.errors import FieldViolation
from plant.columns import ColumnType
from plant.schema import (
    FEATURES,
    ITEM_CODE,
    LEARNED_NAME,
    MOST_FEATURES,
    RESULTS,
    ROUTING,
    Feature,
    FeatureKind,
    PlantSchema,
)

MARKUP: Final = frozenset("<>\x00")


def schema_violations(schema: PlantSchema, where: str = "schema") -> Iterator[FieldViolation]:
    """Everything that is wrong with a schema itself, for people."""
    if len(schema.features) > MOST_FEATURES:
        yield FieldViolation(
            f"{where}.features",
            f"there are {len(schema.features)} features; at most {MOST_FEATURES} are possible: leave out what says nothing about how "
            "an item is made",
        )
    yield from _feature_violations(schema, where)
    if not any(one.active and one.weight > 0 and one.kind is not FeatureKind.IDENTITY for one in schema.features):
        yield FieldViolation(
            f"{where}.features", "no feature is active with a weight above 0: items could not be told apart"
        )
    yield from _role_violations(schema, where)
    yield from _profile_violations(schema, where)
    for path, text in _texts(schema.model_dump(), where):
        if MARKUP & set(text) or not text.isprintable():
            yield FieldViolation(path, f"{text[:40]!r} holds markup or control characters: write plain text")


def _feature_violations(schema: PlantSchema, where: str) -> Iterator[FieldViolation]:
    seen: dict[str, Feature] = {}
    for position, feature in enumerate(schema.features):
        at, name = f"{where}.features.{position}", feature.name
        before = seen.setdefault(name.casefold(), feature)
        if before is not feature and before.name != name:
            yield FieldViolation(f"{at}.name", f"{before.name} and {name} differ in case only: rename one of them")
        elif before is not feature and before.kind is not feature.kind:
            yield FieldViolation(
                f"{at}.kind", f"{name} is a {before.kind} and a {feature.kind}: a feature has one kind; keep one"
            )
        elif before is not feature:
            yield FieldViolation(f"{at}.name", f"{name} comes twice: keep one")
        if name != name.strip() or name.upper() == LEARNED_NAME:
            yield FieldViolation(f"{at}.name", f"{name!r} cannot be the name of a feature: choose another")
        if name == ITEM_CODE and feature.kind is not FeatureKind.IDENTITY:
            yield FieldViolation(f"{at}.kind", f"{ITEM_CODE} is the item's own code: its kind is identity")
        if feature.unit_from is not None and feature.kind is not FeatureKind.SIZE:
            yield FieldViolation(
                f"{at}.unit_from", f"{name} is a {feature.kind}; only a size has a unit: take unit_from away"
            )
        unit = schema.feature_by_name.get(feature.unit_from or "")
        if unit is not None and unit.kind is not FeatureKind.CATEGORY:
            yield FieldViolation(f"{at}.unit_from", f"{unit.name} is a {unit.kind}; a column with units is a category")
    own = [column.name for column in schema.item_columns]
    for name in own:
        if name.casefold() in seen or own.count(name) > 1:
            yield FieldViolation(f"{where}.item_columns", f"{name} comes twice: keep one")


def _role_violations(schema: PlantSchema, where: str) -> Iterator[FieldViolation]:
    known = schema.columns(FEATURES)
    shown = {role: value for role, value in schema.item.model_dump().items() if isinstance(value, str) and value}
    shown |= {f"levels.{place}": name for place, name in enumerate(schema.item.levels)}
    for role, name in shown.items():
        if name not in known:
            yield FieldViolation(f"{where}.item.{role}", f"{name} is neither a feature nor one of item_columns")
    for part in (ROUTING, RESULTS):
        kinds, roles = schema.columns(part), schema.role_columns(part)
        for name, kind in roles.items():
            if kinds[name] is not kind and ColumnType.DATETIME not in (kind, kinds[name]):
                yield FieldViolation(
                    f"{where}.{part}", f"{name} has to be {kind} for its role; {part}_columns says {kinds[name]}"
                )
        named = [value for role, value in getattr(schema, part).model_dump().items() if value and role != "idle"]
        for name in {n for n in named if named.count(n) > 1}:
            yield FieldViolation(f"{where}.{part}", f"{name} plays two roles: give each a column of its own")
    if not schema.routing.jobs:
        yield FieldViolation(
            f"{where}.routing.operation_code", "without a code or a name operations cannot be told apart"
        )


def _profile_violations(schema: PlantSchema, where: str) -> Iterator[FieldViolation]:
    for title, profile in schema.weight_profiles.items():
        for name in profile.factors:
            if name not in schema.feature_by_name and name.upper() != LEARNED_NAME:
                yield FieldViolation(
                    f"{where}.weight_profiles.{title}.factors.{name}", f"{name} is no feature of the schema"
                )


def _texts(value: Any, where: str) -> Iterator[tuple[str, str]]:
    """Every text of a document with its place, keys included."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield f"{where}.{key}", str(key)
            yield from _texts(inner, f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for position, inner in enumerate(value):
            yield from _texts(inner, f"{where}.{position}")
