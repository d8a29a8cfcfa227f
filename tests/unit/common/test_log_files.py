"""Log files of a process: rotation by size and day, compression, retention, and what happens when something is in the way."""

from __future__ import annotations

import errno
import gzip
import json
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.log_files import DailySizedFile, compress, tidy
from common.logs import configure_logging, get_logger
from common.settings import Settings


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "로그 폴더"
    folder.mkdir()
    return folder / "ann-50051.jsonl"


@pytest.fixture
def handler(path: Path) -> Iterator[DailySizedFile]:
    made = DailySizedFile(path, max_bytes=200, retention_days=3)
    yield made
    made.close()


def write(handler: logging.Handler, text: str) -> None:
    handler.handle(logging.LogRecord("test", logging.INFO, __file__, 1, text, None, None))


def parts(path: Path) -> list[Path]:
    return sorted(part for part in path.parent.iterdir() if part != path)


def unpacked(part: Path) -> str:
    return gzip.decompress(part.read_bytes()).decode("utf-8")


def everything(path: Path) -> str:
    old = [unpacked(part) for part in parts(path)]
    return "".join(old) + path.read_text(encoding="utf-8")


def test_a_file_is_rotated_at_its_size_and_the_old_part_compressed(path: Path, handler: DailySizedFile) -> None:
    lines = [f"line {number:03d} " + "x" * 50 for number in range(10)]
    for line in lines:
        write(handler, line)
    handler.close()
    assert len(parts(path)) == 3
    assert all(part.suffix == ".gz" for part in parts(path))
    assert everything(path).splitlines() == lines


def test_a_file_is_rotated_when_the_day_changes_whatever_way_the_clock_goes(
    path: Path, handler: DailySizedFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    write(handler, "today")
    for shift in (86_400, 0, -86_400):
        monkeypatch.setattr(time, "time", lambda shift=shift: now + shift)
        write(handler, f"shift {shift}")
    handler.close()
    assert len(parts(path)) == 3
    assert sorted(everything(path).splitlines()) == sorted(["today", "shift 86400", "shift 0", "shift -86400"])


def test_a_file_of_an_earlier_day_is_rotated_before_the_first_line_of_a_new_process(path: Path) -> None:
    path.write_bytes(b"yesterday\n")
    os.utime(path, (time.time() - 86_400, time.time() - 86_400))
    handler = DailySizedFile(path, max_bytes=10_000, retention_days=3)
    write(handler, "today")
    handler.close()
    assert path.read_text(encoding="utf-8") == "today\n"
    assert unpacked(parts(path)[0]) == "yesterday\n"


def test_parts_beyond_the_retention_are_deleted_and_other_files_left_alone(path: Path) -> None:
    old = time.time() - 5 * 86_400
    names = ("ann-50051.20260101T000000000000.jsonl.gz", "ann-50051.20260101T000000000001.jsonl", "ann-50052.jsonl")
    for name in names:
        (path.parent / name).write_bytes(b"")
        os.utime(path.parent / name, (old, old))
    tidy(path, 3 * 86_400)
    assert [part.name for part in parts(path)] == ["ann-50052.jsonl"]


def test_a_part_that_a_killed_process_left_is_compressed_at_the_next_start(path: Path) -> None:
    (path.parent / "ann-50051.20260101T000000000000.jsonl").write_bytes(b"left\n")
    DailySizedFile(path, max_bytes=1000, retention_days=30).close()
    assert [part.name for part in parts(path)] == ["ann-50051.20260101T000000000000.jsonl.gz"]
    assert unpacked(parts(path)[0]) == "left\n"


def test_a_file_that_an_antivirus_holds_is_written_on_and_rotated_later(
    path: Path, handler: DailySizedFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0
    real = os.replace

    def held(source: Any, target: Any) -> None:
        nonlocal tries
        if Path(source) == path:
            tries += 1
            raise PermissionError(13, "The process cannot access the file")
        real(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", held)
        for number in range(8):
            write(handler, f"{number} " + "x" * 60)
        assert tries == 1, "a rotation that failed is not tried at every line"
    assert len(path.read_text(encoding="utf-8").splitlines()) == 8
    handler._not_before = 0.0
    write(handler, "after")
    handler.close()
    assert path.read_text(encoding="utf-8") == "after\n"
    assert len(everything(path).splitlines()) == 9


def test_a_full_disk_loses_lines_and_tells_how_many_when_it_has_space_again(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = DailySizedFile(
        path, max_bytes=100_000, retention_days=3
    )  # what is told names the file, however long its path is
    write(handler, "before")

    class Full:
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        def __getattr__(self, name: str) -> Any:
            return getattr(stream, name)

    stream = handler.stream
    monkeypatch.setattr(handler, "stream", Full())
    for number in range(3):
        write(handler, f"lost {number}")
    monkeypatch.setattr(handler, "stream", stream)
    write(handler, "after")
    said = path.read_text(encoding="utf-8").split("\n")
    assert said[:2] == ["before", "after"]
    assert "3 log lines could not be written" in "".join(said[2:])
    handler.close()
    assert capsys.readouterr().err == ""


def test_compressing_on_a_full_disk_leaves_the_part_as_it_is(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = path.with_name("ann-50051.20260101T000000000000.jsonl")
    part.write_text("line\n", encoding="utf-8")

    def full(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(OSError, match="No space"):
        compress(part)
    assert [one.name for one in parts(path)] == [part.name]


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    yield root
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
    for handler in before[0]:
        root.addHandler(handler)
    root.setLevel(before[1])


@pytest.mark.usefixtures("root_logger")
def test_processes_that_start_together_write_a_file_each(tmp_path: Path) -> None:
    for instance in ("ann-1", "ann-2"):
        configure_logging(Settings(_env_file=None, state_dir=tmp_path), "ann", instance)
        get_logger("test").bind().warning("hello", number=1)
    for instance in ("ann-1", "ann-2"):
        line = json.loads((tmp_path / "logs" / f"{instance}.jsonl").read_text(encoding="utf-8").splitlines()[-1])
        assert (line["event"], line["number"], line["level"]) == ("hello", 1, "warning")


def test_lines_of_events_and_of_libraries_share_the_file_and_reach_every_other_handler(
    tmp_path: Path, root_logger: logging.Logger
) -> None:
    settings = Settings(_env_file=None, state_dir=tmp_path, log_level="info")
    configure_logging(settings, "ann", "ann-1")
    seen: list[logging.LogRecord] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record)

    root_logger.addHandler(Kept(logging.WARNING))
    log = get_logger("test")
    log.debug("too small")
    log.info("small", 수량=1)
    log.warning("large")
    logging.getLogger("library").info("of a library")
    written = [json.loads(line) for line in (settings.logs_path / "ann-1.jsonl").read_text("utf-8").splitlines()]
    assert [line["event"] for line in written] == ["small", "large", "of a library"]
    assert written[0]["수량"] == 1
    assert {line["instance"] for line in written} == {"ann-1"}
    assert [json.loads(record.getMessage())["event"] for record in seen] == ["large"]
