"""Folders that only an installation's own accounts may look into.

On Linux that is the owner. On Windows the rights come from the folder above, where the installer grants them to each service by its table:
there `mkdir(mode=0o700)` would take them away again. It gives the folder to its maker, SYSTEM and administrators only since Python 3.11.10,
3.12.4 and 3.13, so that the first service to start would lock the others out of var\\secrets.
"""

from __future__ import annotations

from pathlib import Path

from common.processes import IS_WINDOWS


def private_folder(path: Path) -> Path:
    """Make a folder, and those above it, where it is missing; returns it.

    Raises:
        OSError: it cannot be made.
    """
    if IS_WINDOWS:
        path.mkdir(parents=True, exist_ok=True)
    else:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path
