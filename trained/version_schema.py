"""The plant's schema that a version stores, and reading the JSON files of a version."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from common.errors import DataProblem
from plant.mechanical_seals import MECHANICAL_SEALS
from plant.schema import PlantSchema
from trained.artifacts import Manifest


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


def read_json_object(path: Path) -> dict[str, Any]:
    """A JSON object from a file.

    Raises:
        DataProblem: it cannot be read or is no JSON object.
    """
    try:
        data = path.read_bytes()
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp949")  # as Python writes text on a Korean Windows when it is not told otherwise
        document = json.loads(text)
    except (OSError, ValueError) as error:
        raise DataProblem(
            f"{path} cannot be read ({error}): restore it from a backup", details={"path": path}
        ) from error
    if not isinstance(document, dict):
        raise DataProblem(f"{path} holds no JSON object: restore it from a backup", details={"path": path})
    return document
