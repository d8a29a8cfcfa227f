"""Reading only what changed gives what reading everything gives, whatever was edited in between."""

from __future__ import annotations

import json
import os
import random
import shutil
import struct
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from common.errors import DataProblem
from source import Source, open_source
from source.access_file import access_source
from source.access_file.access_source import AccessFileSource
from source.access_file.definitions import Kind
from source.databases.sqlite_file import SqliteSource
from source.kept_parts import KeptParts, RememberingSource
from source.parts import Whole
from source.queries import QueriedSource

DATA = Path(__file__).resolve().parents[2] / "data"
EDITS = 8
Frames = dict[str, pl.DataFrame]
Edit = Callable[[Path, random.Random], None]


def everything(source: Source) -> Frames:
    """All tables as they are read without memory."""
    return {table: _frame(source, table) for table in source.tables()}


def _frame(source: Source, table: str) -> pl.DataFrame:
    columns = source.columns(table)
    frames = list(source.batches(table, [column.name for column in columns], {}, 500))
    return pl.concat(frames) if frames else pl.DataFrame(schema=[column.name for column in columns])


def check(path: Path, kept: Path, wrap: Callable[[Source], Source] = lambda source: source) -> RememberingSource:
    """Reading with memory gives the same; returns the source that did, for its counts."""
    remembering = RememberingSource(wrap(open_source(path)), KeptParts(kept))
    found = everything(remembering)
    expected = everything(wrap(open_source(path)))
    assert list(found) == list(expected)
    for table, frame in expected.items():
        assert found[table].equals(frame), table
    remembering.kept.drop_others()
    return remembering


def read_parts(source: RememberingSource) -> int:
    return sum(count.read for count in source.counts.values())


# ---- folders ---------------------------------------------------------------------------------------------------------------------


def rows(generator: random.Random, count: int, first: int = 0) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "ITEM_CD": [f"P-{number:05d}" for number in range(first, first + count)],
            "MINUTES": [round(generator.uniform(0, 90), 2) for _ in range(count)],
            "MODI_DT": [datetime(2024, 1, 1) + timedelta(minutes=generator.randrange(500_000)) for _ in range(count)],
            "NAME": [generator.choice(["선삭", "밀링", "연삭, 2차", 'a "b"', None]) for _ in range(count)],
        }
    )


def write(path: Path, frame: pl.DataFrame) -> None:
    if path.suffix == ".csv":
        frame.write_csv(path, datetime_format="%Y-%m-%d %H:%M:%S")
    else:
        frame.write_parquet(path)


def read(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, try_parse_dates=True) if path.suffix == ".csv" else pl.read_parquet(path)


def plant_folder(folder: Path, ending: str) -> Path:
    generator = random.Random(3)
    (folder / "routing").mkdir(parents=True)
    write(folder / f"items{ending}", rows(generator, 300))
    for year in (2023, 2024, 2025):
        write(folder / "routing" / f"{year}{ending}", rows(generator, 200, year))
    return folder


def edit_folder(folder: Path, generator: random.Random) -> None:
    """One random edit: of rows, of all modification dates at once, of a column, of a file, or of nothing but a file's times."""
    files = sorted(file for file in folder.rglob("*.*") if file.is_file())
    path = generator.choice(files)
    frame, kind = read(path), generator.randrange(8)
    before = path.stat()
    at = generator.randrange(max(frame.height, 1))
    if kind == 0:
        write(path, frame.with_row_index().filter(pl.col("index") != at).drop("index"))
    elif kind == 1:
        write(path, frame.with_columns(pl.col("MINUTES") + 1))
    elif kind == 2:  # a change whose modification date says that it is old
        earlier = pl.col("MODI_DT") - pl.duration(days=400)
        write(path, frame.with_columns(MODI_DT=earlier, NAME=pl.lit("밀링")))
    elif kind == 3:
        write(path, pl.concat([frame, frame.head(1)]))
    elif kind == 4 and path.parent == folder:
        write(path, frame.with_columns(FURTHER=pl.lit(generator.randrange(100))))
    elif kind == 5 and path.parent == folder and "FURTHER" in frame.columns:
        write(path, frame.drop("FURTHER"))
    elif kind == 6 and path.parent != folder and len(files) > 3:
        path.unlink()
        return
    else:
        write(
            folder / "routing" / f"{generator.randrange(2026, 2100)}{path.suffix}",
            rows(generator, 50).select(read(next((folder / "routing").iterdir())).columns[:4]),
        )
        return
    if generator.random() < 0.5:  # copied by a program that keeps times
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
@pytest.mark.parametrize("seed", range(2))
def test_folders(tmp_path: Path, ending: str, seed: int) -> None:
    folder, generator = plant_folder(tmp_path / "plant", ending), random.Random(seed)
    check(folder, tmp_path / "kept")
    for _ in range(EDITS):
        edit_folder(folder, generator)
        assert read_parts(check(folder, tmp_path / "kept")) <= 1
    assert read_parts(check(folder, tmp_path / "kept")) == 0
    assert len(list((tmp_path / "kept").iterdir())) == len([file for file in folder.rglob("*.*") if file.is_file()])


def test_a_folder_in_the_folder_is_one_table(tmp_path: Path) -> None:
    folder = plant_folder(tmp_path, ".csv")
    source = open_source(folder)
    assert source.tables() == ["items", "routing"]
    assert source.count("routing") == 600
    before = source.identity()
    write(folder / "routing" / "2026.csv", rows(random.Random(1), 1))
    assert open_source(folder).identity() != before
    write(folder / "routing" / "odd.csv", pl.DataFrame({"other": [1]}))
    with pytest.raises(DataProblem, match=r"odd\.csv has another header"):
        open_source(folder).count("routing")


def test_a_query_runs_again_when_its_tables_change_only(tmp_path: Path) -> None:
    folder, kept = plant_folder(tmp_path / "plant", ".csv"), tmp_path / "kept"
    queries = {
        "steps": "SELECT ITEM_CD, max(MINUTES) AS total FROM routing GROUP BY 1 ORDER BY 1",
        "aged": "SELECT ITEM_CD, current_date - 7 AS since FROM items",
    }

    def queried(source: Source) -> Source:
        return QueriedSource(source, queries)

    def parts_read() -> dict[str, int]:
        counts = check(folder, kept, queried).counts
        assert "current_date" in counts["aged"].whole
        return {name: counts[name].read for name in counts}

    assert parts_read()["steps"] == 1
    write(folder / "items.csv", read(folder / "items.csv").head(7))
    assert parts_read() == {"aged": 0, "steps": 0, "items": 1, "routing": 0}
    write(folder / "routing" / "2024.csv", read(folder / "routing" / "2024.csv").with_columns(MINUTES=pl.lit(0.5)))
    assert parts_read() == {"aged": 0, "steps": 1, "items": 0, "routing": 1}


# ---- Access ----------------------------------------------------------------------------------------------------------------------


def edit_access(path: Path, generator: random.Random) -> None:
    """One random edit in place, as Access makes it: a row deleted, a number or a text of a row changed."""
    source = AccessFileSource(path)
    table = generator.choice(source.tables())
    definition = source._open(table)._definition  # type: ignore[attr-defined]
    page_size, content = source._pages.layout.page, bytearray(path.read_bytes())
    page = int(generator.choice(definition.pages.tolist()))
    count = struct.unpack_from("<H", content, page * page_size + 12)[0]
    number = generator.randrange(count)
    at = page * page_size + 14 + 2 * number
    raw = struct.unpack_from("<H", content, at)[0]
    kind = generator.randrange(3)
    if raw & 0x4000:
        return
    if kind == 0 and definition.rows:
        struct.pack_into("<H", content, at, raw | 0x4000)
        rows_at = definition.page * page_size + 16
        struct.pack_into("<I", content, rows_at, definition.rows - 1)
    else:
        numbers = [column for column in definition.columns if column.kind == Kind.DOUBLE and column.fixed]
        column = generator.choice(numbers) if numbers else None
        if column is not None:
            value = page * page_size + (raw & 0x1FFF) + 2 + column.place
            struct.pack_into("<d", content, value, generator.uniform(0, 60))
    times = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_access_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_source, "_PAGES_AT_ONCE", 8)
    path = Path(shutil.copy(DATA / "small.accdb", tmp_path))
    check(path, tmp_path / "kept")
    generator = random.Random(8)
    for _ in range(EDITS):
        edit_access(path, generator)
        assert read_parts(check(path, tmp_path / "kept")) <= 1


def test_a_long_text_of_access_that_changes_elsewhere_is_read_again(tmp_path: Path) -> None:
    path = Path(shutil.copy(DATA / "korean_names.accdb", tmp_path))
    check(path, tmp_path / "kept")
    source = AccessFileSource(path)
    with source.parts("품목 마스터", ["설명"], {}) as parts:
        assert not isinstance(parts, Whole)
        [part] = parts
        texts = pl.concat(list(part.frames(1)))["설명"].drop_nulls().to_list()
        [(page, _hash)] = json.loads(part.beyond() or "[]")
    content = bytearray(path.read_bytes())
    start = page * source._pages.layout.page
    long = max(texts, key=len)
    piece = long[-4:].encode("utf-16-le")
    at = content.index(piece, start)
    content[at : at + 2] = "끝".encode("utf-16-le")
    path.write_bytes(content)
    assert read_parts(check(path, tmp_path / "kept")) == 1


# ---- what is kept ----------------------------------------------------------------------------------------------------------------


def test_damaged_parts_are_read_again(tmp_path: Path) -> None:
    folder, kept = plant_folder(tmp_path / "plant", ".parquet"), tmp_path / "kept"
    check(folder, kept)
    for number, part in enumerate(sorted(kept.iterdir())):
        content = bytearray(part.read_bytes())
        if number % 2:
            content[len(content) // 2] ^= 1
        else:
            del content[-100:]
        part.write_bytes(content)
    assert read_parts(check(folder, kept)) == 4
    assert read_parts(check(folder, kept)) == 0


def test_a_part_that_changes_while_it_is_read_is_not_kept(tmp_path: Path) -> None:
    folder, kept = plant_folder(tmp_path / "plant", ".csv"), tmp_path / "kept"
    remembering = RememberingSource(open_source(folder), KeptParts(kept))
    frames = remembering.batches("items", ["ITEM_CD"], {}, 10)
    next(frames)
    with open(folder / "items.csv", "a", encoding="utf-8") as file:
        file.write("P-9,1,2024-01-01 00:00:00,x\n")
    list(frames)
    assert list(kept.glob("*")) == []


def test_a_disk_that_takes_nothing_costs_the_memory_alone(tmp_path: Path) -> None:
    folder = plant_folder(tmp_path / "plant", ".csv")
    (tmp_path / "kept").write_text("no folder")
    assert read_parts(check(folder, tmp_path / "kept")) == 4


def test_everything_is_read_when_it_is_wanted_anew(tmp_path: Path) -> None:
    folder, kept = plant_folder(tmp_path / "plant", ".csv"), tmp_path / "kept"
    check(folder, kept)
    remembering = RememberingSource(open_source(folder), KeptParts(kept), anew=True)
    everything(remembering)
    assert read_parts(remembering) == 4


def test_a_source_that_does_not_tell_is_read_whole_and_says_why(tmp_path: Path) -> None:
    import sqlite3

    connection = sqlite3.connect(tmp_path / "plant.db")
    connection.execute("CREATE TABLE items (ITEM_CD)")
    connection.execute("INSERT INTO items VALUES ('a')")
    connection.commit()
    connection.close()
    remembering = check(tmp_path / "plant.db", tmp_path / "kept")
    assert remembering.counts["items"].whole == SqliteSource.why_whole
