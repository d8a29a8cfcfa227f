"""An Excel workbook as a source: every sheet with cells is a table, whose header may stand below titles and over two rows."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import polars as pl

from common.errors import DataProblem
from plant.columns import SourceColumn
from source.canonical import narrowest_type
from source.databases.errors import missing_extra
from source.file_parts import FilePart
from source.parts import StoredPart, Whole
from source.python_rows import series_of
from source.sheet_header import Header, find_header
from source.source import digest, file_state, vanished
from source.table_source import StoredTable, TableSource
from source.workbook_size import check_fits

MOST_ROWS: Final = 1_048_576
"""Rows of a sheet; one that is full was cut off when it was written."""
_MOST_ROWS_XLS: Final = 65_536
_HEAD_ROWS: Final = 60
_SAMPLE_ROWS: Final = 10_000
_ENCRYPTED: Final = bytes.fromhex("d0cf11e0a1b11ae1")
"""Beginning of a file of the old kind, which is what an .xlsx with a password is wrapped in."""


class WorkbookSource(TableSource):
    """An Excel workbook (.xlsx, .xlsm, .xlsb, .xls) or one of OpenDocument (.ods).

    Raises:
        DataProblem: it is missing, protected by a password, damaged, too large for this machine, or has no sheet with cells.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._library: Any = importlib.import_module("python_calamine")
        except ImportError:
            raise missing_extra("Excel workbooks", "python-calamine") from None
        self._opened: dict[str, tuple[tuple[str, int, int], SheetTable]] = {}
        file_state(path)
        check_fits(path)
        with self.workbook() as book:
            kinds = {sheet.name for sheet in book.sheets_metadata if "WorkSheet" in str(sheet.typ)}
            self._sheets = [name for name in book.sheet_names if name in kinds and book.get_sheet_by_name(name).height]
        if not self._sheets:
            raise DataProblem(
                f"{path} has no sheet with cells: fill one, or choose another file",
                reason="SOURCE_EMPTY",
                details={"path": path},
            )

    @property
    def description(self) -> str:
        """Kind and path, for people."""
        return f"Excel workbook {self.path}"

    def identity(self) -> str:
        """Changes with the file's path, size or time of change."""
        return digest(["workbook", self.path.resolve(), *file_state(self.path)])

    def tables(self) -> list[str]:
        """Names of the sheets with cells, sorted."""
        return sorted(self._sheets)

    def _open(self, stored: str) -> StoredTable:
        state = file_state(self.path)
        known = self._opened.get(stored)
        if known is None or known[0] != state:
            known = self._opened[stored] = (state, SheetTable(self, stored))
        return known[1]

    def _check_present(self, stored: str) -> None:
        if not self.path.exists():
            raise vanished(self.path)

    @contextlib.contextmanager
    def workbook(self) -> Iterator[Any]:
        """The opened workbook; errors of its reader become DataProblem."""
        library = self._library
        book = None
        try:
            book = library.CalamineWorkbook.from_path(self.path)
            yield book
        except library.PasswordError:
            raise self._protected() from None
        except (library.CalamineError, library.ZipError, library.XmlError, library.WorksheetNotFound) as error:
            if "assword" in str(error) or self._is_wrapped():
                raise self._protected() from None
            raise DataProblem(
                f"{self.path} cannot be read as a workbook ({error}): open and save it in Excel again, or copy it again completely",
                reason="SOURCE_DAMAGED",
                details={"path": self.path},
            ) from None
        except FileNotFoundError as error:
            raise vanished(self.path, error) from None
        except OSError as error:
            raise DataProblem(
                f"{self.path} cannot be read ({error.strerror or error}): close it in Excel, or check this account's rights",
                reason="SOURCE_LOCKED",
                details={"path": self.path},
            ) from None
        finally:
            if book is not None:
                book.close()

    def _is_wrapped(self) -> bool:
        try:
            with open(self.path, "rb") as file:
                return file.read(8) == _ENCRYPTED and self.path.suffix.lower() in (".xlsx", ".xlsm", ".xlsb")
        except OSError:
            return False

    def _protected(self) -> DataProblem:
        return DataProblem(
            f"{self.path} is protected by a password: save a copy without one (Excel: File, Info, Protect Workbook)",
            reason="SOURCE_PROTECTED",
            details={"path": self.path},
        )


class SheetTable:
    """One sheet."""

    def __init__(self, source: WorkbookSource, name: str) -> None:
        self._source, self._name = source, name
        self._header: Header | None = None
        self._columns: list[SourceColumn] | None = None

    def columns(self) -> list[SourceColumn]:
        """Columns in stored order; the type is the narrowest that fits the first 10,000 rows."""
        if self._columns is None:
            header = self._head()
            with self._source.workbook() as book:
                rows = list(islice(self._rows(book, header), _SAMPLE_ROWS))
            self._columns = [
                SourceColumn(name, narrowest_type(series_of(name, [row[place] for row in rows])))
                for name, place in header.columns.items()
            ]
        return list(self._columns)

    def count(self) -> int:
        """Rows with cells below the header."""
        header = self._head()
        with self._source.workbook() as book:
            return sum(1 for _ in self._rows(book, header))

    def frames(self, columns: Sequence[str], batch_rows: int) -> Iterator[pl.DataFrame]:
        """The named columns in frames of at most `batch_rows` rows (see `StoredTable.frames`)."""
        header = self._head()
        places = [header.columns[name] for name in columns]
        with self._source.workbook() as book:
            rows = self._rows(book, header)
            while some := list(islice(rows, batch_rows)):
                yield pl.DataFrame(
                    [series_of(name, [row[at] for row in some]) for name, at in zip(columns, places, strict=True)]
                )

    @contextlib.contextmanager
    def parts(self) -> Iterator[list[StoredPart] | Whole]:
        """The file as one part."""
        yield [FilePart(self._source.path, self)]

    def _head(self) -> Header:
        """Where the columns are.

        Raises:
            DataProblem: the sheet has no header, names a column twice, or is full to its last row.
        """
        if self._header is None:
            with self._source.workbook() as book:
                sheet = book.get_sheet_by_name(self._name)
                last = (sheet.end or (0, 0))[0] + 1
                most = _MOST_ROWS_XLS if self._source.path.suffix.lower() == ".xls" else MOST_ROWS
                if last >= most:
                    raise self._problem(
                        f"it is full to its last row, {most:,}: what did not fit was cut off when it was written. Export it as CSV or "
                        "Parquet instead",
                        "SHEET_FULL",
                    )
                left = (sheet.start or (0, 0))[1]
                merged = [
                    ((first[0], first[1] - left), (last[0], last[1] - left))
                    for first, last in sheet.merged_cell_ranges or ()
                ]
                head = list(islice(sheet.iter_rows(), _HEAD_ROWS))
            found = find_header(head, merged, left)
            if isinstance(found, str):
                raise self._problem(found, "SHEET_HEADER")
            self._header = found
        return self._header

    def _rows(self, book: Any, header: Header) -> Iterator[list[Any]]:
        """Rows below the header that have a cell in one of its columns."""
        sheet = book.get_sheet_by_name(self._name)
        width = max(header.columns.values()) + 1
        places = list(header.columns.values())
        for row in islice(sheet.iter_rows(), header.rows, None):
            padded = row if len(row) >= width else [*row, *[""] * (width - len(row))]
            if any(padded[place] != "" for place in places):
                yield padded

    def _problem(self, what: str, reason: str) -> DataProblem:
        return DataProblem(
            f"Sheet {self._name} of {self._source.path} cannot be read as a table: {what}",
            reason=reason,
            details={"path": self._source.path, "table": self._name},
        )
