"""Checking the folders under models/ against the rules and their manifests, and writing a manifest where one is missing.

Nothing else is written, renamed or deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from common.errors import NotFound, ServiceError
from trained.artifacts.integrity import sha256_of
from trained.artifacts.manifest import Artifact, Manifest, describe_file, read_manifest, write_manifest
from trained.artifacts.rules import artifact_rules

REPORT_SCHEMA: Final = "routing-ml/model-check@1"
METADATA: Final = {"written_by": "model check"}
"""What a manifest written here says of its origin."""

LISTED, NOT_LISTED, CHANGED = "listed", "not listed", "changed"


@dataclass(frozen=True)
class ArtifactFinding:
    """One artifact of a version.

    Attributes:
        name, path: as the rules or the manifest say.
        required: whether the rules demand it.
        present: whether the file is there.
        bytes: its size; 0 when it is not there.
        sha256: its digest; "" when it is not there or cannot be read.
        manifest: listed (the digests agree), changed (they do not), not listed, or "" without a manifest.
    """

    name: str
    path: str
    required: bool
    present: bool
    bytes: int = 0
    sha256: str = ""
    manifest: str = ""


@dataclass(frozen=True)
class FolderFinding:
    """One folder under models/.

    Attributes:
        version: its name.
        folder: its path.
        ok: whether nothing is wrong with it.
        manifest: present, written, rewritten, missing or invalid.
        bytes: size of all artifacts.
        artifacts: what the rules know and what the manifest lists beside that.
        problems: for people: what, where and what to do.
    """

    version: str
    folder: str
    ok: bool
    manifest: str
    bytes: int
    artifacts: tuple[ArtifactFinding, ...]
    problems: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """As the report has it."""
        return asdict(self)


def version_folders(models: Path) -> list[Path]:
    """The folders of versions, by name. Hidden ones are trainings that are being written.

    Raises:
        NotFound: there is no such folder, or it cannot be listed.
    """
    try:
        return sorted(path for path in models.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError as error:
        raise NotFound(
            f"The models folder {models} cannot be listed ({error.strerror or error}): set ROUTING_ML_MODELS_DIR to the folder "
            "of the versions, and let this account read it"
        ) from error


def check_folder(folder: Path, *, write: bool = True, force: bool = False) -> FolderFinding:
    """Check one version's folder, reading every artifact.

    Args:
        write: write a manifest where it is missing and every required artifact is there.
        force: write it also where there is one; its metadata and the further artifacts it lists are kept.
    """
    rules = artifact_rules()
    path = folder / rules.manifest_file
    manifest: Manifest | None = None
    problems: list[str] = []
    state = "missing"
    if path.is_file():
        state = "present"
        try:
            manifest = read_manifest(path)
        except ServiceError as error:
            state = "invalid"
            if not force:
                problems.append(error.message)
    found = list(_look(folder, manifest, problems))
    lacking = [one.path for one in found if one.required and not one.present]
    if lacking:
        problems.insert(0, f"{folder} lacks {', '.join(lacking)}: restore it from a backup, or train again")
    if write and not lacking and (state == "missing" or force):
        try:
            manifest = _write(folder, path, manifest)
        except OSError as error:
            problems.append(
                f"{path} cannot be written ({error.strerror or error}): let this account write there, or adopt the folder"
            )
        else:
            state = "written" if state == "missing" else "rewritten"
            problems = []
            found = [
                replace(one, manifest=LISTED if one.name in manifest.artifacts else NOT_LISTED) if one.present else one
                for one in found
            ]
    elif state == "missing" and not lacking:
        problems.append(f"{folder} has no {rules.manifest_file}: run the check without --dry-run to write it")
    return FolderFinding(
        version=folder.name,
        folder=str(folder),
        ok=not problems,
        manifest=state,
        bytes=sum(one.bytes for one in found),
        artifacts=tuple(found),
        problems=tuple(problems),
    )


def report(models: Path, findings: list[FolderFinding], checked_at: str) -> dict[str, Any]:
    """The findings as one JSON document; `checked_at` is ISO time, UTC."""
    return {
        "schema_version": REPORT_SCHEMA,
        "models_dir": str(models),
        "checked_at": checked_at,
        "ok": all(finding.ok for finding in findings),
        "versions": [finding.to_dict() for finding in findings],
    }


def _look(folder: Path, manifest: Manifest | None, problems: list[str]) -> Iterator[ArtifactFinding]:
    """What is there of the rules' artifacts and of those that the manifest lists beside them; adds to `problems`."""
    listed: Mapping[str, Artifact] = manifest.artifacts if manifest else {}
    known: set[str] = set()
    for rule in artifact_rules().artifacts:
        known.add(rule.path)
        entry = next((one for one in listed.values() if one.path == rule.path), None)
        yield _finding(folder, rule.name, rule.path, rule.required, entry, manifest is not None, problems)
    for name, entry in listed.items():
        if entry.path not in known:
            yield _finding(folder, name, entry.path, False, entry, True, problems)


def _finding(
    folder: Path, name: str, path: str, required: bool, entry: Artifact | None, has_manifest: bool, problems: list[str]
) -> ArtifactFinding:
    file = folder.joinpath(*path.split("/"))
    if not file.is_file():
        if entry is not None and not required:
            problems.append(f"{file} is missing and the manifest lists it: restore it from a backup, or train again")
        return ArtifactFinding(name, path, required, False)
    if not file.resolve().is_relative_to(folder.resolve()):
        problems.append(f"{file} is a link that leads out of the version's folder: put the file itself there")
        return ArtifactFinding(name, path, required, True)
    try:
        size, digest = file.stat().st_size, sha256_of(file)
    except OSError as error:
        problems.append(f"{file} cannot be read ({error.strerror or error}): let this account read it")
        return ArtifactFinding(name, path, required, True)
    state = (NOT_LISTED if entry is None else LISTED if entry.sha256 == digest else CHANGED) if has_manifest else ""
    if state == CHANGED:
        problems.append(
            f"{file} is not the file that the manifest lists (sha256 {digest[:12]}...): restore it from a backup, or, when the "
            "change was meant, write the manifest again with --force and register the version again"
        )
    return ArtifactFinding(name, path, required, True, size, digest, state)


def _write(folder: Path, target: Path, before: Manifest | None) -> Manifest:
    rules = artifact_rules()
    artifacts: dict[str, Artifact] = {}
    for rule in rules.artifacts:
        if rule.name not in artifacts and folder.joinpath(*rule.path.split("/")).is_file():
            artifacts[rule.name] = describe_file(folder, rule.path, rule.name, rule.schema_version)
    paths = {artifact.path for artifact in artifacts.values()}
    for name, entry in (before.artifacts if before else {}).items():
        if entry.path not in paths and name not in artifacts and entry.file(folder).is_file():
            artifacts[name] = describe_file(folder, entry.path, name, entry.schema_version or None)
    roles = {
        role: chosen
        for role, names in rules.roles.items()
        if (chosen := next((name for name in names if name in artifacts), None)) is not None
    }
    kept = {role: name for role, name in (before.roles if before else {}).items() if name in artifacts}
    metadata = {**(before.metadata if before else {}), **METADATA}
    return write_manifest(target, artifacts, roles={**roles, **kept}, metadata=metadata)
