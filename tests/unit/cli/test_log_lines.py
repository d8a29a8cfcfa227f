"""Log lines of several processes in one view."""

from __future__ import annotations

import gzip
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.care.log_lines import Choice, Follower, choice, in_words, log_files, merged_lines, moment_of
from common.errors import InvalidInput
from common.local_time import local_time
from common.log_files import compress

LINES = {
    "gateway-8000.jsonl": [
        {
            "at": "2026-01-02T03:04:05.003",
            "instance": "gateway-8000",
            "process": "gateway",
            "request_id": "r1",
            "event": "http",
        },
        {
            "at": "2026-01-02T03:04:06.000",
            "instance": "gateway-8000",
            "process": "gateway",
            "request_id": "r2",
            "event": "http",
        },
    ],
    "ann-50051.jsonl": [
        {
            "at": "2026-01-02T03:04:05.001",
            "instance": "ann-50051",
            "process": "ann",
            "request_id": "r1",
            "event": "rpc",
            "level": "info",
        },
    ],
}


def write(folder: Path) -> None:
    """The files above, the last line of one being half written, and an old part."""
    for name, lines in LINES.items():
        (folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"at": "20', encoding="utf-8")
    old = {"at": "2026-01-01T00:00:00.000", "instance": "ann-50051", "request_id": "r1", "event": "rpc"}
    with gzip.open(folder / "ann-50051.20260101T000000000000.jsonl.gz", "wt", encoding="utf-8") as stream:
        stream.write(json.dumps(old) + "\n")


def test_the_lines_of_a_request_come_in_order_of_time_from_all_processes_and_rotated_files(tmp_path: Path) -> None:
    write(tmp_path)
    found = [(line["instance"], line["at"]) for line in merged_lines(tmp_path, Choice(request_id="r1"))]
    assert found == [
        ("ann-50051", "2026-01-01T00:00:00.000"),
        ("ann-50051", "2026-01-02T03:04:05.001"),
        ("gateway-8000", "2026-01-02T03:04:05.003"),
    ]


def test_rotated_parts_are_read_only_when_asked_for(tmp_path: Path) -> None:
    write(tmp_path)
    assert len(list(merged_lines(tmp_path, Choice()))) == 3


def test_a_part_that_is_compressed_but_not_yet_deleted_is_read_once(tmp_path: Path) -> None:
    write(tmp_path)
    packed = next(tmp_path.glob("*.gz"))
    packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
    assert len(list(merged_lines(tmp_path, Choice(request_id="r1")))) == 3
    assert packed in log_files(tmp_path, old_parts=True)


def test_a_compressed_part_that_is_cut_off_costs_only_its_own_rest(tmp_path: Path) -> None:
    write(tmp_path)
    packed = next(tmp_path.glob("*.gz"))
    packed.write_bytes(packed.read_bytes()[:20])
    assert len(list(merged_lines(tmp_path, Choice(request_id="r1")))) == 2


def test_lines_are_chosen_by_level_or_worse_and_by_process_or_instance() -> None:
    line = dict(LINES["ann-50051.jsonl"][0])
    assert choice(level="INFO", process="ann").takes(line)
    assert choice(level="debug", process="ann-50051").takes(line)
    assert not choice(level="error").takes(line)
    assert choice(level="warning").takes({**line, "level": "error"})
    assert not choice(process="gateway").takes(line)
    with pytest.raises(InvalidInput, match="debug, info, warning"):
        choice(level="loud")


def test_since_is_an_age_or_a_moment(tmp_path: Path) -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert moment_of("30m", now) == datetime(2026, 1, 2, 2, 34, 5, tzinfo=UTC)
    assert moment_of("2 d", now) == datetime(2025, 12, 31, 3, 4, 5, tzinfo=UTC)
    assert moment_of("2026-01-02T03:04:06+00:00") == datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC)
    for wrong in ("yesterday", "99999999999d", "2026-13-01", ""):
        with pytest.raises(InvalidInput):
            moment_of(wrong)
    write(tmp_path)
    chosen = choice(since="2026-01-02T03:04:05.002+00:00")
    assert [line["request_id"] for line in merged_lines(tmp_path, chosen)] == ["r1", "r2"]


def test_new_lines_are_followed_also_when_a_file_is_rotated_and_compressed_meanwhile(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "ann-50051.jsonl"

    def add(number: int, end: str = "\n") -> None:
        with open(path, "a", encoding="utf-8") as stream:
            stream.write(json.dumps({"at": f"2026-01-03T00:00:0{number}", "event": f"e{number}"}) + end)

    path.write_text("", encoding="utf-8")
    follower = Follower(tmp_path, Choice())
    assert follower.news() == []
    add(1)
    add(2, end="")
    assert [line["event"] for line in follower.news()] == ["e1"]
    with open(path, "a", encoding="utf-8") as stream:
        stream.write("\n")
    add(3)
    os.replace(path, tmp_path / "ann-50051.20260103T000004000000.jsonl")
    compress(tmp_path / "ann-50051.20260103T000004000000.jsonl")
    add(4)
    (tmp_path / "trainer-50081.jsonl").write_text('{"at": "2026-01-03T00:00:05", "event": "e5"}\n', encoding="utf-8")
    assert [line["event"] for line in follower.news()] == ["e2", "e3", "e4", "e5"]
    assert follower.news() == []


def test_a_line_for_people_has_the_facts_and_the_trace() -> None:
    said = in_words({**LINES["ann-50051.jsonl"][0], "duration_ms": 1.5, "user": "", "exception": "Traceback: ..."})
    moment = datetime.fromisoformat("2026-01-02T03:04:05.001+00:00")
    assert said.startswith(f"{local_time(moment, 'milliseconds')}  ann-50051")
    assert "duration_ms=1.5" in said
    assert "user" not in said
    assert said.endswith("Traceback: ...")


def test_a_call_that_answered_several_requests_is_found_by_each_of_them(tmp_path: Path) -> None:
    line = {"at": "2026-01-02T03:04:05.001", "event": "rpc", "request_id": "r1", "joined": ["r2", "r3"]}
    (tmp_path / "ann-50051.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    found = {name: len(list(merged_lines(tmp_path, Choice(request_id=name)))) for name in ("r1", "r2", "r3", "r")}
    assert found == {"r1": 1, "r2": 1, "r3": 1, "r": 0}
