"""An input profile made of what was found in a source: schema, tables or queries, columns, units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from common.sql_names import quoted
from plant.columns import ColumnType
from plant.formats import SIZES_WITH_UNITS
from plant.input_profile import InputProfile, ProfileColumn
from plant.schema import (
    FEATURES,
    ITEM_CODE,
    RESULTS,
    ROUTING,
    SEQUENCE,
    Feature,
    FeatureKind,
    ItemDisplay,
    PlantSchema,
    ResultRoles,
    RoutingRoles,
)
from plant.units import INTERNAL, SIZE, TIME, find_unit
from source.suggestion.facts import ColumnFacts, Shape
from source.suggestion.items import FeatureFound
from source.suggestion.operations import OperationsFound
from source.suggestion.queries import rows_of
from source.suggestion.suggestion import Suggestion
from source.suggestion.time_columns import TIME_ROLES, UNIT_OF_SPELLING, TimeColumn

ITEMS_QUERY, OPERATIONS_QUERY = "items (query)", "operations (query)"
TIME_UNIT, BASE_QUANTITY = "TIME_UNIT", "BASE_QUANTITY"
KINDS: Final[Mapping[str, FeatureKind]] = {kind.value: kind for kind in FeatureKind}


def draft_profile(found: Suggestion, name: str) -> InputProfile:
    """The profile of a suggestion. Internal columns are called as the source calls them; roles by the names of the contract."""
    operations = found.operations
    columns = list(_operation_columns(found))
    roles = _routing_roles(operations, {column.internal for column in columns})
    features, display, item_columns = _items(found)
    tables = {FEATURES: "", ROUTING: operations.table.name, RESULTS: ""}
    queries: dict[str, str] = {}
    if found.items is not None:
        tables[FEATURES] = found.items.table.name
        if found.item_sql:
            tables[FEATURES], queries[ITEMS_QUERY] = ITEMS_QUERY, found.item_sql
    else:
        tables[FEATURES], queries[ITEMS_QUERY] = ITEMS_QUERY, items_of_operations(operations)
    if found.operation_sql:
        tables[ROUTING], queries[OPERATIONS_QUERY] = OPERATIONS_QUERY, found.operation_sql
    results, result_columns = _results(found.results)
    if found.results is not None:
        tables[RESULTS] = found.results.table.name
    schema = PlantSchema(name=name, features=features, item=display, routing=roles, results=results)
    return InputProfile(
        name=name,
        description="",
        tables=tables,
        queries=queries,
        plant=schema,
        columns=(*item_columns, *columns, *result_columns),
    )


def items_of_operations(operations: OperationsFound) -> str:
    """SQL for the items where only their operations are known: one row an item with what all its operations say alike."""
    item = quoted(operations.path.column.name)
    return f"SELECT DISTINCT {item} FROM {rows_of(operations.table)} WHERE {item} IS NOT NULL"  # noqa: S608 - runs in a locked database


def _items(found: Suggestion) -> tuple[tuple[Feature, ...], ItemDisplay, list[ProfileColumn]]:
    if found.items is None:
        code = found.operations.path.column.name
        feature = Feature(name=code if code != ITEM_CODE else "CODE", kind=FeatureKind.TEXT)
        columns = [
            _column(ITEM_CODE, FEATURES, code, ColumnType.TEXT),
            _column(feature.name, FEATURES, code, ColumnType.TEXT),
        ]
        return (feature,), ItemDisplay(name=feature.name), columns
    features: list[Feature] = []
    columns = []
    display: dict[str, str] = {}
    levels: dict[int, str] = {}
    for one in found.items.features:
        if one.kind == "identity":
            columns.append(_column(ITEM_CODE, FEATURES, one.column, ColumnType.TEXT))
            continue
        facts = found.items.table.columns.get(one.column)
        feature, extra = _feature(one, facts.spelled if facts is not None else "")
        features.append(feature)
        columns += extra
        if one.display:
            display[one.display] = feature.name
        if one.level:
            levels[one.level] = feature.name
    if not features:
        feature = Feature(name="CODE", kind=FeatureKind.TEXT)
        features.append(feature)
        columns.append(_column(feature.name, FEATURES, found.items.key.name, ColumnType.TEXT))
    return tuple(features), ItemDisplay(**display, levels=tuple(levels[level] for level in sorted(levels))), columns


def _feature(one: FeatureFound, spelled: str) -> tuple[Feature, list[ProfileColumn]]:
    kind = KINDS[one.kind]
    name = one.column if one.column.upper() != ITEM_CODE else f"{one.column} 2"
    unit = INTERNAL[SIZE] if spelled == SIZES_WITH_UNITS else one.unit
    if spelled == SIZES_WITH_UNITS and kind is FeatureKind.NUMBER:
        kind = FeatureKind.SIZE
    if kind is FeatureKind.SIZE and find_unit(unit or "") is None and one.unit_column is None:
        kind = FeatureKind.NUMBER
    kind_column = {FeatureKind.DATE: ColumnType.DATETIME}.get(
        kind, ColumnType.NUMBER if kind in (FeatureKind.NUMBER, FeatureKind.SIZE, FeatureKind.FLAG) else ColumnType.TEXT
    )
    spelled = spelled if kind_column is not ColumnType.TEXT else ""
    columns = [_column(name, FEATURES, one.column, kind_column, unit if kind is FeatureKind.SIZE else None, spelled)]
    if kind is FeatureKind.SIZE and one.unit_column is not None:
        columns.append(_column(one.unit_column, FEATURES, one.unit_column, ColumnType.TEXT))
    return Feature(name=name, kind=kind, unit_from=one.unit_column if kind is FeatureKind.SIZE else None), columns


def _operation_columns(found: Suggestion) -> Iterator[ProfileColumn]:
    operations, added = found.operations, found.operation_sql_columns
    roles = RoutingRoles()
    yield _column(ITEM_CODE, ROUTING, added.get("item", operations.path.column.name), ColumnType.TEXT)
    sequence = added.get("sequence") or (operations.sequence.name if operations.sequence else "")
    yield _column(SEQUENCE, ROUTING, sequence, ColumnType.INTEGER)
    named: list[tuple[str, ColumnFacts | None, str]] = [
        (roles.number, operations.routing_number, ""),
        (roles.operation_code, operations.operation, ""),
        (roles.operation_name, operations.operation_name, added.get("operation_name", "")),
        (roles.machine, operations.machine, ""),
        (roles.machine_name, operations.machine_name, added.get("machine_name", "")),
        ("SUBCONTRACTOR", operations.subcontracting, ""),
    ]
    for internal, column, looked_up in named:
        source = column.name if column is not None else looked_up
        if source:
            yield _column(internal, ROUTING, source, ColumnType.TEXT)
    for internal, column in (
        (roles.valid_from, operations.valid_from),
        (roles.valid_to, operations.valid_to),
        (roles.entered, operations.start),
    ):
        if column is not None and column.shape is Shape.DATE:
            yield _column(internal, ROUTING, column.name, ColumnType.DATETIME, spelled=column.spelled)
    for time in operations.times:
        if time.role in added:
            yield _column(getattr(roles, time.role), ROUTING, added[time.role], ColumnType.NUMBER, INTERNAL[TIME])
        else:
            yield _column(
                getattr(roles, time.role),
                ROUTING,
                time.column.name,
                ColumnType.NUMBER,
                _unit_of(time),
                time.column.spelled,
            )
    units = {
        time.unit_column.name for time in operations.times if time.unit_column is not None and time.role not in added
    }
    for unit in units:
        yield _column(TIME_UNIT, ROUTING, unit, ColumnType.TEXT)
    if operations.base_quantity is not None:
        yield _column(BASE_QUANTITY, ROUTING, operations.base_quantity.name, ColumnType.NUMBER)
    for role in (role for role in TIME_ROLES if role in added and not operations.times):
        yield _column(getattr(roles, role), ROUTING, added[role], ColumnType.NUMBER, INTERNAL[TIME])


def _unit_of(time: TimeColumn) -> str | None:
    """Unit of a column of times; durations with a colon are hours, those that say their unit minutes, whatever unit their name states."""
    return UNIT_OF_SPELLING.get(time.column.spelled) or time.unit


def _routing_roles(operations: OperationsFound, internal: set[str]) -> RoutingRoles:
    """The usual roles without those for which the source has no column."""
    usual = RoutingRoles().model_dump()
    given = {role: name if name in internal else "" for role, name in usual.items() if isinstance(name, str)}
    given |= {role: usual[role] for role in ("operation_code", "run", "idle", "current")}
    if operations.subcontracting is not None:
        given["subcontractor"] = "SUBCONTRACTOR"
    given["time_unit"] = TIME_UNIT if TIME_UNIT in internal else ""
    given["base_quantity"] = BASE_QUANTITY if BASE_QUANTITY in internal else ""
    return RoutingRoles(**given)


def _results(found: OperationsFound | None) -> tuple[ResultRoles, list[ProfileColumn]]:
    roles = ResultRoles()
    if found is None or found.sequence is None:
        return roles, []
    columns = [
        _column(ITEM_CODE, RESULTS, found.path.column.name, ColumnType.TEXT),
        _column(SEQUENCE, RESULTS, found.sequence.name, ColumnType.INTEGER),
    ]
    if found.operation is not None:
        columns.append(_column(roles.operation_code, RESULTS, found.operation.name, ColumnType.TEXT))
    for time in found.times:
        if time.role in ("setup", "run"):
            columns.append(
                _column(
                    getattr(roles, time.role),
                    RESULTS,
                    time.column.name,
                    ColumnType.NUMBER,
                    _unit_of(time),
                    time.column.spelled,
                )
            )
    return roles, columns


def _column(
    internal: str, role: str, source: str, kind: ColumnType, unit: str | None = None, spelled: str = ""
) -> ProfileColumn:
    return ProfileColumn.model_validate(
        {
            "internal": internal,
            "role": role,
            "source": source,
            "type": kind.value,
            "unit": unit,
            "format": spelled,
            "required": internal in (ITEM_CODE, SEQUENCE),
        }
    )
