"""One supervised process: starts, dies, waits longer each time, stops with its descendants."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.running.run_record import READY, RESTARTING, STARTING
from cli.running.supervised_process import Launch, SupervisedProcess
from common.processes import is_running
from common.restarts import restart_delay

Start = Callable[[str], SupervisedProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a Python program under supervision."""
    started: list[SupervisedProcess] = []

    def make(program: str) -> SupervisedProcess:
        launch = Launch("sample-1", "sample", (sys.executable, "-c", program), "127.0.0.1:1")
        process = SupervisedProcess(launch, {"PLANT": "seals"}, working_dir=tmp_path, logs=tmp_path)
        process.start()
        started.append(process)
        return process

    yield make
    for process in started:
        process.kill()


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until something is so; the test's own timeout bounds it."""
    while not condition():
        time.sleep(0.02)


def test_what_a_process_says_and_how_it_ends_is_known(start: Start) -> None:
    process = start("import os, sys; print('first'); print(os.environ['PLANT'], 'cannot start'); sys.exit(3)")
    assert process.record.state == STARTING
    wait_for(lambda: not process.alive)
    assert process.exit_code == 3
    assert process.said(1) == "seals cannot start"


def test_only_what_was_said_since_the_last_start_counts(start: Start) -> None:
    process = start("print('old words')")
    wait_for(lambda: not process.alive)
    process.note_death()
    wait_for(process.restart_when_due)
    wait_for(lambda: not process.alive)
    assert process.said() == "old words"
    assert process.output.read_text(encoding="utf-8").count("old words") == 2


def test_a_dead_process_is_started_again_only_when_its_delay_is_over(start: Start) -> None:
    process = start("pass")
    wait_for(lambda: not process.alive)
    assert process.note_death() == restart_delay(1)
    assert process.record.state == RESTARTING
    assert not process.restart_when_due()
    wait_for(process.restart_when_due)
    assert process.record.restarts == 1
    assert process.record.state == STARTING
    wait_for(lambda: not process.alive)
    assert process.note_death() == restart_delay(2)


def test_killing_takes_the_descendants_along(start: Start, tmp_path: Path) -> None:
    process = start(
        "import subprocess, sys, time; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        "open('child', 'w').write(str(child.pid)); open('done', 'w').close(); time.sleep(600)"
    )
    wait_for((tmp_path / "done").exists)
    child = int((tmp_path / "child").read_text(encoding="ascii"))
    process.mark_ready()
    assert process.record.state == READY
    process.kill()
    wait_for(lambda: not is_running(child))
    assert not process.alive
