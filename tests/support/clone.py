"""A copy of the project, as a fresh clone would be, that uses the virtual environment of the tests."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tests.support.project_files import project_files

ROOT = Path(__file__).resolve().parents[2]


def copy_project(target: Path) -> dict[str, str]:
    """Copy the project's files (not what it ignores, not the frontend's sources); returns variables for its manage.py."""
    for name in project_files():
        if not name.startswith(("frontend/", "tests/")):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    return {
        "ROUTING_ML_VENV": str(Path(sys.prefix)),
        "ROUTING_ML_FRONTEND_DIR": str(ROOT / "frontend" / "dist"),
    }
