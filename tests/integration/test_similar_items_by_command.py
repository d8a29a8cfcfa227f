"""`routing-ml similar` on the running system: by the services and by the gateway, the same as REST answers."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from cli.predicting.remote_prediction import CREDENTIAL_VARIABLE
from tests.support.catalogue import items_with_routing
from tests.support.running_system import ADMIN_EMAIL, ADMIN_PASSWORD, RunningSystem

pytestmark = pytest.mark.integration


def matches(answer: dict[str, Any]) -> list[tuple[str, float]]:
    return [(match["item_code"], match["similarity_score"]) for match in answer["results"][0]["matches"]]


def test_it_finds_what_rest_finds(whole_system: RunningSystem, admin: httpx.Client) -> None:
    code = items_with_routing(1)[0]
    rest = admin.post("/api/similarity/search", json={"item_codes": [code], "top_k": 5}).json()
    shown = whole_system.command("similar", code, "--top-k", "5", "--json")
    assert shown.returncode == 0, shown.stderr
    found = json.loads(shown.stdout)
    assert matches(found) == matches(rest)
    assert [(site["site"], site["searched"]) for site in found["sites"]] == [("", True)]
    grouped = whole_system.command("similar", code, "--top-k", "5", "--group")  # of a group of its own alone
    assert grouped.returncode == 0, grouped.stderr
    assert matches(rest)[0][0] in grouped.stdout
    unknown = whole_system.command("similar", code, "NO-SUCH-ITEM")
    assert unknown.returncode == 4
    assert "NO-SUCH-ITEM: the item master does not hold this code" in unknown.stderr


def test_another_machines_gateway_gives_the_same(whole_system: RunningSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    code = items_with_routing(1)[0]
    here = whole_system.command("similar", code, "--json")
    monkeypatch.setitem(whole_system.variables, CREDENTIAL_VARIABLE, ADMIN_PASSWORD)
    there = whole_system.command("similar", code, "--json", "--url", whole_system.url, "--user", ADMIN_EMAIL)
    assert there.returncode == 0, there.stderr
    assert matches(json.loads(there.stdout)) == matches(json.loads(here.stdout))
