"""What `up` shows when nobody listens any more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

SAY = """
import time
from cli.running.run_record import READY, RunRecord
from cli.running.up_display import UpDisplay
from common.settings import Settings
from common.standard_output import prepare_standard_output
prepare_standard_output()
display = UpDisplay()
time.sleep(0.3)
record = RunRecord("r", 1, 0.0, phase=READY, url="http://127.0.0.1:8000", dataset="demo", problem="no version [x]")
for _ in range(3):
    display.show(record)
display.ready(record, Settings(_env_file=None), __import__("pathlib").Path("no-such-file"))
__import__("os")._exit(7)
"""


def test_a_pipe_that_is_closed_ends_nothing() -> None:
    reading, writing = os.pipe()
    process = subprocess.Popen([sys.executable, "-c", SAY], cwd=ROOT, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    os.close(reading)
    _out, said = process.communicate(timeout=60)
    assert process.returncode == 7, said.decode()


def test_what_keeps_it_from_predicting_is_said_in_full() -> None:
    done = subprocess.run([sys.executable, "-c", SAY], cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert "running at http://127.0.0.1:8000" in done.stdout
    assert "cannot predict no version [x]" in done.stdout
