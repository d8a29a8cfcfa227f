"""What people read comes from codes, parameters and tables: no module of the program holds a Korean text or the width of a column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.project_files import project_files

ROOT = Path(__file__).resolve().parents[2]
OUTSIDE = ("tests/", "benchmarks/", "demo/", "protos/")
KOREAN = re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
WIDTH = re.compile(r"[\"']\d+(\.\d+)?px[\"']")

READ_FROM_SOURCES = {
    "cli/predicting/item_list.py": "name of the column with the codes in a planner's list",
    "plant/output_profile/reading.py": "yes and no",
    "plant/units.py": "units",
    "source/canonical.py": "before and after noon",
    "source/suggestion/items.py": "ends of column names",
    "source/suggestion/links.py": "ends of column names",
    "source/suggestion/vocabulary.py": "words of column names",
    "source/texts_with_units.py": "units",
}
"""Module -> what it recognises in Korean in the data of a plant; it says nothing to people."""
STORED_BY_OLDER_PROGRAMS = {"auth_service/migrations/versions/0002_documents.py"}


def lines_with(pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """(module, line with its number) of the program where the pattern is found."""
    for path in project_files(".py"):
        if path.startswith(OUTSIDE):
            continue
        for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), start=1):
            if pattern.search(line):
                yield path, f"{number}: {line.strip()}"


def test_no_module_says_anything_in_korean() -> None:
    found = list(lines_with(KOREAN))
    known = READ_FROM_SOURCES.keys() | STORED_BY_OLDER_PROGRAMS
    assert [one for one in found if one[0] not in known] == []
    assert known == {path for path, _ in found}, "a module that is listed here holds no Korean any more"


def test_no_module_says_how_wide_a_column_is() -> None:
    assert list(lines_with(WIDTH)) == []
