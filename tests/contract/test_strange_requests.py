"""Requests that no client of ours sends: whatever comes, the answer is the contract's, never a failure of the server."""

from __future__ import annotations

import copy
import json
import re
import secrets
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from benchmarks.faults.rest_fuzzing import Request, Tally, flood
from gateway.openapi_file import api_document
from tests.support.running_system import ADMIN_EMAIL, ADMIN_PASSWORD, RunningSystem, running_system

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

EXAMPLES = 4
"""Generated requests an operation and mode, always the same ones."""

NOT_SENT = {
    "POST /api/trainer/run": "trains for real",
    "POST /api/auth/admin/rotate-keys": "ends the sessions of the other tests",
    "POST /api/auth/logout": "ends this test's session",
    "GET /api/system/events": "its answer has no end",
    "POST /api/master-data/refresh": "reads the source each time",
}
DOCUMENT = api_document()
SCHEMA: Any = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = [result.ok() for result in SCHEMA.get_all_operations()]

BODIES: dict[str, tuple[str, str, Any]] = {
    "predict": (
        "POST",
        "/api/predict",
        {
            "item_codes": ["SLS-0000718"],
            "top_k": 3,
            "similarity_threshold": 0.5,
            "feature_weights": {"OUTDIAMETER": 2},
            "mode": "summary",
            "export_formats": [],
        },
    ),
    "similarity": ("POST", "/api/similarity/search", {"item_codes": ["A"], "top_k": 3, "min_similarity": 0.5}),
    "groups": ("POST", "/api/groups/recommendations", {"item_code": "A", "candidate_limit": 3}),
    "times": ("POST", "/api/time/summary", {"item_code": "A", "operations": [{"PROC_SEQ": 1, "SETUP_TIME": 2}]}),
    "rules": ("POST", "/api/rules/validate", {"item_code": "A", "operations": [{"PROC_SEQ": 1}], "rule_ids": ["r"]}),
    "candidates": (
        "POST",
        "/api/candidates/save",
        {"item_code": "A", "candidate_id": "A_C01", "payload": {"operations": [{"PROC_SEQ": 1, "JOB_NM": "x"}]}},
    ),
    "settings": (
        "PATCH",
        "/api/workflow/graph",
        {"predictor": {"max_routing_variants": 4}, "export": {"enable_txt": False}},
    ),
    "workspace": ("PUT", "/api/settings/workspace", {"version": 1, "layout": {"left": [1]}}),
    "rsl": ("POST", "/api/rsl/groups", {"name": "n", "tags": ["t"], "description": "d"}),
    "saved routing": (
        "POST",
        "/api/routing/groups",
        {"group_name": "Sleeves", "item_codes": ["A"], "steps": [{"seq": 1, "process_code": "T", "duration_min": 1.5}]},
    ),
    "log-in": ("POST", "/api/auth/login", {"username": "x@plant.example", "password": "y"}),
    "access": ("POST", "/api/access/connection/test", {"path": "x.accdb", "table": "t"}),
    "audit": ("POST", "/api/audit/ui", {"action": "ui.x", "payload": {"a": [1]}}),
}

WRONG_VALUES: tuple[Any, ...] = (None, True, -1, 10**30, 1.5, "", "\0", "'; DROP TABLE accounts; --", [], {}, [[{}]])

BROKEN_JSON = {
    "NaN": b'{"item_codes": ["A"], "similarity_threshold": NaN}',
    "Infinity": b'{"item_codes": ["A"], "similarity_threshold": Infinity}',
    "a number beyond floats": b'{"item_codes": ["A"], "similarity_threshold": 1e999}',
    "an integer of 500 digits": b'{"item_codes": ["A"], "top_k": ' + b"9" * 500 + b"}",
    "invalid UTF-8": b'{"item_codes": ["\xff\xfe"]}',
    "half a surrogate": b'{"item_codes": ["\\ud800"]}',
    "deep nesting": b'{"item_codes": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "an end too early": b'{"item_codes": ["A"',
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "a text": b'"A"',
    "UTF-16": '{"item_codes": ["A"]}'.encode("utf-16"),
}

TRAVERSALS = (
    "../../../../etc/passwd",
    "..\\..\\Windows\\win.ini",
    "/etc/passwd",
    "C:\\Windows\\win.ini",
    "C:win.ini",
    "\\\\server\\share\\x.accdb",
    "//server/share/x.accdb",
    "file:///etc/passwd",
    "....//....//etc/passwd",
    "passwd\0.accdb",
    "~root/x.accdb",
    "CON",
    ".",
    "..",
)
QUOTES = (
    'O\'Ring "5"; DROP TABLE accounts; --',
    "' OR '1'='1",
    "a`b;c|d&e$(f)",
    "%' UNION SELECT 1 --",
    "=cmd|' /C calc'!A0",
)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """A system of these tests' own: they change settings and fill lists."""
    with running_system(tmp_path_factory.mktemp("strange") / "state") as running:
        yield running


@pytest.fixture(scope="module")
def client(system: RunningSystem) -> Iterator[httpx.Client]:
    with system.client() as made:
        session = made.post("/api/auth/login", json={"username": ADMIN_EMAIL, "password": ADMIN_PASSWORD}).json()
        made.headers["Authorization"] = f"Bearer {session['token']}"
        yield made


@pytest.fixture(scope="module")
def connection() -> Iterator[requests.Session]:
    """The connection of generated requests."""
    with requests.Session() as made:
        made.trust_env = False
        yield made


def problem_of(status: int, headers: Any, content: bytes) -> str:
    """What is wrong with an answer; "" when it is one of the contract's."""
    if status >= 500:
        return f"{status}: {content[:300]!r}"
    if "x-request-id" not in headers:
        return f"{status}: no request id"
    if status < 400:
        return ""
    try:
        detail = json.loads(content)["detail"]
    except (ValueError, KeyError, TypeError):
        return f"{status}: no detail in {content[:300]!r}"
    if isinstance(detail, list):
        fits = all(isinstance(one.get("loc"), list) and one.get("msg") and one.get("type") for one in detail)
        return "" if detail and fits and status == 422 else f"{status}: {detail}"
    return "" if isinstance(detail, str) and detail else f"{status}: {detail!r}"


def problem(answer: httpx.Response) -> str:
    return problem_of(answer.status_code, answer.headers, answer.content)


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.label not in NOT_SENT], ids=lambda o: str(o.label))
def test_generated_requests_get_answers_of_the_contract(
    operation: Any, client: httpx.Client, connection: requests.Session
) -> None:
    found: list[str] = []
    described = operation.definition.raw
    wrong_ones = "requestBody" in described or any(one["in"] == "query" for one in described.get("parameters", []))
    for mode in [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if wrong_ones else [])]:

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: Any) -> None:
            case.headers = {"Authorization": client.headers["Authorization"]}
            answer = case.call(base_url=str(client.base_url), session=connection, timeout=60)
            wrong = problem_of(answer.status_code, answer.headers, answer.content)
            if wrong:
                found.append(f"{wrong}\n{case.as_curl_command()[:800]}")

        send()
    assert not found, "\n".join(found[:5])


def test_mutated_requests_are_no_failure_of_the_server(client: httpx.Client, system: RunningSystem) -> None:
    """A few hundred of those that `python -m benchmarks.faults` sends by the hundred thousand."""
    kind = (("content-type", "application/json"),)
    plain = [
        Request(name, method, path, kind, json.dumps(body).encode()) for name, (method, path, body) in BODIES.items()
    ]
    tally = Tally()
    token = client.headers["Authorization"].removeprefix("Bearer ")
    flood(system.url, plain, tokens=[token, ""], count=400, until=time.monotonic() + 120, tally=tally, senders=2)
    assert tally.sent >= 100
    assert tally.wrong == {}, "\n".join(tally.examples.values())


@pytest.mark.parametrize("name", BROKEN_JSON)
def test_broken_json_is_refused(name: str, client: httpx.Client) -> None:
    for method, path, _body in BODIES.values():
        answer = client.request(method, path, content=BROKEN_JSON[name], headers={"content-type": "application/json"})
        assert problem(answer) == "", path
        if path == "/api/predict":
            assert answer.status_code == 422
            assert answer.json()["detail"][0]["loc"][0] == "body"


def test_of_a_field_that_comes_twice_the_last_counts(client: httpx.Client) -> None:
    body = b'{"item_codes": [], "item_codes": ["NO-SUCH-1"], "made_up": {"a": 1}}'
    answer = client.post("/api/predict", content=body, headers={"content-type": "application/json"})
    assert answer.json()["metrics"]["unknown_items"] == ["NO-SUCH-1"]


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where a JSON value has values, itself included."""
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in parts:
        yield from places(inner, (*path, key))


def replaced(value: Any, path: tuple[str | int, ...], other: Any) -> Any:
    if not path:
        return other
    changed = copy.deepcopy(value)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = other
    return changed


@pytest.mark.parametrize("name", BODIES)
def test_a_wrong_type_at_any_depth_is_no_failure_of_the_server(name: str, client: httpx.Client) -> None:
    method, path, body = BODIES[name]
    for place in places(body):
        for other in WRONG_VALUES:
            answer = client.request(method, path, json=replaced(body, place, other))
            assert problem(answer) == "", f"{place} = {other!r}"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("", 200),
        ("application/json; charset=utf-16", 200),
        ("application/vnd.plant+json", 200),
        ("text/plain", 422),
        ("application/xml", 422),
        ("application/x-www-form-urlencoded", 422),
        ("multipart/form-data; boundary=x", 422),
        ("nonsense", 422),
    ],
)
def test_a_body_that_is_not_said_to_be_json_is_refused(kind: str, status: int, client: httpx.Client) -> None:
    headers = {"content-type": kind} if kind else {}
    answer = client.post("/api/time/summary", content=b'{"item_code": "A"}', headers=headers)
    assert (answer.status_code, problem(answer)) == (status, "")
    wrong = client.post("/api/time/summary", content=b"item_code=A", headers=headers)
    assert (wrong.status_code, problem(wrong)) == (422, "")


def test_a_method_that_a_path_does_not_have_is_405_with_those_that_it_has(client: httpx.Client) -> None:
    patterns = [re.sub(r"\{\w+\}", "[^/]+", path) for path in DOCUMENT["paths"] if "{" in path]
    also_names = {path for path in DOCUMENT["paths"] if any(re.fullmatch(pattern, path) for pattern in patterns)}
    for path, described in DOCUMENT["paths"].items():
        for method in ("get", "post", "put", "patch", "delete"):
            if method in described:
                continue
            answer = client.request(method, path.replace("{", "").replace("}", ""), json={})
            assert problem(answer) == "", f"{method} {path}"
            if "{" not in path and path not in also_names:
                assert answer.status_code == 405, f"{method} {path}"
                assert set(answer.headers["allow"].lower().split(", ")) <= {*described, "head"}


def test_a_path_in_a_name_reaches_no_file(client: httpx.Client, system: RunningSystem) -> None:
    before = {path for path in system.state.parent.rglob("*") if system.state not in path.parents}
    for text in TRAVERSALS:
        raw = quote(text, safe="")
        for answer in (
            client.get(f"/api/master-data/items/{raw}"),
            client.get("/api/access/metadata", params={"path": text}),
            client.get("/api/access/metadata", params={"table": text}),
            client.post("/api/access/connection/test", json={"path": text, "table": text}),
            client.get(f"/api/trainer/versions/{raw}"),
            client.get(f"/api/trainer/versions/{raw}/reports/training_metrics"),
            client.get(f"/api/trainer/versions/{raw}/reports/{raw}"),
            client.post(f"/api/trainer/versions/{raw}/activate"),
            client.post("/api/trainer/adopt", json={"artifact_dir": text}),
            client.get(f"/api/visualization/projector/{raw}"),
            client.get(f"/api/mapping/input-profiles/{raw}"),
            client.get(f"/api/routing/groups/{raw}"),
            client.patch("/api/workflow/graph", json={"data_source": {"access_path": text}}),
            client.patch("/api/workflow/graph", json={"export": {"export_directory": text}}),
            client.get(f"/assets/{raw}"),
            client.get(f"/{raw}"),
        ):
            assert problem(answer) == "", f"{answer.request.method} {answer.request.url}"
            assert b"root:" not in answer.content
            assert b"[fonts]" not in answer.content
        for field in ("item_code", "candidate_id"):
            body = {"item_code": "A", "candidate_id": "C", "payload": {"operations": [{"PROC_SEQ": 1}]}, field: text}
            answer = client.post("/api/candidates/save", json=body)
            assert problem(answer) == ""
            if answer.status_code == 200:
                assert str(system.state / "candidates") in answer.json()["saved_path"]
                assert ".." not in answer.json()["saved_path"]
    client.patch("/api/workflow/graph", json={"export": {"export_directory": "deliverables/exports"}})
    assert {path for path in system.state.parent.rglob("*") if system.state not in path.parents} == before


def test_quotes_and_sql_in_texts_are_texts(client: httpx.Client) -> None:
    accounts = client.get("/api/auth/admin/accounts").json()
    for text in QUOTES:
        made = client.post("/api/rsl/groups", json={"name": text, "tags": [text]})
        assert (made.status_code, made.json()["name"]) == (201, text)
        found = client.get("/api/rsl/groups", params={"search": text, "tags": text}).json()["items"]
        assert [group["name"] for group in found] == [text]
        saved = client.post(
            "/api/routing/groups",
            json={"group_name": text[:40] + secrets.token_hex(4), "item_codes": [text], "steps": []},
        )
        assert saved.status_code == 201, saved.text
        listed = client.get("/api/routing/groups", params={"item_code": text}).json()["items"]
        assert listed[0]["item_codes"] == [text]
        unknown = client.post("/api/predict", json={"item_codes": [text]})
        assert unknown.json()["metrics"]["unknown_items"] == [text]
        assert client.get("/api/master-data/tree", params={"query": text}).json()["nodes"] == []
        assert client.get(f"/api/master-data/items/{quote(text, safe='')}").status_code == 404
        refused = client.post("/api/auth/login", json={"username": text, "password": text})
        assert refused.status_code in (401, 429)
        candidate = {
            "item_code": "A",
            "candidate_id": "C1",
            "payload": {"operations": [{"PROC_SEQ": 1, "JOB_NM": text}]},
        }
        preview = "\n".join(client.post("/api/candidates/save", json=candidate).json()["sql_preview"])
        assert "'" + text.replace("'", "''") + "'" in preview
    assert client.get("/api/auth/admin/accounts").json() == accounts


def test_the_system_is_well_after_all_of_this(client: httpx.Client) -> None:
    assert client.get("/api/health").status_code == 200
    answer = client.post("/api/predict", json={"item_codes": ["ADB-0001499"]})
    assert answer.status_code == 200
    assert answer.json()["items"]
