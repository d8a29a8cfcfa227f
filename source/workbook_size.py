"""Whether a workbook fits into memory: its reader lays every sheet out from the first to the last cell, so one cell far away, left by an
accident or put there to harm, asks for hundreds of gigabytes, and ends the process that reads it.

`python -m source.workbook_size FILE` reads the sheets of a workbook in a process of its own and prints their names and heights.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import re
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Final

import psutil

from common.errors import DataProblem
from common.patience import PatienceLost, run_patiently
from common.process_end import run_and_leave
from common.processes import python_module

SMALL_BYTES: Final = 8 * 1024 * 1024
"""Workbooks that are not larger when unpacked are measured here; larger ones, and other kinds, are read in a process of their own first."""
MOST_CELLS: Final = 5_000_000
BLOWN_UP_BYTES: Final = 256 * 1024 * 1024
BLOWN_UP_TIMES: Final = 300
REFUSED_CODE: Final = 3
"""Exit code where the reader itself says what is wrong."""

_SHEETS: Final = "xl/worksheets/"
_PLACE: Final = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{0,3})([0-9]{1,9})["']""")
_ROOT: Final = Path(__file__).resolve().parents[1]


def is_small(path: Path) -> bool:
    """Whether a workbook certainly fits: its unpacked size and the corners of its sheets say so."""
    if path.suffix.lower() == ".xls":
        return True  # a sheet has 65,536 rows and 256 columns at most
    if path.suffix.lower() not in (".xlsx", ".xlsm"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            left = SMALL_BYTES
            for member in archive.infolist():
                with archive.open(member) as stream:
                    text = stream.read(left + 1)  # what a member says of its size need not be true
                left -= len(text)
                if left < 0 or (member.filename.startswith(_SHEETS) and _cells(text) > MOST_CELLS):
                    return False
    except (zipfile.BadZipFile, RuntimeError, EOFError, OSError, ValueError, zlib.error):
        return True  # its reader says what is wrong
    return True


def _cells(sheet: bytes) -> int:
    """Cells from the first one to the furthest row and column that a sheet names."""
    rows, width = 0, 0
    for letters, row in _PLACE.findall(sheet):
        rows = max(rows, int(row))
        column = 0
        for letter in letters.upper():
            column = 26 * column + letter - 64
        width = max(width, column)
    return rows * width


def check_fits(path: Path) -> None:
    """Refuse a workbook that cannot be read in the memory of this machine.

    Raises:
        DataProblem: it is so.
    """
    if is_small(path):
        return
    if _is_blown_up(path):
        raise _too_large(path)
    command = python_module("source.workbook_size", str(path))
    try:
        done = run_patiently(command, cwd=_ROOT)
    except (PatienceLost, OSError):
        done = subprocess.CompletedProcess(command, 1, b"", b"")
    if done.returncode not in (0, REFUSED_CODE):
        raise _too_large(path)


def _is_blown_up(path: Path) -> bool:
    """Whether a part of it is packed so well that it was made to fill memory: cells of a table are packed to a tenth or so."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(
                member.file_size > BLOWN_UP_BYTES and member.file_size > BLOWN_UP_TIMES * member.compress_size
                for member in archive.infolist()
            )
    except (zipfile.BadZipFile, OSError):
        return False


def _too_large(path: Path) -> DataProblem:
    return DataProblem(
        f"{path} needs more memory than there is: a sheet may have a cell far below or to the right of its table. Delete the "
        "empty rows and columns behind the table in Excel and save it, or save the table as CSV",
        reason="SOURCE_TOO_LARGE",
        details={"path": path},
    )


def main(path: str) -> int:
    """Read every sheet; returns 0, or REFUSED_CODE where the reader refuses. Too large a one ends the process."""
    library = importlib.import_module("python_calamine")
    with contextlib.suppress(ImportError):
        resource = importlib.import_module("resource")  # not on Windows
        most = int(psutil.virtual_memory().available * 0.7)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    try:
        book = library.CalamineWorkbook.from_path(path)
        print(json.dumps([[name, book.get_sheet_by_name(name).height] for name in book.sheet_names]))
    except (library.CalamineError, library.ZipError, library.XmlError, library.PasswordError, OSError):
        return REFUSED_CODE
    return 0


if __name__ == "__main__":
    run_and_leave(lambda: main(sys.argv[1]))
