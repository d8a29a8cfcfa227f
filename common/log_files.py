"""A log file of one process: rotated by size and day, old parts compressed and deleted after a while.

Only one process may write one file, so that no rename meets another writer. What else may hold it on Windows (an antivirus, a viewer,
a backup) delays the rotation and never the logging; a full disk loses lines and never stops the process.
"""

from __future__ import annotations

import contextlib
import gzip
import logging
import logging.handlers
import os
import shutil
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from common.files import replace, temporary_name

DAY_SECONDS: Final = 86_400
RETRY_SECONDS: Final = 10.0
"""A rotation that something held up is tried again after this long."""
CLOSE_SECONDS: Final = 5.0


class DailySizedFile(logging.handlers.RotatingFileHandler):
    """Writes `path`, and moves it aside when it has reached a size or the (UTC) day has changed.

    Args:
        max_bytes: size at which the file is rotated.
        retention_days: rotated parts older than this are deleted.
    """

    def __init__(self, path: Path, *, max_bytes: int, retention_days: int) -> None:
        self._day = _day_of(path)
        self._retention_seconds = retention_days * DAY_SECONDS
        self._not_before = 0.0
        self._lost = 0
        self._failed = False
        self._tidying: threading.Thread | None = None
        self._size = 0
        super().__init__(path, maxBytes=max_bytes, encoding="utf-8", delay=False)
        self._size = path.stat().st_size
        self._tidy_in_background()

    def _is_due(self, size: int) -> bool:
        """Whether the file is to be moved aside before a line of `size` bytes; not while an attempt that failed is recent."""
        if int(time.time() // DAY_SECONDS) == self._day and (not self._size or self._size + size < self.maxBytes):
            return False
        return time.monotonic() >= self._not_before

    def doRollover(self) -> None:  # noqa: N802 - the name is logging's
        """Move the file aside; the rest (compressing, deleting) happens in the background."""
        if self.stream:
            self.stream.close()
            self.stream = None
        current = Path(self.baseFilename)
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        try:
            if current.exists() and current.stat().st_size:
                os.replace(current, current.with_name(f"{current.stem}.{stamp}{current.suffix}"))
            self._day = int(time.time() // DAY_SECONDS)
            self._tidy_in_background()
        except OSError:  # held by an antivirus or a viewer: the lines go on in the same file
            self._not_before = time.monotonic() + RETRY_SECONDS
        self.stream = self._open()
        self._size = current.stat().st_size

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line; after lines that could not be written, how many they were."""
        try:
            text = self.format(record)
        except Exception:
            self.handleError(record)
        else:
            self._put(text)

    def write_line(self, text: str) -> None:
        """Write a line that is already as it has to be; from any thread."""
        lock = self.lock
        assert lock is not None
        with lock:
            self._put(text)

    def _put(self, text: str) -> None:
        self._failed = False
        self._write(text)
        if self._lost and not self._failed:
            lost, self._lost = self._lost, 0
            if self.stream:
                with contextlib.suppress(OSError):
                    self.stream.write("\n")  # ends a line that was cut off
            said = f"{lost} log lines could not be written: see that {self.baseFilename} can be written and its disk has space"
            self._write(
                self.format(logging.LogRecord("common.log_files", logging.ERROR, __file__, 0, said, None, None))
            )
            self._lost += lost if self._failed else 0

    def _write(self, text: str) -> None:
        """Write one line; a line that the disk refuses is counted."""
        size = (len(text) if text.isascii() else len(text.encode("utf-8", "replace"))) + 1
        try:
            if self._is_due(size):
                self.doRollover()
            if self.stream is None:
                self.stream = self._open()
            self.stream.write(text + self.terminator)
            self.stream.flush()
            self._size += size
        except Exception as error:
            self._failed = True
            if isinstance(error, OSError):
                self._lost += 1
            else:
                self.handleError(logging.LogRecord("common.log_files", logging.ERROR, __file__, 0, text, None, None))

    def close(self) -> None:
        """Close the file and let the compression of old parts finish."""
        super().close()
        if self._tidying is not None:
            self._tidying.join(CLOSE_SECONDS)

    def _tidy_in_background(self) -> None:
        before = self._tidying

        def work() -> None:
            if before is not None:
                before.join()
            tidy(Path(self.baseFilename), self._retention_seconds)

        self._tidying = threading.Thread(target=work, name="log-tidy", daemon=True)
        self._tidying.start()


def tidy(current: Path, retention_seconds: float) -> None:
    """Compress the rotated parts of a log file and delete those that are too old. What is held by somebody is left for the next time."""
    limit = time.time() - retention_seconds
    for part in sorted(current.parent.glob(f"{current.stem}.*{current.suffix}*")):
        with contextlib.suppress(OSError):
            if part.stat().st_mtime < limit:
                part.unlink()
            elif part.suffix == current.suffix:
                compress(part)


def compress(part: Path) -> None:
    """Turn a rotated part into `<part>.gz` with the same time of change; all or nothing.

    Raises:
        OSError: the disk is full, or the part cannot be deleted and stays beside the compressed one.
    """
    packed = part.with_name(part.name + ".gz")
    stamp = part.stat()
    temporary = temporary_name(packed)
    try:
        with open(part, "rb") as source, gzip.open(temporary, "wb", compresslevel=6) as target:
            shutil.copyfileobj(source, target)
        os.utime(temporary, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        replace(temporary, packed)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    part.unlink()


def _day_of(path: Path) -> int:
    with contextlib.suppress(OSError):
        return int(path.stat().st_mtime // DAY_SECONDS)
    return int(time.time() // DAY_SECONDS)
