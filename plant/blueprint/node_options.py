"""An option of a node: its kind, range, default and help; its JSON schema; whether a value fits it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from plant.blueprint.node_words import OptionWords
from plant.schema import FEATURES, PlantSchema


class OptionKind(StrEnum):
    """What an option holds."""

    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    TEXT = "text"
    """One line."""
    LINES = "lines"
    """A text of several lines."""
    CHOICE = "choice"
    COLUMNS = "columns"
    """A list of different names of the plant."""
    NUMBER_BY_NAME = "number by name"
    """Name of the plant -> number."""
    BOOLEAN_BY_NAME = "boolean by name"
    """Name of the plant -> yes or no."""


class NamesOf(StrEnum):
    """Which names of a plant an option takes."""

    FEATURES = "features"
    ITEM_COLUMNS = "item columns"
    OUTPUT_COLUMNS = "output columns"

    def of(self, plant: PlantSchema) -> tuple[str, ...]:
        """The names, in the plant's order."""
        match self:
            case NamesOf.FEATURES:
                return tuple(plant.feature_by_name)
            case NamesOf.ITEM_COLUMNS:
                return tuple(plant.columns(FEATURES))
        return plant.output_columns


LONGEST_TEXT: Final = 260
LONGEST_LINES: Final = 4000


@dataclass(frozen=True)
class Wrong:
    """Why a value does not fit: a stable name and a text for people."""

    reason: str
    message: str


@dataclass(frozen=True)
class Option:
    """One option.

    Attributes:
        name: key in the node's settings.
        kind: what it holds.
        default: value where the node does not say.
        minimum, maximum: bounds of a number, both included.
        step: a number must be a multiple of it; None: any.
        choices: admitted texts; empty: any.
        names_of: which names of the plant are admitted; None: those of `choices`.
        required: whether a node has to say it.
        setting: (section, field) of the settings document that holds the same; None where only the pipeline knows it.
    """

    name: str
    kind: OptionKind
    default: Any
    minimum: float | None = None
    maximum: float | None = None
    step: int | None = None
    choices: Sequence[str] = ()
    names_of: NamesOf | None = None
    required: bool = False
    setting: tuple[str, str] | None = None

    def admitted(self, plant: PlantSchema | None) -> Sequence[str]:
        """Admitted texts or names; empty: any, as for names where no plant is said."""
        if self.names_of is None:
            return self.choices
        return self.names_of.of(plant) if plant is not None else ()

    def default_for(self, plant: PlantSchema) -> Any:
        """The value where a node does not say, for a plant: lists of names hold those of its own."""
        if self.kind is not OptionKind.COLUMNS or self.names_of is None:
            return self.default
        known = self.names_of.of(plant)
        return [name for name in self.default if name in known] if set(self.default) <= set(known) else list(known)

    def schema(self, plant: PlantSchema, words: OptionWords) -> dict[str, Any]:
        """JSON schema of the option for a plant; `x-setting` names the setting whose value counts where the node gives none."""
        default, admitted = self.default_for(plant), self.admitted(plant)
        described: dict[str, Any] = {
            "title": words.en.title,
            "x-title-ko": words.ko.title,
            "description": words.en.help,
            "x-description-ko": words.ko.help,
            "default": list(default) if isinstance(default, tuple) else default,
        }
        if self.setting is not None:
            described["x-setting"] = list(self.setting)
        bounds: dict[str, Any] = {}
        if self.minimum is not None:
            bounds["minimum"] = self.minimum
        if self.maximum is not None:
            bounds["maximum"] = self.maximum
        if self.step is not None:
            bounds["multipleOf"] = self.step
        match self.kind:
            case OptionKind.NUMBER | OptionKind.INTEGER | OptionKind.BOOLEAN:
                return {"type": self.kind.value, **bounds, **described}
            case OptionKind.TEXT:
                return {"type": "string", "maxLength": LONGEST_TEXT, **described}
            case OptionKind.LINES:
                return {"type": "string", "maxLength": LONGEST_LINES, "format": "textarea", **described}
            case OptionKind.CHOICE:
                return {"type": "string", "enum": list(admitted), **described}
            case OptionKind.COLUMNS:
                items: dict[str, Any] = {"type": "string"}
                if admitted:
                    items["enum"] = list(admitted)
                return {"type": "array", "items": items, "uniqueItems": True, **described}
        value = {"type": "number", **bounds} if self.kind is OptionKind.NUMBER_BY_NAME else {"type": "boolean"}
        names = dict.fromkeys(admitted, value)
        return {"type": "object", "properties": names, "additionalProperties": False, **described}

    def problems(self, value: object, plant: PlantSchema | None = None) -> Iterator[Wrong]:
        """Why `value` does not fit; nothing when it does. Names are of the plant; without one they may be any."""
        match self.kind:
            case OptionKind.NUMBER | OptionKind.INTEGER:
                yield from self._number_problems(self.name, value)
            case OptionKind.BOOLEAN:
                if not isinstance(value, bool):
                    yield self._wrong_type(value, "true or false")
            case OptionKind.TEXT:
                if not isinstance(value, str) or len(value) > LONGEST_TEXT or not value.isprintable():
                    yield self._wrong_type(value, f"a text of {LONGEST_TEXT} printable characters or fewer")
            case OptionKind.LINES:
                if not isinstance(value, str) or len(value) > LONGEST_LINES:
                    yield self._wrong_type(value, f"a text of {LONGEST_LINES} characters or fewer")
            case OptionKind.CHOICE:
                if value not in self.choices:
                    yield Wrong(
                        "OPTION_OUT_OF_RANGE", f"{self.name} must be one of {', '.join(self.choices)}, is {value!r}"
                    )
            case OptionKind.COLUMNS:
                yield from self._column_problems(value, plant)
            case _:
                yield from self._by_name_problems(value, plant)

    def _number_problems(self, what: str, value: object) -> Iterator[Wrong]:
        whole = self.kind is OptionKind.INTEGER
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            yield Wrong("OPTION_WRONG_TYPE", f"{what} must be a {'whole ' if whole else ''}number, is {value!r}")
        elif whole and value != int(value):
            yield Wrong("OPTION_WRONG_TYPE", f"{what} must be a whole number, is {value!r}")
        elif self.minimum is not None and value < self.minimum:
            yield Wrong("OPTION_OUT_OF_RANGE", f"{what} must be {self.minimum:g} or more, is {value:g}")
        elif self.maximum is not None and value > self.maximum:
            yield Wrong("OPTION_OUT_OF_RANGE", f"{what} must be {self.maximum:g} or less, is {value:g}")
        elif self.step is not None and value % self.step:
            yield Wrong("OPTION_OUT_OF_RANGE", f"{what} must be a multiple of {self.step}, is {value:g}")

    def _column_problems(self, value: object, plant: PlantSchema | None) -> Iterator[Wrong]:
        if not isinstance(value, list | tuple) or not all(isinstance(name, str) and name for name in value):
            yield self._wrong_type(value, "a list of names")
            return
        if len(set(value)) != len(value):
            yield Wrong("OPTION_OUT_OF_RANGE", f"{self.name} names a column twice")
        admitted = self.admitted(plant)
        unknown = [name for name in value if admitted and name not in admitted]
        if unknown:
            where = f" in {plant.name}" if plant is not None else ""
            yield Wrong("OPTION_OUT_OF_RANGE", f"{self.name} names {', '.join(unknown)}, which does not exist{where}")

    def _by_name_problems(self, value: object, plant: PlantSchema | None) -> Iterator[Wrong]:
        if not isinstance(value, Mapping):
            yield self._wrong_type(value, "an object of names and values")
            return
        admitted = self.admitted(plant)
        for name, one in value.items():
            if (admitted or plant is not None) and name not in admitted:
                of = f" of {plant.name}" if plant is not None else ""
                yield Wrong("OPTION_OUT_OF_RANGE", f"{self.name} names {name}, which is not a feature{of}")
            elif self.kind is OptionKind.NUMBER_BY_NAME:
                yield from self._number_problems(f"{self.name} of {name}", one)
            elif not isinstance(one, bool):
                yield Wrong("OPTION_WRONG_TYPE", f"{self.name} of {name} must be true or false, is {one!r}")

    def _wrong_type(self, value: object, wanted: str) -> Wrong:
        told = repr(value)
        return Wrong("OPTION_WRONG_TYPE", f"{self.name} must be {wanted}, is {told[:80]}")

    def taken(self, value: Any) -> Any:
        """A value that fits, as the pipeline holds it: whole numbers as int, numbers as float, lists as tuples."""
        match self.kind:
            case OptionKind.INTEGER:
                return int(value)
            case OptionKind.NUMBER:
                return float(value)
            case OptionKind.COLUMNS:
                return tuple(value)
            case OptionKind.NUMBER_BY_NAME:
                return {name: float(one) for name, one in value.items()}
            case OptionKind.BOOLEAN_BY_NAME:
                return dict(value)
        return value
