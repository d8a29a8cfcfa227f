"""Saving the database to one file while it is in use, and putting such a file in its place: SQLite by its online backup API,
PostgreSQL by pg_dump and pg_restore.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import text

from auth_service.store.database import Database
from common.database_copy import (
    SIDE_FILES,
    copy_sqlite,
    inspect,
    inspect_dump,
    restore_dump,
    save,
    sqlite_file,
    whole_file,
)
from common.errors import PreconditionFailed
from common.files import replace
from common.settings import Settings


def restore(settings: Settings, source: Path) -> Path | None:
    """Put a backup in the place of the database; returns where the former one is kept, None when there was none.

    Everybody has to log in again: a session that was ended after the backup must not live again.

    Raises:
        PreconditionFailed: no such file, or the database is in use. Unavailable: PostgreSQL cannot be reached.
        DataProblem: the file is no backup or is damaged; the database stays as it is.
    """
    if not source.is_file():
        raise PreconditionFailed(f"There is no file {source}")
    target = sqlite_file(settings.sqlalchemy_url)
    if target is None:
        with contextlib.closing(Database.of(settings)) as database:
            return _restore_postgresql(database, settings.state_dir, source)
    if target.exists() and source.resolve() == target.resolve():
        raise PreconditionFailed(f"{source} is the database itself: name a file that backup wrote")
    inspect(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(target) as temporary:
        copy_sqlite(source, temporary)
        _end_all_sessions(temporary)
        inspect(temporary)
        return _set_aside(target) if target.exists() else None


def _restore_postgresql(database: Database, state: Path, source: Path) -> Path | None:
    inspect_dump(source)
    url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with database.translating(), database.engine.connect() as connection:
        others = connection.execute(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
                "AND backend_type = 'client backend'"
            )
        ).scalar_one()
        used = connection.execute(text("SELECT to_regclass('alembic_version') IS NOT NULL")).scalar_one()
    if others:
        raise PreconditionFailed(
            f"The database {database.name} is in use ({others} connections): stop auth_service first, then restore",
            reason="DATABASE_IN_USE",
        )
    kept = _unused(state / f"routing.before-restore-{time.strftime('%Y%m%d-%H%M%S')}.dump") if used else None
    if kept is not None:
        save(url, kept)
    restore_dump(url, source)
    with database.translating(), database.engine.begin() as connection:
        connection.execute(text("UPDATE signing_keys SET verifies_until = 0"))
    return kept


def back_up_before_migration(database: Database, before: str, after: str) -> Path | None:
    """Save a database that is about to be migrated beside itself; None where there is nothing to lose or PostgreSQL has it."""
    if database.file is None or before in ("", after):
        return None
    target = database.file.with_name(f"{database.file.name}.before-migration-{after}-{time.strftime('%Y%m%d-%H%M%S')}")
    save(f"sqlite:///{database.file.as_posix()}", target)
    return target


def _end_all_sessions(path: Path) -> None:
    """Let no key of the backup verify tokens any more; the next start makes a new one."""
    with contextlib.closing(sqlite3.connect(str(path))) as connection, connection:
        connection.execute("UPDATE signing_keys SET verifies_until = 0")


def _set_aside(target: Path) -> Path:
    """Move the database and what SQLite keeps beside it out of the way."""
    with _exclusively(target):
        pass
    kept = _unused(target.with_name(f"{target.name}.before-restore-{time.strftime('%Y%m%d-%H%M%S')}"))
    for suffix in SIDE_FILES:
        beside = target.with_name(target.name + suffix)
        if beside.exists():
            replace(beside, kept.with_name(kept.name + suffix))
    replace(target, kept)
    return kept


@contextlib.contextmanager
def _exclusively(path: Path) -> Iterator[None]:
    """Hold the database as its only user; a damaged one is nobody's.

    Raises:
        PreconditionFailed: another process has it open.
    """
    with contextlib.closing(sqlite3.connect(str(path), timeout=0.5, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise PreconditionFailed(
                f"The database {path} is in use ({error}): stop auth_service first, then restore",
                reason="DATABASE_IN_USE",
            ) from error
        except sqlite3.DatabaseError:
            yield
            return
        try:
            yield
        finally:
            connection.rollback()


def _unused(path: Path) -> Path:
    found, number = path, 2
    while found.exists():
        found, number = path.with_name(f"{path.name}-{number}"), number + 1
    return found
