"""A folder with Parquet or CSV files, one or several a table, read like an Access file."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from common.errors import DataProblem
from plant.columns import ColumnType, SourceColumn
from plant.mechanical_seals import FILE_TABLES, REQUIRED_OF_TABLE
from source.csv_table import CsvTable
from source.file_parts import FilePart
from source.parquet_table import ParquetTable
from source.parts import StoredPart, Whole
from source.source import digest, file_state, find_name, find_table, no_such_table, vanished
from source.table_source import StoredTable, TableSource

ENDINGS: Final = (".parquet", ".csv")
_LONGEST_HEADER: Final = 1_000_000


class FolderSource(TableSource):
    """A folder of `<table>.parquet` or `<table>.csv` files. A table may also lie in several files of one kind and one header in a
    folder of its name, which are read in the order of their names.

    Raises:
        DataProblem: it is missing, no folder, holds no table, or holds one table twice.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._files = _table_files(path)

    @property
    def description(self) -> str:
        """Kind and path, for people."""
        kinds = sorted({files[0].suffix.lower() for files in self._files.values()})
        return f"{' and '.join('Parquet' if kind == '.parquet' else 'CSV' for kind in kinds)} folder {self.path}"

    def identity(self) -> str:
        """Changes with the set of files, their sizes and times of change."""
        files = _table_files(self.path)
        states = [(name, file_state(file)) for name in sorted(files) for file in files[name]]
        return digest(["folder", self.path.resolve(), *states])

    def tables(self) -> list[str]:
        """Names of the tables, sorted; items, routing and work_orders of the built-in plant go by the names of its Access views."""
        return sorted(self._files)

    def _stored_name(self, table: str) -> str:
        stored = find_table(table, list(self._files)) or find_name(_file_of_view(table), list(self._files))
        if stored is None:
            stranger = _stranger(files := _files_in(self.path / table))
            if stranger is not None:
                raise DataProblem(
                    f"The files of the folder {table} of {self.path} are no parts of one table: {stranger.name} has another header or "
                    f"kind than {files[0].name}. Give all the same columns in the same order, or move it elsewhere",
                    reason="PARTS_DIFFER",
                    details={"path": self.path, "table": table},
                )
            raise no_such_table(self, table, self.tables())
        return stored

    def _check_present(self, stored: str) -> None:
        for file in self._files[stored]:
            if not file.exists():
                raise vanished(file)

    def _open(self, stored: str) -> StoredTable:
        files = [_file_table(path, file_state(path)) for path in self._files[stored]]
        return files[0] if len(files) == 1 else TableInFiles(files)


FileTable = CsvTable | ParquetTable


@functools.lru_cache(maxsize=1024)
def _file_table(path: Path, _state: tuple[str, int, int]) -> FileTable:
    """The table in a file as it is now; what it has found out, such as a code page, is found out once."""
    return ParquetTable(path) if path.suffix.lower() == ".parquet" else CsvTable(path)


class TableInFiles:
    """A table whose rows lie in several files of the same columns."""

    def __init__(self, files: Sequence[FileTable]) -> None:
        self._files = files

    def columns(self) -> list[SourceColumn]:
        """Columns in the order of the first file, of a type that holds the values of all."""
        found = [{column.name: column for column in file.columns()} for file in self._files]
        return [
            SourceColumn(
                name, _type_for([each[name].type for each in found]), any(each[name].nullable for each in found)
            )
            for name in found[0]
        ]

    def count(self) -> int:
        """Rows."""
        return sum(file.count() for file in self._files)

    def frames(self, columns: Sequence[str], batch_rows: int) -> Iterator[pl.DataFrame]:
        """The named columns of one file after the other, in frames of at most `batch_rows` rows."""
        for file in self._files:
            yield from file.frames(columns, batch_rows)

    @contextlib.contextmanager
    def parts(self) -> Iterator[Iterable[StoredPart] | Whole]:
        """Each file as a part."""
        yield (FilePart(file.path, file) for file in self._files)


def _type_for(types: Sequence[ColumnType]) -> ColumnType:
    """The narrowest type that holds values of all of some types."""
    kinds = set(types)
    if len(kinds) == 1:
        return types[0]
    return ColumnType.NUMBER if kinds == {ColumnType.INTEGER, ColumnType.NUMBER} else ColumnType.TEXT


def _table_files(folder: Path) -> dict[str, list[Path]]:
    """Table name -> its files."""
    files: dict[str, list[Path]] = {}
    for entry in _entries(folder):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            name, found = entry.name, _files_of_one_table(entry)
        else:
            name, found = entry.stem, [entry] if entry.suffix.lower() in ENDINGS and entry.is_file() else []
        if not found:
            continue
        view = FILE_TABLES.get(name.casefold())
        if view is not None and _stands_for(_file_table(found[0], file_state(found[0])), view):
            name = view
        if name in files:
            raise DataProblem(
                f"{folder} holds table {name} twice, in {_shown(folder, files[name])} and {_shown(folder, found)}: remove one of them",
                reason="TABLE_TWICE",
                details={"path": folder, "table": name},
            )
        files[name] = found
    if not files:
        raise DataProblem(
            f"{folder} holds no tables: expected files such as items.parquet, routing.parquet and work_orders.parquet, or the same as .csv",
            reason="SOURCE_EMPTY",
            details={"path": folder},
        )
    return files


def _file_of_view(table: str) -> str:
    """Name of the file that a view of the built-in plant lies in; "" for other tables."""
    return next((file for file, view in FILE_TABLES.items() if view.casefold() == table.casefold()), "")


@functools.lru_cache(maxsize=1024)
def _stands_for(table: FileTable, view: str) -> bool:
    """Whether a file is the view of the built-in plant: most columns that its profile requires are there. Another plant's tables may have
    the same names; one that cannot be read is left to whoever opens it.
    """
    try:
        names = {name.casefold() for name in table.names()}
    except DataProblem:
        return True
    required = REQUIRED_OF_TABLE[view]
    return 2 * sum(name.casefold() in names for name in required) > len(required)


def _shown(folder: Path, files: Sequence[Path]) -> str:
    return files[0].name if files[0].parent == folder else f"the folder {files[0].parent.name}"


def _entries(folder: Path) -> list[Path]:
    details = {"path": folder}
    try:
        return sorted(folder.iterdir())
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


def _files_of_one_table(folder: Path) -> list[Path]:
    """The files of a folder within the folder, sorted; none where they are no parts of one table: of different kinds or headers."""
    files = _files_in(folder)
    return [] if _stranger(files) else files


def _files_in(folder: Path) -> list[Path]:
    try:
        return [entry for entry in _entries(folder) if entry.suffix.lower() in ENDINGS and entry.is_file()]
    except DataProblem:
        return []


def _stranger(files: Sequence[Path]) -> Path | None:
    """The first file that is of another kind or header than the first one."""
    heads = [(file.suffix.lower(), _head_of(file)) for file in files]
    return next((file for file, head in zip(files, heads, strict=True) if head != heads[0]), None)


def _head_of(file: Path) -> object:
    """What the header of a file is told by, without reading its rows: names of Parquet, the first line of CSV."""
    try:
        if file.suffix.lower() == ".parquet":
            return ParquetTable(file).names()
        with open(file, "rb") as stream:
            return stream.readline(_LONGEST_HEADER).strip()
    except (DataProblem, OSError) as error:
        return str(error)
