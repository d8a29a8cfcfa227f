"""What a plant starts with: the columns, profiles, tables and switches of the settings document before anybody changed it."""

from __future__ import annotations

from typing import Any, Final

from plant.mechanical_seals import MECHANICAL_SEALS, SETTINGS, TABLES
from plant.schema import FEATURES

OUTPUT_COLUMNS: Final = MECHANICAL_SEALS.output_columns
"""Columns that a prediction can put out, in order."""

COLUMN_ALIASES: Final = MECHANICAL_SEALS.output.aliases
"""Other names of output columns, as the plant calls them."""

DEFAULT_TABLE: Final = TABLES[FEATURES]

PROFILE_NAME: Final[str] = SETTINGS["column_profile"]["name"]
PROFILE_DESCRIPTION: Final[str] = SETTINGS["column_profile"]["description"]
PROFILE_DESCRIPTION_EN: Final[str] = SETTINGS["column_profile"]["description_en"]
TABLE_PROFILES: Final[list[dict[str, Any]]] = SETTINGS["table_profiles"]
"""Tables of the source."""

BLUEPRINT_SWITCHES: Final[list[dict[str, Any]]] = SETTINGS["blueprint_switches"]
PUBLISH_NOTES: Final[str] = SETTINGS["publish_notes"]

SHADING_PALETTE: Final[dict[str, str]] = {
    "allowed": "oklch(0.94 0.04 235)",
    "restricted": "oklch(0.88 0.03 235)",
    "disabled": "oklch(0.78 0.02 235)",
    "highlight": "oklch(0.70 0.08 235)",
}
