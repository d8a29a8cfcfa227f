"""The threat model: every threat has something that stops it, and every line names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = {language: ROOT / "docs" / language / "security.md" for language in ("en", "ko")}
HEADINGS = ("test", "tests", "시험", "테스트")
DEFINED = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^ *(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
}


def threats(page: Path) -> list[tuple[str, str, list[str]]]:
    """Rows of the tables: threat, what stops it, what its last cell names."""
    rows = []
    for line in page.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and set(cells[0]) - {"-", " "} and cells[-1].lower() not in HEADINGS:
            rows.append((cells[0], cells[1], [name.strip("` ") for name in cells[-1].split(",")]))
    return rows


@pytest.mark.parametrize("language", PAGES)
def test_every_test_that_the_threat_model_names_exists(language: str) -> None:
    rows = threats(PAGES[language])
    assert len(rows) >= 50
    missing = {name: threat for threat, _stops, names in rows for name in names if name not in DEFINED}
    assert missing == {}
    assert [threat for threat, stops, _names in rows if not threat or not stops] == []


def test_both_languages_have_the_same_threats_in_the_same_order() -> None:
    assert [names for *_, names in threats(PAGES["en"])] == [names for *_, names in threats(PAGES["ko"])]
