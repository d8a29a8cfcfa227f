"""What somebody answers at a prompt reaches the installer: No changes nothing, Yes does what was shown."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "compose-windows" / "check-models.ps1"
pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "모델 버전"
    shutil.copytree(ROOT / "tests" / "data" / "legacy_model", folder / "old")
    (folder / "old").chmod(0o755)
    (folder / "old" / "manifest.json").unlink()
    return folder


def answered(models: Path, answer: str) -> subprocess.CompletedProcess[str]:
    """Call the script with -Confirm in a PowerShell that asks, and answer."""
    program = os.environ.get("ROUTING_ML_PWSH") or shutil.which("pwsh")
    if not program:
        pytest.skip("no PowerShell here: ROUTING_ML_PWSH names none, and PATH has no pwsh")
    line = f"& '{SCRIPT}' -Models '{models}' -Python '{sys.executable}' -Confirm; exit $LASTEXITCODE"
    return subprocess.run(
        [program, "-NoProfile", "-Command", line],
        input=f"{answer}\n",
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "TERM": "dumb", "NO_COLOR": "1"},
    )


@pytest.mark.parametrize(("answer", "written"), [("N", False), ("Y", True)])
def test_a_no_reaches_the_installer_and_changes_nothing(models: Path, answer: str, written: bool) -> None:
    done = answered(models, answer)
    assert done.returncode == (0 if written else 1), done.stdout + done.stderr  # 1: a version has no manifest
    assert (models / "old" / "manifest.json").exists() is written, done.stdout
