"""Changing a settings document: a patch is merged section by section, checked as a whole, and what differs is listed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

import orjson
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from common.errors import InvalidInput
from plant.settings.document import PlantSettings
from plant.settings.violations import UNKNOWN_NAME, Violation, refuse

READ_ONLY = {("graph", "last_saved")}
"""What answers carry and clients may send back; it is not theirs to change."""


@dataclass(frozen=True)
class Change:
    """One difference between two documents; a value that is absent is None."""

    path: str
    before: Any
    after: Any

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"path": self.path, "before": self.before, "after": self.after}


def merge(document: PlantSettings, patch_json: str | bytes, *, now: str) -> PlantSettings:
    """The document with the fields that the patch names; what it does not name stays. Nothing is changed in place.

    Sections and fields that are not known are ignored. A null for a field that cannot be absent leaves it as it is. Lists and mappings
    are replaced whole, but `blueprint_switches`, whose entries are matched by id. A newly chosen `active_profile` brings its aliases
    along unless the patch names aliases too.

    Args:
        patch_json: a JSON object, section -> field -> value.
        now: ISO time for `graph.last_saved`.

    Raises:
        InvalidInput: no JSON object, no section named (reason SETTINGS_UNKNOWN_NAME), or the merged document is not valid.
    """
    patch = _read(patch_json)
    merged = document.to_dict()
    violations: list[Violation] = []
    for section, fields in patch.items():
        if not isinstance(fields, Mapping):
            violations.append(Violation((section,), "a section is a JSON object"))
        else:
            violations.extend(_merge_section(section, merged[section], fields))
    if violations:
        raise refuse(violations)
    sql = patch.get("sql", {})
    if (
        sql.get("active_profile")
        and sql.get("column_aliases") is None
        and sql["active_profile"] != document.sql.active_profile
    ):
        chosen = [
            p for p in merged["sql"]["profiles"] if isinstance(p, Mapping) and p.get("name") == sql["active_profile"]
        ]
        if chosen:
            merged["sql"]["column_aliases"] = dict(chosen[0].get("mapping") or {})
    graph = patch.get("graph", {})
    if graph.get("nodes") is not None or graph.get("edges") is not None:
        merged["graph"]["last_saved"] = now
    return PlantSettings.of(merged)


def _read(patch_json: str | bytes) -> dict[str, Any]:
    try:
        patch = orjson.loads(patch_json)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"The change is not JSON ({error})", reason="SETTINGS_INVALID") from None
    if not isinstance(patch, dict):
        raise InvalidInput("The change is not a JSON object", reason="SETTINGS_INVALID")
    named = {
        name: fields for name, fields in patch.items() if fields is not None and name in PlantSettings.model_fields
    }
    if not named:
        raise InvalidInput(
            "The change names no section, so there is nothing to do: name at least one", reason=UNKNOWN_NAME
        )
    return named


def _merge_section(section: str, target: dict[str, Any], fields: Mapping[str, Any]) -> Iterator[Violation]:
    model = PlantSettings.model_fields[section].annotation
    assert isinstance(model, type)
    assert issubclass(model, BaseModel)
    for name, value in fields.items():
        if (section, name) in READ_ONLY or name not in model.model_fields:
            continue
        if value is None and not _may_be_absent(model.model_fields[name]):
            continue
        elif (section, name) == ("data_source", "blueprint_switches") and isinstance(value, list):
            target[name], unknown = _merge_switches(target[name], value)
            yield from unknown
        else:
            target[name] = value


def _may_be_absent(field: FieldInfo) -> bool:
    return type(None) in get_args(field.annotation)


def _merge_switches(present: list[dict[str, Any]], changes: list[Any]) -> tuple[list[Any], list[Violation]]:
    merged = {switch["id"]: dict(switch) for switch in present}
    unknown: list[Violation] = []
    for position, change in enumerate(changes):
        path = ("data_source", "blueprint_switches", position)
        if not isinstance(change, Mapping) or not isinstance(change.get("id"), str):
            unknown.append(Violation((*path, "id"), "a switch is named by its id"))
        elif change["id"] in merged:
            merged[change["id"]].update({key: value for key, value in change.items() if value is not None})
        elif "label" in change and "enabled" in change:
            merged[change["id"]] = dict(change)
        else:
            unknown.append(Violation((*path, "id"), f"{change['id']} is not one of the switches", "name"))
    return list(merged.values()), unknown


def difference(before: PlantSettings, after: PlantSettings) -> list[Change]:
    """What differs, in the order of the document. Lists of things with an id or a name are compared thing by thing."""
    return list(_differences("", before.to_dict(), after.to_dict()))


def _differences(path: str, before: Any, after: Any) -> Iterator[Change]:
    if before == after and type(before) is type(after):
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from _differences(f"{path}.{key}" if path else key, before.get(key), after.get(key))
        return
    if isinstance(before, list) and isinstance(after, list):
        old, new = _by_name(before), _by_name(after)
        if old is not None and new is not None:
            changes = [
                change
                for key in [*old, *(key for key in new if key not in old)]
                for change in _differences(f"{path}[{key}]", old.get(key), new.get(key))
            ]
            if changes:
                yield from changes
                return
    yield Change(path, before, after)


def _by_name(values: list[Any]) -> dict[str, Any] | None:
    """The values by id or name when each has a unique one."""
    if not all(isinstance(value, dict) for value in values):
        return None
    for key in ("id", "name"):
        named = {str(value[key]): value for value in values if value.get(key)}
        if len(named) == len(values):
            return named
    return None
