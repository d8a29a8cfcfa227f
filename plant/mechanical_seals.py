"""The mechanical seal plant: its schema, the names of its Access views, and what its clients have been told since the first of them.

All of it is data (`mechanical_seals.json`). Versions that were trained before versions stored a schema are of this plant, and so are input
profiles of the first format.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from plant.schema import FEATURES, RESULTS, ROUTING, PlantSchema

_DATA: Final[dict[str, Any]] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))

TABLES: Final[dict[str, str]] = _DATA["tables"]
"""Role of a table -> its name at the plant."""

FILE_TABLES: Final[dict[str, str]] = {file: TABLES[role] for file, role in _DATA["files"].items()}
"""Name of a file of a folder, without ending -> the Access view that it stands for."""

MECHANICAL_SEALS: Final = PlantSchema.model_validate(_DATA["schema"])

REQUIRED: Final[dict[str, frozenset[str]]] = {
    FEATURES: frozenset(MECHANICAL_SEALS.columns(FEATURES)) - {column.name for column in MECHANICAL_SEALS.item_columns},
    ROUTING: frozenset(_DATA["required"][ROUTING]),
    RESULTS: frozenset(_DATA["required"][RESULTS]),
}
"""Role -> columns that the built-in profile requires."""

REQUIRED_OF_TABLE: Final = {TABLES[role]: columns for role, columns in REQUIRED.items()}
"""View -> columns that the built-in profile requires of it."""

INPUT_PROFILE: Final[dict[str, str]] = _DATA["input_profile"]
"""Name and descriptions of the built-in profile."""

PROJECTOR_COLUMNS: Final = tuple(_DATA["projector_columns"])
"""Columns that go with the vectors of a TensorBoard Projector export."""

SETTINGS: Final[dict[str, Any]] = _DATA["settings"]
"""What the settings document holds before anybody has changed it, in the plant's words: tables, column profile, switches, a note."""

SHEET_WIDTHS: Final[dict[str, str]] = _DATA["sheet_widths"]
"""Item column -> width of its column in an item's sheet, by the contract with the first clients."""

CLIENT_TEXTS: Final[dict[str, str]] = _DATA["client_texts"]
"""What clients of the first contract get to read: the label of items without a group, the answer to a registration."""


def is_of_seals(schema: PlantSchema) -> bool:
    """Whether a schema is this plant's, whatever its columns are called for people: older programs stored fewer labels."""
    return schema == MECHANICAL_SEALS or _unlabelled(schema) == _unlabelled(MECHANICAL_SEALS)


def with_labels(schema: PlantSchema) -> PlantSchema:
    """The same schema; this plant's, as an older program stored it or somebody has changed it since, with the labels that its columns have
    today where it has none."""
    if schema == MECHANICAL_SEALS or schema.name != MECHANICAL_SEALS.name:
        return schema
    content = schema.model_dump(exclude_defaults=True)
    for part in _LABELLED:
        for column in content.get(part, ()):
            english, korean = MECHANICAL_SEALS.labels.get(column["name"], ("", ""))
            column["label"], column["label_ko"] = column.get("label") or english, column.get("label_ko") or korean
    return PlantSchema.model_validate(content)


_LABELLED: Final = ("features", "item_columns", "routing_columns", "results_columns")


def _unlabelled(schema: PlantSchema) -> dict[str, Any]:
    content = schema.model_dump()
    for part in _LABELLED:
        for column in content[part]:
            del column["label"], column["label_ko"]
    return content
