"""Writing files so that nothing is lost or half-written: temporary name, fsync, rename; retries for Windows sharing violations."""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

SHARING_RETRY_SECONDS = 5.0


def replace(source: Path, target: Path) -> None:
    """Rename `source` over `target`, trying again for a few seconds while another process (an antivirus) holds either.

    Raises:
        OSError: the rename failed for good; `source` is still there.
    """
    _retry_while_shared(lambda: os.replace(source, target))


def _retry_while_shared(action: Callable[[], None]) -> None:
    deadline = time.monotonic() + SHARING_RETRY_SECONDS
    pause = 0.01
    while True:
        try:
            return action()
        except PermissionError:
            if os.name != "nt" or time.monotonic() > deadline:
                raise
        time.sleep(pause)
        pause = min(pause * 2, 0.5)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` durable. Windows has no such call and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def temporary_name(target: Path) -> Path:
    """A name beside `target` that no other writer uses and that clean-ups recognise by `.tmp-`."""
    return target.with_name(f".{target.name}.tmp-{os.getpid()}-{uuid.uuid4().hex[:8]}")


def new_file(path: Path, mode: int | None = None) -> BinaryIO:
    """Create a file that is written and read, with exactly these rights (POSIX); None: those that the process gives new files.

    Raises:
        FileExistsError: there is one. OSError: ...
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o666 if mode is None else mode)
    try:
        if mode is not None and os.name != "nt":
            os.fchmod(descriptor, mode)
        return os.fdopen(descriptor, "w+b")
    except BaseException:
        os.close(descriptor)
        raise


@contextlib.contextmanager
def writing(target: Path, mode: int | None = None) -> Iterator[BinaryIO]:
    """Open a temporary binary file that becomes `target` when the block ends well and vanishes when it does not.

    Args:
        mode: rights of the file (POSIX); None: those that the process gives new files.

    Raises:
        OSError: the disk is full, the folder is read-only, ...; `target` is as before.
    """
    temporary = temporary_name(target)
    try:
        with new_file(temporary, mode) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        replace(temporary, target)
        sync_folder(target.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_bytes(target: Path, data: bytes) -> None:
    """Write `data` to `target`, all or nothing."""
    with writing(target) as stream:
        stream.write(data)


def write_text(target: Path, text: str) -> None:
    """Write `text` to `target` as UTF-8, all or nothing."""
    write_bytes(target, text.encode("utf-8"))


def is_folder(path: Path) -> bool:
    """Whether there is such a folder; a name that no file system takes names none."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def remove_leftovers(folder: Path, *, older_than_seconds: float = 3600.0) -> int:
    """Delete temporary files that killed writers left in `folder`; returns how many."""
    removed = 0
    limit = time.time() - older_than_seconds
    for path in folder.glob(".*.tmp-*"):
        with contextlib.suppress(OSError):
            if path.is_file() and path.stat().st_mtime < limit:
                path.unlink()
                removed += 1
    return removed
