"""Commands end with their exit code while threads of Polars and Arrow still work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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


POOL_THAT_NOBODY_SHUT_DOWN = """
import polars as pl
from concurrent.futures import ThreadPoolExecutor
from common.process_end import run_and_leave
pool = ThreadPoolExecutor(2)
def main():
    pool.submit(pl.select, 1).result()
    print("said", flush=True)
    {end}
run_and_leave(main)
"""


@pytest.mark.parametrize(
    ("end", "code", "told"),
    [
        ("return 7", 7, ""),
        ("return None", 0, ""),
        ("raise SystemExit(4)", 4, ""),
        ("raise SystemExit('no such file')", 1, "no such file"),
        ("raise ValueError('half')", 1, "ValueError: half"),
        ("raise KeyboardInterrupt", 130, ""),
    ],
)
def test_every_way_out_of_a_program_has_its_exit_code(end: str, code: int, told: str) -> None:
    program = POOL_THAT_NOBODY_SHUT_DOWN.format(end=end)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (code, "said\n"), done.stderr
    assert told in done.stderr


def entry_points() -> list[Path]:
    """Modules that run as programs where libraries with threads may be loaded; the scripts of the set-up load none."""
    without = (
        "bootstrap",
        "installer",
        "protos",
        "routing_ml_client",
        "demo",
        "tests",
        "frontend",
        "benchmarks",
        "var",
    )
    folders = [one for one in ROOT.iterdir() if one.is_dir() and one.name not in without and one.name[0] != "."]
    programs = [*ROOT.glob("*.py"), *(path for folder in folders for path in folder.rglob("*.py"))]
    found = [
        path.relative_to(ROOT)
        for path in programs
        if path.name != "manage.py" and '__name__ == "__main__"' in path.read_text(encoding="utf-8")
    ]
    return sorted(found)


@pytest.mark.parametrize("path", entry_points(), ids=str)
def test_every_program_leaves_with_its_exit_code_whatever_threads_still_run(path: Path) -> None:
    if path.as_posix() == "trained/older/model_reading.py":
        return  # locked down: it loads neither and may start no thread
    program, _, after = (ROOT / path).read_text(encoding="utf-8").partition('__name__ == "__main__"')
    leaving = (
        after if path.as_posix() != "routing_ml/__main__.py" else program
    )  # its `main` is what pip's command calls
    assert "run_and_leave(" in leaving
