"""Access files: one that is sound, with some of its bytes replaced."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Final

from common.errors import ServiceError
from source.access_file.access_source import AccessFileSource

PAGE: Final = 4096
PATCH: Final = 4
"""Bytes of a replacement: the page, the place on it (2), the new byte."""
SOUND: Final = Path(__file__).parents[3] / "tests" / "data" / "cases" / "date-9999.accdb"
SEEDS: Final = (
    b"",
    b"\x00\x00\x14\x00",  # another format
    b"\x02\x10\x00\xff",  # more rows in the catalogue
    b"\x02\x2d\x00\xff\x02\x2b\x00\xff",  # more columns and indexes
    b"\x10\x0c\x00\xff\x10\x0e\x00\x7f",  # rows of a page somewhere else
)
_FILE: Final = Path(tempfile.mkdtemp(prefix="routing-ml-fuzzing-")) / "plant.accdb"
_BYTES: Final = SOUND.read_bytes()


def read(data: bytes) -> None:
    """Read all tables of the file that the replacements make."""
    whole = bytearray(_BYTES)
    pages = len(whole) // PAGE
    for at in range(0, len(data) - PATCH + 1, PATCH):
        page, place, value = data[at] % pages, int.from_bytes(data[at + 1 : at + 3], "little") % PAGE, data[at + 3]
        whole[page * PAGE + place] = value
    _FILE.unlink(missing_ok=True)
    _FILE.write_bytes(whole)
    source = AccessFileSource(_FILE)
    for name in source.tables():
        with contextlib.suppress(ServiceError):
            names = [column.name for column in source.columns(name)]
            source.count(name)
            for frame in source._open(name).frames(names, 1000):
                frame.height  # noqa: B018 - frames are made as they are asked for
