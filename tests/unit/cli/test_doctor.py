"""`routing-ml doctor` on installations that something is wrong with: each finding says what and what to do."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import socket
import sqlite3
import time
from pathlib import Path

import pytest

from auth_service.store import schema
from auth_service.store.database import Database
from cli.care.doctor import FAIL, OK, WARN, Finding, examine
from common.processes import free_port
from common.settings import Settings

LEGACY = Path(__file__).parents[2] / "data" / "legacy_model"
DATA = Path(__file__).parents[2] / "data"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an installation in a folder with a blank and Korean, whose processes do not run."""
    made = Settings(
        _env_file=None,
        state_dir=tmp_path / "라우팅 상태",
        models_dir=tmp_path / "models",
        docs_dir=tmp_path / "docs",
        frontend_dir=tmp_path / "frontend",
        auth_address=f"127.0.0.1:{free_port()}",
        ann_addresses=[f"127.0.0.1:{free_port()}"],
        aggregate_addresses=[f"127.0.0.1:{free_port()}"],
        trainer_address=f"127.0.0.1:{free_port()}",
        gateway_port=free_port(),
        least_free_bytes=0,
    )
    for folder in (made.models_dir, made.logs_path, made.run_path):
        folder.mkdir(parents=True)
    return made


def findings(settings: Settings, check: str, dataset: Path | None = None) -> list[Finding]:
    return [one for one in examine(settings, dataset) if one.check == check]


def test_every_check_tells_something_and_none_breaks_on_an_empty_installation(settings: Settings) -> None:
    found = list(examine(settings, None))
    assert {one.check for one in found} == {
        "Python",
        "packages",
        "folders",
        "disk",
        "clock",
        "certificates",
        "secrets",
        "database",
        "processes",
        "predictions",
        "models",
        "source",
        "training",
        "log",
        "pages",
    }
    assert not [one for one in found if "check itself failed" in one.text]
    by_check = {one.check: one.status for one in found}
    assert (by_check["Python"], by_check["folders"], by_check["processes"], by_check["predictions"]) == (
        OK,
        OK,
        FAIL,
        FAIL,
    )


def test_a_folder_that_is_gone_is_named_with_its_cure(settings: Settings) -> None:
    shutil.rmtree(settings.models_dir)
    texts = [one.text for one in findings(settings, "folders") if one.status == FAIL]
    assert len(texts) == 1
    assert str(settings.models_dir) in texts[0]
    assert "check the drive or share" in texts[0]


def test_a_port_that_another_program_has_is_told_from_a_process_that_does_not_run(settings: Settings) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(settings.trainer_address.rpartition(":")[2])))
        other.listen()
        texts = {one.text.split(" ")[0]: one.text for one in findings(settings, "processes")}
    assert "is taken and does not answer like trainer-" in texts["Port"]
    assert "does not run" in texts[f"auth-{settings.auth_address.rpartition(':')[2]}"]


def test_a_database_is_whole_old_or_damaged(settings: Settings) -> None:
    path = settings.state_dir / "routing.db"
    assert findings(settings, "database")[0].status == WARN
    database = Database(f"sqlite:///{path.as_posix()}")
    schema.upgrade(database)
    database.close()
    assert findings(settings, "database") == [Finding("database", OK, f"whole, schema {schema.newest()}")]
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()
    assert "Its schema is 0001" in findings(settings, "database")[0].text
    path.write_bytes(b"no database at all" * 100)
    damaged = findings(settings, "database")[0]
    assert (damaged.status, "routing-ml restore" in damaged.text) == (FAIL, True)


def test_versions_that_are_incomplete_are_told(settings: Settings) -> None:
    shutil.copytree(LEGACY, settings.models_dir / "v1")
    (settings.models_dir / "v2").mkdir()
    found = {one.text.split(" ")[0]: one for one in findings(settings, "models")}
    assert found["v1"].status == OK
    assert "lacks similarity_engine.joblib" in found["v2"].text


def test_a_source_that_cannot_be_read_is_told_with_its_cure(settings: Settings) -> None:
    assert findings(settings, "source", DATA / "small.accdb")[0].status == OK
    missing = findings(settings, "source", DATA / "missing_column.accdb")[0]
    assert (missing.status, "OUTDIAMETER" in missing.text) == (FAIL, True)
    assert "does not exist" in findings(settings, "source", DATA / "gone.accdb")[0].text


def test_errors_in_the_log_of_the_last_hour_are_counted(settings: Settings) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    lines = [
        {"at": now, "level": "error", "instance": "ann-50051", "event": "cannot start", "error": "port taken"},
        {"at": "2020-01-01T00:00:00+00:00", "level": "error", "event": "old"},
    ]
    (settings.logs_path / "ann-50051.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    told = findings(settings, "log")[0]
    assert told.status == WARN
    assert told.text.startswith("1 errors in the last hour, the last of ann-50051: cannot start port taken")


def test_a_clock_that_was_set_back_by_a_day_is_told(settings: Settings) -> None:
    (settings.run_path / "ann.control").write_bytes(b"")
    tomorrow = time.time() + 86_400
    os.utime(settings.run_path / "ann.control", (tomorrow, tomorrow))
    assert findings(settings, "clock")[0].status == WARN


def test_a_package_of_another_version_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert findings(settings, "packages")[0].status == OK
    real = importlib.metadata.version
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.1" if name == "typer" else real(name))
    assert "typer 0.1 instead of" in findings(settings, "packages")[0].text
