"""The plant's schema that a version stores."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from common.errors import DataProblem
from plant.mechanical_seals import MECHANICAL_SEALS
from plant.schema import PlantSchema
from trained.artifacts import Manifest
from trained.artifacts.json_files import read_json_object


def schema_of(manifest: Manifest, folder: Path) -> PlantSchema:
    """The plant's schema that a version was trained with; the mechanical seal plant's where it stores none.

    Raises:
        DataProblem: the stored schema cannot be used.
    """
    artifact = manifest.artifacts.get("plant_schema")
    if artifact is None:
        return MECHANICAL_SEALS
    path = artifact.file(folder)
    try:
        return PlantSchema.model_validate(read_json_object(path))
    except ValidationError as error:
        raise DataProblem(
            f"{path} holds no schema of a plant ({error.errors(include_url=False)[0]['msg']}): restore it from a backup, or train again",
            reason="ARTIFACT_UNUSABLE",
            details={"path": path},
        ) from None
