"""Log-in sessions: begun with a token, ended early by log-out, a disabled account or a changed password."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from auth_service.store.records import AccountRecord, SessionRecord

KEPT_SECONDS = 30 * 86_400.0
"""How long expired sessions stay for the audit."""


@dataclass(frozen=True)
class Ended:
    """Sessions that ended before their tokens expire: session id -> expiry, seconds since 1970 UTC."""

    sessions: dict[str, float]


def begin(session: Session, account: AccountRecord, *, seconds: float, client_host: str, now: float) -> SessionRecord:
    """Begin a session of `seconds`."""
    row = SessionRecord(
        session_id=secrets.token_hex(16),
        account_id=account.id,
        issued_at=now,
        expires_at=now + seconds,
        client_host=client_host[:255],
    )
    session.add(row)
    return row


def claims(row: SessionRecord, account: AccountRecord, site: str = "") -> dict[str, object]:
    """What the session's token says; `site` is the one of several that the account is of."""
    said: dict[str, object] = {
        "sub": account.username,
        "sid": row.session_id,
        "role": "admin" if account.is_admin else "user",
        "iat": row.issued_at,
        "exp": row.expires_at,
    }
    if account.display_name is not None:
        said["name"] = account.display_name
    if site:
        said["site"] = site
    return said


def end(session: Session, session_id: str, because: str) -> Ended:
    """End one session; nothing when it has ended or is unknown."""
    row = session.get(SessionRecord, session_id)
    return _end([row] if row else [], because)


def end_all(session: Session, account_id: int, because: str, *, but: str = "") -> Ended:
    """End the sessions of an account, except the one named `but`."""
    rows = session.scalars(
        select(SessionRecord).where(SessionRecord.account_id == account_id, SessionRecord.ended_at == 0.0)
    )
    return _end([row for row in rows if row.session_id != but], because)


def _end(rows: list[SessionRecord], because: str) -> Ended:
    now = time.time()
    ended = {}
    for row in rows:
        if not row.ended_at:
            row.ended_at, row.ended_because = now, because
            ended[row.session_id] = row.expires_at
    return Ended(ended)


def revocations(session: Session, *, now: float, leeway: float) -> dict[str, float]:
    """All sessions that ended early and whose tokens could still be shown."""
    rows = session.execute(
        select(SessionRecord.session_id, SessionRecord.expires_at).where(
            SessionRecord.ended_at != 0.0, SessionRecord.expires_at > now - leeway
        )
    )
    return {row.session_id: row.expires_at for row in rows}


def forget_expired(session: Session, *, now: float) -> int:
    """Delete sessions that expired long ago; returns how many."""
    return int(session.execute(delete(SessionRecord).where(SessionRecord.expires_at < now - KEPT_SECONDS)).rowcount)  # type: ignore[attr-defined]
