"""The plant's schema to the body of `/api/plant`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plant.input_profile import InputProfile
from plant.schema import PlantSchema
from protos.plants.v1 import plants_pb2 as pb


def plant(profile: str, schema: PlantSchema, units: Mapping[str, str]) -> dict[str, Any]:
    """The schema as screens need it.

    Args:
        profile: name of the active input profile.
        units: item columns that it converts, and the unit that they are in then.
    """
    shown = ("name", "drawing", "revision", "specification", "details", "material", "levels")
    return {
        "name": schema.name,
        "profile": profile,
        **_words(schema.label or schema.name, schema.label_ko),
        "features": [
            {
                "name": feature.name,
                "kind": str(feature.kind),
                "group": feature.group,
                "unit_from": feature.unit_from,
                "weight": feature.weight,
                "active": feature.active,
                "label": feature.called("en"),
                "label_ko": feature.called("ko"),
            }
            for feature in schema.features
        ],
        "columns": {name: _words(english, korean) for name, (english, korean) in schema.labels.items()},
        "item": schema.item.model_dump(mode="json", include=set(shown)),
        "weight_profiles": {
            name: _words(profile.label or name, profile.label_ko) for name, profile in schema.profiles.items()
        },
        "units": {name: unit for name, unit in units.items() if name not in schema.size_units},
        "output_columns": list(schema.output_columns),
    }


def choice(plant: pb.Plant) -> dict[str, Any]:
    """A plant that can serve here."""
    return {
        "name": plant.name,
        **_words(plant.label, plant.label_ko),
        "about": plant.about,
        "about_ko": plant.about_ko,
        "path": plant.path,
        "profile": InputProfile.read(plant.profile_json).name,
        "serving": plant.serving,
        "version_name": plant.version_name or None,
    }


def _words(label: str, label_ko: str) -> dict[str, str]:
    return {"label": label, "label_ko": label_ko or label}
