"""How an address of a database is told from a path. Needs nothing but the standard library: it is asked before anything is installed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

URL: Final = re.compile(r"^(postgresql|postgres):/{1,2}(?=[^/])", re.IGNORECASE)
"""Beginning of a PostgreSQL address; with one slash where it has been a path."""
ODBC: Final = re.compile(r"^(odbc:)?\s*(driver|dsn|filedsn|server|data source)\s*=", re.IGNORECASE)
"""Beginning of an ODBC connection string."""


ACCESS_ENDINGS: Final = (".accdb", ".mdb")
WORKBOOK_ENDINGS: Final = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
SQLITE_ENDINGS: Final = (".sqlite", ".sqlite3", ".db", ".db3")
ADDRESS_ENDING: Final = ".database"
"""Ending of the file that stands for the address of a database."""
FILE_ENDINGS: Final = (*ACCESS_ENDINGS, *WORKBOOK_ENDINGS, *SQLITE_ENDINGS, ADDRESS_ENDING)


def is_address(text: str) -> bool:
    """Whether a text names a database rather than a file."""
    return bool(URL.match(text.strip()) or ODBC.match(text.strip()))


def absolute_source(text: str) -> str:
    """A source that people name: an address as it is, a path from the root."""
    return text if is_address(text) else str(Path(text).absolute())
