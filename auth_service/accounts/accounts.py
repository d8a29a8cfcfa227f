"""Accounts and what administrators do with them. Each function works within one unit of work and leaves at least one administrator."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from auth_service.control import sessions
from auth_service.control.sessions import Ended
from auth_service.store.audit import record
from auth_service.store.document_fields import check_filters
from auth_service.store.emails import accept_email, email_key
from auth_service.store.records import AccountRecord
from common.errors import AlreadyExists, FieldViolation, InvalidInput, NotFound, PreconditionFailed
from common.notices import notice

LONGEST_NAME = 128
LONGEST_REASON = 1000


@dataclass(frozen=True)
class Decision:
    """An account after something was decided about it, and the sessions that ended by it."""

    account: AccountRecord
    ended: Ended


def find(session: Session, username: str) -> AccountRecord | None:
    """The account of an e-mail, ignoring case."""
    key = email_key(username)
    if "\x00" in key:  # PostgreSQL has no such text
        return None
    return session.scalars(select(AccountRecord).where(AccountRecord.username_key == key)).one_or_none()


def get(session: Session, username: str) -> AccountRecord:
    """The account of an e-mail, ignoring case.

    Raises:
        NotFound: there is none.
    """
    account = find(session, username)
    if account is None:
        raise NotFound(f"There is no account {username[:254]}", reason="ACCOUNT_UNKNOWN")
    return account


def accept_name(display_name: str | None) -> str | None:
    """The name for people as it is stored; None when empty.

    Raises:
        InvalidInput: too long, or it holds control characters.
    """
    if display_name is None or not display_name.strip():
        return None
    name = " ".join(unicodedata.normalize("NFC", display_name).split())
    problem = ""
    if any(unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn") for character in display_name):
        problem = notice("HOLDS_CONTROL_CHARACTERS", "holds control characters")
    elif len(name) > LONGEST_NAME:
        problem = notice("AT_MOST_CHARACTERS", "is longer than {count} characters", count=LONGEST_NAME)
    if problem:
        raise InvalidInput(f"The name {problem}", violations=[FieldViolation("display_name", problem)])
    return name


def create(
    session: Session,
    username: str,
    password_hash: str,
    *,
    display_name: str | None = None,
    status: str = "pending",
    is_admin: bool = False,
    client_host: str = "",
    by: str = "",
) -> AccountRecord:
    """Create an account.

    Raises:
        AlreadyExists: an account of this name, ignoring case, exists.
        InvalidInput: the name cannot be used.
    """
    shown, name = accept_email(username), accept_name(display_name)
    if find(session, shown) is not None:
        raise AlreadyExists(
            f"There is an account {shown} already: log in, or ask an administrator", reason="ACCOUNT_EXISTS"
        )
    now = time.time()
    account = AccountRecord(
        username=shown,
        username_key=email_key(shown),
        display_name=name,
        status=status,
        is_admin=is_admin,
        disabled=False,
        reason="",
        last_login_at=0.0,
        password_hash=password_hash,
        created_at=now,
        updated_at=now,
    )
    session.add(account)
    session.flush()
    record(
        session,
        "auth.register",
        username=by or shown,
        target=shown,
        client_host=client_host,
        facts={"status": status, "is_admin": is_admin},
    )
    return account


def any_account(session: Session) -> bool:
    """Whether there is any account."""
    return session.scalars(select(AccountRecord.id).limit(1)).first() is not None


def _decide(
    session: Session,
    username: str,
    by: str,
    action: str,
    change: Callable[[AccountRecord], dict[str, object]],
    *,
    ends: bool,
) -> Decision:
    account = get(session, username)
    before = (account.status, account.is_admin, account.disabled)
    facts = change(account)
    after = (account.status, account.is_admin, account.disabled)
    if before == after:
        return Decision(account, Ended({}))
    account.updated_at = time.time()
    session.flush()
    if before == ("approved", True, False) and not _administrators(session):
        raise PreconditionFailed(
            f"{account.username} is the last administrator: make another account an administrator first",
            reason="LAST_ADMINISTRATOR",
        )
    ended = sessions.end_all(session, account.id, action) if ends else Ended({})
    record(
        session, action, username=by, target=account.username, facts={**facts, "sessions_ended": len(ended.sessions)}
    )
    return Decision(account, ended)


def _administrators(session: Session) -> int:
    found = session.scalar(
        select(func.count())
        .select_from(AccountRecord)
        .where(AccountRecord.is_admin, AccountRecord.status == "approved", ~AccountRecord.disabled)
    )
    return int(found or 0)


def approve(session: Session, username: str, *, make_admin: bool, by: str) -> Decision:
    """Approve an account; once more changes nothing.

    Raises:
        NotFound: there is none.
    """

    def change(account: AccountRecord) -> dict[str, object]:
        account.status, account.reason = "approved", ""
        account.is_admin = account.is_admin or make_admin
        return {"is_admin": account.is_admin}

    return _decide(session, username, by, "auth.approve", change, ends=False)


def reject(session: Session, username: str, *, reason: str, by: str) -> Decision:
    """Reject an account and end its sessions.

    Raises:
        NotFound: there is none. PreconditionFailed: it is the last administrator.
    """

    def change(account: AccountRecord) -> dict[str, object]:
        account.status = "rejected"
        account.reason = "".join(c for c in reason if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs"))[
            :LONGEST_REASON
        ]
        account.is_admin = False
        return {"reason": account.reason}

    return _decide(session, username, by, "auth.reject", change, ends=True)


def set_role(session: Session, username: str, *, is_admin: bool, by: str) -> Decision:
    """Give or take the administrator role; taking it ends the account's sessions, as their tokens carry the role.

    Raises:
        NotFound: there is none. PreconditionFailed: it is the last administrator, or is not approved.
    """

    def change(account: AccountRecord) -> dict[str, object]:
        if is_admin and account.status != "approved":
            raise PreconditionFailed(f"{account.username} is {account.status}: approve the account first")
        account.is_admin = is_admin
        return {"is_admin": is_admin}

    return _decide(session, username, by, "auth.set_role", change, ends=True)


def set_disabled(session: Session, username: str, *, disabled: bool, by: str) -> Decision:
    """Disable an account and end its sessions, or enable it.

    Raises:
        NotFound: there is none. PreconditionFailed: it is the last administrator.
    """

    def change(account: AccountRecord) -> dict[str, object]:
        account.disabled = disabled
        return {"disabled": disabled}

    return _decide(session, username, by, "auth.disable" if disabled else "auth.enable", change, ends=disabled)


def set_password(session: Session, username: str, password_hash: str, *, by: str, but_session: str = "") -> Decision:
    """Store a new password and end the account's sessions, except the one named `but_session`.

    Raises:
        NotFound: there is none.
    """
    account = get(session, username)
    account.password_hash, account.updated_at = password_hash, time.time()
    ended = sessions.end_all(session, account.id, "auth.password", but=but_session)
    record(
        session, "auth.password", username=by, target=account.username, facts={"sessions_ended": len(ended.sessions)}
    )
    return Decision(account, ended)


def page(session: Session, *, status: str, search: str, limit: int, offset: int) -> tuple[list[AccountRecord], int]:
    """One page of accounts, newest first, and how many match.

    Args:
        status: pending, approved, rejected, disabled, or "" for all.
        search: part of the e-mail or name.

    Raises:
        InvalidInput: no such status.
    """
    conditions: list[ColumnElement[bool]] = []
    if status == "disabled":
        conditions.append(AccountRecord.disabled.is_(True))
    elif status in ("pending", "approved", "rejected"):
        conditions.append(AccountRecord.status == status)
    elif status:
        text = "is not pending, approved, rejected or disabled"
        raise InvalidInput(f"The status {status} {text}", violations=[FieldViolation("status", text)])
    check_filters(search=search)
    if search.strip():
        part = search.strip()
        conditions.append(
            or_(
                AccountRecord.username_key.contains(email_key(part), autoescape=True),
                AccountRecord.display_name.icontains(part, autoescape=True),
            )
        )
    rows = session.scalars(
        select(AccountRecord)
        .where(*conditions)
        .order_by(AccountRecord.created_at.desc(), AccountRecord.id.desc())
        .limit(limit)
        .offset(offset)
    )
    total = session.scalar(select(func.count()).select_from(AccountRecord).where(*conditions))
    return list(rows), int(total or 0)
