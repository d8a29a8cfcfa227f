"""An output profile: which columns results have, in which order, under which names, with which constants, types, formats and checks."""

from __future__ import annotations

import codecs
import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from common.errors import FieldViolation, InvalidInput
from common.notices import notice
from common.value_notices import value_violations
from plant.client_names import NAMES, TIMES
from plant.mechanical_seals import MECHANICAL_SEALS, is_of_seals
from plant.output_profile.formats import EXAMPLES, OutputType, writer
from plant.output_profile.reading import read_moment
from plant.schema import SEQUENCE, PlantSchema
from plant.settings.defaults import OUTPUT_COLUMNS, PROFILE_DESCRIPTION, PROFILE_NAME

Constant = str | int | float | bool | None

OF_EVERY_PLANT: Final = (*NAMES, "RANK")
"""Columns of operations that predictions of every plant have."""

KNOWN_COLUMNS: Final = tuple(dict.fromkeys((*OUTPUT_COLUMNS, *OF_EVERY_PLANT)))
"""Columns that a row of a prediction can have."""

NUMBERS_OF_EVERY_PLANT: Final = frozenset({"SIMILARITY_SCORE", *TIMES})

INTEGER_COLUMNS: Final = frozenset({SEQUENCE, "RANK"})


def type_of_column(source: str, schema: PlantSchema = MECHANICAL_SEALS) -> OutputType:
    """The type a prediction's column has by itself: times in minutes, prices and similarities are floating-point numbers."""
    if source in schema.number_outputs or source in NUMBERS_OF_EVERY_PLANT:
        return OutputType.NUMBER
    return OutputType.INTEGER if source in INTEGER_COLUMNS else OutputType.TEXT


class OutputColumn(BaseModel):
    """One column of the output.

    Attributes:
        name: its name in the output.
        source: column of the prediction, or another name of one; "": the constant everywhere.
        constant: value of every row where there is no source.
        type: what it holds.
        format: how values are written as text; "": plainly.
        default: value where the source has none.
        required: whether an absent value is a finding.
        minimum, maximum: bounds of numbers.
        max_length: most characters of the text.
        values: admitted texts; empty: any.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_max_length=260)

    name: str = Field(min_length=1, max_length=128)
    source: str = ""
    constant: Constant = None
    type: OutputType = OutputType.TEXT
    format: str = ""
    default: Constant = None
    required: bool = False
    minimum: float | None = Field(None, allow_inf_nan=False)
    maximum: float | None = Field(None, allow_inf_nan=False)
    max_length: int | None = Field(None, ge=1, le=1_000_000)
    values: tuple[str, ...] = ()

    @classmethod
    def of(cls, source: str, plant: PlantSchema = MECHANICAL_SEALS) -> OutputColumn:
        """The column of a plant's prediction as it is."""
        return cls(name=source, source=source, type=type_of_column(source, plant))

    def problems(self) -> Iterator[str]:
        """What is wrong with this column on its own, for people."""
        if self.name != self.name.strip() or not self.name.isprintable():
            yield notice(
                "COLUMN_NAME_UNUSABLE",
                "{name} cannot be a column's name: no blanks around it, printable characters only",
                name=repr(self.name),
            )
        if self.source and self.constant is not None:
            yield notice("SOURCE_AND_CONSTANT", "{name} has both a source and a constant: keep one", name=self.name)
        if not self.source and self.constant is None:
            yield notice("NEITHER_SOURCE_NOR_CONSTANT", "{name} has neither a source nor a constant", name=self.name)
        if writer(self.type, self.format) is None:
            yield notice(
                "FORMAT_MISFIT",
                "{name}: {format} is not a format of {type}; use {examples}",
                name=self.name,
                format=repr(self.format),
                type=self.type,
                examples=EXAMPLES[self.type],
            )
        for what, value in (("constant", self.constant), ("default", self.default)):
            if value is not None and not fits(value, self.type):
                yield notice(
                    "DEFAULT_OF_OTHER_TYPE",
                    "{name}: the {what} {value} is not of type {type}",
                    name=self.name,
                    what=what,
                    value=repr(value),
                    type=self.type,
                )
        bounds = [bound for bound in (self.minimum, self.maximum) if bound is not None]
        if bounds and self.type not in (OutputType.NUMBER, OutputType.INTEGER):
            yield notice(
                "LIMITS_OF_NO_NUMBER",
                "{name} is {type} and cannot have a minimum or maximum",
                name=self.name,
                type=self.type,
            )
        if len(bounds) == 2 and bounds[0] > bounds[1]:
            yield notice(
                "MINIMUM_ABOVE_MAXIMUM",
                "{name}: the minimum {least} is above the maximum {most}",
                name=self.name,
                least=f"{bounds[0]:g}",
                most=f"{bounds[1]:g}",
            )


class OutputProfile(BaseModel):
    """The columns of exports.

    Attributes:
        name: unique name.
        description: for people.
        columns: in the order of the output.
        aliases: other names of prediction columns, such as JOB_CD for dbo_BI_ROUTING_VIEW_JOB_CD; a source may use them.
        encoding: of text files; "": the setting export.default_encoding.
        null_text: what text files hold for an absent value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=100)
    description: str = Field("", max_length=1000)
    columns: tuple[OutputColumn, ...] = Field(min_length=1, max_length=1000)
    aliases: dict[str, str] = {}
    encoding: str = Field("", max_length=40)
    null_text: str = Field("", max_length=20)

    @classmethod
    def default(cls, plant: PlantSchema = MECHANICAL_SEALS) -> OutputProfile:
        """Every output column of a plant as it is."""
        return _default(plant.to_json())

    @classmethod
    def read(cls, text: str, plant: PlantSchema = MECHANICAL_SEALS) -> OutputProfile:
        """The profile that a JSON text holds, right or not; "" is the plant's default one.

        Raises:
            InvalidInput: not JSON, or not of the form of a profile.
        """
        if not text.strip():
            return cls.default(plant)
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            violations = value_violations(error.errors(include_url=False), "profile")
            raise refused("", violations) from None

    @classmethod
    def parse(cls, text: str, available: Sequence[str] = KNOWN_COLUMNS) -> OutputProfile:
        """The profile that a JSON text holds; "" is the default one.

        Args:
            available: columns that predictions have.

        Raises:
            InvalidInput: as `read`, or the profile contradicts itself; one violation a problem.
        """
        profile = cls.read(text)
        violations = list(profile.violations(available))
        if violations:
            raise refused(profile.name, violations)
        return profile

    def to_json(self) -> str:
        """As JSON text."""
        return self.model_dump_json()

    def column_of(self, source: str) -> str:
        """The prediction's column that a source names, by itself or by an alias."""
        return self.aliases.get(source, source)

    @property
    def sources(self) -> list[str]:
        """Columns of the prediction that are put out, each once, in order."""
        return list(dict.fromkeys(self.column_of(column.source) for column in self.columns if column.source))

    def violations(self, available: Sequence[str] = KNOWN_COLUMNS) -> Iterator[FieldViolation]:
        """Everything that is wrong with the profile itself, without rows."""
        known = {*available, *KNOWN_COLUMNS}
        for alias, column in self.aliases.items():
            if column not in known:
                yield FieldViolation(
                    f"aliases.{alias}",
                    notice("NOT_A_PREDICTED_COLUMN", "{name} is not a column of a prediction", name=column),
                )
        seen: set[str] = set()
        for position, output in enumerate(self.columns):
            where = f"columns.{position}"
            if output.name.casefold() in seen:
                yield FieldViolation(f"{where}.name", notice("COMES_TWICE", "{name} comes twice", name=output.name))
            seen.add(output.name.casefold())
            if output.source and self.column_of(output.source) not in known:
                yield FieldViolation(
                    f"{where}.source",
                    notice("NOT_A_PREDICTED_COLUMN", "{name} is not a column of a prediction", name=output.source),
                )
            for problem in output.problems():
                yield FieldViolation(where, problem)
        if not any(column.source for column in self.columns):
            yield FieldViolation(
                "columns", notice("ONLY_CONSTANTS", "every column is a constant: take at least one from the prediction")
            )
        yield from self._encoding_violations()

    def _encoding_violations(self) -> Iterator[FieldViolation]:
        if not self.encoding:
            return
        try:
            "A".encode(codecs.lookup(self.encoding).name)
        except (LookupError, ValueError, TypeError):
            yield FieldViolation(
                "encoding",
                notice(
                    "ENCODING_UNKNOWN",
                    "{encoding} is not a text encoding such as utf-8 or cp949",
                    encoding=self.encoding,
                ),
            )
            return
        for position, column in enumerate(self.columns):
            if not encodable(column.name, self.encoding):
                yield FieldViolation(
                    f"columns.{position}.name",
                    notice(
                        "NAME_NOT_ENCODABLE",
                        "{name} cannot be written in {encoding}",
                        name=column.name,
                        encoding=self.encoding,
                    ),
                )


def fits(value: Constant, kind: OutputType) -> bool:
    """Whether a constant is of a type; dates are ISO texts."""
    match kind:
        case OutputType.TEXT:
            return isinstance(value, str)
        case OutputType.BOOLEAN:
            return isinstance(value, bool)
        case OutputType.INTEGER:
            return isinstance(value, int) and not isinstance(value, bool)
        case OutputType.NUMBER:
            return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return isinstance(value, str) and read_moment(value) is not None


def encodable(text: str, encoding: str) -> bool:
    """Whether an encoding has all characters of a text."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def refused(name: str, violations: Sequence[FieldViolation]) -> InvalidInput:
    """The error that says everything that is wrong with a profile."""
    first = violations[0]
    more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
    called = f" {name}" if name else ""
    return InvalidInput(
        f"The output profile{called} is not valid: {first.field}: {first.description}{more}",
        reason="PROFILE_INVALID",
        violations=violations,
    )


@lru_cache(maxsize=8)
def _default(plant_json: str) -> OutputProfile:
    plant = PlantSchema.model_validate_json(plant_json)
    own = is_of_seals(plant)
    return OutputProfile(
        name=PROFILE_NAME if own else plant.name,
        description=PROFILE_DESCRIPTION if own else "",
        columns=tuple(OutputColumn.of(column, plant) for column in plant.output_columns),
        aliases=dict(plant.output.aliases),
    )
