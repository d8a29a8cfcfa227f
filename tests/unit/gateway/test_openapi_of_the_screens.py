"""The document that the screens' types are generated from (frontend/openapi.json) against the gateway's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.openapi_file import api_document, main

STORED = Path(__file__).resolve().parents[3] / "frontend" / "openapi.json"
WRITE_IT = "write it again: python -m gateway.openapi_file frontend/openapi.json, then npm run api-types in frontend/"


def missing(stored: Any, live: Any, place: str = "") -> list[str]:
    """What the stored document promises and the live one does not keep; additions are no difference."""
    if isinstance(stored, dict) and isinstance(live, dict):
        found = [f"{place}/{name}: is not there" for name in stored if name not in live]
        for name in (name for name in stored if name in live):
            found += missing(stored[name], live[name], f"{place}/{name}")
        return found
    if isinstance(stored, list) and isinstance(live, list):
        if stored and all(isinstance(one, dict) and "name" in one for one in stored):
            return missing({one["name"]: one for one in stored}, {one["name"]: one for one in live}, place)
        return [f"{place}: lacks {one!r}" for one in stored if one not in live]
    if place.endswith(("/description", "/summary")) or stored == live:
        return []
    return [f"{place}: is {live!r} instead of {stored!r}"]


@pytest.fixture(scope="module")
def stored() -> dict[str, Any]:
    return dict(json.loads(STORED.read_text(encoding="utf-8")))


def test_the_gateway_keeps_what_the_screens_were_compiled_against(stored: dict[str, Any]) -> None:
    assert missing(stored, api_document()) == [], WRITE_IT


def test_a_change_that_the_screens_would_notice_is_noticed(stored: dict[str, Any]) -> None:
    changed = json.loads(json.dumps(stored))
    changed["components"]["schemas"]["VersionDetailModel"]["properties"].pop("manifest")
    changed["paths"].pop("/api/system/dashboard")
    changed["components"]["schemas"]["RoutingSummary"]["properties"]["NEW"] = {"type": "string"}
    assert sorted(missing(stored, changed)) == [
        "/components/schemas/VersionDetailModel/properties/manifest: is not there",
        "/paths//api/system/dashboard: is not there",
    ]


def test_the_document_is_written_to_the_named_file(tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    assert main([str(path)]) == 0
    assert json.loads(path.read_text(encoding="utf-8"))["info"]["title"] == "Routing-ML API"
    assert main([]) == 2
