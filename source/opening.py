"""Opening whatever a path names: an Access file, a folder of Parquet or CSV tables, a workbook, a SQLite file, or a database's address.

Each reader is imported where it opens something: most processes open nothing, and no plant has sources of every kind.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from common.errors import DataProblem
from common.settings import settings
from common.source_addresses import ACCESS_ENDINGS, ADDRESS_ENDING, SQLITE_ENDINGS, WORKBOOK_ENDINGS
from source.databases import address
from source.source import Source

if TYPE_CHECKING:
    from plant.input_profile import InputProfile
    from source.queries import QueryBounds


KINDS: Final = (
    "an Access file (.accdb, .mdb), a folder with Parquet or CSV tables, an Excel workbook (.xlsx), a SQLite file (.sqlite, .db), or the "
    "address of a database (postgresql://user@host/database, or an ODBC connection string)"
)
"""What can be a source, for people."""


def open_source(path: Path) -> Source:
    """The source at `path`.

    Raises:
        DataProblem: it is missing, none of the kinds of sources, damaged, locked, or has no reader here.
    """
    if path.is_dir():
        from source.folder import FolderSource

        return FolderSource(path)
    ending = path.suffix.lower()
    if ending in ACCESS_ENDINGS:
        return _open_access(path)
    if ending in WORKBOOK_ENDINGS:
        from source.workbook import WorkbookSource

        return WorkbookSource(path)
    if ending in SQLITE_ENDINGS:
        from source.databases.sqlite_file import SqliteSource

        return SqliteSource(path)
    if ending == ADDRESS_ENDING:
        return _open_database(path)
    if not path.exists():
        raise DataProblem(f"{path} does not exist: check the path", reason="SOURCE_MISSING", details={"path": path})
    raise DataProblem(
        f"{path} cannot be a source: expected {KINDS}",
        reason="SOURCE_WRONG_ENDING",
        details={"path": path},
    )


def _open_access(path: Path) -> Source:
    if settings().access_reader == "microsoft":
        from source.microsoft_access import MicrosoftAccessSource

        return MicrosoftAccessSource(path)
    from source.access_file import AccessFileSource

    return AccessFileSource(path)


def kind_of(path: Path) -> str:
    """What kind of source a path names: Access, folder, workbook, SQLite, PostgreSQL or ODBC; "" for none.

    Raises:
        DataProblem: the file of a database's address cannot be read.
    """
    ending = path.suffix.lower()
    if path.is_dir():
        return "folder"
    if ending == ADDRESS_ENDING:
        return "PostgreSQL" if address.read_address(path).kind == address.POSTGRESQL else "ODBC"
    kinds = dict.fromkeys(ACCESS_ENDINGS, "Access") | dict.fromkeys(WORKBOOK_ENDINGS, "workbook")
    return (kinds | dict.fromkeys(SQLITE_ENDINGS, "SQLite")).get(ending, "")


def _open_database(path: Path) -> Source:
    known = address.read_address(path)
    if known.kind == address.POSTGRESQL:
        from source.databases.postgresql import PostgresqlSource

        return PostgresqlSource(path, known)
    from source.databases.odbc_database import OdbcSource

    return OdbcSource(path, known)


def open_mapped(path: Path, profile: InputProfile, bounds: QueryBounds | None = None) -> Source:
    """The source at `path` with the tables that the profile's queries make of it.

    Args:
        bounds: what each query may take; None: the usual ones.

    Raises:
        DataProblem: as `open_source`.
        InvalidInput: a query is no SELECT.
    """
    source = open_source(path)
    if not profile.queries:
        return source
    from source.queries import QueriedSource

    return QueriedSource(source, profile.queries, bounds)
