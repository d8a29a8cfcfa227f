"""Deleting old versions: never the active one, the last good ones, the newest ones, or what came from elsewhere.

A version is retired in the registry before its files go, so that nobody can activate it meanwhile. Its folder is renamed first: on
Windows a folder with mapped files cannot be, and stays for the next time.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from common.errors import ServiceError
from common.files import replace
from common.logs import get_logger
from protos.registry.v1 import registry_pb2 as pb

log = get_logger(__name__)

KEPT, DELETED, FAILED = "kept", "deleted", "failed"
_REMOVED: Final = re.compile(r"\..+\.removed-\d+")


@dataclass(frozen=True)
class RetentionRule:
    """How much is kept.

    Attributes:
        newest: newest versions.
        good: versions that were active before and can be rolled back to.
    """

    newest: int
    good: int


@dataclass(frozen=True)
class Retained:
    """What becomes of one version.

    Attributes:
        name: its name.
        outcome: kept, deleted (in a plan: to be deleted) or failed.
        reason: why, for people.
        folder: its folder.
        bytes: size of the folder; 0 when it is gone.
    """

    name: str
    outcome: str
    reason: str
    folder: Path
    bytes: int


class VersionRegistry(Protocol):
    """What the retention asks of the registry."""

    def versions(self) -> pb.ListVersionsResponse:
        """All versions, newest first, and the way back."""

    def adopted(self) -> set[str]:
        """Names of the versions that came from elsewhere."""

    def retire(self, name: str, reason: str) -> None:
        """Take a version out of use. Raises ServiceError when it is active."""


def plan(
    versions: Sequence[pb.Version],
    way_back: Sequence[str],
    adopted: Collection[str],
    models: Path,
    rule: RetentionRule,
) -> list[Retained]:
    """What would become of each version.

    Args:
        versions: newest first.
        way_back: names that can be rolled back to, the nearest first.
        models: the folder that versions are trained into; nothing outside it is ever deleted.
    """
    good = list(way_back)[: rule.good]
    present = [version.version_name for version in versions if Path(version.artifact_dir).is_dir()]
    newest = present[: rule.newest]

    def why_kept(version: pb.Version) -> str:
        name, folder = version.version_name, Path(version.artifact_dir)
        if version.active:
            return "it is active"
        if name in good:
            return f"it is one of the last {rule.good} good versions"
        if name not in present:
            return "its folder is gone already"
        if name in newest:
            return f"it is one of the {rule.newest} newest"
        if name in adopted:
            return "it came from elsewhere"
        if folder.is_symlink() or folder.resolve().parent != models.resolve() or folder.name.startswith("."):
            return f"its folder is not in {models}"
        return ""

    reasons = {version.version_name: why_kept(version) for version in versions}
    used = {Path(version.artifact_dir).resolve() for version in versions if reasons[version.version_name]}
    made = []
    for version in versions:
        folder = Path(version.artifact_dir)
        reason = reasons[version.version_name]
        if not reason and folder.resolve() in used:
            reason = "another version that is kept has the same folder"
        outcome = KEPT if reason else DELETED
        gone = f"older than the {rule.newest} newest, and none of the last {rule.good} good versions"
        made.append(Retained(version.version_name, outcome, reason or gone, folder, _bytes_in(folder)))
    return made


def apply_retention(registry: VersionRegistry, models: Path, rule: RetentionRule, *, dry_run: bool) -> list[Retained]:
    """Delete what the rule does not keep; returns what became of each version, newest first.

    Raises:
        ServiceError: the registry does not answer; nothing was deleted.
    """
    listed = registry.versions()
    planned = plan(listed.versions, listed.way_back, registry.adopted(), models, rule)
    if dry_run:
        return planned
    remove_leftovers(models)
    return [_delete(registry, one) if one.outcome == DELETED else one for one in planned]


def freed_bytes(retained: Sequence[Retained]) -> int:
    """Bytes of what was deleted, or would be."""
    return sum(one.bytes for one in retained if one.outcome == DELETED)


def remove_leftovers(models: Path) -> None:
    """Delete what an earlier retention had renamed and could not delete."""
    for entry in models.glob(".*.removed-*"):
        if _REMOVED.fullmatch(entry.name):
            shutil.rmtree(entry, ignore_errors=True)


def _delete(registry: VersionRegistry, one: Retained) -> Retained:
    try:
        registry.retire(one.name, f"retention: {one.reason}")
    except ServiceError as error:
        return Retained(one.name, FAILED, error.message, one.folder, one.bytes)
    hidden = one.folder.with_name(f".{one.folder.name}.removed-{os.getpid()}")
    try:
        replace(one.folder, hidden)
    except OSError as error:
        log.warning("version not deleted", version=one.name, error=str(error))
        reason = f"{one.folder} cannot be deleted ({error.strerror or error}): a process may still use it, the next time will do it"
        return Retained(one.name, FAILED, reason, one.folder, one.bytes)
    shutil.rmtree(hidden, ignore_errors=True)
    log.info("version deleted", version=one.name, freed_bytes=one.bytes, because=one.reason)
    return Retained(one.name, DELETED, one.reason, one.folder, one.bytes)


def _bytes_in(folder: Path) -> int:
    try:
        return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    except OSError:
        return 0
