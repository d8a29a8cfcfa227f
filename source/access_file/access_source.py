"""An Access file as a source, read without a driver."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from common.errors import DataProblem
from plant.columns import SourceColumn
from source.access_driver import check_file
from source.access_file.definitions import Definition, catalogue_of, read_definition
from source.access_file.pages import Pages, damaged, hash_of_page
from source.access_file.rows import Rows
from source.access_file.values import ColumnReader
from source.parts import StoredPart, Whole
from source.source import digest, file_state, find_name, no_such_table, vanished
from source.table_source import StoredTable, TableSource

_SYSTEM_FLAGS: Final = 0x80000002
_LOCAL, _LINKED_ODBC, _QUERY, _LINKED_ACCESS = 1, 4, 5, 6
_PAGE_OF_ID: Final = 0x00FFFFFF
_PAGES_AT_ONCE: Final = 2048


class AccessFileSource(TableSource):
    """An Access file (.accdb or .mdb).

    Raises:
        DataProblem: it is missing, no database, cut off, locked or encrypted.
    """

    def __init__(self, path: Path) -> None:
        check_file(path)
        self.path = path
        self._pages = Pages(path)
        self._places: dict[str, int] | None = None
        self._not_tables: dict[str, str] = {}
        self._opened: dict[str, AccessTable] = {}

    @property
    def description(self) -> str:
        """Kind and path, for people."""
        return f"Access file {self.path}"

    def identity(self) -> str:
        """Changes with the file's path, size or time of change."""
        return digest(["access", self.path.resolve(), *file_state(self.path)])

    def tables(self) -> list[str]:
        """Names of the tables that lie in the file, sorted; tables of Access itself are left out."""
        return sorted(self._read_catalogue())

    def _read_catalogue(self) -> dict[str, int]:
        if self._places is None:
            places = {}
            with self._pages.open():
                catalogue = AccessTable(self._pages, "MSysObjects", catalogue_of(self._pages))
                frames = list(catalogue.frames(["Id", "Name", "Type", "Flags"], 10_000))
            for identity, name, kind, flags in pl.concat(frames).iter_rows() if frames else ():
                if not (isinstance(identity, int) and isinstance(name or "", str) and isinstance(flags or 0, int)):
                    raise damaged(self.path, f"the catalogue of its tables has an entry {identity!r}, {name!r}")
                if not name or (flags or 0) & _SYSTEM_FLAGS or name.startswith(("MSys", "~")):
                    continue
                if kind == _LOCAL:
                    places[name] = identity & _PAGE_OF_ID
                elif kind in (_LINKED_ODBC, _LINKED_ACCESS, _QUERY):
                    self._not_tables[name] = "a saved query" if kind == _QUERY else "linked from another database"
            self._places = places
        return self._places

    def _stored_name(self, table: str) -> str:
        tables = self.tables()
        stored = find_name(table, tables)
        if stored is not None:
            return stored
        other = find_name(table, list(self._not_tables))
        if other is None:
            raise no_such_table(self, table, tables)
        what = self._not_tables[other]
        cure = (
            "make a table of it in Access (Make Table), or write it as a query of the input profile over the file's tables"
            if what == "a saved query"
            else "import it as a local table, or name the database that it comes from as the source"
        )
        raise DataProblem(
            f"{other} in {self.path} is {what}; only tables that lie in the file are read: {cure}. On Windows the Microsoft driver reads "
            "it too (ROUTING_ML_ACCESS_READER=microsoft)",
            reason="TABLE_LINKED",
            details={"table": other, "path": self.path},
        )

    def _open(self, stored: str) -> StoredTable:
        if stored not in self._opened:
            with self._pages.open():
                definition = read_definition(self._pages, self._read_catalogue()[stored])
            self._opened[stored] = AccessTable(self._pages, stored, definition)
        return self._opened[stored]

    def _check_present(self, stored: str) -> None:
        if not self.path.exists():
            raise vanished(self.path)


class AccessTable:
    """One table of an Access file."""

    def __init__(self, pages: Pages, name: str, definition: Definition) -> None:
        self._pages, self._name, self._definition = pages, name, definition

    def columns(self) -> list[SourceColumn]:
        """Columns in stored order."""
        return [column.as_source() for column in self._definition.columns]

    def count(self) -> int:
        """Rows, as the table itself counts them."""
        return self._definition.rows

    def frames(self, columns: Sequence[str], batch_rows: int) -> Iterator[pl.DataFrame]:
        """The named columns in frames of at most `batch_rows` rows (see `StoredTable.frames`).

        Raises:
            DataProblem: a column holds no values, or the file ends before the table does.
        """
        readers, waiting = self.readers(columns), list[pl.DataFrame]()
        for rows in self._rows():
            waiting.append(pl.DataFrame([reader.read(rows) for reader in readers]))
            while sum(frame.height for frame in waiting) >= batch_rows:
                whole = pl.concat(waiting)
                yield whole[:batch_rows]
                waiting = [whole[batch_rows:]]
        rest = pl.concat(waiting) if waiting else None
        if rest is not None and rest.height:
            yield rest

    @contextmanager
    def parts(self) -> Iterator[Iterable[StoredPart] | Whole]:
        """Its pages, neighbours together, known by their bytes: whatever changes a row changes a page that holds it."""
        layout = repr((self._pages.layout, self._pages.encoding, self._definition.page, self._definition.columns))
        readers: dict[tuple[str, ...], list[ColumnReader]] = {}

        def readers_of(columns: Sequence[str]) -> list[ColumnReader]:
            if tuple(columns) not in readers:
                readers[tuple(columns)] = self.readers(columns)
            return readers[tuple(columns)]

        yield (AccessPart(self._pages, rows, layout, readers_of) for rows in self._rows())

    def readers(self, columns: Sequence[str]) -> list[ColumnReader]:
        """A reader of each of some columns.

        Raises:
            DataProblem: a column holds no values.
        """
        known = {column.name: column for column in self._definition.columns}
        for name in columns:
            if name not in known:
                raise damaged(self._pages.path, f"the definition of table {self._name} has no column {name}")
        return [ColumnReader(self._pages, self._name, known[name]) for name in columns]

    def _rows(self) -> Iterator[Rows]:
        """All rows, those of neighbouring pages together.

        Raises:
            DataProblem: the file ends before the table does, or holds fewer rows than the table counts.
        """
        pages, numbers, expected = self._pages, self._definition.pages, self._definition.rows
        last = int(numbers.max(initial=0))
        if last >= pages.count:
            raise damaged(
                pages.path,
                f"table {self._name} should have {expected:,} rows on pages up to {last:,}, and the file ends after "
                f"{pages.count:,}",
            )
        read = 0
        # by their place in the file, so that a page that comes to the table shifts no other one
        for some in np.split(numbers, np.flatnonzero(np.diff(numbers // _PAGES_AT_ONCE)) + 1) if len(numbers) else ():
            with pages.open():
                rows = Rows(pages.together(some), np.asarray(some), self._definition.page, pages.layout, pages.path)
                read += len(rows)
                yield rows
        if read < expected:
            raise damaged(pages.path, f"table {self._name} should have {expected:,} rows, only {read:,} can be read")


class AccessPart:
    """The rows of neighbouring pages of a table (see `source.parts.StoredPart`)."""

    def __init__(
        self, pages: Pages, rows: Rows, layout: str, readers_of: Callable[[Sequence[str]], list[ColumnReader]]
    ) -> None:
        self._pages, self._rows, self._readers_of = pages, rows, readers_of
        self._noted: dict[int, str] = {}
        self.fingerprint = digest([layout, hashlib.blake2b(rows.stored).hexdigest()], size=16)

    def frames(self, columns: Sequence[str], batch_rows: int) -> Iterator[pl.DataFrame]:
        """The named columns of its rows."""
        with self._pages.open(), self._pages.noting() as self._noted:
            whole = pl.DataFrame([reader.read(self._rows) for reader in self._readers_of(columns)])
        yield from whole.iter_slices(batch_rows) if whole.height else ()

    def beyond(self) -> str:
        """The other pages that its long texts lie in."""
        return json.dumps(sorted(self._noted.items()))

    def still(self, beyond: str) -> bool:
        """Whether those pages have the same bytes."""
        with self._pages.open():
            return all(
                number < self._pages.count and hash_of_page(self._pages.page(number)) == known
                for number, known in json.loads(beyond)
            )
