"""Every fault that the scripts once had has a test that would find it: the table tests/windows/faults.md names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

from gateway import event_streams
from tests.windows import running
from tests.windows.play import ON_AN_EMPTY_MACHINE, SCENARIOS

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "tests" / "windows" / "README.md"
TABLE = ROOT / "tests" / "windows" / "faults.md"
FAULTS = [*map(str, range(1, 37)), "P1", "P2", "P3", *(f"B{number}" for number in range(1, 12))]
FAULTS += [f"H{number}" for number in range(1, 6)]


def rows() -> dict[str, list[str]]:
    lines = [line.split(" | ") for line in TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return {line[0].strip("| "): re.findall(r"`([^`]+)`", line[-1]) for line in lines if line[0].strip("| ")}


def test_every_fault_has_a_test_that_exists() -> None:
    found = rows()
    assert list(found) == FAULTS
    for fault, tests in found.items():
        assert tests, fault
        for test in tests:
            file, _, name = test.partition("::")
            if name:
                assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), test
            else:
                assert test in SCENARIOS, test


def test_the_page_says_of_every_scenario_when_it_was_last_seen() -> None:
    lines = [
        line.strip("| ").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:3] == "| `"
    ]
    said = {name.strip("`"): (begins, seen) for name, begins, seen, *_ in (line for line in lines if len(line) == 4)}
    assert said.keys() == SCENARIOS.keys()
    for name, (begins, seen) in said.items():
        assert (begins == "empty") == (name in ON_AN_EMPTY_MACHINE or name == "first"), name
        assert re.fullmatch(r"\d{4}-\d{2}-\d{2}|not yet", seen), name


def test_the_scenarios_know_how_many_streams_one_person_may_have() -> None:
    assert running.EACH == event_streams.EACH
