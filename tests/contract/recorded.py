"""Recorded requests of the old server and how an answer is compared with what it answered (the rules of the contract)."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

RECORDINGS = Path(__file__).resolve().parent / "recordings"

AREAS = (
    "auth",
    "health",
    "predict",
    "similarity",
    "groups",
    "time",
    "rules",
    "candidates",
    "metrics",
    "workflow",
    "trainer",
    "workspace",
    "audit",
    "access",
    "master-data",
    "rsl",
)
"""Areas in the order of the paths in the OpenAPI document."""

_TOKEN = re.compile(r"<(text|time|id|token|path|hash)>")
_TIME_IN_SQL = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?"


def recordings(area: str) -> list[dict[str, Any]]:
    """The recorded requests of an area, in order."""
    return list(json.loads((RECORDINGS / f"{area}.json").read_text(encoding="utf-8")))


def differences(recorded: Any, answered: Any, where: str = "$") -> list[str]:
    """What differs, a line each with its place; empty when the answer is as recorded."""
    if isinstance(recorded, str) and recorded.startswith("INSERT INTO"):
        recorded = re.sub(_TIME_IN_SQL, "<time>", recorded)
    if isinstance(recorded, str) and _TOKEN.search(recorded):
        return [] if _fits(recorded, answered) else [f"{where}: {answered!r} is no {recorded}"]
    if isinstance(recorded, dict):
        if not isinstance(answered, dict):
            return [f"{where}: {type(answered).__name__} instead of an object"]
        lost, new = sorted(recorded.keys() - answered.keys()), sorted(answered.keys() - recorded.keys())
        found = [f"{where}: lacks {name}" for name in lost] + [
            f"{where}: has {name} beside the recorded" for name in new
        ]
        for name in recorded.keys() & answered.keys():
            found += differences(recorded[name], answered[name], f"{where}.{name}")
        return found
    if isinstance(recorded, list):
        if not isinstance(answered, list) or len(recorded) != len(answered):
            size = len(answered) if isinstance(answered, list) else type(answered).__name__
            return [f"{where}: {size} instead of {len(recorded)} entries"]
        found = []
        for number, (one, other) in enumerate(zip(recorded, answered, strict=True)):
            found += differences(one, other, f"{where}[{number}]")
        return found
    if isinstance(recorded, bool) or recorded is None or isinstance(recorded, str):
        same = type(recorded) is type(answered) and recorded == answered
        return [] if same else [f"{where}: {answered!r} instead of {recorded!r}"]
    if isinstance(answered, bool) or not isinstance(answered, int | float):
        return [f"{where}: {answered!r} instead of {recorded!r}"]
    return [] if abs(recorded - answered) <= 1e-9 else [f"{where}: {answered!r} instead of {recorded!r}"]


def validation_differences(recorded: Any, answered: Any) -> list[str]:
    """As `differences` for the body of a 422: only each `loc` counts, and nothing where the recorded detail is a text."""
    if not isinstance(recorded.get("detail"), list):
        return []
    wanted = [entry["loc"] for entry in recorded["detail"]]
    detail = answered.get("detail") if isinstance(answered, dict) else None
    got = [entry.get("loc") for entry in detail] if isinstance(detail, list) else detail
    return [] if wanted == got else [f"$.detail: loc {got!r} instead of {wanted!r}"]


def _fits(pattern: str, answered: Any) -> bool:
    if pattern == "<id>" and isinstance(answered, int) and not isinstance(answered, bool):
        return True
    if not isinstance(answered, str) or not answered.strip():
        return False
    if pattern == "<time>":
        try:
            datetime.fromisoformat(answered)
        except ValueError:
            return False
        return True
    kinds = {
        "text": r".+",
        "time": _TIME_IN_SQL,
        "id": r"[^/\s]+",
        "token": r"[\w.=-]+",
        "path": r".+",
        "hash": r"0x[0-9a-f]{1,16}",
    }
    parts, place = [], 0
    for match in _TOKEN.finditer(pattern):
        parts += [re.escape(pattern[place : match.start()]), kinds[match.group(1)]]
        place = match.end()
    return re.fullmatch("".join(parts) + re.escape(pattern[place:]), answered, re.DOTALL) is not None
