"""The checks that a commit has to pass: types, lint, format, and that every file compiles."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.project_files import project_files

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]


def run_tool(*arguments: str) -> None:
    """Run a tool of the virtual environment on the whole project and show what it found."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


def test_types_are_right() -> None:
    run_tool("mypy", ".")


def test_nothing_is_found_by_the_linter() -> None:
    run_tool("ruff", "check", ".")


def test_files_are_formatted() -> None:
    run_tool("black", "--check", "--quiet", ".")


def test_every_file_compiles(tmp_path: Path) -> None:
    folders = sorted({path.parts[0] for path in _tracked() if len(path.parts) > 1 and path.suffix == ".py"})
    run_tool("compileall", "-q", "-f", "-o", "0", *folders)


def test_the_code_has_no_unfinished_words() -> None:
    words = [
        "TO" + "DO",
        "FIX" + "ME",
        "XX" + "X",
        "NotImplemented" + "Error",
        "for " + "now",
        "simplified " + "version",
    ]
    found = [
        f"{path}:{number}: {line.strip()}"
        for path in _tracked()
        if path.suffix in (".py", ".ts", ".tsx", ".ps1")
        and not path.name.endswith(("_pb2.py", "_pb2.pyi", "_pb2_grpc.py"))
        for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), start=1)
        if any(word in line for word in words)
    ]
    assert found == []


def _tracked() -> list[Path]:
    return [Path(name) for name in project_files()]
