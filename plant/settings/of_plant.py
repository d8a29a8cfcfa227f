"""What of the settings document follows the plant: the columns of results, the tables of the source, what goes with exported vectors.

A field that nobody has changed has the value of the plant whose input profile is active. One that somebody has changed keeps what the
plant has too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from plant.input_profile import InputProfile
from plant.mechanical_seals import PROJECTOR_COLUMNS, TABLES, is_of_seals
from plant.schema import FEATURES, ITEM_CODE, KEYS, OPTIONAL_TABLES, ROLES, PlantSchema
from plant.settings.defaults import TABLE_PROFILES
from plant.settings.document import PlantSettings


def projector_columns(plant: PlantSchema) -> tuple[str, ...]:
    """Columns of the items that go with exported vectors where nobody has chosen others: code, name and hierarchy."""
    if is_of_seals(plant):
        return PROJECTOR_COLUMNS
    return tuple(dict.fromkeys((ITEM_CODE, *filter(None, (plant.item.name, *plant.item.levels)))))


def settings_of(profile: InputProfile) -> dict[str, dict[str, Any]]:
    """Section -> field -> value of a plant whose settings nobody has changed; only the fields that follow the plant."""
    plant = profile.plant
    columns = list(plant.output_columns)
    tables = _tables(profile)
    source: dict[str, Any] = {"table_profiles": tables}
    if tables:
        source["default_table"] = tables[0]["name"]
    return {
        "sql": {
            "output_columns": columns,
            "available_columns": columns,
            "column_aliases": dict(plant.output.aliases),
        },
        "data_source": source,
        "visualization": {"projector_metadata_columns": list(projector_columns(plant))},
    }


def _tables(profile: InputProfile) -> list[dict[str, Any]]:
    """The tables of the source that the profile reads, items first; what queries join has no name in the source."""
    names = {str(role): name.strip() for role, name in profile.tables.items()}
    if is_of_seals(profile.plant) and names == TABLES:
        return TABLE_PROFILES
    return [
        {
            "name": names[role],
            "label": "",
            "role": role,
            "required": role not in OPTIONAL_TABLES,
            "columns": [source for name in KEYS[role] if (source := profile.source_column(role, name))],
            "description": None,
        }
        for role in ROLES
        if names.get(role) and names[role] not in profile.queries
    ]


def of_plant(document: PlantSettings, before: InputProfile, after: InputProfile) -> PlantSettings:
    """The document once the input profile `after` has taken the place of `before`.

    Raises:
        InvalidInput: what somebody has changed does not fit a rule any more.
    """
    content = document.to_dict()
    old, new = settings_of(before), settings_of(after)
    known = {
        "output_columns": new["sql"]["available_columns"],
        "projector_metadata_columns": list(after.plant.columns(FEATURES)),
    }
    for section, fields in new.items():
        for name, value in fields.items():
            present = content[section][name]
            if present == old[section].get(name):
                content[section][name] = value
            elif name in known:
                content[section][name] = [one for one in present if one in known[name]] or value
            elif name in ("available_columns", "column_aliases"):
                content[section][name] = value
    content["sql"]["profiles"] = _fitting(content["sql"]["profiles"], content["sql"]["available_columns"])
    return PlantSettings.of(content)


def _fitting(profiles: Sequence[Mapping[str, Any]], available: Sequence[str]) -> list[dict[str, Any]]:
    """Column profiles without the aliases of columns that the plant does not have."""
    return [
        {**one, "mapping": {alias: column for alias, column in one["mapping"].items() if column in available}}
        for one in profiles
    ]
