"""Opening whatever a path names: an Access file, or a folder of Parquet or CSV tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from common.errors import DataProblem
from source.access import AccessSource
from source.access_driver import ENDINGS
from source.folder import FolderSource
from source.source import Source

if TYPE_CHECKING:
    from plant.input_profile import InputProfile


def open_source(path: Path) -> Source:
    """The source at `path`.

    Raises:
        DataProblem: it is missing, neither a folder with tables nor an Access database, damaged, locked, or has no driver here.
    """
    if path.is_dir():
        return FolderSource(path)
    if path.suffix.lower() in ENDINGS:
        return AccessSource(path)
    if not path.exists():
        raise DataProblem(f"{path} does not exist: check the path", reason="SOURCE_MISSING", details={"path": path})
    raise DataProblem(
        f"{path} cannot be a source: expected an Access file (.accdb, .mdb), or a folder with Parquet or CSV tables",
        reason="SOURCE_WRONG_ENDING",
        details={"path": path},
    )


def open_mapped(path: Path, profile: InputProfile) -> Source:
    """The source at `path` with the tables that the profile's queries make of it.

    Raises:
        DataProblem: as `open_source`.
        InvalidInput: a query is no SELECT.
    """
    source = open_source(path)
    if not profile.queries:
        return source
    from source.queries import QueriedSource  # a database of its own, which most sources do without

    return QueriedSource(source, profile.queries)
