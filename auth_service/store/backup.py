"""Saving the database to one file while it is in use, and putting such a file in its place. SQLite by its online backup API.

PostgreSQL has tools of its own (pg_dump, pg_restore), which the errors here name.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from auth_service.store.database import Database
from common.errors import AlreadyExists, DataProblem, PreconditionFailed
from common.files import replace, sync_folder, temporary_name
from common.settings import Settings

SIDE_FILES = ("-wal", "-shm")


@dataclass(frozen=True)
class Saved:
    """A backup: its size and the migration of the schema in it."""

    bytes: int
    migration: str


def back_up(database: Database, target: Path) -> Saved:
    """Save the database to `target`, all or nothing, and look the copy through.

    Raises:
        AlreadyExists: `target` exists. PreconditionFailed: the database is no SQLite file, or there is none.
        DataProblem: the database is damaged. OSError: `target` cannot be written.
    """
    source = database.file
    if source is None:
        raise PreconditionFailed(f"{database.name} is on PostgreSQL: save it with pg_dump --format=custom")
    if not source.is_file() or not source.stat().st_size:
        raise PreconditionFailed(f"There is no database {source} to save")
    if target.exists():
        raise AlreadyExists(f"{target} exists: choose another name")
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_name(target)
    try:
        with database.translating():
            _copy(source, temporary)
        saved = inspect(temporary)
        _make_durable(temporary)
        replace(temporary, target)
        sync_folder(target.parent)
        return saved
    finally:
        for path in (temporary, *_side_files(temporary)):
            path.unlink(missing_ok=True)


def restore(settings: Settings, source: Path) -> Path | None:
    """Put a backup in the place of the database; returns where the former one is kept, None when there was none.

    Everybody has to log in again: a session that was ended after the backup must not live again.

    Raises:
        PreconditionFailed: no such file, PostgreSQL is configured, or the database is in use.
        DataProblem: the file is no backup or is damaged; the database stays as it is.
    """
    url = make_url(settings.sqlalchemy_url)
    if url.get_backend_name() != "sqlite":
        raise PreconditionFailed(f"{url.render_as_string()} is on PostgreSQL: restore it with pg_restore --clean")
    target = Path(str(url.database))
    if not source.is_file():
        raise PreconditionFailed(f"There is no file {source}")
    if target.exists() and source.resolve() == target.resolve():
        raise PreconditionFailed(f"{source} is the database itself: name a file that backup wrote")
    inspect(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_name(target)
    try:
        _copy(source, temporary)
        _end_all_sessions(temporary)
        inspect(temporary)
        _make_durable(temporary)
        kept = _set_aside(target) if target.exists() else None
        replace(temporary, target)
        sync_folder(target.parent)
        return kept
    finally:
        for path in (temporary, *_side_files(temporary)):
            path.unlink(missing_ok=True)


def back_up_before_migration(database: Database, before: str, after: str) -> Path | None:
    """Save a database that is about to be migrated beside itself; None where there is nothing to lose or PostgreSQL has it."""
    if database.file is None or before in ("", after):
        return None
    target = database.file.with_name(f"{database.file.name}.before-migration-{after}-{time.strftime('%Y%m%d-%H%M%S')}")
    back_up(database, target)
    return target


def inspect(path: Path) -> Saved:
    """Look a SQLite file through.

    Raises:
        DataProblem: it is no database of this product, or is damaged.
    """
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path.absolute().as_posix()}?mode=ro", uri=True)) as connection:
            findings = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)")]
            if findings != ["ok"]:
                raise DataProblem(
                    f"{path} is damaged ({'; '.join(findings)}): use another backup", reason="BACKUP_DAMAGED"
                )
            migration = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        raise DataProblem(
            f"{path} is no backup of the control plane ({error}): use another file", reason="BACKUP_DAMAGED"
        ) from error
    if migration is None:
        raise DataProblem(f"{path} holds no tables of the control plane: use another file", reason="BACKUP_DAMAGED")
    return Saved(path.stat().st_size, str(migration[0]))


def _copy(source: Path, target: Path) -> None:
    os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with (
        contextlib.closing(sqlite3.connect(str(source), timeout=10.0)) as reading,
        contextlib.closing(sqlite3.connect(str(target))) as writing,
    ):
        reading.backup(writing, pages=1024)
        writing.execute("PRAGMA journal_mode = DELETE")  # one file, whatever mode the source was in


def _end_all_sessions(path: Path) -> None:
    """Let no key of the backup verify tokens any more; the next start makes a new one."""
    with contextlib.closing(sqlite3.connect(str(path))) as connection, connection:
        connection.execute("UPDATE signing_keys SET verifies_until = 0")


def _make_durable(path: Path) -> None:
    with open(path, "r+b") as stream:
        os.fsync(stream.fileno())


def _set_aside(target: Path) -> Path:
    """Move the database and what SQLite keeps beside it out of the way."""
    with _exclusively(target):
        pass
    kept = target.with_name(f"{target.name}.before-restore-{time.strftime('%Y%m%d-%H%M%S')}")
    number = 2
    while kept.exists():
        kept, number = kept.with_name(f"{kept.name}-{number}"), number + 1
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


def _side_files(path: Path) -> list[Path]:
    return [path.with_name(path.name + suffix) for suffix in (*SIDE_FILES, "-journal")]
