"""The manifest of a model version: which artifacts it has, their sha256, and which of them a loader needs for what."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final

from common.errors import DataProblem, PreconditionFailed
from common.files import write_text
from trained.artifacts.integrity import sha256_of
from trained.artifacts.json_files import parsed
from trained.artifacts.rules import artifact_rules

_RULES: Final = artifact_rules()
SCHEMA: Final = _RULES.manifest_schema
FILE_NAME: Final = _RULES.manifest_file

ARTIFACT_SCHEMAS: Final[dict[str, str]] = {rule.name: rule.schema_version for rule in reversed(_RULES.artifacts)}
"""Schema of each known artifact; of the first file where a name has several."""

MOST_BYTES: Final = 8 * 1024 * 1024
"""A manifest has a few kilobytes."""

ROLE_NAMES: Final[dict[str, tuple[str, ...]]] = _RULES.roles
"""Which artifact plays a role in a manifest that does not say so, the first that exists."""


@dataclass(frozen=True)
class Artifact:
    """One file of a version.

    Attributes:
        name: name in the manifest.
        path: path below the version's folder, with forward slashes.
        sha256: lower-case hexadecimal digest.
        schema_version: schema of its contents.
    """

    name: str
    path: str
    sha256: str
    schema_version: str

    def file(self, folder: Path) -> Path:
        """Where it lies, given the version's folder."""
        return folder.joinpath(*PurePosixPath(self.path).parts)


@dataclass(frozen=True)
class Manifest:
    """What a version consists of.

    Attributes:
        artifacts: by name.
        metadata: facts for loaders and for people (recall curve, default_ef_search, dimension, items ...).
        roles: role (encoder, index, weights, meta, time) -> name of the artifact; empty in older manifests.
        generated_at: ISO time, UTC.
    """

    artifacts: Mapping[str, Artifact]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    generated_at: str = ""

    def role(self, role: str) -> Artifact | None:
        """The artifact that plays a role, by `roles` or, where these are missing, by its name; None when there is none."""
        if role in self.roles:
            return self.artifacts.get(self.roles[role])
        return next((self.artifacts[name] for name in ROLE_NAMES.get(role, ()) if name in self.artifacts), None)

    def needed(self, role: str) -> Artifact:
        """The artifact that plays a role.

        Raises:
            PreconditionFailed: the version has none.
        """
        artifact = self.role(role)
        if artifact is None:
            raise PreconditionFailed(
                f"The manifest names no artifact for the role {role} (it has {', '.join(self.artifacts) or 'none'}): "
                "write the manifest again from a complete version folder, or train again",
                reason="ARTIFACT_MISSING",
                details={"role": role},
            )
        return artifact

    def to_json(self) -> str:
        """The manifest as its file holds it."""
        document: dict[str, Any] = {
            "schema_version": SCHEMA,
            "generated_at": self.generated_at,
            "hash_algorithm": "sha256",
            "artifacts": {
                name: {"path": a.path, "sha256": a.sha256, "schema_version": a.schema_version}
                for name, a in self.artifacts.items()
            },
        }
        if self.roles:
            document["roles"] = dict(self.roles)
        document["metadata"] = dict(self.metadata)
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def describe_file(folder: Path, path: str, name: str | None = None, schema_version: str | None = None) -> Artifact:
    """The artifact of a file below `folder`, with its hash.

    Args:
        path: path below the folder, with forward slashes.
        name: name in the manifest; None: the file's name without suffix.
        schema_version: None: the one that the name has always had, else `routing-ml/<name>@1`.

    Raises:
        OSError: the file cannot be read.
    """
    name = name or PurePosixPath(path).stem
    schema = schema_version or ARTIFACT_SCHEMAS.get(name) or f"routing-ml/{name.replace('_', '-')}@1"
    return Artifact(name, path, sha256_of(folder.joinpath(*PurePosixPath(path).parts)), schema)


def write_manifest(
    target: Path,
    artifacts: Mapping[str, Artifact],
    *,
    roles: Mapping[str, str] | None = None,
    metadata: Mapping[str, Any] | None = None,
    generated_at: datetime | None = None,
) -> Manifest:
    """Write a manifest to `target` and return it.

    Raises:
        OSError: the file cannot be written.
    """
    moment = (generated_at or datetime.now(UTC)).astimezone(UTC)
    manifest = Manifest(dict(artifacts), dict(metadata or {}), dict(roles or {}), moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
    write_text(target, manifest.to_json())
    return manifest


def read_manifest(path: Path) -> Manifest:
    """Read a manifest; what it has beyond the known fields is ignored.

    Raises:
        PreconditionFailed: there is no such file, it is no manifest of a kind this program reads, or it names a path outside the
            version's folder (reasons MANIFEST_MISSING and MANIFEST_INVALID).
        DataProblem: it cannot be read.
    """
    try:
        if not path.is_file() and path.exists():
            raise OSError("it is no file")
        with open(path, "rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise PreconditionFailed(
            f"There is no manifest {path}: write one with the model check script, or train again",
            reason="MANIFEST_MISSING",
            details={"path": path},
        ) from None
    except (OSError, ValueError) as error:
        raise DataProblem(f"The manifest {path} cannot be read ({error})", details={"path": path}) from error
    try:
        if len(data) > MOST_BYTES:
            raise ValueError(f"it has more than {MOST_BYTES:,} bytes")
        document = parsed(data.decode("utf-8-sig"))
        json.dumps(document, ensure_ascii=False).encode(
            "utf-8"
        )  # halves of characters could not be answered with later
        return _parse(document)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise PreconditionFailed(
            f"The manifest {path} cannot be used ({what[:300]}): write it again with the model check script",
            reason="MANIFEST_INVALID",
            details={"path": path},
        ) from error


def _parse(document: Any) -> Manifest:
    if not isinstance(document, dict):
        raise TypeError("it is no JSON object")
    schema = document.get("schema_version")
    if schema != SCHEMA:
        raise ValueError(f"its schema is {schema}, this program reads {SCHEMA}")
    algorithm = document.get("hash_algorithm", "sha256")
    if algorithm != "sha256":
        raise ValueError(f"its hash algorithm is {algorithm}, this program reads sha256")
    artifacts = {}
    for name, entry in document["artifacts"].items():
        place = PurePosixPath(str(entry["path"]).replace("\\", "/"))
        if any(unicodedata.category(letter) == "Cc" for letter in f"{name}{place}"):
            raise ValueError(f"artifact {name!r} has control characters in its name or path")
        if place.is_absolute() or ".." in place.parts or ":" in str(place) or not place.parts:
            raise ValueError(f"artifact {name} has the path {entry['path']!r}, which is not below the version's folder")
        digest = str(entry["sha256"]).lower()
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
            raise ValueError(f"artifact {name} has no sha256 but {entry['sha256']!r}")
        artifacts[str(name)] = Artifact(str(name), str(place), digest, str(entry.get("schema_version", "")))
    roles = {str(role): str(name) for role, name in (document.get("roles") or {}).items()}
    unknown = [f"{role} is {name}" for role, name in roles.items() if name not in artifacts]
    if unknown:
        raise ValueError(f"its roles name artifacts it does not have: {', '.join(unknown)}")
    metadata = document.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise TypeError("its metadata are no JSON object")
    return Manifest(artifacts, metadata, roles, str(document.get("generated_at", "")))
