"""Whether a training runs, which a change of the version would cut off."""

from __future__ import annotations

import os
from pathlib import Path

from bootstrap.progress import SetupFailed
from installer.layout import Layout
from installer.settings_files import read_env
from installer.wording import words


def check_no_training(layout: Layout) -> None:
    """See that no training runs.

    Raises:
        SetupFailed: one runs.
    """
    if training_runs(layout):
        raise SetupFailed(words("check.training_runs"))


def training_runs(layout: Layout) -> bool:
    """Whether a training holds the lock of trainings."""
    state = Path(read_env(layout.env_file).get("ROUTING_ML_STATE_DIR") or layout.data / "var")
    holder = layout.data / state / "run" / "training.lock.holder.json"
    return holder.is_file() and _is_locked(holder.with_name("training.lock"))


def _is_locked(lock: Path) -> bool:
    try:
        with open(lock, "r+b") as stream:
            if os.name == "nt":
                import msvcrt

                msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
            else:
                import fcntl

                fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
