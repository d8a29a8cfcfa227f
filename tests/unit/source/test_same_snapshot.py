"""Whatever kind of source the tables lie in, the snapshot is the same byte for byte."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from aggregate_service.snapshot_build import build_snapshot
from source import open_source

ACCESS = Path(__file__).resolve().parents[2] / "data" / "small.accdb"
Frames = dict[str, pl.DataFrame]


def quiet(_progress: object) -> None:
    """Nobody listens to the progress."""


def sqlite_file(folder: Path, frames: Frames) -> Path:
    path = folder / "plant.sqlite"
    connection = sqlite3.connect(path)
    for name, frame in frames.items():
        plain = frame.with_columns(pl.col(pl.Datetime).dt.strftime("%Y-%m-%d %H:%M:%S"))
        connection.execute(f"CREATE TABLE {name} ({', '.join(plain.columns)})")
        marks = ", ".join("?" * plain.width)
        connection.executemany(f"INSERT INTO {name} VALUES ({marks})", plain.rows())
    connection.commit()
    connection.close()
    return path


def workbook(folder: Path, frames: Frames) -> Path:
    path = folder / "plant.xlsx"
    with xlsxwriter.Workbook(
        str(path), {"default_date_format": "yyyy-mm-dd hh:mm:ss", "strings_to_numbers": False}
    ) as book:
        for name, frame in frames.items():
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, frame.columns)
            for at, row in enumerate(frame.rows(), 1):
                sheet.write_row(at, 0, row)
    return path


def parquet_folder(folder: Path, frames: Frames) -> Path:
    for name, frame in frames.items():
        frame.write_parquet(folder / f"{name}.parquet")
    return folder


def csv_folder(folder: Path, frames: Frames) -> Path:
    for name, frame in frames.items():
        frame.write_csv(folder / f"{name}.csv", datetime_format="%Y-%m-%d %H:%M:%S")
    return folder


@pytest.fixture(scope="module")
def frames() -> Frames:
    source = open_source(ACCESS)
    return {
        table: pl.concat(list(source.batches(table, [column.name for column in source.columns(table)], {})))
        for table in source.tables()
    }


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return values_of(
        build_snapshot(ACCESS, "", tmp_path_factory.mktemp("access"), quiet, force=False, lock_timeout=5.0)
    )


def values_of(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.suffix != ".json"
    }


@pytest.mark.parametrize("written", [sqlite_file, workbook, parquet_folder, csv_folder])
def test_the_snapshot_of_the_same_tables_is_the_same(
    tmp_path: Path, frames: Frames, expected: dict[str, bytes], written: Callable[[Path, Frames], Path]
) -> None:
    (tmp_path / "source").mkdir()
    found = values_of(
        build_snapshot(
            written(tmp_path / "source", frames), "", tmp_path / "snapshots", quiet, force=False, lock_timeout=5.0
        )
    )
    assert sorted(found) == sorted(expected)
    assert [name for name in found if found[name] != expected[name]] == []
