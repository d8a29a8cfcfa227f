"""A copy of the project, as a fresh clone would be, that uses the virtual environment of the tests."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def copy_project(target: Path) -> dict[str, str]:
    """Copy the project's files (not what it ignores, not the frontend's sources); returns variables for its manage.py."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode("utf-8").split("\0"):
        source = ROOT / name
        if name and not name.startswith(("frontend/", "tests/")) and source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)
    return {
        "ROUTING_ML_VENV": str(Path(sys.prefix)),
        "ROUTING_ML_FRONTEND_DIR": str(ROOT / "frontend" / "dist"),
    }
