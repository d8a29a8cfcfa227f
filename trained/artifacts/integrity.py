"""Whether the files of a version are the ones its manifest lists."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from common.errors import PreconditionFailed
from common.files import write_text

if TYPE_CHECKING:
    from trained.artifacts.manifest import Artifact, Manifest

LARGE_BYTES: Final = 16 * 1024 * 1024
"""Files above this are hashed once a state folder while their size and time of change stay; smaller ones at each load."""


def sha256_of(path: Path) -> str:
    """Hexadecimal sha256 of a file.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_integrity(
    manifest: Manifest, folder: Path, names: Iterable[str] | None = None, *, remembered: Path | None = None
) -> None:
    """Compare the artifacts in `folder` with the manifest.

    Args:
        names: artifacts to check; None: all.
        remembered: file that keeps which large files (no pickles) were found right, with size and time of change, so that
            they are not hashed at each start; None: nothing is remembered.

    Raises:
        PreconditionFailed: a file is missing (ARTIFACT_MISSING), lies elsewhere (ARTIFACT_OUTSIDE), or is not the one that was listed
            (HASH_MISMATCH); the message names it and what to do.
    """
    known = _recall(remembered)
    before = dict(known)
    for name in manifest.artifacts if names is None else names:
        artifact = manifest.artifacts[name]
        path = own_file(artifact, folder)
        try:
            facts = path.stat()
            stamp: list[str | int] = [str(path.resolve()), facts.st_size, facts.st_mtime_ns]
            lasting = facts.st_size > LARGE_BYTES and path.suffix not in (".joblib", ".pkl", ".pickle")
            if lasting and known.get(artifact.sha256) == stamp:
                continue
            found = sha256_of(path)
        except FileNotFoundError:
            raise _missing(artifact, path) from None
        except OSError as error:
            raise PreconditionFailed(
                f"{path} cannot be read ({error.strerror or error}): grant the service account read access",
                reason="ARTIFACT_UNREADABLE",
                details={"path": path},
            ) from error
        if found != artifact.sha256:
            raise PreconditionFailed(
                f"{path} is not the file that the manifest lists (its sha256 is {found[:12]}..., the manifest says "
                f"{artifact.sha256[:12]}...): restore it from a backup, or activate another version",
                reason="HASH_MISMATCH",
                details={"path": path, "artifact": name},
            )
        if lasting:
            known[artifact.sha256] = stamp
    if remembered is not None and known != before:
        _remember(remembered, known)


def own_file(artifact: Artifact, folder: Path) -> Path:
    """Where an artifact lies: an ordinary file that, all links followed, is in the version's folder.

    Raises:
        PreconditionFailed: there is none (ARTIFACT_MISSING), or it leads out of the folder (ARTIFACT_OUTSIDE): whoever may write
            there could change what is served.
    """
    path = artifact.file(folder)
    try:
        real = path.resolve(strict=True)
        inside, ordinary = real.is_relative_to(folder.resolve()), stat.S_ISREG(real.stat().st_mode)
    except FileNotFoundError:
        raise _missing(artifact, path) from None
    except (OSError, RuntimeError) as error:  # links in a circle
        raise PreconditionFailed(
            f"{path} cannot be read ({getattr(error, 'strerror', None) or error}): grant the service account read access",
            reason="ARTIFACT_UNREADABLE",
            details={"path": path},
        ) from error
    if not inside or not ordinary:
        what = "is a link that leads out of the version's folder" if not inside else "is no ordinary file"
        raise PreconditionFailed(
            f"{path} {what}: put the file itself there",
            reason="ARTIFACT_OUTSIDE",
            details={"path": path, "artifact": artifact.name},
        )
    return path


def _missing(artifact: Artifact, path: Path) -> PreconditionFailed:
    return PreconditionFailed(
        f"Artifact {artifact.name} is missing: there is no {path}. Restore it from a backup, or activate another version",
        reason="ARTIFACT_MISSING",
        details={"path": path, "artifact": artifact.name},
    )


def _recall(path: Path | None) -> dict[str, list[str | int]]:
    if path is None:
        return {}
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _remember(path: Path, known: dict[str, list[str | int]]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(known))
    except OSError:
        return  # a state folder that cannot be written costs only the next start's time
