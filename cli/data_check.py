"""Whether a data source can be used, before anything is started with it."""

from __future__ import annotations

from pathlib import Path

from common.errors import DataProblem, NotFound


def check_source(path: Path) -> None:
    """Refuse a source that is not there, is no database, or lacks a table or a required column of the built-in profile.

    Raises:
        NotFound: nothing is at `path`.
        ServiceError: what is there cannot be used; says what is wrong and what to do.
    """
    if not path.exists():
        raise NotFound(f"There is no data at {path}: name an Access file, or a folder with Parquet or CSV tables")
    from common.source import open_source
    from common.source.input_profile import InputProfile

    source = open_source(path)
    profile = InputProfile.built_in()
    present = set(source.tables())
    for role, table in profile.tables.items():
        if table not in present:
            raise DataProblem(
                f"{path} lacks the table {table}, which holds the {role}; it has {', '.join(sorted(present)) or 'no table'}",
                reason="TABLE_MISSING",
            )
        columns = {column.name for column in source.columns(table)}
        for wanted in profile.columns:
            if wanted.role == role and wanted.required and wanted.source not in columns:
                raise DataProblem(
                    f"{table} lacks column {wanted.source}; the active input profile maps it to {wanted.internal}",
                    reason="COLUMN_MISSING",
                )
