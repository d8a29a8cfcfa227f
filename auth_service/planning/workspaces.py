"""Workspace settings: one document a person, replaced as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from auth_service.store.document_fields import Violations, json_object, to_json
from auth_service.store.document_records import WorkspaceRecord


@dataclass(frozen=True)
class Workspace:
    """A person's workspace settings; `updated_at` in seconds since 1970 UTC."""

    user: str
    document_json: str
    updated_at: float


def owner_key(username: str) -> str:
    """A user's name as owners are compared: ignoring case."""
    return username.strip().casefold()


def get(session: Session, user: str, now: float) -> Workspace:
    """The person's workspace; an empty one as of `now` when nothing is stored."""
    record = session.get(WorkspaceRecord, owner_key(user))
    if record is None:
        return Workspace(user, "{}", now)
    return Workspace(user, record.document_json, record.updated_at)


def put(session: Session, user: str, document_json: str, now: float) -> Workspace:
    """Store the person's workspace in place of the one before.

    Raises:
        InvalidInput: it is not a JSON object, or larger than 1 MiB.
    """
    found = Violations()
    document = json_object(found, "document", document_json or "{}")
    found.check("The workspace cannot be stored")
    text = to_json(document)
    record = session.get(WorkspaceRecord, owner_key(user))
    if record is None:
        session.add(WorkspaceRecord(username_key=owner_key(user), username=user, document_json=text, updated_at=now))
    else:
        record.document_json, record.updated_at, record.username = text, now, user
    return Workspace(user, text, now)
