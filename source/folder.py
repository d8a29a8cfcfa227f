"""A folder with one Parquet or CSV file a table, read like an Access file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from common.errors import DataProblem
from plant.mechanical_seals import FILE_TABLES
from source.csv_table import CsvTable
from source.parquet_table import ParquetTable
from source.source import digest, file_state, find_name, no_such_table, vanished
from source.table_source import StoredTable, TableSource

ENDINGS: Final = (".parquet", ".csv")


class FolderSource(TableSource):
    """A folder of `<table>.parquet` or `<table>.csv` files.

    Raises:
        DataProblem: it is missing, no folder, holds no table, or holds one table twice.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._files = _table_files(path)
        self._opened: dict[str, tuple[tuple[str, int, int], StoredTable]] = {}

    @property
    def description(self) -> str:
        """Kind and path, for people."""
        kinds = sorted({file.suffix.lower() for file in self._files.values()})
        return f"{' and '.join('Parquet' if kind == '.parquet' else 'CSV' for kind in kinds)} folder {self.path}"

    def identity(self) -> str:
        """Changes with the set of files, their sizes and times of change."""
        files = _table_files(self.path)
        return digest(["folder", self.path.resolve(), *(file_state(files[name]) for name in sorted(files))])

    def tables(self) -> list[str]:
        """Names of the tables, sorted; items, routing and work_orders go by the names of the Access views."""
        return sorted(self._files)

    def _stored_name(self, table: str) -> str:
        stored = find_name(table, list(self._files)) or find_name(
            FILE_TABLES.get(table.casefold(), ""), list(self._files)
        )
        if stored is None:
            raise no_such_table(self, table, self.tables())
        return stored

    def _check_present(self, stored: str) -> None:
        if not self._files[stored].exists():
            raise vanished(self._files[stored])

    def _open(self, stored: str) -> StoredTable:
        path = self._files[stored]
        state = file_state(path)
        known = self._opened.get(stored)
        if known is None or known[0] != state:
            file: StoredTable = ParquetTable(path) if path.suffix.lower() == ".parquet" else CsvTable(path)
            known = self._opened[stored] = (state, file)
        return known[1]


def _table_files(folder: Path) -> dict[str, Path]:
    """Table name -> file."""
    details = {"path": folder}
    try:
        entries = sorted(folder.iterdir())
    except FileNotFoundError:
        raise DataProblem(
            f"{folder} does not exist: check the path", reason="SOURCE_MISSING", details=details
        ) from None
    except OSError as error:
        raise DataProblem(
            f"{folder} cannot be listed ({error.strerror}): check that it is a folder and this account may read it",
            reason="SOURCE_UNREADABLE",
            details=details,
        ) from None
    files: dict[str, Path] = {}
    for entry in entries:
        if entry.suffix.lower() not in ENDINGS or entry.name.startswith(".") or not entry.is_file():
            continue
        name = FILE_TABLES.get(entry.stem.casefold(), entry.stem)
        if name in files:
            raise DataProblem(
                f"{folder} holds table {name} twice, in {files[name].name} and {entry.name}: remove one of them",
                reason="TABLE_TWICE",
                details={**details, "table": name},
            )
        files[name] = entry
    if not files:
        raise DataProblem(
            f"{folder} holds no tables: expected files such as items.parquet, routing.parquet and work_orders.parquet, or the same as .csv",
            reason="SOURCE_EMPTY",
            details=details,
        )
    return files
