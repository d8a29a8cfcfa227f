"""The folder of a version while it is written: a hidden name beside the final one, renamed when everything is in it."""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import psutil

from common.errors import InvalidInput
from common.files import replace, sync_folder
from common.processes import is_running
from trainer.exit_codes import CannotWrite, cannot_write

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
_UNFINISHED: Final = re.compile(r"\..+\.training-(\d+)-(\d+)")
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
LONGEST_LABEL: Final = 64


def version_name(label: str, now: datetime) -> str:
    """A name for a new version: the time, and what of the label can be part of a folder name."""
    stamp = now.strftime("%Y%m%d-%H%M%S")
    slug = re.sub(r"[^A-Za-z0-9._-]+", "-", label).strip("-._")[:LONGEST_LABEL]
    return f"{stamp}-{slug}" if slug else stamp


def check_target(save_dir: Path) -> None:
    """Refuse a folder that no new version can be written to.

    Raises:
        InvalidInput: the name is not possible, or taken.
    """
    name = save_dir.name
    if not _NAME.fullmatch(name) or _RESERVED.fullmatch(name) or name.endswith("."):
        raise InvalidInput(
            f"{name!r} cannot be the name of a version: letters, digits, dot, dash and underscore, beginning with a letter or digit, "
            "at most 120 characters"
        )
    if save_dir.exists() and (not save_dir.is_dir() or any(save_dir.iterdir())):
        raise InvalidInput(
            f"{save_dir} exists already: versions are never overwritten. Give another --save-dir",
            reason="VERSION_NAME_TAKEN",
        )


@contextlib.contextmanager
def writing_version(save_dir: Path) -> Iterator[Path]:
    """A folder to write a version into; it becomes `save_dir` when the block ends well and vanishes when it does not.

    Raises:
        CannotWrite: the disk is full or the folder cannot be written.
    """
    me = psutil.Process()
    temporary = save_dir.with_name(f".{save_dir.name}.training-{me.pid}-{int(me.create_time())}")
    try:
        temporary.mkdir(parents=True)
    except OSError as error:
        raise cannot_write(save_dir.parent, error) from None
    try:
        try:
            yield temporary
            if save_dir.is_dir():
                save_dir.rmdir()  # an empty one; Windows would not rename over it
            replace(temporary, save_dir)
            sync_folder(save_dir.parent)
        except OSError as error:
            raise cannot_write(save_dir.parent, error) from error
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def remove_leftovers(models_folder: Path) -> list[str]:
    """Delete what trainings that were killed left half-written beside their versions; returns the names."""
    removed = []
    with contextlib.suppress(OSError):
        for entry in sorted(models_folder.iterdir()):
            match = _UNFINISHED.fullmatch(entry.name)
            if match and entry.is_dir() and not is_running(int(match[1]), float(match[2])):
                shutil.rmtree(entry, ignore_errors=True)
                if not entry.exists():
                    removed.append(entry.name)
    return removed


def check_space(folder: Path, items: int, dimension: int, links: int) -> None:
    """Refuse to begin a build whose result does not fit on the disk.

    Args:
        links: m of the index.

    Raises:
        CannotWrite: names what is needed and what is free.
    """
    needed = int(1.1 * items * (4 * dimension + 10 * links + 100)) + 1_000_000
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise CannotWrite(
            f"{folder} has {free / 1e6:,.0f} MB free; the version needs about {needed / 1e6:,.0f} MB. "
            "Free space, or choose another disk with --save-dir",
            details={"path": folder},
        )
