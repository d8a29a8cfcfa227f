"""The link `current`: a symbolic link, on Windows a directory junction (which needs no privilege and works for services)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from common.files import replace, temporary_name


def target_of(link: Path) -> Path | None:
    """The folder that a link leads to; None when there is no link.

    Windows tells the targets of junctions with the prefix of long paths, which is taken away.
    """
    try:
        target = os.readlink(link)  # noqa: PTH115 - the text as it is, with the prefix that Path would keep
    except OSError:
        return None
    return Path(target.removeprefix("\\\\?\\"))


def point(link: Path, target: Path) -> None:
    """Let `link` lead to `target`, whatever it led to before.

    One step where the system has symbolic links. On Windows the old junction goes first; whoever is interrupted between the two
    finds the operation in the journal and goes back.

    Raises:
        OSError: the folder cannot be written, or a real folder is in the place of the link.
    """
    if sys.platform == "win32":
        import _winapi

        remove(link)
        _winapi.CreateJunction(str(target), str(link))
        return
    fresh = temporary_name(link)
    fresh.symlink_to(target, target_is_directory=True)
    replace(fresh, link)


def remove(link: Path) -> None:
    """Take the link away, never what it leads to.

    Raises:
        OSError: a real folder with files is in its place.
    """
    if target_of(link) is None:
        return
    if sys.platform == "win32":
        link.rmdir()
    else:
        link.unlink()
