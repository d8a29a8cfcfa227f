"""The installation that this program is part of: an installer leaves beside the program where its settings and data are."""

from __future__ import annotations

import json
from pathlib import Path

PROGRAM = Path(__file__).resolve().parent.parent

HOME_FILE = PROGRAM / "installation.json"
"""Written by the installer where program and data are apart; the package for pip brings one that names a folder of the user's home."""


def installed_home() -> Path | None:
    """Folder with the .env of the installation that this program lies in; None in a clone, which no installer has put there."""
    try:
        return Path(json.loads(HOME_FILE.read_text(encoding="utf-8"))["home"]).expanduser()
    except FileNotFoundError:
        return None
