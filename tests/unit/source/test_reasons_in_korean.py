"""Whatever a source is refused for, the screens say it in Korean, too."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
_REASON = re.compile(r'reason="([A-Z]+(?:_[A-Z]+)+)"|_problem\([^()]*"([A-Z]+(?:_[A-Z]+)+)"\)')


def test_every_reason_has_a_sentence_in_korean() -> None:
    raised = {
        found
        for path in (ROOT / "source").rglob("*.py")
        for match in _REASON.findall(path.read_text(encoding="utf-8"))
        for found in match
        if found
    }
    assert "SHEET_HEADER" in raised
    known = set(re.findall(r"^  ([A-Z_]+):", (ROOT / "frontend/src/i18n/reasons.ts").read_text(encoding="utf-8"), re.M))
    assert sorted(raised - known) == []
