"""Moving old audit events from the database to files of JSON lines: the file first, then the deletion, which the database checks."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from auth_service.store.audit import record
from auth_service.store.database import Database
from auth_service.store.records import AuditArchiveRecord, AuditRecord
from common.errors import InvalidInput
from common.files import writing

YEAR_SECONDS = 365.25 * 86_400.0
LEAST_YEARS = 1
"""Younger events stay in the database, whoever asks."""

EVENTS_OF_A_FILE = 100_000
BATCH = 5_000


@dataclass(frozen=True)
class Archived:
    """What was moved: the files, and how many events they hold."""

    files: tuple[Path, ...] = ()
    events: int = 0


def archive(database: Database, folder: Path, *, years: float, by: str, now: float | None = None) -> Archived:
    """Move the events that are older than so many years to files in `folder`.

    Each file is whole and on the disk before its events are deleted; a process that is killed between the two leaves both, and the next
    run writes the same file again. Blocks: not on the event loop.

    Args:
        by: who asked, for the audit log, which also gets the file's digest.

    Raises:
        InvalidInput: fewer than `LEAST_YEARS` years.
        OSError: a file cannot be written; its events stay.
        ServiceError: the database cannot be used.
    """
    if years < LEAST_YEARS:
        raise InvalidInput(f"Audit events stay at least {LEAST_YEARS} year in the database: name a longer time")
    before = (time.time() if now is None else now) - years * YEAR_SECONDS
    files: list[Path] = []
    events = 0
    with database.reading() as session:
        newest = session.scalar(select(func.max(AuditRecord.id))) or 0
    while True:
        with database.reading() as session:
            found = _oldest(session, before, newest)
            if found is None:
                return Archived(tuple(files), events)
            first, last = found
            path = folder / f"audit-{first:010d}-{last:010d}.jsonl"
            count, digest = _write(session, first, last, path)
        with database.writing() as session:
            there = select(func.count()).select_from(AuditRecord).where(AuditRecord.id.between(first, last))
            if session.scalar(there) != count:
                return Archived(tuple(files), events)  # another process moves the same events
            session.add(
                AuditArchiveRecord(
                    at=time.time(), file=str(path.absolute()), sha256=digest, events=count, first_id=first, last_id=last
                )
            )
            record(
                session,
                "audit.archive",
                username=by,
                target=path.name,
                facts={"events": count, "first": first, "last": last, "sha256": digest},
            )
            session.flush()  # before the deletion, so that no id is given twice
            session.execute(delete(AuditRecord).where(AuditRecord.id.between(first, last)))
        files.append(path)
        events += count


def _oldest(session: Session, before: float, newest: int) -> tuple[int, int] | None:
    """First and last id of the oldest events up to `newest` that can go into one file; None when there are none.

    Events go in the order in which they were written, so that the files are the beginning of the log, whatever the clock did.
    """
    first = session.scalar(select(func.min(AuditRecord.id)))
    if first is None:
        return None
    young = session.scalar(select(func.min(AuditRecord.id)).where(AuditRecord.at >= before))
    end = newest if young is None else min(newest, young - 1)
    query = select(AuditRecord.id).where(AuditRecord.id <= end).order_by(AuditRecord.id).limit(EVENTS_OF_A_FILE)
    last = session.scalar(select(func.max(query.subquery().c.id)))
    return None if last is None else (int(first), int(last))


def _write(session: Session, first: int, last: int, path: Path) -> tuple[int, str]:
    """Write events as JSON lines; returns how many, and the file's sha256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, count = hashlib.sha256(), 0
    with writing(path) as stream:
        for event in _events(session, first, last):
            line = orjson.dumps(_fields(event)) + b"\n"
            digest.update(line)
            stream.write(line)
            count += 1
    return count, digest.hexdigest()


def _events(session: Session, first: int, last: int) -> Iterator[AuditRecord]:
    while first <= last:
        rows = session.scalars(
            select(AuditRecord).where(AuditRecord.id.between(first, last)).order_by(AuditRecord.id).limit(BATCH)
        ).all()
        if not rows:
            return
        yield from rows
        first = rows[-1].id + 1
        session.expunge_all()


def _fields(event: AuditRecord) -> dict[str, object]:
    return {
        "id": event.id,
        "at": event.at,
        "username": event.username,
        "client_host": event.client_host,
        "action": event.action,
        "target": event.target,
        "request_id": event.request_id,
        "payload": orjson.loads(event.payload_json),
    }
