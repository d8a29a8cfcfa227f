"""A file that is one part of a table: known by its bytes, whatever its name, size or time of change."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from source.source import vanished
from source.table_source import StoredTable


class FilePart:
    """The rows of a table that lie in one file (see `source.parts.StoredPart`).

    Raises:
        DataProblem: the file has vanished.
    """

    def __init__(self, path: Path, table: StoredTable) -> None:
        self._path, self._table = path, table
        self.fingerprint = digest_of_file(path)

    def frames(self, columns: Sequence[str], batch_rows: int) -> Iterator[pl.DataFrame]:
        """The named columns of its rows."""
        return self._table.frames(columns, batch_rows)

    def beyond(self) -> str | None:
        """Nothing, where the file is as it was."""
        return "" if digest_of_file(self._path) == self.fingerprint else None

    def still(self, beyond: str) -> bool:
        """Always: the fingerprint is of all bytes."""
        return True


def digest_of_file(path: Path) -> str:
    """A hash of a file's bytes.

    Raises:
        DataProblem: it has vanished or cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "blake2b").hexdigest()[:32]
    except OSError as error:
        raise vanished(path, error) from None
