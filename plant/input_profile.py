"""Input profiles: the plant's schema, and which table and column of a source each of its columns comes from.

Format 2 carries the schema. Profiles of format 1 have none: they are of the mechanical seal plant, and are read as such.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from common.errors import FieldViolation, InvalidInput
from common.notices import notice
from common.value_notices import value_violations
from plant.columns import ColumnType
from plant.formats import format_problem
from plant.mechanical_seals import INPUT_PROFILE, MECHANICAL_SEALS, REQUIRED, TABLES, with_labels
from plant.schema import FEATURES, KEYS, ROLES, ROUTING, PlantSchema
from plant.schema_checks import schema_violations
from plant.units import INTERNAL, NAMES, find_unit

BUILT_IN_NAME: Final = INPUT_PROFILE["name"]
FORMAT: Final = 2
Role = Literal["features", "routing", "results"]
Default = str | int | float | bool | None


class ProfileColumn(BaseModel):
    """Where one internal column comes from.

    Attributes:
        internal: internal name, a column of the view of its role.
        role: features, routing or results.
        source: column of the source's table; "": none, the default everywhere.
        type: type of the internal column; the source's values are converted to it.
        unit: unit of the source's numbers, brought to mm or minutes; None: as they are.
        format: how the source's texts write the values where it is not the usual way (`plant.formats`): 1.234,5 or h:mm; "": usual.
        default: value where the source has none.
        required: whether a source without this column is refused.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_max_length=200)

    internal: str = Field(min_length=1)
    role: Role
    source: str = ""
    type: ColumnType
    unit: str | None = None
    format: str = ""
    default: Default = None
    required: bool = False

    @model_validator(mode="before")
    @classmethod
    def tidy_type(cls, data: object) -> object:
        """Types are read in any case."""
        if isinstance(data, dict) and isinstance(data.get("type"), str):
            return {**data, "type": data["type"].upper()}
        return data

    @property
    def factor(self) -> float:
        """What the source's numbers are multiplied with."""
        unit = find_unit(self.unit) if self.unit else None
        return unit.factor if unit else 1.0

    @property
    def needed(self) -> bool:
        """Whether a source without this column is refused: one that the profile requires, or a key of its table."""
        return self.required or self.internal in KEYS[self.role]

    def problems(self, schema: PlantSchema) -> Iterator[str]:
        """What is wrong with this column on its own, for people."""
        known = schema.columns(self.role)
        if self.internal not in known:
            yield notice(
                "NOT_AN_INTERNAL_COLUMN",
                "{name} is not an internal column of the {role} table; they are {known}",
                name=self.internal,
                role=self.role,
                known=", ".join(known),
            )
            return
        if self.type is not known[self.internal]:
            yield notice(
                "COLUMN_OF_OTHER_TYPE",
                "{name} is {type} inside; the profile says {said} (values are converted by themselves)",
                name=self.internal,
                type=known[self.internal],
                said=self.type,
            )
        if self.required and not self.source.strip():
            yield notice("REQUIRED_WITHOUT_SOURCE", "{name} is required and has no source column", name=self.internal)
        if self.internal in KEYS[self.role] and not self.source.strip():
            yield notice(
                "KEY_WITHOUT_SOURCE",
                "{name} is a key of the {role} table and needs a source column",
                name=self.internal,
                role=self.role,
            )
        if self.format:
            problem = format_problem(self.format, self.type)
            if problem:
                yield notice("FORMAT_UNKNOWN", "{name}: {problem}", name=self.internal, problem=problem)
        if self.unit is not None:
            if find_unit(self.unit) is None:
                yield notice(
                    "UNIT_UNKNOWN",
                    "{name}: unknown unit {unit}; known are {known}",
                    name=self.internal,
                    unit=repr(self.unit),
                    known=", ".join(NAMES),
                )
            elif self.type is not ColumnType.NUMBER:
                yield notice(
                    "UNIT_OF_TEXT", "{name} is {type} and cannot have a unit", name=self.internal, type=self.type
                )
        if self.default is not None and not _fits(self.default, self.type):
            yield notice(
                "DEFAULT_OF_OTHER_TYPE",
                "{name}: the default {value} is not of type {type}",
                name=self.internal,
                value=repr(self.default),
                type=self.type,
            )


class InputProfile(BaseModel):
    """A plant's schema, and the mapping of a source's tables and columns to it.

    Attributes:
        format: 2.
        name: unique name.
        description, description_ko: for people, in English and Korean.
        tables: role -> table of the source, or name of one of `queries`.
        queries: name -> SQL over the source's tables, for roles that no table holds alone.
        plant: the schema; `schema` in JSON.
        columns: where the internal columns come from; what is not named is absent.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, json_schema_extra={"title": "Input profile, format 2"}
    )

    format: Literal[2] = 2

    name: str = Field(min_length=1, max_length=100)
    description: str = Field("", max_length=1000)
    description_ko: str = Field("", max_length=1000)
    tables: dict[Role, str]
    queries: dict[
        Annotated[str, Field(min_length=1, max_length=100)], Annotated[str, Field(min_length=1, max_length=100_000)]
    ] = {}
    plant: PlantSchema = Field(alias="schema")
    columns: tuple[ProfileColumn, ...] = Field(max_length=1000)

    @model_validator(mode="before")
    @classmethod
    def migrate(cls, data: object) -> object:
        """Read format 1, whose profiles are of the mechanical seal plant; fill in types that the schema knows."""
        if not isinstance(data, dict):
            return data
        filled = {str(key): value for key, value in data.items()}
        if filled.get("format") in (None, 1) and "schema" not in filled and "plant" not in filled:
            filled |= {"format": FORMAT, "schema": MECHANICAL_SEALS}
        given = filled.pop("plant") if "plant" in filled else filled.get("schema")
        if given is None:
            return filled
        try:
            schema = given if isinstance(given, PlantSchema) else PlantSchema.model_validate(given)
        except ValidationError:
            return {**filled, "schema": given, "columns": ()}  # the field tells what is wrong, with its place
        columns = filled.get("columns")
        if isinstance(columns, list | tuple):
            filled["columns"] = [_with_type(column, schema) for column in columns]
        return {**filled, "schema": with_labels(schema)}

    @classmethod
    def built_in(cls) -> InputProfile:
        """The plant's views as they are: every internal column comes from the column of the same name."""
        return _built_in()

    @classmethod
    def parse(cls, text: str) -> InputProfile:
        """The profile that a JSON text holds; "" is the built-in one.

        Raises:
            InvalidInput: not JSON, or the profile contradicts itself; one violation a problem.
        """
        if not text.strip():
            return _built_in()
        profile = cls.read(text)
        violations = list(profile.violations())
        if violations:
            raise _refused(profile.name, violations)
        return profile

    @classmethod
    def read(cls, text: str) -> InputProfile:
        """The profile that a JSON text holds, right or not; "" is the built-in one.

        Raises:
            InvalidInput: not JSON, or not of the form of a profile; one violation a problem.
        """
        if not text.strip():
            return _built_in()
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            violations = value_violations(error.errors(include_url=False), "profile")
            raise _refused("", violations) from None

    def document(self) -> dict[str, Any]:
        """As JSON has it; what the schema leaves at its usual value is left out."""
        made = self.model_dump(mode="json", by_alias=True)
        for column in made["columns"]:
            if not column["format"]:
                del column["format"]
        for optional in ("queries", "description_ko"):
            if not made[optional]:
                del made[optional]
        return {**made, "schema": self.plant.model_dump(mode="json", exclude_defaults=True)}

    def to_json(self) -> str:
        """As JSON text."""
        return json.dumps(self.document(), ensure_ascii=False)

    def columns_of(self, role: str) -> dict[str, ProfileColumn]:
        """Internal name -> column of a role, in the order of the view."""
        named = {column.internal: column for column in self.columns if column.role == role}
        return {name: named[name] for name in self.plant.columns(role) if name in named}

    def source_column(self, role: str, internal: str) -> str:
        """Source column of an internal column; "" when there is none."""
        column = self.columns_of(role).get(internal)
        return column.source if column else ""

    def converted(self, role: str) -> dict[str, str]:
        """Internal columns of a role whose numbers are converted from a declared unit, and the unit that they are in then."""
        declared = ((name, find_unit(column.unit or "")) for name, column in self.columns_of(role).items())
        return {name: INTERNAL[unit.measures] for name, unit in declared if unit is not None}

    def violations(self) -> Iterator[FieldViolation]:
        """Everything that is wrong with the profile itself, without a source."""
        yield from schema_violations(self.plant)
        for role in (FEATURES, ROUTING):
            if not dict(self.tables).get(role, "").strip():  # type: ignore[call-overload]
                yield FieldViolation(
                    f"tables.{role}", notice("NO_TABLE_FOR_ROLE", "the profile names no table for {role}", role=role)
                )
        for name in self.queries:
            if name not in self.tables.values():
                yield FieldViolation(
                    f"queries.{name}",
                    notice("QUERY_UNUSED", "no role is taken from this query: name it in tables, or leave it out"),
                )
        seen: set[tuple[str, str]] = set()
        for position, column in enumerate(self.columns):
            if (column.role, column.internal) in seen:
                yield FieldViolation(
                    f"columns.{position}",
                    notice("MAPPED_TWICE", "{name} is mapped twice for {role}", name=column.internal, role=column.role),
                )
            seen.add((column.role, column.internal))
            for problem in column.problems(self.plant):
                yield FieldViolation(f"columns.{position}", problem)
        for role, table in self.tables.items():
            missing = [name for name in KEYS[role] if (role, name) not in seen]
            if table.strip() and missing:
                yield FieldViolation(
                    "columns",
                    notice(
                        "MAPPING_MISSING",
                        "the {role} table lacks a mapping of {names}",
                        role=role,
                        names=", ".join(missing),
                    ),
                )
        yield from self._mixed_units()

    def _mixed_units(self) -> Iterator[FieldViolation]:
        """Sizes that share a unit column have declared units together or not at all."""
        features, units = self.columns_of(FEATURES), self.plant.size_units
        for holder in dict.fromkeys(units.values()):
            sizes = [name for name, unit in units.items() if unit == holder and name in features]
            declared = [name for name in sizes if features[name].unit is not None]
            if declared and len(declared) != len(sizes):
                others = ", ".join(name for name in sizes if name not in declared)
                yield FieldViolation(
                    "columns",
                    notice(
                        "UNITS_MIXED",
                        "{names} have a unit, so {others} need one too: all share {holder}",
                        names=", ".join(declared),
                        others=others,
                        holder=holder,
                    ),
                )


def _fits(value: Default, kind: ColumnType) -> bool:
    if kind is ColumnType.TEXT:
        return isinstance(value, str)
    if kind is ColumnType.BOOLEAN:
        return isinstance(value, bool)
    if kind is ColumnType.INTEGER:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind is ColumnType.NUMBER:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        return False
    return True


def _refused(name: str, violations: list[FieldViolation]) -> InvalidInput:
    first = violations[0]
    more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
    return InvalidInput(
        f"The input profile {name} is not valid: {first.field}: {first.description}{more}".replace("  ", " "),
        reason="PROFILE_INVALID",
        violations=violations,
    )


def _with_type(column: object, schema: PlantSchema) -> object:
    """A column with the type that the schema knows where the profile leaves it out."""
    if not isinstance(column, dict) or column.get("type") is not None:
        return column
    role = str(column.get("role"))
    known = schema.columns(role).get(str(column.get("internal"))) if role in ROLES else None
    return {**column, "type": known or ColumnType.TEXT}


@lru_cache(maxsize=1)
def _built_in() -> InputProfile:
    columns = tuple(
        ProfileColumn(internal=name, role=role, source=name, type=kind, required=name in REQUIRED[role])
        for role in ROLES
        for name, kind in MECHANICAL_SEALS.columns(role).items()
    )
    return InputProfile(
        **INPUT_PROFILE,
        tables=dict(TABLES),
        plant=MECHANICAL_SEALS,
        columns=columns,
    )


def profile_json_schema() -> dict[str, Any]:
    """The JSON schema of input profiles."""
    return InputProfile.model_json_schema(by_alias=True)
