"""What is wrong with a plant's schema by itself, said with its place and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from common.errors import FieldViolation
from common.notices import notice
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
            notice(
                "TOO_MANY_FEATURES",
                "there are {count} features; at most {most} are possible: leave out what says nothing about how an item is made",
                count=len(schema.features),
                most=MOST_FEATURES,
            ),
        )
    yield from _feature_violations(schema, where)
    if not any(one.active and one.weight > 0 and one.kind is not FeatureKind.IDENTITY for one in schema.features):
        yield FieldViolation(
            f"{where}.features",
            notice("NO_ACTIVE_FEATURE", "no feature is active with a weight above 0: items could not be told apart"),
        )
    yield from _role_violations(schema, where)
    yield from _profile_violations(schema, where)
    for path, text in _texts(schema.model_dump(), where):
        if MARKUP & set(text) or not text.isprintable():
            yield FieldViolation(
                path,
                notice("MARKUP", "{text} holds markup or control characters: write plain text", text=repr(text[:40])),
            )


def _feature_violations(schema: PlantSchema, where: str) -> Iterator[FieldViolation]:
    seen: dict[str, Feature] = {}
    for position, feature in enumerate(schema.features):
        at, name = f"{where}.features.{position}", feature.name
        before = seen.setdefault(name.casefold(), feature)
        if before is not feature and before.name != name:
            yield FieldViolation(
                f"{at}.name",
                notice(
                    "FEATURES_DIFFER_IN_CASE",
                    "{first} and {second} differ in case only: rename one of them",
                    first=before.name,
                    second=name,
                ),
            )
        elif before is not feature and before.kind is not feature.kind:
            yield FieldViolation(
                f"{at}.kind",
                notice(
                    "FEATURE_OF_TWO_KINDS",
                    "{name} is a {first} and a {second}: a feature has one kind; keep one",
                    name=name,
                    first=before.kind,
                    second=feature.kind,
                ),
            )
        elif before is not feature:
            yield FieldViolation(f"{at}.name", notice("COMES_TWICE", "{name} comes twice: keep one", name=name))
        if name != name.strip() or name.upper() == LEARNED_NAME:
            yield FieldViolation(
                f"{at}.name",
                notice(
                    "FEATURE_NAME_UNUSABLE", "{name} cannot be the name of a feature: choose another", name=repr(name)
                ),
            )
        if name == ITEM_CODE and feature.kind is not FeatureKind.IDENTITY:
            yield FieldViolation(
                f"{at}.kind",
                notice("ITEM_CODE_KIND", "{name} is the item's own code: its kind is identity", name=ITEM_CODE),
            )
        if feature.unit_from is not None and feature.kind is not FeatureKind.SIZE:
            yield FieldViolation(
                f"{at}.unit_from",
                notice(
                    "UNIT_OF_NO_SIZE",
                    "{name} is a {kind}; only a size has a unit: take unit_from away",
                    name=name,
                    kind=feature.kind,
                ),
            )
        unit = schema.feature_by_name.get(feature.unit_from or "")
        if unit is not None and unit.kind is not FeatureKind.CATEGORY:
            yield FieldViolation(
                f"{at}.unit_from",
                notice(
                    "UNIT_COLUMN_KIND",
                    "{name} is a {kind}; a column with units is a category",
                    name=unit.name,
                    kind=unit.kind,
                ),
            )
    own = [column.name for column in schema.item_columns]
    for name in own:
        if name.casefold() in seen or own.count(name) > 1:
            yield FieldViolation(
                f"{where}.item_columns", notice("COMES_TWICE", "{name} comes twice: keep one", name=name)
            )


def _role_violations(schema: PlantSchema, where: str) -> Iterator[FieldViolation]:
    known = schema.columns(FEATURES)
    shown = {role: value for role, value in schema.item.model_dump().items() if isinstance(value, str) and value}
    shown |= {f"levels.{place}": name for place, name in enumerate(schema.item.levels)}
    for role, name in shown.items():
        if name not in known:
            yield FieldViolation(
                f"{where}.item.{role}",
                notice("NOT_AN_ITEM_COLUMN", "{name} is neither a feature nor one of item_columns", name=name),
            )
    for part in (ROUTING, RESULTS):
        kinds, roles = schema.columns(part), schema.role_columns(part)
        for name, kind in roles.items():
            if kinds[name] is not kind and ColumnType.DATETIME not in (kind, kinds[name]):
                yield FieldViolation(
                    f"{where}.{part}",
                    notice(
                        "ROLE_OF_OTHER_TYPE",
                        "{name} has to be {type} for its role; {part}_columns says {said}",
                        name=name,
                        type=kind,
                        part=part,
                        said=kinds[name],
                    ),
                )
        named = [value for role, value in getattr(schema, part).model_dump().items() if value and role != "idle"]
        for name in {n for n in named if named.count(n) > 1}:
            yield FieldViolation(
                f"{where}.{part}",
                notice("TWO_ROLES", "{name} plays two roles: give each a column of its own", name=name),
            )
    if not schema.routing.jobs:
        yield FieldViolation(
            f"{where}.routing.operation_code",
            notice("NO_OPERATION_NAME", "without a code or a name operations cannot be told apart"),
        )


def _profile_violations(schema: PlantSchema, where: str) -> Iterator[FieldViolation]:
    for title, profile in schema.weight_profiles.items():
        for name in profile.factors:
            if name not in schema.feature_by_name and name.upper() != LEARNED_NAME:
                yield FieldViolation(
                    f"{where}.weight_profiles.{title}.factors.{name}",
                    notice("NOT_A_FEATURE", "{name} is no feature of the schema", name=name),
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
