"""Snapshots and audit entries that a planner's screen collects: kept once under the id that the client gave them."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from auth_service.planning.routing_groups import own_group
from auth_service.planning.workspaces import owner_key
from auth_service.store.document_fields import Violations, json_object, text_field, to_json
from auth_service.store.document_records import RoutingAuditRecord, RoutingSnapshotRecord
from common.identity import Caller

MAX_SNAPSHOTS = 200
MAX_AUDITS = 1_000
KEPT_SNAPSHOTS = 500
"""Snapshots kept of each person; older ones make room."""

KEPT_AUDIT_IDS_SECONDS = 90 * 86_400.0
LEVELS = ("info", "warning", "error")


@dataclass(frozen=True)
class Snapshot:
    """A state of the screen. `state` names its routing group by `group_id` or `groupId`; `created_at` as the client sent it."""

    id: str
    created_at: str
    reason: str
    version: int | None
    state: dict[str, object]

    @property
    def group_id(self) -> str:
        """The routing group it is a state of; "" when none."""
        for name in ("group_id", "groupId"):
            with contextlib.suppress(ValueError):
                return str(uuid.UUID(str(self.state.get(name, ""))))
        return ""


@dataclass(frozen=True)
class AuditEntry:
    """One thing a planner did on the screen."""

    id: str
    action: str
    level: str
    message: str
    context: dict[str, object]
    created_at: str


@dataclass(frozen=True)
class GroupState:
    """How a stored group stands against a snapshot of it; `updated_at` in seconds since 1970 UTC."""

    group_id: str
    version: int
    dirty: bool
    updated_at: float
    snapshot_id: str


@dataclass(frozen=True)
class Accepted:
    """What is stored now. `new_audits` are those that were not stored before and belong into the audit log."""

    snapshot_ids: Sequence[str]
    audit_ids: Sequence[str]
    groups: Sequence[GroupState]
    new_audits: Sequence[AuditEntry] = field(default=())


def read_snapshot(
    found: Violations, position: int, id: str, created_at: str, reason: str, version: int | None, state_json: str
) -> Snapshot:
    """A snapshot from its fields; what is wrong is noted under `snapshots.<position>`."""
    where = f"snapshots.{position}"
    if version is not None and version >= 2**31:
        found.add(f"{where}.version", "is no version of a routing group")
    return Snapshot(
        id=text_field(found, f"{where}.id", id, at_least=1, at_most=128),
        created_at=text_field(found, f"{where}.created_at", created_at, at_most=64),
        reason=text_field(found, f"{where}.reason", reason, at_most=256),
        version=version,
        state=json_object(found, f"{where}.state", state_json),
    )


def read_audit(
    found: Violations, position: int, id: str, action: str, level: str, message: str, context_json: str, created_at: str
) -> AuditEntry:
    """An audit entry from its fields; what is wrong is noted under `audits.<position>`."""
    where = f"audits.{position}"
    level = level or "info"
    if level not in LEVELS:
        found.add(f"{where}.level", f"must be one of {', '.join(LEVELS)}")
    return AuditEntry(
        id=text_field(found, f"{where}.id", id, at_least=1, at_most=128),
        action=text_field(found, f"{where}.action", action, at_least=1, at_most=128),
        level=level,
        message=text_field(found, f"{where}.message", message, at_most=4000),
        context=json_object(found, f"{where}.context", context_json, at_most=64 * 1024),
        created_at=text_field(found, f"{where}.created_at", created_at, at_most=64),
    )


def save(
    session: Session,
    caller: Caller,
    snapshots: Sequence[Snapshot],
    audits: Sequence[AuditEntry],
    source: str,
    now: float,
) -> Accepted:
    """Keep what is not kept yet; the same id a second time is accepted and changes nothing.

    Raises:
        InvalidInput: too many of either.
    """
    found = Violations()
    if len(snapshots) > MAX_SNAPSHOTS:
        found.add("snapshots", f"must be {MAX_SNAPSHOTS} or fewer, are {len(snapshots)}")
    if len(audits) > MAX_AUDITS:
        found.add("audits", f"must be {MAX_AUDITS} or fewer, are {len(audits)}")
    source = text_field(found, "source", source, at_most=128)
    found.check("The snapshots cannot be stored")
    owner = owner_key(caller.username)
    _keep_snapshots(session, owner, snapshots, source, now)
    new = _keep_audits(session, owner, audits, now)
    return Accepted(
        snapshot_ids=list(dict.fromkeys(snapshot.id for snapshot in snapshots)),
        audit_ids=list(dict.fromkeys(audit.id for audit in audits)),
        groups=_states(session, caller, snapshots),
        new_audits=new,
    )


def _keep_snapshots(session: Session, owner: str, snapshots: Sequence[Snapshot], source: str, now: float) -> None:
    table = RoutingSnapshotRecord
    ids = [snapshot.id for snapshot in snapshots]
    known = set(session.scalars(select(table.snapshot_id).where(table.owner_key == owner, table.snapshot_id.in_(ids))))
    for position, snapshot in enumerate(snapshots):
        if snapshot.id in known:
            continue
        known.add(snapshot.id)
        session.add(
            table(
                owner_key=owner,
                snapshot_id=snapshot.id,
                group_id=snapshot.group_id,
                created_at=snapshot.created_at,
                received_at=now + position * 1e-6,
                reason=snapshot.reason,
                version=snapshot.version,
                source=source,
                state_json=to_json(snapshot.state),
            )
        )
    session.flush()
    held = session.scalar(select(func.count()).select_from(table).where(table.owner_key == owner)) or 0
    if held > KEPT_SNAPSHOTS:
        oldest = (
            select(table.snapshot_id)
            .where(table.owner_key == owner)
            .order_by(table.received_at)
            .limit(held - KEPT_SNAPSHOTS)
        )
        session.execute(
            delete(table).where(table.owner_key == owner, table.snapshot_id.in_(list(session.scalars(oldest))))
        )


def _keep_audits(session: Session, owner: str, audits: Sequence[AuditEntry], now: float) -> list[AuditEntry]:
    table = RoutingAuditRecord
    session.execute(delete(table).where(table.received_at < now - KEPT_AUDIT_IDS_SECONDS))
    ids = [audit.id for audit in audits]
    known = set(session.scalars(select(table.audit_id).where(table.owner_key == owner, table.audit_id.in_(ids))))
    new = []
    for audit in audits:
        if audit.id not in known:
            known.add(audit.id)
            session.add(table(owner_key=owner, audit_id=audit.id, received_at=now))
            new.append(audit)
    session.flush()
    return new


def _states(session: Session, caller: Caller, snapshots: Sequence[Snapshot]) -> list[GroupState]:
    last = {snapshot.group_id: snapshot for snapshot in snapshots if snapshot.group_id}
    states = []
    for group_id, snapshot in last.items():
        group = own_group(session, caller, group_id)
        if group is None:
            continue
        dirty = snapshot.state.get("dirty") is True or (
            snapshot.version is not None and snapshot.version != group.version
        )
        states.append(GroupState(group.group_id, group.version, dirty, group.updated_at, snapshot.id))
    return states
