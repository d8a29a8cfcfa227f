"""The first administrator: made when there is no account, with the configured password or a random one that is told once."""

from __future__ import annotations

import os
from pathlib import Path

from auth_service.accounts import accounts
from auth_service.accounts.passwords import Passwords, check_password, random_password
from auth_service.store.database import Database
from common.logs import get_logger
from common.settings import Settings

log = get_logger(__name__)

PASSWORD_FILE_VARIABLE = "ROUTING_ML_ADMIN_PASSWORD_FILE"  # noqa: S105 - a variable's name
"""File that a random password is written to, that of a site with its name added; unset: it is printed."""


def ensure_administrator(database: Database, passwords: Passwords, settings: Settings) -> str | None:
    """Create the first administrator where there is no account at all; returns its e-mail, None when there was one.

    Raises:
        InvalidInput: the configured e-mail or password cannot be used.
        OSError: the password file cannot be written; no account is created.
    """
    with database.reading() as session:
        if accounts.any_account(session):
            return None
    password = settings.admin_password or random_password()
    check_password(password, settings.admin_email)
    password_hash = passwords.hash_now(password)
    with database.writing() as session:
        if accounts.any_account(session):
            return None
        account = accounts.create(
            session, settings.admin_email, password_hash, status="approved", is_admin=True, client_host="", by="system"
        )
        if not settings.admin_password:
            _tell(account.username, password, settings.at_site)
    log.info("first administrator created", user=account.username)
    return account.username


def _tell(username: str, password: str, site: str) -> None:
    target = os.environ.get(PASSWORD_FILE_VARIABLE)
    if not target:
        who = f"First administrator of the site {site}" if site else "First administrator"
        print(
            f"{who}: {username}  password: {password}  (told this once; stored only as a hash)",
            flush=True,
        )
        return
    path = Path(f"{target}.{site}" if site else target)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(password + "\n")
