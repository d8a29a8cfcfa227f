"""Backup and restore: one whole, checked file while the database is in use; never half a database."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from auth_service.control.signing_keys import KeyCipher, add_key, current_key, verification_keys
from auth_service.store import backup, schema
from auth_service.store.database import Database
from auth_service.store.records import AuditRecord
from common.database_copy import inspect, save
from common.errors import AlreadyExists, DataProblem, PreconditionFailed
from common.settings import Settings

ROOT = Path(__file__).resolve().parents[3]


def settings(folder: Path) -> Settings:
    return Settings(_env_file=None, state_dir=folder)


@pytest.fixture
def used(tmp_path: Path) -> Database:
    database = Database.of(settings(tmp_path))
    schema.upgrade(database)
    with database.writing() as session:
        session.add_all([AuditRecord(at=float(n), action=f"x{n}") for n in range(500)])
    return database


def count(database: Database) -> int:
    with database.reading() as session:
        return int(session.scalar(select(func.count()).select_from(AuditRecord)) or 0)


def test_a_backup_is_one_whole_file_and_restores_what_was_there(used: Database, tmp_path: Path) -> None:
    target = tmp_path / "far" / "backup.db"
    saved = save(settings(tmp_path).sqlalchemy_url, target)
    assert saved.migration == schema.newest()
    assert [path.name for path in target.parent.iterdir()] == ["backup.db"]
    assert target.stat().st_mode & 0o077 == 0
    with used.writing() as session:
        session.add(AuditRecord(at=1.0, action="later"))
    used.close()
    kept = backup.restore(settings(tmp_path), target)
    again = Database.of(settings(tmp_path))
    again.check()
    assert count(again) == 500
    again.close()
    assert kept
    former = Database(f"sqlite:///{kept.as_posix()}")
    assert count(former) == 501
    former.close()


def test_after_a_restore_everybody_logs_in_again(used: Database, tmp_path: Path) -> None:
    cipher = KeyCipher.load(tmp_path / "secrets")
    with used.writing() as session:
        add_key(session, cipher, token_seconds=3600)
    save(settings(tmp_path).sqlalchemy_url, tmp_path / "b.db")
    used.close()
    backup.restore(settings(tmp_path), tmp_path / "b.db")
    again = Database.of(settings(tmp_path))
    with again.writing() as session:
        assert verification_keys(session) == []
        assert current_key(session, cipher) is None
        add_key(session, cipher, token_seconds=3600)
        assert len(verification_keys(session)) == 1
    again.close()


async def test_a_database_of_an_older_software_is_saved_before_it_is_migrated(
    tmp_path: Path, plant_starter: Any
) -> None:
    older = Database.of(settings(tmp_path / "state"))
    schema.upgrade(older, "0001")
    older.close()
    await plant_starter(tmp_path)
    saved = list((tmp_path / "state").glob("routing.db.before-migration-*"))
    assert len(saved) == 1
    assert inspect(saved[0]).migration == "0001"


def test_a_backup_during_writing_is_consistent(used: Database, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with used.writing() as session:  # always two at a time
                session.add_all([AuditRecord(at=1.0, action="pair"), AuditRecord(at=1.0, action="pair")])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            save(settings(tmp_path).sqlalchemy_url, tmp_path / f"b{number}.db")
    finally:
        stop.set()
        writer.join()
    for number in range(3):
        copy = Database(f"sqlite:///{(tmp_path / f'b{number}.db').as_posix()}")
        assert count(copy) % 2 == 0
        copy.close()


def test_an_existing_file_is_not_overwritten(used: Database, tmp_path: Path) -> None:
    (tmp_path / "b.db").write_text("precious")
    with pytest.raises(AlreadyExists):
        save(settings(tmp_path).sqlalchemy_url, tmp_path / "b.db")
    assert (tmp_path / "b.db").read_text() == "precious"


def test_a_database_in_use_is_not_replaced(used: Database, tmp_path: Path) -> None:
    save(settings(tmp_path).sqlalchemy_url, tmp_path / "b.db")
    assert count(used) == 500  # a connection stays open
    with pytest.raises(PreconditionFailed, match="stop auth_service"):
        backup.restore(settings(tmp_path), tmp_path / "b.db")
    with used.writing() as session:
        session.add(AuditRecord(at=1.0, action="still works"))
    assert count(used) == 501


@pytest.mark.parametrize("content", ["nothing", "text", "truncated", "foreign", "damaged"])
def test_what_is_no_whole_backup_is_refused_and_the_database_stays(
    used: Database, tmp_path: Path, content: str
) -> None:
    source = tmp_path / "b.db"
    save(settings(tmp_path).sqlalchemy_url, source)
    whole = source.read_bytes()
    match content:
        case "nothing":
            source.write_bytes(b"")
        case "text":
            source.write_bytes(b"no database" * 1000)
        case "truncated":
            source.write_bytes(whole[: len(whole) // 2])
        case "foreign":
            source.unlink()
            with sqlite3.connect(source) as connection:
                connection.execute("CREATE TABLE other (x)")
            connection.close()
        case "damaged":
            source.write_bytes(whole[:8192] + bytes(4096) + whole[12288:])
    used.close()
    with pytest.raises(DataProblem):
        backup.restore(settings(tmp_path), source)
    again = Database.of(settings(tmp_path))
    assert count(again) == 500
    again.close()
    assert not list(tmp_path.glob("*before-restore*"))
    assert not list(tmp_path.glob(".*tmp*"))


def test_a_damaged_database_is_replaced_and_kept_beside(used: Database, tmp_path: Path) -> None:
    save(settings(tmp_path).sqlalchemy_url, tmp_path / "b.db")
    used.close()
    path = tmp_path / "routing.db"
    path.write_bytes(b"garbage" * 5000)
    damaged = Database.of(settings(tmp_path))
    with pytest.raises(DataProblem, match="restore FILE"):
        damaged.check()
    damaged.close()
    kept = backup.restore(settings(tmp_path), tmp_path / "b.db")
    assert kept
    assert kept.read_bytes().startswith(b"garbage")
    again = Database.of(settings(tmp_path))
    again.check()
    assert count(again) == 500
    again.close()


def test_restoring_where_there_is_no_database_yet(used: Database, tmp_path: Path) -> None:
    save(settings(tmp_path).sqlalchemy_url, tmp_path / "b.db")
    used.close()
    assert backup.restore(settings(tmp_path / "new"), tmp_path / "b.db") is None
    again = Database.of(settings(tmp_path / "new"))
    assert count(again) == 500
    again.close()


def test_the_database_itself_is_no_backup(used: Database, tmp_path: Path) -> None:
    used.close()
    with pytest.raises(PreconditionFailed, match="itself"):
        backup.restore(settings(tmp_path), tmp_path / "routing.db")
    with pytest.raises(PreconditionFailed, match="no file"):
        backup.restore(settings(tmp_path), tmp_path / "none.db")


def test_a_postgresql_database_is_saved_and_restored_whole(
    empty_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = empty_database.url.render_as_string(hide_password=False)
    there = Settings(_env_file=None, state_dir=tmp_path, database_url=url)
    schema.upgrade(empty_database)
    with empty_database.writing() as session:
        session.add_all([AuditRecord(at=float(n), action=f"한글 {n}") for n in range(500)])
    saved = save(there.sqlalchemy_url, tmp_path / "b.dump")
    assert saved.migration == schema.newest()
    assert (tmp_path / "b.dump").stat().st_mode & 0o077 == 0
    with empty_database.writing() as session:
        session.add(AuditRecord(at=1.0, action="later"))
    if not empty_database.is_sqlite:
        with pytest.raises(PreconditionFailed, match="stop auth_service"):
            backup.restore(there, tmp_path / "b.dump")
    empty_database.close()
    kept = backup.restore(there, tmp_path / "b.dump")
    assert kept
    assert kept.is_file()
    again = Database.of(there)
    assert count(again) == 500
    again.close()


def test_a_damaged_dump_of_postgresql_changes_nothing(empty_database: Database, tmp_path: Path) -> None:
    if empty_database.is_sqlite:
        pytest.skip("the file of SQLite has tests of its own")
    url = empty_database.url.render_as_string(hide_password=False)
    there = Settings(_env_file=None, state_dir=tmp_path, database_url=url)
    schema.upgrade(empty_database)
    with empty_database.writing() as session:
        session.add_all([AuditRecord(at=float(n), action=f"x{n}") for n in range(500)])
    source = tmp_path / "b.dump"
    save(url, source)
    whole = source.read_bytes()
    empty_database.close()
    for content in (b"", b"no dump" * 100, whole[: len(whole) // 2]):
        source.write_bytes(content)
        with pytest.raises(DataProblem):
            backup.restore(there, source)
    again = Database.of(there)
    assert count(again) == 500
    again.close()


def test_without_the_tools_of_postgresql_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda *_args, **_options: None)
    monkeypatch.setattr(Path, "glob", lambda *_args: iter(()))
    with pytest.raises(PreconditionFailed, match="client programs"):
        save("postgresql://routing@127.0.0.1:9/x", tmp_path / "b.dump")
    assert not list(tmp_path.iterdir())


def test_a_command_that_saves_imports_no_database_library() -> None:
    """Most of a backup's time was the start of two interpreters with everything that services need."""
    program = "import sys, cli.care.backup_commands, cli.main; print({'sqlalchemy', 'alembic', 'grpc', 'numpy'} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert shown.stdout.strip() == "set()", shown.stdout + shown.stderr
