"""SQLite files as sources: what a column holds, not what it was declared as, is its type."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from common.errors import DataProblem
from plant.columns import ColumnType
from source import open_source


def test_tables_and_views_are_read_by_what_they_hold(tmp_path: Path) -> None:
    path = tmp_path / "plant.db"
    with sqlite3.connect(path) as connection:
        connection.executescript('''
            CREATE TABLE parts (no TEXT, "Länge ""x""" NUMERIC, made TEXT, mixed, steps INTEGER);
            INSERT INTO parts VALUES ('007', 1.5, '2024-01-05 08:30:00', 1, 3), ('A', 2, NULL, 'x', NULL);
            CREATE VIEW steps AS SELECT no AS part, steps FROM parts WHERE steps IS NOT NULL;
        ''')
    connection.close()
    source = open_source(path)
    assert source.tables() == ["parts", "steps"]
    assert [column.type for column in source.columns("parts")] == [
        ColumnType.TEXT,
        ColumnType.NUMBER,
        ColumnType.DATETIME,
        ColumnType.TEXT,
        ColumnType.INTEGER,
    ]
    frame = pl.concat(list(source.batches("parts", [column.name for column in source.columns("parts")], {}, 1)))
    assert frame["no"].to_list() == ["007", "A"]
    assert frame['Länge "x"'].to_list() == [1.5, 2.0]
    assert frame["made"].to_list() == [datetime(2024, 1, 5, 8, 30), None]
    assert frame["mixed"].to_list() == ["1", "x"]
    assert source.count("steps") == 1
    before = source.identity()
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO parts SELECT * FROM parts")
    connection.close()
    assert source.identity() != before


def test_what_is_no_sqlite_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"something else, long enough")
    with pytest.raises(DataProblem, match="is not a SQLite database, or is encrypted"):
        open_source(tmp_path / "a.db")
    with pytest.raises(DataProblem, match="is gone or cannot be reached"):
        open_source(tmp_path / "none.sqlite")
