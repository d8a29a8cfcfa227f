"""Requests that are answered without FastAPI's way there get what they get on it, and whatever is odd about one goes that way."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from common import errors
from gateway.direct_routes import DirectRoutes

GOOD = {"item_code": "A", "operations": []}
ODD: list[dict[str, Any]] = [
    {"content": b"{"},
    {"content": b""},
    {"content": b"[]"},
    {"content": b"null"},
    {"content": b'{"item_code": 1e999}'},
    {"content": b"\xff\xfe"},
    {"json": {}},
    {"json": {"item_code": "A"}},
    {"json": {"item_code": ["A"], "operations": "none"}},
    {"json": GOOD, "headers": {"content-type": "text/plain"}},
    {"json": GOOD, "headers": {"content-type": "application/problem+json"}},
    {"json": GOOD, "params": {"a": "1"}},
    {"json": GOOD, "params": {"a": "\0"}},
    {"json": {**GOOD, "operations": [{"PROC_SEQ": number} for number in range(3000)]}},
    {"json": {**GOOD, "operations": [{"PROC_SEQ": []} for _number in range(3000)]}},
    {"json": {**GOOD, "item_code": "A" * 200_000}},
]
PATHS = ("/api/time/summary", "/api/predict", "/api/similarity/search", "/api/rsl/groups", "/api/candidates/save")


def told(answer: httpx.Response) -> tuple[Any, ...]:
    """What of an answer is the same each time."""
    headers = {name: value for name, value in answer.headers.items() if name not in ("x-request-id", "date")}
    return answer.status_code, answer.content, headers


@pytest.fixture
def both(plant: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sends a request by both ways."""

    def send(role: str, method: str, path: str, **request: Any) -> tuple[httpx.Response, httpx.Response]:
        with plant.client(role) as client:
            direct = client.request(method, path, **request)
            with monkeypatch.context() as patched:
                layer: Any = plant.app
                while not isinstance(layer, DirectRoutes):
                    layer = next(inner for name, inner in vars(layer).items() if name in ("app", "_app"))
                assert layer._direct
                patched.setattr(layer, "_direct", {})
                return direct, client.request(method, path, **request)

    return send


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("odd", range(len(ODD)))
def test_an_odd_request_gets_the_same_answer_on_both_ways(both: Any, path: str, odd: int) -> None:
    direct, usual = both("user", "POST", path, **ODD[odd])
    assert told(direct) == told(usual)


@pytest.mark.parametrize("role", ["", "user", "admin"])
def test_whoever_asks_is_let_in_or_refused_alike(both: Any, role: str) -> None:
    direct, usual = both(role, "POST", "/api/predict", json={"item_codes": []})
    assert told(direct) == told(usual)
    assert direct.status_code == (422 if role else 401)


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "DELETE"])
def test_another_method_is_refused_alike(both: Any, method: str) -> None:
    direct, usual = both("user", method, "/api/predict")
    assert told(direct) == told(usual)


@pytest.mark.parametrize(
    "error",
    [
        errors.InvalidInput("top_k is odd", violations=[errors.FieldViolation("top_k", "odd")]),
        errors.NotFound("there is none"),
        errors.TooManyRequests("later", retry_after=3.0),
        errors.DataProblem("/secret/folder/index is damaged"),
        errors.ServiceError("unknown"),
    ],
)
def test_an_error_of_a_service_is_told_alike(both: Any, plant: Any, error: errors.ServiceError) -> None:
    plant.script.answers["Search"] = error
    direct, usual = both("user", "POST", "/api/predict", json={"item_codes": ["A"], "top_k": 3})
    assert told(direct) == told(usual)
    assert direct.status_code >= 400


def test_requests_are_counted_by_the_path_of_their_route(plant: Any) -> None:
    with plant.client() as client, plant.client("admin") as administrator:
        client.post("/api/predict", json={"item_codes": ["A"]})
        assert 'route="/api/predict"' in administrator.get("/api/system/metrics").text
