"""Commands end with their exit code while threads of Polars and Arrow still work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

ENDS = """
import atexit, sys, threading
import polars as pl
from common.process_end import leave
atexit.register(lambda: print("cleaned up"))
def work():
    while True:
        pl.select(pl.int_range(0, 200_000).shuffle()).to_series().sort()
threading.Thread(target=work, daemon=True).start()
print("said", end=" ")
leave(1)
"""


def test_the_exit_code_is_the_commands_and_what_was_said_is_written() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ENDS], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout.split("\n")[0]) == (1, "said cleaned up"), done.stderr
