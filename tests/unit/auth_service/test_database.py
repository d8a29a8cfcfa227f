"""Units of work, constraints, migrations and clear errors of the control-plane database."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select

from auth_service.accounts import accounts
from auth_service.control.control_state import read_state
from auth_service.rsl import rsl_groups
from auth_service.store import audit, schema
from auth_service.store.database import Database
from auth_service.store.document_records import WorkspaceRecord
from auth_service.store.records import (
    AccountRecord,
    AuditRecord,
    ControlRecord,
    SessionRecord,
    SettingsRevisionRecord,
    VersionRecord,
)
from common.errors import Conflict, DataProblem, InvalidInput, PreconditionFailed, ServiceError, Unavailable
from plant.settings import PlantSettings


def version(name: str, *, active: bool) -> VersionRecord:
    return VersionRecord(
        version_name=name,
        artifact_dir=name,
        manifest_path=f"{name}/manifest.json",
        manifest_sha256="",
        status="active" if active else "pending",
        active_flag=active,
        created_at=1.0,
        updated_at=1.0,
    )


def account(name: str) -> AccountRecord:
    return AccountRecord(
        username=name, username_key=name, status="approved", password_hash="x", created_at=1.0, updated_at=1.0
    )


def test_a_unit_of_work_that_fails_leaves_no_trace(database: Database) -> None:
    def fail() -> None:
        with database.writing() as session:
            session.add(account("a@b"))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.reading() as session:
        assert session.scalars(select(AccountRecord)).all() == []


def test_the_database_admits_one_active_version_at_most(database: Database) -> None:
    with database.writing() as session:
        session.add_all([version("a", active=True), version("b", active=False), version("c", active=False)])
    with pytest.raises(Conflict), database.writing() as session:
        session.add(version("d", active=True))
    with database.reading() as session:
        assert session.scalars(select(VersionRecord.version_name).where(VersionRecord.active_flag)).all() == ["a"]


def test_a_status_and_its_flag_cannot_disagree(database: Database) -> None:
    row = version("a", active=True)
    row.status = "retired"
    with pytest.raises(Conflict), database.writing() as session:
        session.add(row)


def test_a_second_control_row_is_refused(database: Database) -> None:
    with pytest.raises(Conflict), database.writing() as session:
        session.add(ControlRecord(id=2))


def test_a_session_of_no_account_is_refused(database: Database) -> None:
    with pytest.raises(Conflict), database.writing() as session:
        session.add(SessionRecord(session_id="s", account_id=77, issued_at=1.0, expires_at=2.0))


@pytest.mark.parametrize("statement", ["UPDATE audit_events SET action = 'y'", "DELETE FROM audit_events"])
def test_the_audit_log_is_append_only(database: Database, statement: str) -> None:
    with database.writing() as session:
        session.add(AuditRecord(at=1.0, action="x"))
    with pytest.raises(ServiceError, match="append-only"), database.writing() as session:
        session.connection().exec_driver_sql(statement)
    with database.reading() as session:
        assert session.scalars(select(AuditRecord.action)).all() == ["x"]


async def test_writers_from_many_threads_and_processes_take_turns(database: Database) -> None:
    other = Database(database.url.render_as_string(hide_password=False))

    def count(session: object) -> None:
        row = session.get(ControlRecord, 1)  # type: ignore[attr-defined]
        row.revision = row.revision + 1

    try:
        await asyncio.gather(*(member.write(count) for member in (database, other) for _ in range(40)))
    finally:
        other.close()
    with database.reading() as session:
        row = session.get(ControlRecord, 1)
        assert row is not None
        assert row.revision == 81


def test_a_reader_is_not_held_up_by_a_writer(database: Database) -> None:
    with database.writing() as session:
        session.add(account("a@b"))
        session.flush()
        seen: list[int] = []

        def read() -> None:
            with database.reading() as other:
                seen.append(len(other.scalars(select(AccountRecord)).all()))

        thread = threading.Thread(target=read)
        thread.start()
        thread.join(10)
        assert seen == [0]


def test_the_tables_are_those_of_the_records(empty_database: Database) -> None:
    schema.upgrade(empty_database)
    with empty_database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata()) == []


def test_migrations_go_up_down_and_up_again_with_data(empty_database: Database) -> None:
    assert schema.current(empty_database) == ""
    assert schema.upgrade(empty_database, "0001") == "0001"
    with empty_database.writing() as session:
        session.add(account("a@b"))
        session.add(AuditRecord(at=1.0, action="x"))
    assert schema.upgrade(empty_database) == schema.newest()
    assert schema.downgrade(empty_database, "0001") == "0001"
    with empty_database.reading() as session:
        assert session.scalars(select(AccountRecord.username)).all() == ["a@b"]
    assert schema.downgrade(empty_database, "base") == ""
    assert schema.upgrade(empty_database) == schema.newest()


def test_a_database_of_the_first_release_opens_with_all_that_it_held(empty_database: Database) -> None:
    schema.upgrade(empty_database, "0002")
    document = PlantSettings().to_dict()
    for section in ("snapshot", "training", "search"):  # as an older software had written it
        del document[section]
    with empty_database.writing() as session:
        session.add(account("a@b"))
        session.flush()
        session.add(SessionRecord(session_id="s", account_id=1, issued_at=1.0, expires_at=2.0))
        session.add(AuditRecord(at=1.0, action="x"))
        session.add(version("v1", active=True))
        session.add(
            SettingsRevisionRecord(revision=7, at=1.0, author="kim", document_json=json.dumps(document), comment="")
        )
    schema.upgrade(empty_database)
    with empty_database.reading() as session:
        state = read_state(session)
        assert session.scalars(select(AccountRecord.username)).all() == ["a@b"]
        assert session.scalars(select(AuditRecord.action)).all() == ["x"]
        assert session.get(SessionRecord, "s") is not None
    assert (state.active.version_name, state.settings.revision) == ("v1", 7)
    assert PlantSettings.parse(state.settings.document_json) == PlantSettings()
    with pytest.raises(ServiceError, match="append-only"), empty_database.writing() as session:
        session.connection().exec_driver_sql("DELETE FROM audit_events")


def test_a_migration_that_fails_changes_nothing(sqlite: Database) -> None:
    schema.downgrade(sqlite, "base")
    with sqlite.writing() as session:
        session.connection().exec_driver_sql("CREATE TABLE control (id INTEGER)")  # in the way of the last table
    with pytest.raises(ServiceError):
        schema.upgrade(sqlite)
    with sqlite.reading() as session:
        tables = (
            session.connection()
            .exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
            .fetchall()
        )
    assert {row[0] for row in tables} <= {"control", "alembic_version"}


def test_a_database_of_a_newer_software_is_refused(database: Database) -> None:
    with database.writing() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(PreconditionFailed, match="newer version"):
        schema.upgrade(database)


def test_a_locked_file_is_an_error_that_can_be_tried_again(sqlite: Database) -> None:
    holder = sqlite3.connect(str(sqlite.file), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(Unavailable, match="locked") as caught, sqlite.writing() as session:
            session.add(account("a@b"))
        assert caught.value.reason == "DATABASE_BUSY"
        assert caught.value.retry_after
        with sqlite.reading() as session:  # readers go on
            assert session.scalars(select(AccountRecord)).all() == []
    finally:
        holder.close()
    with sqlite.writing() as session:
        session.add(account("a@b"))


def test_a_file_that_is_no_database_is_refused_with_the_restore_command(tmp_path: Path) -> None:
    path = tmp_path / "routing.db"
    path.write_bytes(b"this is not a database" * 400)
    database = Database(f"sqlite:///{path.as_posix()}")
    with pytest.raises(DataProblem, match="restore FILE"):
        database.check()
    database.close()


def test_a_damaged_file_is_refused_with_the_restore_command(sqlite: Database, tmp_path: Path) -> None:
    with sqlite.writing() as session:
        session.add_all([AuditRecord(at=float(n), action=f"x{n}", payload_json="y" * 200) for n in range(400)])
        session.flush()
    sqlite.close()
    path = sqlite.file
    assert path
    content = bytearray(path.read_bytes())
    for page in range(20, len(content) // 4096):
        content[page * 4096 : page * 4096 + 200] = bytes(200)
    path.write_bytes(content)
    again = Database(f"sqlite:///{path.as_posix()}")
    with pytest.raises(DataProblem, match="restore FILE"):
        again.check()
    again.close()


def test_a_writer_that_waits_too_long_for_another_process_can_try_again(database: Database) -> None:
    other = Database(database.url.render_as_string(hide_password=False))
    with other.writing() as session:
        session.add(account("a@b"))
        session.flush()
        with pytest.raises(Unavailable) as caught, database.writing() as late:
            late.add(account("c@d"))
        assert caught.value.reason == "DATABASE_BUSY"
        assert caught.value.retry_after
    with database.writing() as session:
        session.add(account("c@d"))
    other.close()


def test_opening_a_database_once_more_in_the_process_drops_no_locks(sqlite: Database) -> None:
    with sqlite.writing() as session:
        session.add(account("a@b"))
        session.flush()
        Database(sqlite.url.render_as_string(hide_password=False), busy_seconds=0.1).close()
        code = (
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=0.1, isolation_level=None)\n"
            "try: c.execute('BEGIN IMMEDIATE')\n"
            "except sqlite3.OperationalError: sys.exit(7)"
        )
        assert subprocess.run([sys.executable, "-c", code, str(sqlite.file)]).returncode == 7


def test_the_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    made = Database(f"sqlite:///{(tmp_path / 'made.db').as_posix()}")
    schema.upgrade(made)
    assert made.file
    found = list(made.file.parent.glob(f"{made.file.name}*"))
    assert found
    assert all(path.stat().st_mode & 0o077 == 0 for path in found)
    made.close()


def test_a_server_that_does_not_answer_is_unavailable_and_its_password_is_not_shown() -> None:
    database = Database("postgresql://routing:hidden-word@127.0.0.1:9/none")
    with pytest.raises(Unavailable) as caught:
        database.check()
    assert "hidden-word" not in caught.value.message
    database.close()


@pytest.mark.parametrize("bad", ["a\0b", "\ud800"])
def test_texts_that_no_database_holds_are_refused_as_input_and_name_no_database(database: Database, bad: str) -> None:
    with pytest.raises(InvalidInput) as refused, database.reading() as session:
        session.scalars(select(AccountRecord).where(AccountRecord.username_key == bad)).all()
    assert database.name not in refused.value.message
    with pytest.raises(InvalidInput), database.writing() as session:
        session.add(WorkspaceRecord(username_key="k", username="k", document_json=bad, updated_at=1.0))


@pytest.mark.parametrize("search", ["x" * 60_000, "%_" * 40_000])
def test_a_search_for_a_very_long_text_is_answered_or_refused_but_no_failure_of_the_database(
    database: Database, search: str
) -> None:
    for find in (
        lambda session: rsl_groups.list_page(session, search=search),
        lambda session: accounts.page(session, status="", search=search, limit=1, offset=0),
        lambda session: audit.page(session, audit.AuditFilter(action=search), limit=1, offset=0),
        lambda session: session.scalars(select(AuditRecord).where(AuditRecord.action.contains(search))).all(),
    ):
        with contextlib.suppress(InvalidInput), database.reading() as session:
            find(session)
