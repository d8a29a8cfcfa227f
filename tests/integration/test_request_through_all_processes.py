"""One request: its id in the log of every process that it passed, and sizes at the bounds."""

from __future__ import annotations

import httpx
import pytest

from cli.control_plane import ControlPlane
from cli.predicting.prediction import predict
from tests.support.catalogue import items_with_routing, items_without_routing
from tests.support.patience import wait_until
from tests.support.running_system import RunningSystem

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]


def test_the_request_id_is_in_one_line_of_each_process_on_the_way(
    whole_system: RunningSystem, admin: httpx.Client
) -> None:
    request_id = "it-follow-me-1"
    codes = [*items_without_routing(2), *items_with_routing(1)]
    answer = admin.post("/api/predict", json={"item_codes": codes}, headers={"x-request-id": request_id})
    assert answer.headers["x-request-id"] == request_id
    version = answer.json()["metrics"]["model_version"]

    def arrived() -> bool:
        kinds = {line.get("process") for line in whole_system.log_lines(request_id)}
        return {"gateway", "ann", "aggregate"} <= kinds

    wait_until(arrived, 10, lambda: str(whole_system.log_lines(request_id)))
    lines = whole_system.log_lines(request_id)
    for kind in ("gateway", "ann", "aggregate"):
        of_kind = [line for line in lines if line.get("process") == kind and "duration_ms" in line]
        assert len(of_kind) >= 1, kind
        assert all("status" in line for line in of_kind)
        assert version in [line.get("model_version") for line in of_kind]


def test_the_command_line_shows_the_way_of_a_request(whole_system: RunningSystem, admin: httpx.Client) -> None:
    admin.post("/api/predict", json={"item_codes": items_without_routing(1)}, headers={"x-request-id": "it-shown-1"})
    wait_until(lambda: len(whole_system.log_lines("it-shown-1")) >= 3, 10, lambda: "the lines did not arrive")
    shown = whole_system.command("logs", "--request-id", "it-shown-1")
    assert shown.returncode == 0
    for instance in ("gateway-", "ann-", "aggregate-"):
        assert instance in shown.stdout


def test_a_body_of_ten_megabytes_is_refused_in_the_usual_shape(admin: httpx.Client) -> None:
    answer = admin.post("/api/predict", json={"item_codes": ["A" * (10 * 1024 * 1024)]})
    assert answer.status_code == 413
    assert "detail" in answer.json()
    assert answer.headers["x-request-id"]
    assert admin.get("/api/health").status_code == 200


def test_more_than_ten_thousand_codes_in_one_request_are_refused_with_the_bound(admin: httpx.Client) -> None:
    codes = [f"NO-SUCH-{number:05}" for number in range(10_001)]
    answer = admin.post("/api/predict", json={"item_codes": codes})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "item_codes"]
    assert admin.post("/api/predict", json={"item_codes": items_without_routing(1)}).status_code == 200


async def test_ten_thousand_codes_in_one_call_are_answered(whole_system: RunningSystem) -> None:
    known = items_without_routing(2)
    codes = [*known, *(f"NO-SUCH-{number:05}" for number in range(9_998))]
    async with ControlPlane(whole_system.settings()) as control:
        answer = await predict(control, codes, top_k=10, threshold=None, detailed=False)
    assert {routing.columns["ITEM_CD"] for routing in answer.routings} == set(known)
    assert answer.unknown == codes[2:]


@pytest.mark.parametrize("code", ["  'quoted\" ' ; DROP TABLE x", "품목 코드 １２", "🔩-🔧", "A\tB", "%_*?"])
def test_strange_codes_are_unknown_items_and_nothing_else(code: str, admin: httpx.Client) -> None:
    answer = admin.post("/api/predict", json={"item_codes": [code, items_without_routing(1)[0]]})
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["metrics"]["unknown_items"]) == 1
    assert answer.json()["items"]


def test_codes_are_found_trimmed_and_in_any_case_and_shown_as_stored(admin: httpx.Client) -> None:
    code = items_without_routing(1)[0]
    answer = admin.post("/api/predict", json={"item_codes": [f"  {code.lower()}\u3000"]}).json()
    assert {routing["ITEM_CD"] for routing in answer["items"]} == {code}
