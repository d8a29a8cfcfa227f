"""The gateway's OpenAPI document against that of the old server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from common.settings import Settings
from gateway.api_document import describe_api
from gateway.app import build_api
from gateway.routes import AREAS
from gateway.state import Gateway
from tests.contract.openapi_comparison import differences

OLDER = Path(__file__).resolve().parent / "openapi.json"

INTENDED = {
    "POST /api/predict body.item_codes: minItems is 1 instead of None",
    "POST /api/predict body.item_codes: maxItems is 10000 instead of None",
    "POST /api/predict body.feature_weights{}: minimum is 0.0 instead of None",
    "POST /api/predict body.export_formats[]: enum is ['csv', 'excel', 'txt', 'parquet', 'json'] instead of None",
    "POST /api/similarity/search body.item_codes: minItems is 1 instead of None",
    "POST /api/similarity/search body.item_codes: maxItems is 10000 instead of None",
    "POST /api/similarity/search body.feature_weights{}: minimum is 0.0 instead of None",
    "POST /api/trainer/run 403: type is object instead of null",
    "GET /api/master-data/logs/download 200: no application/json",
}
"""Differences that docs/contract.md explains."""


@pytest.fixture(scope="module")
def older() -> dict[str, Any]:
    return dict(json.loads(OLDER.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    settings = Settings(_env_file=None, state_dir=tmp_path_factory.mktemp("state"))
    return describe_api(build_api(Gateway(settings, "gateway-test")), AREAS, "0")


def test_the_document_differs_from_the_old_one_only_as_intended(older: dict[str, Any], newer: dict[str, Any]) -> None:
    assert set(differences(older, newer)) == INTENDED


def test_every_schema_of_the_old_document_keeps_its_name(older: dict[str, Any], newer: dict[str, Any]) -> None:
    assert set(older["components"]["schemas"]) <= set(newer["components"]["schemas"])


def test_every_route_says_what_it_does_and_every_reference_leads_somewhere(newer: dict[str, Any]) -> None:
    for path, methods in newer["paths"].items():
        for method, operation in methods.items():
            assert operation.get("description"), f"{method} {path}"
    for name in _references(newer):
        assert name in newer["components"]["schemas"]


@pytest.mark.parametrize(
    ("change", "noticed"),
    [
        (lambda d: d["paths"].pop("/api/predict"), "POST /api/predict: is not there"),
        (
            lambda d: d["paths"]["/api/health"]["get"]["responses"].pop("200"),
            "GET /api/health: answer 200 is not described",
        ),
        (
            lambda d: d["components"]["schemas"]["PredictionRequest"]["required"].append("top_k"),
            "POST /api/predict body.top_k: is required now",
        ),
        (
            lambda d: d["components"]["schemas"]["RoutingSummary"]["properties"].pop("PRIORITY"),
            "POST /api/predict 200.items[].PRIORITY: is not there",
        ),
        (
            lambda d: d["components"]["schemas"]["GroupRecommendationRequest"]["properties"]["candidate_limit"].update(
                maximum=10
            ),
            "POST /api/groups/recommendations body.candidate_limit: maximum is 10 instead of 20.0",
        ),
    ],
)
def test_the_comparison_notices_what_clients_would(older: dict[str, Any], change: Any, noticed: str) -> None:
    changed = json.loads(json.dumps(older))
    change(changed)
    assert noticed in differences(older, changed)


def _references(part: Any) -> set[str]:
    if isinstance(part, dict):
        found = {str(part["$ref"]).rpartition("/")[2]} if isinstance(part.get("$ref"), str) else set()
        return found.union(*(_references(value) for value in part.values())) if part else found
    if isinstance(part, list):
        return set().union(*(_references(value) for value in part)) if part else set()
    return set()
