"""Accounts and sessions to the bodies of `/api/auth`."""

from __future__ import annotations

from typing import Any

from gateway.answers import iso_time, iso_time_or_now
from plant.mechanical_seals import CLIENT_TEXTS
from protos.auth.v1 import auth_pb2 as pb


def status(account: pb.Account) -> dict[str, Any]:
    """How an account stands."""
    return {
        "username": account.username,
        "display_name": account.display_name if account.HasField("display_name") else None,
        "status": account.status,
        "is_admin": account.is_admin,
    }


def registered(account: pb.Account) -> dict[str, Any]:
    """A new account."""
    return {
        "username": account.username,
        "status": account.status,
        "is_admin": account.is_admin,
        "message": CLIENT_TEXTS["registered"],
    }


def logged_in(session: pb.Session) -> dict[str, Any]:
    """A session that has begun, with its token."""
    return {
        **status(session.account),
        "token": session.token,
        "issued_at": iso_time_or_now(session.issued_at),
        "expires_at": iso_time_or_now(session.expires_at),
    }


def current(session: pb.Session) -> dict[str, Any]:
    """The session of the caller."""
    return {
        **status(session.account),
        "issued_at": iso_time_or_now(session.issued_at),
        "expires_at": iso_time_or_now(session.expires_at),
        "session_id": session.session_id or None,
        "client_host": session.client_host or None,
    }


def listed(account: pb.Account) -> dict[str, Any]:
    """An account as administrators see it."""
    return {
        **status(account),
        "disabled": account.disabled,
        "created_at": iso_time(account.created_at),
        "last_login_at": iso_time(account.last_login_at),
        "reason": account.reason or None,
    }
