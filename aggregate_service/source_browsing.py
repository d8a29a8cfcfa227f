"""Looking into sources on request: which paths may be opened, whether a source can be read, and what its tables hold."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from common.errors import DataProblem, ServiceError
from common.notices import notice
from common.source_addresses import is_address
from plant.settings.sections import DataSourceSection
from source import Source, open_mapped, open_source
from source.allowed_paths import allowed_path
from source.databases.address import parse_address
from source.diagnosis import path_hash
from source.source import find_name, find_table, no_such_table
from source.table_profile import ColumnProfile, columns_only, profile_table

if TYPE_CHECKING:
    from source.suggestion.answers import Answers
    from source.suggestion.drafting import Draft
    from source.suggestion.preview import Preview


@dataclass(frozen=True)
class SourceTest:
    """Whether a source can be read.

    Attributes:
        ok: whether it was opened and the table read.
        message: what was found, or what is wrong and what to do.
        path_hash: hash of the path, 0x and 16 digits.
        tables: tables of the source.
        elapsed_ms: time it took; None when nothing was opened.
        verified_table: the table that was read; "" when none.
    """

    ok: bool
    message: str
    path_hash: str
    tables: tuple[str, ...] = ()
    elapsed_ms: float | None = None
    verified_table: str = ""


@dataclass(frozen=True)
class TableDescription:
    """Columns of a table; `rows` is 0 when they were not counted; `updated_at` in seconds since 1970 UTC."""

    table: str
    columns: Sequence[ColumnProfile]
    tables: Sequence[str]
    rows: int
    updated_at: float


@dataclass(frozen=True)
class SuggestedSource:
    """The draft of a source's profile and what it would read.

    Attributes:
        tables: tables of the source.
        preview: None where the rows cannot be read through the draft; `problem` says why.
    """

    draft: Draft
    tables: tuple[str, ...]
    preview: Preview | None
    problem: str


class SourceBrowser:
    """Opens the configured source and what lies in the allowed folders, nothing else.

    Args:
        configured: the source that serves; its folder is allowed.
        allowed: folders that an administrator has allowed.
        data_source: the settings' section with the expected tables.
        servers: hosts whose databases an administrator has allowed.
    """

    def __init__(
        self, configured: Path, allowed: Sequence[str], data_source: DataSourceSection, servers: Sequence[str] = ()
    ) -> None:
        self._configured = configured
        self._allowed, self._servers = allowed, servers
        self._settings = data_source

    def test(self, text: str, table: str) -> SourceTest:
        """Open a source and read the beginning of a table. Never raises for what the source is like.

        Args:
            table: the table to read; "": the first one of the settings' table profiles that the source has.
        """
        hashed = path_hash(Path(_shown(text)) if text.strip() else self._configured)
        started = time.perf_counter()
        tables: tuple[str, ...] = ()
        opened = False
        try:
            source = open_source(allowed_path(text, self._configured, self._allowed, self._servers))
            opened = True
            tables = tuple(source.tables())
            chosen = self._table(source, table, tables)
            columns = [column.name for column in source.columns(chosen)]
            frame = next(iter(source.batches(chosen, columns, {}, 100)), None)
        except ServiceError as error:
            return SourceTest(False, error.message, hashed, tables, _elapsed(started) if opened else None)
        message = notice(
            "SOURCE_READ" if frame is not None else "SOURCE_TABLE_EMPTY",
            "{source} has {tables} tables; {table}: "
            + ("it has no rows" if frame is None else "{columns} columns, rows can be read"),
            source=source.description,
            tables=len(tables),
            table=chosen,
            columns=len(columns),
        )
        return SourceTest(True, message, hashed, tables, _elapsed(started), chosen)

    def describe(self, text: str, table: str, *, profile: bool) -> TableDescription:
        """The real columns of a table.

        Args:
            table: "": the default table of the settings, else one of its table profiles, else the first of the source.
            profile: also count rows and absent values and give examples; reads the table once.

        Raises:
            PermissionDenied: the path is outside the allowed folders.
            NotFound: there is no such table.
            DataProblem: the source cannot be read.
        """
        path = allowed_path(text, self._configured, self._allowed, self._servers)
        source = open_source(path)
        tables = source.tables()
        wanted = table or find_name(self._settings.default_table, tables) or ""
        chosen = self._table(source, wanted, tables) if wanted or not tables else self._known(tables) or tables[0]
        rows, columns = profile_table(source, chosen) if profile else (0, columns_only(source, chosen))
        return TableDescription(chosen, columns, tables, rows, _changed_at(path))

    def suggest(self, text: str, name: str, answers: Answers) -> SuggestedSource:
        """Draft the profile of a source and read some of its items through it.

        Args:
            name: of the profile; "": the source's.

        Raises:
            PermissionDenied: the path is outside the allowed folders.
            InvalidInput: an answer does not fit the source.
            DataProblem: the source cannot be read, or nothing in it looks like operations.
        """
        from source.suggestion.drafting import suggest_profile
        from source.suggestion.preview import preview_of

        path = allowed_path(text, self._configured, self._allowed, self._servers)
        source = open_source(path)
        draft = suggest_profile(source, name.strip() or path.stem, answers=answers)
        preview, problem = None, ""
        try:
            preview = preview_of(open_mapped(path, draft.profile), draft.profile)
        except ServiceError as error:
            problem = error.message
        return SuggestedSource(draft, tuple(source.tables()), preview, problem)

    def _table(self, source: Source, table: str, tables: Sequence[str]) -> str:
        if table:
            found = find_table(table, tables)
            if found is None:
                raise no_such_table(source, table, tables)
            return found
        known = self._known(tables)
        if known is not None:
            return known
        expected = ", ".join(profile.name for profile in self._settings.table_profiles)
        raise DataProblem(
            f"{source.description} has none of the expected tables ({expected}); it has {', '.join(tables[:12]) or 'no tables'}",
            reason="TABLE_MISSING",
        )

    def _known(self, tables: Sequence[str]) -> str | None:
        """The first table of the settings' table profiles that a source has."""
        found = (find_name(profile.name, tables) for profile in self._settings.table_profiles)
        return next((name for name in found if name is not None), None)


def _shown(text: str) -> str:
    """What was asked for, without what no path and no hash may hold: an address loses its password."""
    plain = text.replace("\0", "")
    return parse_address(plain)[0].text if is_address(plain) else plain


def _elapsed(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 3)


def _changed_at(path: Path) -> float:
    """Last change of a file, or of the newest file of a folder."""
    files = [file for file in path.iterdir() if file.is_file()] if path.is_dir() else [path]
    return max((file.stat().st_mtime for file in files), default=path.stat().st_mtime)
