"""Old audit events move to files of JSON lines and only then leave the database."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select
from typer.testing import CliRunner

from auth_service import commands
from auth_service.store import audit, audit_archive, schema
from auth_service.store.audit_archive import YEAR_SECONDS, archive
from auth_service.store.database import Database
from auth_service.store.records import AuditArchiveRecord, AuditRecord
from common.errors import InvalidInput, ServiceError
from common.settings import Settings

NOW = time.time()


def fill(database: Database, *ages: float) -> None:
    """Events of these ages in years, in this order."""
    with database.writing() as session:
        for number, age in enumerate(ages):
            session.add(
                AuditRecord(at=NOW - age * YEAR_SECONDS, action=f"a{number}", username="김", payload_json='{"n":1}')
            )


def actions(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(AuditRecord.action).order_by(AuditRecord.id)))


def test_old_events_are_moved_whole_and_the_log_says_so(database: Database, tmp_path: Path) -> None:
    fill(database, 7, 6, 5.5, 2, 0)
    moved = archive(database, tmp_path / "audit", years=5, by="kim", now=NOW)
    assert (moved.events, [path.name for path in moved.files]) == (3, ["audit-0000000001-0000000003.jsonl"])
    lines = [json.loads(line) for line in moved.files[0].read_text(encoding="utf-8").splitlines()]
    assert [(line["id"], line["action"], line["username"], line["payload"]) for line in lines] == [
        (number + 1, f"a{number}", "김", {"n": 1}) for number in range(3)
    ]
    assert actions(database) == ["a3", "a4", "audit.archive"]
    with database.reading() as session:
        told = audit.page(session, audit.AuditFilter(action="audit.archive"), limit=5, offset=0)[0][0]
        kept = session.scalars(select(AuditArchiveRecord)).one()
    digest = hashlib.sha256(moved.files[0].read_bytes()).hexdigest()
    assert (json.loads(told.payload_json)["sha256"], kept.sha256, kept.events) == (digest, digest, 3)
    assert archive(database, tmp_path / "audit", years=5, by="kim", now=NOW) == audit_archive.Archived()


def test_many_events_go_into_several_files(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_archive, "EVENTS_OF_A_FILE", 4)
    monkeypatch.setattr(audit_archive, "BATCH", 3)
    fill(database, *[3.0] * 10)
    moved = archive(database, tmp_path, years=1, by="kim", now=NOW)
    assert (moved.events, len(moved.files)) == (10, 3)
    ids = [json.loads(line)["id"] for path in moved.files for line in path.read_text().splitlines()]
    assert ids == list(range(1, 11))


def test_ids_are_never_given_twice_even_when_all_events_were_moved(sqlite: Database, tmp_path: Path) -> None:
    fill(sqlite, 3, 3)
    archive(sqlite, tmp_path, years=1, by="kim", now=NOW)
    fill(sqlite, 0)
    with sqlite.reading() as session:
        assert session.scalars(select(AuditRecord.id).order_by(AuditRecord.id)).all() == [3, 4]


def test_an_old_event_behind_a_young_one_waits_for_it(sqlite: Database, tmp_path: Path) -> None:
    fill(sqlite, 3, 0, 3)
    assert archive(sqlite, tmp_path, years=1, by="kim", now=NOW).events == 1
    assert actions(sqlite) == ["a1", "a2", "audit.archive"]


def test_what_no_archive_holds_cannot_be_deleted(database: Database, tmp_path: Path) -> None:
    fill(database, 3, 0)
    archive(database, tmp_path, years=1, by="kim", now=NOW)
    for statement in (
        "DELETE FROM audit_events",
        "DELETE FROM audit_archives",
        "UPDATE audit_archives SET last_id = 9",
    ):
        with pytest.raises(ServiceError, match="append-only"), database.writing() as session:
            session.connection().exec_driver_sql(statement)
    assert actions(database) == ["a1", "audit.archive"]


@pytest.mark.parametrize("years", [0, 0.5, -1])
def test_young_events_stay_whoever_asks(sqlite: Database, tmp_path: Path, years: float) -> None:
    fill(sqlite, 0.9)
    with pytest.raises(InvalidInput, match="at least 1 year"):
        archive(sqlite, tmp_path, years=years, by="kim", now=NOW)
    assert actions(sqlite) == ["a0"]


def test_a_file_that_cannot_be_written_deletes_nothing(sqlite: Database, tmp_path: Path) -> None:
    fill(sqlite, 3)
    (tmp_path / "audit").write_text("in the way")
    with pytest.raises(OSError, match="audit"):
        archive(sqlite, tmp_path / "audit", years=1, by="kim", now=NOW)
    assert actions(sqlite) == ["a0"]


def test_stopped_between_file_and_deletion_the_next_run_goes_on(
    sqlite: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(sqlite, 3, 3)

    def stop(*_arguments: object, **_facts: object) -> None:
        raise RuntimeError("stopped")

    with monkeypatch.context() as patched:
        patched.setattr(audit_archive, "record", stop)
        with pytest.raises(RuntimeError):
            archive(sqlite, tmp_path, years=1, by="kim", now=NOW)
    assert actions(sqlite) == ["a0", "a1"]
    moved = archive(sqlite, tmp_path, years=1, by="kim", now=NOW)
    assert moved.files == tuple(tmp_path.glob("*.jsonl"))
    assert moved.events == 2


def test_going_back_a_migration_refuses_every_deletion_again(database: Database, tmp_path: Path) -> None:
    fill(database, 3, 0)
    archive(database, tmp_path, years=1, by="kim", now=NOW)
    schema.downgrade(database, "0003")
    with pytest.raises(ServiceError, match="append-only"), database.writing() as session:
        session.execute(delete(AuditRecord))
    schema.upgrade(database)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(AuditRecord)) == 2


async def test_the_service_moves_events_only_where_the_settings_say_so(plant_starter: Any, tmp_path: Path) -> None:
    state = tmp_path / "state"
    database = Database(f"sqlite:///{(state / 'routing.db').as_posix()}")
    schema.upgrade(database)
    with database.writing() as session:
        session.add(AuditRecord(at=1.0, action="before"))
    plant = await plant_starter(tmp_path)
    await plant.program._archive_audit()
    assert actions(database)[0] == "before"
    plant.settings.audit_years = 1
    await plant.program._archive_audit()
    assert "before" not in actions(database)
    assert [path.name for path in (state / "audit").glob("*.jsonl")] == ["audit-0000000001-0000000001.jsonl"]
    database.close()


def test_the_command_needs_to_be_told_how_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(_env_file=None, state_dir=tmp_path / "state")
    monkeypatch.setattr(commands, "read_settings", lambda: settings)
    monkeypatch.setattr(commands, "configure_logging", lambda *_arguments: None)
    refused = CliRunner().invoke(commands.app, ["archive-audit"])
    assert (refused.exit_code, "--years" in refused.stderr) == (1, True)
    database = Database.of(settings)
    schema.upgrade(database)
    with database.writing() as session:
        session.add_all([AuditRecord(at=1.0, action="old"), AuditRecord(at=time.time(), action="young")])
    done = CliRunner().invoke(commands.app, ["archive-audit", "--years", "5"])
    assert (done.exit_code, "1 events older than 5 years were moved" in done.stdout) == (0, True)
    assert (tmp_path / "state" / "audit" / "audit-0000000001-0000000001.jsonl").is_file()
    assert actions(database) == ["young", "audit.archive"]
    database.close()
