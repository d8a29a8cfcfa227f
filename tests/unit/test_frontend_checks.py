"""The checks of the screens' own tools: types, lint, format, and their unit tests."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FRONTEND = Path(__file__).resolve().parents[2] / "frontend"
CHECKS = (["run", "typecheck"], ["run", "lint"], ["run", "format:check"], ["test"])

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


def test_the_screens_pass_types_lint_format_and_their_own_tests() -> None:
    npm = shutil.which("npm")
    if npm is None or not (FRONTEND / "node_modules").is_dir():
        if os.environ.get("CI") and npm is not None:
            pytest.fail("The packages of the frontend are missing: run npm ci in frontend")
        pytest.skip("needs Node.js, and npm ci in frontend")
    running = [
        subprocess.Popen(
            [npm, "--silent", *check],
            cwd=FRONTEND,
            env={**os.environ, "NO_COLOR": "1", "CI": "true"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        for check in CHECKS
    ]
    said = [process.communicate()[0] for process in running]
    found = [text[-8000:] for process, text in zip(running, said, strict=True) if process.returncode != 0]
    assert not found, "\n".join(found)
