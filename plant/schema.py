"""The schema of a plant: what describes its items, what its routings and work results hold, and what it calls all of that.

The program knows kinds and roles; the names are the plant's. Every table has internal columns: the features, the columns that play
a role, and further ones that are only shown. An input profile says which source column each of them comes from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from common.notices import notice
from plant.columns import ColumnType
from plant.time_columns import PLANNED_RUN, PLANNED_SETUP, REPORTED_RUN, SUMMED, TIMES

ITEM_CODE: Final = "ITEM_CD"
"""Internal name of the item code in every table of every plant: clients know it by this name."""
SEQUENCE: Final = "PROC_SEQ"
FEATURES, ROUTING, RESULTS = "features", "routing", "results"
ROLES: Final = (FEATURES, ROUTING, RESULTS)
OPTIONAL_TABLES: Final = frozenset({RESULTS})
"""Roles whose table may be missing: the system then works without it."""
KEYS: Final[dict[str, tuple[str, ...]]] = {
    FEATURES: (ITEM_CODE,),
    ROUTING: (ITEM_CODE, SEQUENCE),
    RESULTS: (ITEM_CODE, SEQUENCE),
}
"""Table -> columns that every profile has to map to a source column: without them a row belongs to nothing."""

MOST_FEATURES: Final = 200
MOST_LEVELS: Final = 4
LEARNED_NAME: Final = "LEARNED_ROUTING"
"""What the learned part of a version is called among the weights; no feature can have the name."""


def _no_truth_value(value: object) -> object:
    if isinstance(value, bool):
        raise PydanticCustomError("float_type", "must be a number, not true or false")
    return value


Weight = Annotated[float, BeforeValidator(_no_truth_value), Field(ge=0.0, le=1000.0, allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Label = Annotated[str, Field(max_length=200)]


class FeatureKind(StrEnum):
    """How values of a feature compare."""

    IDENTITY = "identity"
    """The item's own code, or another that no two items share: says nothing about similarity."""
    CATEGORY = "category"
    """A code or a name: equal or not."""
    TEXT = "text"
    """Free text with many distinct values: by common parts."""
    NUMBER = "number"
    """A number: by difference near 0, by ratio further out; 0 and negative ones are values."""
    SIZE = "size"
    """A size: by ratio, in mm where it has a unit; 0 and below are absent."""
    FLAG = "flag"
    """A number that is a choice, such as a direction of rotation: equal or not; 0 is a value."""
    DATE = "date"
    """A date: by the time between two of them."""


COLUMN_OF_KIND: Final[Mapping[FeatureKind, ColumnType]] = {
    FeatureKind.IDENTITY: ColumnType.TEXT,
    FeatureKind.CATEGORY: ColumnType.TEXT,
    FeatureKind.TEXT: ColumnType.TEXT,
    FeatureKind.NUMBER: ColumnType.NUMBER,
    FeatureKind.SIZE: ColumnType.NUMBER,
    FeatureKind.FLAG: ColumnType.NUMBER,
    FeatureKind.DATE: ColumnType.DATETIME,
}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Feature(_Part):
    """One feature of an item.

    Attributes:
        name: internal name, unique whatever its case.
        kind: how its values compare.
        weight: the plant's weight of it, >= 0.
        active: whether it takes part in comparisons.
        label, label_ko: for people, in English and Korean; "": the name.
        unit_from: feature or column that holds the unit of a size, row by row; None where there is none.
        group: heading that screens show it under; "": none.
    """

    name: Name
    kind: FeatureKind
    weight: Weight = 1.0
    active: bool = True
    label: Label = ""
    label_ko: Label = ""
    unit_from: str | None = None
    group: Label = ""

    def called(self, language: str) -> str:
        """What people call it in a language: ko, or anything else for English."""
        return (self.label_ko if language == "ko" else self.label) or self.label or self.name


class Column(_Part):
    """A further column of a table: internal name, type, and what people call it ("": the name)."""

    name: Name
    type: ColumnType = ColumnType.TEXT
    label: Label = ""
    label_ko: Label = ""


class ItemDisplay(_Part):
    """Columns of an item that screens show and search, by internal name; "" where the plant has none.

    Attributes:
        levels: up to four columns of a hierarchy, coarsest first.
        family: column whose values judge how alike families are predicted; "": the last level.
    """

    name: str = ""
    drawing: str = ""
    revision: str = ""
    specification: str = ""
    details: str = ""
    material: str = ""
    levels: tuple[str, ...] = Field((), max_length=MOST_LEVELS)
    family: str = ""

    @property
    def family_column(self) -> str:
        """Column that holds an item's family; "" where there is none."""
        return self.family or (self.levels[-1] if self.levels else "")


class RoutingRoles(_Part):
    """Which internal column of the routing table plays which role; "" where the plant has none.

    Attributes:
        number: tells several routings of an item apart.
        entered: when the routing was entered; the newest is the current one.
        operation_code, operation_name, operation_other: what an operation is called; the first that a row has identifies it.
        machine, machine_name: where it is done.
        setup, run, queue, wait, move: planned times, minutes.
        machine_run, actual_setup, actual_run, run_of_quantity: further times, minutes.
        idle: what operations that clients send call a time of waiting; no column of the table.
        time_unit: column that names the unit of the row's times; "": they are converted by the profile, or in minutes.
        setup_unit, run_unit: columns that name the unit of the row's set-up and run time alone; they go before `time_unit`.
        base_quantity: column with the number of pieces that the run times are for; "": one.
        valid_from, valid_to: when the operation is valid.
        current: which of an item's routings is the current one: `newest`, whether it is valid or not, or `valid`, where one that is
            valid today goes before one that is expired or lies ahead. Items with none that is valid keep the newest; they are counted.
        subcontractor: who does it outside.
    """

    number: str = "ROUT_NO"
    entered: str = "ENTERED_AT"
    operation_code: str = "PROC_CD"
    operation_name: str = "PROC_DESC"
    operation_other: str = ""
    machine: str = "RES_CD"
    machine_name: str = "RES_DESC"
    setup: str = "SETUP_TIME"
    run: str = "RUN_TIME"
    queue: str = "QUEUE_TIME"
    wait: str = "WAIT_TIME"
    move: str = "MOVE_TIME"
    machine_run: str = ""
    actual_setup: str = ""
    actual_run: str = ""
    run_of_quantity: str = ""
    idle: str = "IDLE_TIME"
    time_unit: str = ""
    setup_unit: str = ""
    run_unit: str = ""
    base_quantity: str = ""
    valid_from: str = "VALID_FROM"
    valid_to: str = "VALID_TO"
    subcontractor: str = ""
    current: Literal["newest", "valid"] = "newest"

    @property
    def units(self) -> dict[str, str]:
        """Column of a time -> column that names its unit row by row."""
        found = dict.fromkeys(self.all_times, self.time_unit) if self.time_unit else {}
        own = ((self.setup, self.setup_unit), (self.run, self.run_unit))
        return found | {time: unit for time, unit in own if time and unit}

    @property
    def jobs(self) -> tuple[str, ...]:
        """Columns that identify an operation; the first that a row has counts."""
        return tuple(filter(None, (self.operation_code, self.operation_name, self.operation_other)))

    @property
    def names(self) -> tuple[str, ...]:
        """Columns that an operation is called by; the first that a row has counts."""
        return tuple(filter(None, (self.operation_name, self.operation_other or self.operation_code)))

    @property
    def times(self) -> tuple[str, ...]:
        """Column of each of `TIMES`; "" where the plant has none."""
        return tuple(str(getattr(self, role)) for role in TIMES)

    @property
    def all_times(self) -> tuple[str, ...]:
        """Every column of the routing table that holds a time."""
        return tuple(filter(None, (*self.times, self.run_of_quantity)))

    @property
    def summed(self) -> dict[str, tuple[str, ...]]:
        """Kind of time in a summary -> columns of operations; the first that is present counts."""
        return {
            kind: tuple(name for role in roles if (name := str(getattr(self, role)))) for kind, roles in SUMMED.items()
        }

    @property
    def planned_setup(self) -> tuple[str, ...]:
        """Columns of a planned set-up time; the first that is present counts."""
        return tuple(name for role in PLANNED_SETUP if (name := str(getattr(self, role))))

    @property
    def planned_run(self) -> tuple[str, ...]:
        """Columns of a planned run time; the first that is present counts."""
        return tuple(name for role in PLANNED_RUN if (name := str(getattr(self, role))))

    @property
    def reported_run(self) -> tuple[str, ...]:
        """Columns of a run time of an operation, reported ones first; the first that is present counts."""
        return tuple(name for role in REPORTED_RUN if (name := str(getattr(self, role))))


class ResultRoles(_Part):
    """Which internal column of the work results plays which role; "" where the plant has none."""

    operation_code: str = "PROC_CD"
    setup: str = "ACT_SETUP_TIME"
    run: str = "ACT_RUN_TIME"
    reported: str = "REPORTED_AT"

    @property
    def times(self) -> tuple[str, str]:
        """Columns of set-up and run time, in the order of `OperationTable.actual`."""
        return self.setup, self.run

    @property
    def columns_of_times(self) -> tuple[str, ...]:
        """Columns that tell the times of an operation of an item."""
        return tuple(filter(None, (ITEM_CODE, SEQUENCE, *self.times)))


class WeightProfile(_Part):
    """Weights to choose among at a call.

    Attributes:
        factors: feature -> multiple of its trained weight.
        otherwise: multiple of features that are not named.
    """

    label: Label = ""
    label_ko: Label = ""
    factors: dict[str, Weight] = {}
    otherwise: Weight = 1.0


class OutputNames(_Part):
    """Under which names operations go out.

    Attributes:
        columns: every column of a prediction in order; (): those of the routing and of its operations.
        summary: columns of an operation where not everything is asked for; (): all.
        aliases: internal column -> output column, where they differ.
        as_text: columns of numbers that go out as text.
        item_labels: item column -> what an item's sheet calls it, others by their names; empty: all by their labels.
    """

    columns: tuple[str, ...] = ()
    summary: tuple[str, ...] = ()
    aliases: dict[str, str] = {}
    as_text: tuple[str, ...] = ()
    item_labels: dict[str, str] = {}


_USUAL_PROFILES: Final[dict[str, dict[str, Any]]] = json.loads(
    Path(__file__).with_name("weight_profiles.json").read_text(encoding="utf-8")
)
"""Weight profiles that every plant has: their labels, and the factors of sizes and numbers and of everything else."""
OF_ROUTING: Final = (
    ITEM_CODE,
    "CANDIDATE_ID",
    "ROUTING_SIGNATURE",
    "PRIORITY",
    "SIMILARITY_TIER",
    "REFERENCE_ITEM_CD",
    "SIMILARITY_SCORE",
    "RANK",
)
"""Output columns that say the same for all operations of a routing, of every plant."""
OF_SEVERAL: Final = "ML_PREDICTED"
"""What stands for the reference item of a routing that comes from several items and the learned models, by the contract with clients."""
_BEFORE, _AFTER = OF_ROUTING[:5], OF_ROUTING[5:7]


class PlantSchema(_Part):
    """The schema of one plant; see the module's docstring. Immutable; what it derives is computed once."""

    name: Name
    label: Label = ""
    label_ko: Label = ""
    features: tuple[Feature, ...] = Field(min_length=1)
    item: ItemDisplay = ItemDisplay()
    item_columns: tuple[Column, ...] = ()
    routing: RoutingRoles = RoutingRoles()
    routing_columns: tuple[Column, ...] = ()
    results: ResultRoles = ResultRoles()
    results_columns: tuple[Column, ...] = ()
    weight_profiles: dict[Name, WeightProfile] = {}
    output: OutputNames = OutputNames()

    @cached_property
    def feature_by_name(self) -> dict[str, Feature]:
        """Features by name, in order."""
        return {feature.name: feature for feature in self.features}

    @cached_property
    def unit_features(self) -> frozenset[str]:
        """Columns that hold the unit of a size."""
        return frozenset(feature.unit_from for feature in self.features if feature.unit_from)

    @cached_property
    def weights(self) -> dict[str, float]:
        """The plant's weight of each feature."""
        return {feature.name: feature.weight for feature in self.features}

    @cached_property
    def active(self) -> dict[str, bool]:
        """Whether each feature takes part."""
        return {feature.name: feature.active for feature in self.features}

    @cached_property
    def size_units(self) -> dict[str, str]:
        """Size -> column that holds its unit row by row."""
        return {feature.name: feature.unit_from for feature in self.features if feature.unit_from}

    @cached_property
    def tables(self) -> dict[str, dict[str, ColumnType]]:
        """Table -> internal column -> type, in order."""
        return {role: self._columns(role) for role in ROLES}

    def columns(self, role: str) -> dict[str, ColumnType]:
        """Internal columns of a table with their types, in order."""
        return self.tables[role]

    def _columns(self, role: str) -> dict[str, ColumnType]:
        found: dict[str, ColumnType] = {}
        if role == FEATURES:
            found = {ITEM_CODE: ColumnType.TEXT}
            found |= {feature.name: COLUMN_OF_KIND[feature.kind] for feature in self.features}
            found |= {name: ColumnType.TEXT for name in self.unit_features if name not in found}
            return found | {column.name: column.type for column in self.item_columns}
        own = {column.name: column.type for column in getattr(self, f"{role}_columns")}
        known = self.role_columns(role)
        return {name: kind for name, kind in known.items() if name not in own} | own

    def role_columns(self, role: str) -> dict[str, ColumnType]:
        """Columns of the routing or the results that play a role, with the type that it needs."""
        text, number, moment = ColumnType.TEXT, ColumnType.NUMBER, ColumnType.DATETIME
        if role == RESULTS:
            results = self.results
            named = {results.operation_code: text, results.setup: number, results.run: number, results.reported: moment}
        else:
            roles = self.routing
            named = {roles.number: text, roles.entered: moment}
            units = (roles.time_unit, roles.setup_unit, roles.run_unit)
            named |= dict.fromkeys((*roles.jobs, roles.machine, roles.machine_name, *units), text)
            named |= dict.fromkeys((*roles.all_times, roles.base_quantity), number)
            named |= {roles.valid_from: moment, roles.valid_to: moment, roles.subcontractor: text}
        named.pop("", None)
        return {ITEM_CODE: text, SEQUENCE: ColumnType.INTEGER, **named}

    def output_name(self, column: str) -> str:
        """Name under which a column of the routing table goes out."""
        return self.output.aliases.get(column, column)

    @cached_property
    def output_aliases(self) -> dict[str, str]:
        """Output column -> internal column of the routing table, where they differ."""
        return {output: column for column, output in self.output.aliases.items()}

    @cached_property
    def job_outputs(self) -> tuple[str, ...]:
        """Names under which operations carry what tells them apart first: that of the output, then that of the table."""
        code = self.routing.jobs[0]
        return tuple(dict.fromkeys((self.output_name(code), code)))

    @cached_property
    def operation_outputs(self) -> tuple[str, ...]:
        """Output columns of an operation, the sequence first."""
        if self.output.columns:
            return (SEQUENCE, *(name for name in self.output.columns if name not in (*OF_ROUTING, SEQUENCE)))
        hidden = {ITEM_CODE, SEQUENCE, self.routing.number, self.routing.entered}
        named = [self.output_name(name) for name in self.columns(ROUTING) if name not in hidden]
        return (SEQUENCE, *named)

    @cached_property
    def output_columns(self) -> tuple[str, ...]:
        """Every output column of a prediction, in order."""
        return self.output.columns or (*_BEFORE, *self.operation_outputs, *_AFTER)

    @cached_property
    def summary_outputs(self) -> tuple[str, ...]:
        """Output columns of an operation where not everything is asked for."""
        return self.output.summary or self.operation_outputs

    @cached_property
    def number_outputs(self) -> frozenset[str]:
        """Output columns of an operation that hold numbers."""
        kinds = self.columns(ROUTING)
        own = {n for n, kind in kinds.items() if kind is ColumnType.NUMBER and n not in self.output.as_text}
        return frozenset(map(self.output_name, own))

    @cached_property
    def labels(self) -> dict[str, tuple[str, str]]:
        """Internal column of any table -> what people call it in English and Korean; only those that are called otherwise."""
        columns: tuple[Feature | Column, ...] = (
            *self.features,
            *self.item_columns,
            *self.routing_columns,
            *self.results_columns,
        )
        called: dict[str, tuple[str, str]] = {}
        for one in columns:
            if called.get(one.name, (one.name, one.name)) == (
                one.name,
                one.name,
            ):  # another table may say no more than the name
                called[one.name] = (one.label or one.name, one.label_ko or one.label or one.name)
        return called

    def label_of(self, column: str, language: str = "en") -> str:
        """What people call a column."""
        english, korean = self.labels.get(column, (column, column))
        return korean if language == "ko" else english

    def item_label(self, column: str) -> str:
        """What an item's sheet calls a column."""
        return self.output.item_labels.get(column, column) if self.output.item_labels else self.label_of(column, "ko")

    @cached_property
    def profiles(self) -> dict[str, WeightProfile]:
        """The weight profiles, among them those that screens and clients of every plant know by name."""
        shapes = [one.name for one in self.features if one.kind in (FeatureKind.SIZE, FeatureKind.NUMBER)]
        usual = {
            name: WeightProfile(
                label=said["label"],
                label_ko=said["label_ko"],
                factors=dict.fromkeys(shapes, said["shapes"]),
                otherwise=said["otherwise"],
            )
            for name, said in _USUAL_PROFILES.items()
        }
        return {**usual, **self.weight_profiles}

    def to_json(self) -> str:
        """As JSON text."""
        return self.model_dump_json(exclude_defaults=True)

    def cannot_serve(self, other: PlantSchema) -> str:
        """Why a version trained with this schema cannot serve with a profile of another; "" when it can."""
        for feature in self.features:
            if feature.kind is FeatureKind.IDENTITY or not feature.active:
                continue
            found = other.feature_by_name.get(feature.name)
            named = {"feature": feature.name, "plant": self.name, "other": other.name}
            if found is None:
                return notice(
                    "SCHEMA_DIFFERS",
                    "it was trained on the feature {feature} of {plant}, which {other} does not have",
                    **named,
                )
            if found.kind is not feature.kind or found.unit_from != feature.unit_from:
                return notice(
                    "SCHEMA_DIFFERS",
                    "it was trained on {feature} as a {kind}; {other} has it as a {other_kind}",
                    kind=feature.kind,
                    other_kind=found.kind,
                    **named,
                )
        return ""
