"""The one table that says what a version's folder holds: artifact_rules.json beside this file, or one that is named in its place."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

RULES_FILE: Final = Path(__file__).with_name("artifact_rules.json")
RULES_VARIABLE: Final = "ROUTING_ML_ARTIFACT_RULES"
"""Names another table, for check-models.ps1 -Rules."""


@dataclass(frozen=True)
class ArtifactRule:
    """One artifact that a version may have.

    Attributes:
        name: name in the manifest.
        path: path below the version's folder, with forward slashes.
        schema_version: schema of its contents.
        required: whether a version without it is incomplete.
    """

    name: str
    path: str
    schema_version: str
    required: bool


@dataclass(frozen=True)
class ArtifactRules:
    """The whole table.

    Attributes:
        manifest_file: name of the manifest in a version's folder.
        manifest_schema: schema that a manifest says it has.
        hash_algorithm: of the digests in it.
        artifacts: in the order in which a manifest lists them; one name may have several files, of which a version has one.
        roles: role -> names of the artifacts that may play it, the first that exists.
    """

    manifest_file: str
    manifest_schema: str
    hash_algorithm: str
    artifacts: tuple[ArtifactRule, ...]
    roles: dict[str, tuple[str, ...]]

    @property
    def required(self) -> tuple[ArtifactRule, ...]:
        """What every version must have."""
        return tuple(rule for rule in self.artifacts if rule.required)


@lru_cache(maxsize=1)
def artifact_rules() -> ArtifactRules:
    """The table, read once."""
    file = Path(os.environ.get(RULES_VARIABLE) or RULES_FILE)
    read = json.loads(file.read_text(encoding="utf-8"))
    return ArtifactRules(
        manifest_file=read["manifest_file"],
        manifest_schema=read["manifest_schema"],
        hash_algorithm=read["hash_algorithm"],
        artifacts=tuple(ArtifactRule(**row) for row in read["artifacts"]),
        roles={role: tuple(names) for role, names in read["roles"].items()},
    )
