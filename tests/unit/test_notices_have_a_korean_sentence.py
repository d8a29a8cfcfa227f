"""Every sentence that the program says by a code has its Korean one on the screens, and gives that the values it needs."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.support.project_files import project_files

ROOT = Path(__file__).resolve().parents[2]
TABLES = ("frontend/src/i18n/notices.ts", "frontend/src/i18n/inputNotices.ts", "frontend/src/i18n/reasons.ts")
FOLDERS = (
    "aggregate_service/",
    "ann_service/",
    "auth_service/",
    "common/",
    "gateway/",
    "methods/",
    "plant/",
    "predicting/",
    "routings/",
    "source/",
    "trained/",
    "trainer/",
)

EVERY: set[str] = set()
ADDED = {"count", "examples", "field"}
"""Values that findings and violations put to their sentences themselves."""


def sentences() -> dict[str, str]:
    """Code -> Korean sentence."""
    entry = re.compile(r"^  ([A-Z][A-Z0-9_]+):\s*'((?:[^'\\]|\\.)*)'", re.MULTILINE)
    return {code: text for table in TABLES for code, text in entry.findall((ROOT / table).read_text(encoding="utf-8"))}


def said() -> list[tuple[str, str, set[str]]]:
    """(place, code, names of values) of every call of `notice` with a code that is written there."""
    found = []
    for path in (one for one in project_files(".py") if one.startswith(FOLDERS)):
        for call in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.func.id != "notice":
                continue
            put_together = any(one.arg is None for one in call.keywords)  # elsewhere
            named = EVERY if put_together else {str(one.arg) for one in call.keywords}
            found += [
                (f"{path}:{call.lineno}", str(code.value), named)
                for code in ast.walk(call.args[0])
                if isinstance(code, ast.Constant) and isinstance(code.value, str) and code.value.isupper()
            ]
    return found


def test_every_code_has_a_korean_sentence() -> None:
    known = sentences()
    parts = ("ERP_ADDRESS_",)  # the rest of the code is put behind
    assert [(place, code) for place, code, _ in said() if code not in known and code not in parts] == []


def test_every_korean_sentence_gets_its_values() -> None:
    known = sentences()
    lacking = [
        (place, code, name)
        for place, code, values in said()
        for name in re.findall(r"\{\{(\w+)\}\}", known.get(code, ""))
        if values is not EVERY and name not in values | ADDED
    ]
    assert lacking == []
