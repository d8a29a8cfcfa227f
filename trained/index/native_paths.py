"""Names of files for libraries in C++ that open files by a narrow string, which on Windows is one of the ANSI code page."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from pathlib import Path


def native_path(
    path: Path, platform: str = sys.platform, short_name: Callable[[Path], str] | None = None
) -> str | None:
    """A name of the same file that such a library can open; None when there is none.

    Elsewhere than on Windows every name will do. On Windows a name with other than ASCII characters (a folder in Korean)
    is replaced by its short 8.3 name, which a volume need not have.

    Args:
        platform: as `sys.platform`.
        short_name: the short name of an existing path, "" when it has none; Windows is asked by default.
    """
    name = str(path)
    if platform != "win32" or name.isascii():
        return name
    existing = path if path.exists() else path.parent
    short = (short_name or _short_name)(existing)
    if not short or not short.isascii():
        return None
    if existing == path:
        return short
    return f"{short}\\{path.name}" if path.name.isascii() else None


def _short_name(path: Path) -> str:
    if sys.platform != "win32":
        return ""
    get = ctypes.windll.kernel32.GetShortPathNameW
    buffer = ctypes.create_unicode_buffer(32_768)
    return buffer.value if get(str(path), buffer, len(buffer)) else ""
