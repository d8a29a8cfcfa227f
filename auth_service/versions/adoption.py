"""Adopting artifacts that came from elsewhere: the only thing that is written is a manifest, where the folder has none.

Folders under the models folder get it beside their artifacts when they can be written; folders elsewhere are never written to, theirs
goes to the state folder.
"""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from auth_service.versions.registry import VersionFiles, accept_version_name, look_at
from common.errors import PreconditionFailed
from common.files import is_folder
from trained.artifacts import Artifact, describe_file, write_manifest
from trained.artifacts.manifest import FILE_NAME
from trained.artifacts.rules import artifact_rules

NEEDED = ("similarity_engine", "encoder", "feature_columns")
"""Without these nothing can be searched; which others a lineage needs is for its loader to say."""


@dataclass(frozen=True)
class Adopted:
    """A folder that can be registered: name, files, time of its training (seconds since 1970 UTC; 0 when unknown)."""

    name: str
    files: VersionFiles
    trained_at: float


def adopt(folder: Path, name: str, *, models: Path, derived: Path) -> Adopted:
    """Find or write the manifest of a folder. Reads every artifact: not on the event loop.

    Args:
        name: of the version; "": the folder's.
        models: folder of the installation's own versions.
        derived: folder of what is derived from versions that may not be written.

    Raises:
        PreconditionFailed: no such folder, or it lacks an artifact.
        InvalidInput: the name cannot be used.
        DataProblem: its manifest cannot be used.
        OSError: the manifest cannot be written.
    """
    folder = folder.absolute()
    if not is_folder(folder):
        raise PreconditionFailed(
            f"There is no folder {folder}: name the folder that holds the artifacts", reason="ARTIFACT_MISSING"
        )
    name = accept_version_name(name or folder.resolve().name)
    path = folder / FILE_NAME
    if not path.is_file():
        own = folder.resolve().is_relative_to(models.resolve()) and may_be_written(folder)
        path = path if own else derived.absolute() / name / FILE_NAME
        path.parent.mkdir(parents=True, exist_ok=True)
        write_manifest(path, describe_folder(folder), metadata={"adopted_from": str(folder)})
    files = look_at(folder, path)
    return Adopted(name, files, trained_at(files))


def may_be_written(folder: Path) -> bool:
    """Whether the folder is meant to be written to; a read-only one is not, even where an administrator could."""
    return os.access(folder, os.W_OK) and bool(folder.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))


def describe_folder(folder: Path) -> dict[str, Artifact]:
    """The artifacts of a folder that has no manifest, by the names that versions have always had.

    Raises:
        PreconditionFailed: those that every version needs are not there.
    """
    rules = artifact_rules().artifacts
    found = {
        rule.name: describe_file(folder, rule.path, rule.name, rule.schema_version)
        for rule in rules
        if folder.joinpath(rule.path).is_file()
    }
    lacking = [rule.path for rule in rules if rule.name in NEEDED and rule.name not in found]
    if lacking:
        raise PreconditionFailed(
            f"{folder} lacks {', '.join(lacking)}: it holds no complete version; copy the files from where it was trained",
            reason="ARTIFACT_MISSING",
        )
    return found


def trained_at(files: VersionFiles) -> float:
    """When a version was trained, by its metadata; seconds since 1970 UTC, 0 when they do not say."""
    meta = files.manifest.role("meta")
    if meta is None:
        return 0.0
    try:
        said = json.loads(meta.file(files.folder).read_text(encoding="utf-8-sig"))["training_date"]
        return datetime.fromisoformat(str(said)).timestamp()
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0
