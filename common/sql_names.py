"""Names of tables and columns in SQL, quoted as the standard has it; MySQL reads them so in ANSI mode."""

from __future__ import annotations


def quoted(name: str) -> str:
    """A name for SQL, whatever it is made of."""
    return '"' + name.replace('"', '""') + '"'
