"""A folder with one Parquet or CSV file a table, read like an Access file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

import polars as pl

from common.errors import DataProblem
from plant.columns import ColumnType, SourceColumn
from plant.mechanical_seals import FILE_TABLES
from source.canonical import canonical_frame
from source.csv_table import CsvTable
from source.parquet_table import ParquetTable
from source.source import BATCH_ROWS, digest, file_state, find_name, no_such_table, resolve_columns, vanished

ENDINGS: Final = (".parquet", ".csv")


class TableFile(Protocol):
    """One table in a file."""

    def columns(self) -> list[SourceColumn]:
        """Columns in stored order."""

    def count(self) -> int:
        """Rows."""

    def frames(self, columns: Sequence[str], batch_rows: int) -> Iterator[pl.DataFrame]:
        """The named stored columns, as the file has them."""


class FolderSource:
    """A folder of `<table>.parquet` or `<table>.csv` files.

    Raises:
        DataProblem: it is missing, no folder, holds no table, or holds one table twice.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._files = _table_files(path)
        self._opened: dict[str, tuple[tuple[str, int, int], TableFile]] = {}

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

    def columns(self, table: str) -> list[SourceColumn]:
        """Columns of a table in stored order."""
        return self._open(self._stored_name(table)).columns()

    def count(self, table: str) -> int:
        """Rows of a table."""
        return self._open(self._stored_name(table)).count()

    def batches(
        self,
        table: str,
        columns: Sequence[str],
        types: Mapping[str, ColumnType],
        batch_rows: int = BATCH_ROWS,
        *,
        item_column: str = "ITEM_CD",
    ) -> Iterator[pl.DataFrame]:
        """The named columns as canonical frames (see `Source.batches`)."""
        stored = self._stored_name(table)
        file = self._open(stored)
        chosen = resolve_columns(self, stored, columns, file.columns())
        wanted = {name: types.get(name, column.type) for name, column in zip(columns, chosen, strict=True)}
        read = 0
        for frame in file.frames([column.name for column in chosen], batch_rows):
            frame.columns = list(columns)
            yield canonical_frame(frame, wanted, table=stored, item_column=item_column, first_row=read + 1)
            read += frame.height
            if not self._files[stored].exists():
                raise vanished(self._files[stored])

    def _stored_name(self, table: str) -> str:
        stored = find_name(table, list(self._files)) or find_name(
            FILE_TABLES.get(table.casefold(), ""), list(self._files)
        )
        if stored is None:
            raise no_such_table(self, table, self.tables())
        return stored

    def _open(self, table: str) -> TableFile:
        path = self._files[table]
        state = file_state(path)
        known = self._opened.get(table)
        if known is None or known[0] != state:
            file: TableFile = ParquetTable(path) if path.suffix.lower() == ".parquet" else CsvTable(path)
            known = self._opened[table] = (state, file)
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
