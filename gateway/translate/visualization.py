"""The visualisation part of a prediction's metrics: where the embedding of the active version can be seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gateway.plant_state import PlantState
from plant.settings.erp_interface import is_web_address

PROJECTOR_FOLDER = "tb_projector"
PROJECTOR_FILES = ("projector_config.json", "vectors.tsv", "metadata.tsv")
NEO4J_NOTE = "Nothing is exported to Neo4j: the address leads to the plant's own browser, where it has one"
PROJECTOR_PATH = "/api/visualization/projector"


def projector_folder(plant: PlantState) -> Path | None:
    """Folder of the active version's Projector export; None when it has none."""
    if plant.active is None:
        return None
    folder = Path(plant.active.artifact_dir) / PROJECTOR_FOLDER
    return folder if all((folder / name).is_file() for name in PROJECTOR_FILES) else None


def web_address(text: object) -> str | None:
    """An address that a browser opens as a page; None for what an older version stored and a browser would run."""
    return text if isinstance(text, str) and is_web_address(text.strip()) else None


def visualization_of(plant: PlantState) -> dict[str, Any]:
    """What the settings say about visualisation, and what of it really is there."""
    section = plant.section("visualization")
    folder = projector_folder(plant) if section.get("projector_enabled", True) else None
    return {
        "tensorboard_projector_dir": section.get("tensorboard_projector_dir"),
        "projector_enabled": bool(section.get("projector_enabled", True)),
        "projector_available": folder is not None,
        "projector_path": str(folder) if folder else None,
        "projector_url": f"{PROJECTOR_PATH}/{PROJECTOR_FILES[0]}" if folder else None,
        "projector_metadata_columns": section.get("projector_metadata_columns", []),
        "neo4j_enabled": bool(section.get("neo4j_enabled", True)),
        "neo4j_available": False,
        "neo4j_note": NEO4J_NOTE if section.get("neo4j_enabled", True) else None,
        "neo4j_browser_url": web_address(section.get("neo4j_browser_url")),
        "neo4j_workspace": section.get("neo4j_workspace"),
        "publish_service_enabled": bool(section.get("publish_service_enabled", True)),
        "publish_notes": section.get("publish_notes"),
    }
