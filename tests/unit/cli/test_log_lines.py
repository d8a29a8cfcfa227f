"""Log lines of several processes in one view."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from cli.log_commands import in_words, matches, merged_lines

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


def test_the_lines_of_a_request_come_in_order_of_time_from_all_processes(tmp_path: Path) -> None:
    write(tmp_path)
    found = [
        (line["instance"], line["event"])
        for line in merged_lines(tmp_path, old_parts=True)
        if matches(line, request_id="r1", level="", process="")
    ]
    assert found == [("ann-50051", "rpc"), ("ann-50051", "rpc"), ("gateway-8000", "http")]


def test_rotated_parts_are_read_only_when_asked_for(tmp_path: Path) -> None:
    write(tmp_path)
    assert len(list(merged_lines(tmp_path, old_parts=False))) == 3


def test_lines_are_chosen_by_level_and_by_process_or_instance() -> None:
    line = dict(LINES["ann-50051.jsonl"][0])
    assert matches(line, request_id="", level="INFO", process="ann")
    assert matches(line, request_id="", level="", process="ann-50051")
    assert not matches(line, request_id="", level="error", process="")
    assert not matches(line, request_id="", level="", process="gateway")


def test_a_line_for_people_has_the_facts_and_the_trace() -> None:
    said = in_words({**LINES["ann-50051.jsonl"][0], "duration_ms": 1.5, "user": "", "exception": "Traceback: ..."})
    assert said.startswith("03:04:05.001  ann-50051")
    assert "duration_ms=1.5" in said
    assert "user" not in said
    assert said.endswith("Traceback: ...")
