"""The record of a run: read back as written, alive only while its supervisor is, left-overs found and ended."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

from cli.running.down import down
from cli.running.orphans import STATE_VARIABLE, end_orphans, living_orphans, supervision_variables
from cli.running.run_record import FILE_NAME, READY, STOPPED, ProcessRecord, RunRecord, read_record, running_record
from common.processes import is_running
from common.settings import Settings


def own_record(**values: object) -> RunRecord:
    """The record of a run whose supervisor is this process."""
    me = psutil.Process()
    record = RunRecord("run", me.pid, me.create_time(), phase=READY, url="http://127.0.0.1:8000", dataset="데이터")
    for name, value in values.items():
        setattr(record, name, value)
    return record


def sleeper(**variables: str) -> tuple[subprocess.Popen[bytes], ProcessRecord]:
    """A process that a supervisor could have left."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], env={**os.environ, **variables})
    return child, ProcessRecord("ann-1", "127.0.0.1:1", READY, child.pid, psutil.Process(child.pid).create_time())


def test_a_record_is_read_back_as_written(tmp_path: Path) -> None:
    record = own_record(processes=[ProcessRecord("ann-50051", "127.0.0.1:50051", READY, 12, 3.5, 1, 0.8)])
    record.write(tmp_path)
    assert read_record(tmp_path) == record
    assert running_record(tmp_path) == record


def test_a_record_of_a_dead_supervisor_runs_no_more(tmp_path: Path) -> None:
    own_record(started_at=time.time() - 5000).write(tmp_path)
    assert read_record(tmp_path) is not None
    assert running_record(tmp_path) is None
    own_record(phase=STOPPED).write(tmp_path)
    assert running_record(tmp_path) is None


def test_a_broken_record_is_none(tmp_path: Path) -> None:
    assert read_record(tmp_path) is None
    for content in ("", "{", "[]", '{"run_id": "a"}', '{"processes": [{"unknown": 1}]}'):
        (tmp_path / FILE_NAME).write_text(content, encoding="utf-8")
        assert read_record(tmp_path) is None


def test_what_a_killed_supervisor_left_is_ended_and_nothing_else(tmp_path: Path) -> None:
    left, record_of_left = sleeper()
    other, record_of_other = sleeper()
    record_of_other.started_at -= 1000  # the id was given to another program since
    settings = Settings(_env_file=None, state_dir=tmp_path)
    settings.run_path.mkdir()
    own_record(started_at=time.time() - 5000, processes=[record_of_left, record_of_other]).write(settings.run_path)
    try:
        assert living_orphans(settings) == [left.pid]
        assert end_orphans(settings) == 1
        assert not is_running(left.pid)
        assert is_running(other.pid)
    finally:
        for child in (left, other):
            child.kill()
            child.wait()


def test_a_process_started_in_the_moment_of_the_kill_is_known_by_its_environment(tmp_path: Path) -> None:
    """The record does not name it: the supervisor was killed between its start and the record's next writing."""
    settings = Settings(_env_file=None, state_dir=tmp_path)
    dead = supervision_variables(own_record(started_at=time.time() - 5000))
    alive = supervision_variables(own_record())
    here, elsewhere = {STATE_VARIABLE: str(tmp_path)}, {STATE_VARIABLE: str(tmp_path / "other")}
    left = sleeper(**dead, **here)[0]
    others = [sleeper(**alive, **here)[0], sleeper(**dead, **elsewhere)[0], sleeper(**here)[0]]
    try:
        assert living_orphans(settings) == [left.pid]
        assert end_orphans(settings) == 1
        assert [is_running(child.pid) for child in (left, *others)] == [False, True, True, True]
    finally:
        for child in (left, *others):
            child.kill()
            child.wait()


def test_the_processes_of_a_living_supervisor_are_no_orphans(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, state_dir=tmp_path)
    settings.run_path.mkdir()
    child, record = sleeper()
    own_record(processes=[record]).write(settings.run_path)
    try:
        assert end_orphans(settings) == 0
        assert is_running(child.pid)
    finally:
        child.kill()
        child.wait()


def test_down_ends_what_a_killed_supervisor_left(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, state_dir=tmp_path)
    settings.run_path.mkdir()
    assert down(settings) == "Routing ML is not running."
    child, record = sleeper()
    own_record(started_at=time.time() - 5000, processes=[record]).write(settings.run_path)
    assert "1 processes" in down(settings)
    child.wait()
