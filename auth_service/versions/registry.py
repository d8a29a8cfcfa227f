"""The model versions: registered, active, retired, with a history that leads back through every activation."""

from __future__ import annotations

import hashlib
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth_service.control.control_state import active_version
from auth_service.store.audit import record
from auth_service.store.records import VersionHistoryRecord, VersionRecord
from common.errors import AlreadyExists, FieldViolation, InvalidInput, NotFound, PreconditionFailed
from common.files import is_folder
from common.notices import notice
from trained.artifacts import Manifest, own_file, read_manifest

LONGEST_NAME = 128
LONGEST_REASON = 2000


@dataclass(frozen=True)
class VersionFiles:
    """A version's files as they are on the disk now.

    Attributes:
        folder: absolute folder of the artifacts.
        manifest_path: absolute path of the manifest.
        manifest_sha256: its digest.
        bytes: size of all artifacts together.
    """

    folder: Path
    manifest_path: Path
    manifest: Manifest
    manifest_sha256: str
    bytes: int


def look_at(folder: Path, manifest_path: Path) -> VersionFiles:
    """Read the manifest and look whether its artifacts are there.

    Raises:
        PreconditionFailed: the folder, the manifest or an artifact is missing, leads elsewhere, or cannot be used.
        DataProblem: the manifest cannot be read.
    """
    folder, manifest_path = folder.absolute(), manifest_path.absolute()
    if not is_folder(folder):
        raise PreconditionFailed(f"There is no folder {folder} with the version's artifacts", reason="ARTIFACT_MISSING")
    manifest = read_manifest(manifest_path)
    size = 0
    for artifact in manifest.artifacts.values():
        try:
            size += own_file(artifact, folder).stat().st_size
        except OSError as error:
            raise PreconditionFailed(
                f"Artifact {artifact.name} cannot be read ({error.strerror or error}): let this account read it",
                reason="ARTIFACT_UNREADABLE",
                details={"artifact": artifact.name},
            ) from None
    return VersionFiles(folder, manifest_path, manifest, hashlib.sha256(manifest_path.read_bytes()).hexdigest(), size)


def accept_version_name(name: str) -> str:
    """The name of a version; it is the name of a folder, too.

    Raises:
        InvalidInput: it cannot be one on Windows or Linux.
    """
    problem = ""
    if not name or len(name) > LONGEST_NAME:
        problem = notice("AT_MOST_CHARACTERS", "must have 1 to {count} characters", count=LONGEST_NAME)
    elif name != name.strip() or name.startswith(".") or name.endswith("."):
        problem = notice("BLANKS_OR_DOTS_AROUND", "must not begin or end with a blank or a dot")
    elif any(character in '/\\:*?"<>|' or unicodedata.category(character)[0] == "C" for character in name):
        problem = notice("NO_FOLDER_NAME", "holds a character that the name of a folder cannot have")
    if problem:
        raise InvalidInput(f"The version name {problem}", violations=[FieldViolation("version_name", problem)])
    return name


def find(session: Session, name: str) -> VersionRecord:
    """A version by its name.

    Raises:
        NotFound: there is none.
    """
    row = (
        None
        if "\x00" in name
        else session.scalars(select(VersionRecord).where(VersionRecord.version_name == name)).one_or_none()
    )
    if row is None:
        raise NotFound(f"There is no version {name[:LONGEST_NAME]!r} in the registry", reason="VERSION_UNKNOWN")
    return row


def page(session: Session, *, limit: int = 0, status: str = "") -> list[VersionRecord]:
    """Versions, newest first; `limit` 0: all.

    Raises:
        InvalidInput: no such status.
    """
    query = select(VersionRecord).order_by(VersionRecord.created_at.desc(), VersionRecord.id.desc())
    if status:
        if status not in ("pending", "active", "retired"):
            text = "is not pending, active or retired"
            raise InvalidInput(f"The status {status} {text}", violations=[FieldViolation("status", text)])
        query = query.where(VersionRecord.status == status)
    return list(session.scalars(query.limit(limit) if limit else query))


def register(
    session: Session,
    name: str,
    files: VersionFiles,
    *,
    requested_by: str,
    trained_at: float,
    by: str,
    action: str = "registered",
) -> VersionRecord:
    """Record a version as pending. The same files under the same name once more change nothing, or bring a retired version back.

    Raises:
        InvalidInput: the name cannot be used.
        AlreadyExists: another version has the name.
    """
    name = accept_version_name(name)
    now = time.time()
    row = session.scalars(select(VersionRecord).where(VersionRecord.version_name == name)).one_or_none()
    if row is not None:
        elsewhere = Path(row.artifact_dir) != files.folder and is_folder(Path(row.artifact_dir))
        if row.manifest_sha256 != files.manifest_sha256 or elsewhere:
            raise AlreadyExists(
                f"There is another version {name} in {row.artifact_dir}: choose another name", reason="VERSION_EXISTS"
            )
        if not row.withdrawn:
            return row
        row.withdrawn, row.status, row.updated_at = False, "pending", now
    else:
        row = VersionRecord(
            version_name=name,
            artifact_dir=str(files.folder),
            manifest_path=str(files.manifest_path),
            manifest_sha256=files.manifest_sha256,
            bytes=files.bytes,
            status="pending",
            active_flag=False,
            withdrawn=False,
            requested_by=requested_by[:254],
            created_at=now,
            trained_at=trained_at,
            activated_at=0.0,
            updated_at=now,
        )
        session.add(row)
    session.flush()
    note(session, action, name, actor=by, reason=f"requested by {requested_by}" if requested_by else "")
    return row


def make_active(session: Session, name: str, *, by: str, reason: str, action: str) -> VersionRecord:
    """Make a version the active one, within the unit of work.

    Args:
        action: activated or rolled_back.

    Raises:
        NotFound: there is none. PreconditionFailed: it was retired.
    """
    row = find(session, name)
    if row.withdrawn:
        raise retired_error(row)
    before, now = active_version(session), time.time()
    if before is not None and before.id != row.id:
        before.status, before.active_flag, before.updated_at = "retired", False, now
        session.flush()
    row.status, row.active_flag, row.activated_at, row.updated_at = "active", True, now, now
    session.flush()
    note(session, action, name, actor=by, reason=reason, previous=before.version_name if before else "")
    return row


def make_none_active(session: Session) -> None:
    """Take back the activation of the first version that was ever active."""
    row = active_version(session)
    if row is not None:
        row.status, row.active_flag, row.activated_at, row.updated_at = "pending", False, 0.0, time.time()
        session.flush()


def retired_error(row: VersionRecord) -> PreconditionFailed:
    """Why a retired version is not activated."""
    return PreconditionFailed(
        f"Version {row.version_name} is retired: register or adopt its folder again if it is to be used after all",
        reason="VERSION_RETIRED",
    )


def retire(session: Session, name: str, *, by: str, reason: str) -> VersionRecord:
    """Take a version out of use: it is not activated any more, and rolling back passes over it.

    Raises:
        NotFound: there is none. PreconditionFailed: it is active.
    """
    row = find(session, name)
    if row.active_flag:
        raise PreconditionFailed(
            f"Version {name} is active: activate another one before retiring it", reason="VERSION_ACTIVE"
        )
    if not row.withdrawn:
        row.status, row.withdrawn, row.updated_at = "retired", True, time.time()
        session.flush()
        note(session, "retired", name, actor=by, reason=reason)
    return row


def note(session: Session, action: str, name: str, *, actor: str, reason: str = "", previous: str = "") -> None:
    """Add an entry to the history and to the audit log."""
    reason = "".join(c for c in reason if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs"))[:LONGEST_REASON]
    session.add(
        VersionHistoryRecord(
            at=time.time(),
            actor=actor[:254],
            action=action,
            version_name=name[:LONGEST_NAME],
            previous_version=previous,
            reason=reason,
        )
    )
    facts = {key: value for key, value in (("reason", reason), ("previous", previous)) if value}
    record(session, f"registry.{action}", username=actor, target=name, facts=facts)


def history(session: Session, *, name: str = "", limit: int = 100) -> list[VersionHistoryRecord]:
    """Entries of one version or of all, newest first."""
    query = select(VersionHistoryRecord).order_by(VersionHistoryRecord.id.desc()).limit(limit)
    if name:
        query = query.where(VersionHistoryRecord.version_name == name)
    return list(session.scalars(query))


def way_back(session: Session) -> list[str]:
    """The versions that could be rolled back to, the nearest first.

    An activation adds to the way, a roll-back shortens it: after A, B, C two roll-backs lead to B and then to A.
    """
    way: list[str] = []
    for entry in session.scalars(select(VersionHistoryRecord).order_by(VersionHistoryRecord.id)):
        if entry.action == "activated" and way[-1:] != [entry.version_name]:
            way.append(entry.version_name)
        elif entry.action == "rolled_back":
            while way and way[-1] != entry.version_name:
                way.pop()
            way = way or [entry.version_name]
        elif entry.action == "refused" and way[-1:] == [entry.version_name]:
            way.pop()  # the first activation of all was taken back
    usable = {row.version_name for row in page(session) if not row.withdrawn}
    active = active_version(session)
    current = active.version_name if active else ""
    if way[-1:] == [current]:
        way.pop()
    return [name for name in reversed(way) if name in usable and name != current]


def roll_back_target(session: Session, steps: int) -> str:
    """The version `steps` activations back.

    Raises:
        PreconditionFailed: the way is not that long.
    """
    way = way_back(session)
    if steps > len(way):
        known = (
            f"only {len(way)} earlier activation{'s' if len(way) != 1 else ''} can be gone back to"
            if way
            else "none was active before"
        )
        raise PreconditionFailed(f"There is no version {steps} step(s) back: {known}", reason="NOTHING_TO_ROLL_BACK_TO")
    return way[steps - 1]
