"""The audit log: who did what, to what, from where. Each event is a row that nobody can change and a JSON line in the log."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth_service.store.database import after_commit
from auth_service.store.document_fields import check_filters
from auth_service.store.emails import email_key
from auth_service.store.records import AuditRecord
from common.identity import Caller
from common.logs import get_logger
from common.request_context import current_request

log = get_logger("audit")

PAYLOAD_BYTES = 16_384


@dataclass(frozen=True)
class AuditFilter:
    """Which events: start of the action's name, exact e-mail ignoring case, times in seconds since 1970 UTC; empty means any."""

    action: str = ""
    username: str = ""
    since: float = 0.0
    until: float = 0.0


def record(
    session: Session,
    action: str,
    *,
    username: str = "",
    target: str = "",
    client_host: str = "",
    facts: Mapping[str, object] | None = None,
) -> None:
    """Add one event to the unit of work of `session`, and to the log once that is committed.

    Args:
        action: such as auth.login.failed or registry.activate.
        facts: details; what is too large for a row is cut down to its keys.
    """
    context = current_request()
    payload = orjson.dumps(dict(facts or {}), default=str, option=orjson.OPT_NON_STR_KEYS)
    if len(payload) > PAYLOAD_BYTES:
        payload = orjson.dumps(
            {"omitted": "too large", "bytes": len(payload), "keys": [str(key)[:64] for key in list(facts or {})[:50]]}
        )
    name = _clean(username, 254)
    event = AuditRecord(
        at=time.time(),
        username=name,
        username_key=email_key(name)[:1024],
        client_host=_clean(client_host, 255),
        action=_clean(action, 128),
        target=_clean(target, 512),
        request_id=context.request_id if context else "",
        payload_json=payload.decode(),
    )
    session.add(event)
    line = {
        "action": event.action,
        "user": event.username,
        "target": event.target,
        "client_host": event.client_host,
        "facts": event.payload_json,
    }
    after_commit(session, lambda: log.info("audit", **line))


def record_of_caller(session: Session, caller: Caller, action: str, target: str, facts: Mapping[str, object]) -> None:
    """Add one event in a caller's name."""
    record(session, action, username=caller.username, target=target, facts=facts)


def _clean(text: str, longest: int) -> str:
    return "".join(c if unicodedata.category(c) not in ("Cc", "Cs") else "\ufffd" for c in text)[:longest]


def page(session: Session, wanted: AuditFilter, *, limit: int, offset: int) -> tuple[list[AuditRecord], int]:
    """One page of the matching events, newest first, and how many match. Raises InvalidInput when a filter is none that could match."""
    check_filters(action=wanted.action, username=wanted.username)
    conditions = []
    if wanted.action:
        conditions.append(AuditRecord.action.startswith(wanted.action, autoescape=True))
    if wanted.username:
        conditions.append(AuditRecord.username_key == email_key(wanted.username))
    if wanted.since:
        conditions.append(AuditRecord.at >= wanted.since)
    if wanted.until:
        conditions.append(AuditRecord.at <= wanted.until)
    rows = session.scalars(
        select(AuditRecord).where(*conditions).order_by(AuditRecord.id.desc()).limit(limit).offset(offset)
    )
    total = session.scalar(select(func.count()).select_from(AuditRecord).where(*conditions))
    return list(rows), int(total or 0)


@dataclass(frozen=True)
class LoginAttempt:
    """An attempt to log in: when, as whom, from where, whether it failed by its own fault."""

    at: float
    username: str
    client_host: str
    failed: bool


MOST_ATTEMPTS = 50_000


def latest_attempts(session: Session, since: float) -> list[LoginAttempt]:
    """The attempts to log in since a time, the oldest first; those that were not even made, since too many had failed, left out."""
    rows = session.execute(
        select(
            AuditRecord.at, AuditRecord.username, AuditRecord.client_host, AuditRecord.action, AuditRecord.payload_json
        )
        .where(AuditRecord.at >= since, AuditRecord.action.in_(("auth.login", "auth.login.failed")))
        .order_by(AuditRecord.id.desc())
        .limit(MOST_ATTEMPTS)
    ).all()
    return [
        LoginAttempt(row.at, row.username, row.client_host, row.action != "auth.login")
        for row in reversed(rows)
        if "throttled" not in row.payload_json
    ]
