"""Sessions, origins, limits and headers of the gateway."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common import errors
from common.request_context import current_request
from common.settings import Settings
from gateway.security import Credentials, Origins, Sender
from protos.aggregate.v1 import aggregate_pb2
from protos.auth.v1 import auth_pb2

SUMMARY = "/api/time/summary"
BODY = {"item_code": "A"}


@pytest.fixture(scope="module")
def plant_settings() -> dict[str, Any]:
    return {"allowed_origins": ["http://Planner.example:5173/"], "max_body_bytes": 20_000, "rpc_timeout_seconds": 5}


@pytest.fixture(autouse=True)
def sums(plant: Any) -> None:
    plant.script.answers["SummarizeTimes"] = aggregate_pb2.SummarizeTimesResponse(process_counts=[0])


def with_cookie(plant: Any, services: Any, **headers: str) -> httpx.Client:
    token = services.token_for("user@plant.example", "user")
    return httpx.Client(base_url=plant.url, headers={"cookie": f"routing_ml_session={token}", **headers})


def test_the_cookie_or_a_bearer_token_logs_in_and_goes_on_to_the_services(plant: Any, services: Any) -> None:
    assert with_cookie(plant, services).post(SUMMARY, json=BODY).status_code == 200
    assert plant.client().post(SUMMARY, json=BODY).status_code == 200
    sent = plant.script.authorizations["SummarizeTimes"]
    assert all(value.startswith("Bearer ey") for value in sent)


def test_without_a_token_the_answer_is_401_before_the_body_is_looked_at(plant: Any) -> None:
    answer = plant.client("").post(SUMMARY, content=b"{not json", headers={"content-type": "application/json"})
    assert answer.status_code == 401
    assert set(answer.json()) == {"detail"}
    assert answer.headers["x-error-reason"] == "UNAUTHENTICATED"


def test_forged_expired_and_foreign_tokens_are_refused(plant: Any, services: Any) -> None:
    tokens = {
        "expired": services.token_for("a@b.c", "admin", lifetime=-3600),
        "foreign key": services.token_for("a@b.c", "admin", key=Ed25519PrivateKey.generate()),
        "wrong audience": services.token_for("a@b.c", "admin", aud="other"),
        "none": jwt.encode({"sub": "a", "role": "admin"}, "", algorithm="none", headers={"kid": "k1"}),
        "garbage": "abc",
    }
    for token in tokens.values():
        answer = httpx.post(f"{plant.url}{SUMMARY}", json=BODY, headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 401


def test_a_revoked_session_ends_at_once(plant: Any, services: Any) -> None:
    token = services.token_for("a@b.c", "user", session="ended")
    headers = {"authorization": f"Bearer {token}"}
    assert httpx.post(f"{plant.url}{SUMMARY}", json=BODY, headers=headers).status_code == 200
    state = plant.script.state
    state.revocations.session_ids.append("ended")
    state.revocations.expires_at.append(time.time() + 3600)
    state.revision += 1
    for _attempt in range(200):
        if httpx.post(f"{plant.url}{SUMMARY}", json=BODY, headers=headers).status_code == 401:
            return
        time.sleep(0.02)
    raise AssertionError("the session did not end")


def test_an_invalid_cookie_does_not_keep_anybody_from_logging_in(plant: Any) -> None:
    account = auth_pb2.Account(username="a@b.c", status="approved")
    plant.script.answers["Login"] = auth_pb2.Session(account=account, token="tok", issued_at=1.0, expires_at=2.0)
    answer = httpx.post(
        f"{plant.url}/api/auth/login",
        json={"username": "a@b.c", "password": "x"},
        headers={"cookie": "routing_ml_session=stale"},
    )
    assert answer.status_code == 200
    assert answer.headers["set-cookie"] == "routing_ml_session=tok; HttpOnly; Max-Age=3600; Path=/; SameSite=lax"
    assert plant.script.authorizations["Login"] == [""]


def test_logging_out_takes_the_cookie_away(plant: Any, services: Any) -> None:
    plant.script.answers["Logout"] = auth_pb2.LogoutResponse()
    answer = with_cookie(plant, services).post("/api/auth/logout")
    assert answer.status_code == 204
    assert answer.content == b""
    assert "routing_ml_session=" in answer.headers["set-cookie"]
    assert "Max-Age=0" in answer.headers["set-cookie"]


def test_a_cookie_request_from_a_foreign_page_is_refused_when_it_changes_something(plant: Any, services: Any) -> None:
    for origin in ("https://evil.example", "null", f"https://evil.example:{plant.ports['gateway']}"):
        answer = with_cookie(plant, services, origin=origin).post(SUMMARY, json=BODY)
        assert answer.status_code == 403
        assert answer.headers["x-error-reason"] == "FOREIGN_ORIGIN"
    assert "SummarizeTimes" not in plant.script.asked


def test_a_log_in_from_a_foreign_page_is_refused_whatever_its_content_type(plant: Any) -> None:
    account = auth_pb2.Account(username="a@b.c", status="approved")
    plant.script.answers["Login"] = auth_pb2.Session(account=account, token="tok", issued_at=1.0, expires_at=2.0)
    body = json.dumps({"username": "a@b.c", "password": "x"}).encode()
    for headers in ({}, {"content-type": "text/plain"}, {"content-type": "application/json"}):
        for page in ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
            answer = httpx.post(f"{plant.url}/api/auth/login", content=body, headers={**headers, **page})
            assert (answer.status_code, answer.headers["x-error-reason"]) == (403, "FOREIGN_ORIGIN")
            assert "set-cookie" not in answer.headers
    assert "Login" not in plant.script.asked
    assert httpx.post(f"{plant.url}/api/auth/login", content=body).status_code == 200


@pytest.mark.parametrize(
    ("site", "status"),
    [("cross-site", 403), ("same-site", 403), ("Cross-Site", 403), ("same-origin", 200), ("none", 200)],
)
def test_a_cookie_request_without_an_origin_is_judged_by_where_its_page_is(
    plant: Any, services: Any, site: str, status: int
) -> None:
    assert with_cookie(plant, services, **{"sec-fetch-site": site}).post(SUMMARY, json=BODY).status_code == status
    assert plant.client(**{"sec-fetch-site": site}).post(SUMMARY, json=BODY).status_code == 200


@pytest.mark.parametrize(
    ("origin", "host", "own"),
    [
        ("https://plant", "plant", True),
        ("https://plant", "plant:443", True),
        ("https://plant:443", "Plant", True),
        ("http://plant", "plant:80", True),
        ("http://plant:8000", "plant:8000", True),
        ("https://[::1]", "[::1]:443", True),
        ("https://plant", "plant:80", False),
        ("https://plant", "plant:8443", False),
        ("https://plant.evil", "plant", False),
        ("https://plant@evil", "evil", False),
        ("https://evil/plant", "plant", False),
        ("https://plant:99999999", "plant", False),
        ("null", "null", False),
        ("file://plant", "plant", False),
        ("https://plant", "", False),
    ],
)
def test_the_own_origin_is_recognised_with_and_without_the_usual_port(origin: str, host: str, own: bool) -> None:
    sender, cookie = Sender(origin, "", host), Credentials("token", True)
    if own:
        Origins([]).check("POST", sender, cookie)
    else:
        with pytest.raises(errors.PermissionDenied):
            Origins([]).check("POST", sender, cookie)


def test_what_can_be_read_has_the_same_headers_without_its_body(plant: Any) -> None:
    client = plant.client()
    for path in ("/health/live", "/api/workflow/graph", "/api/nothing", "/docs/api", "/openapi.json"):
        plain = {
            "Accept-Encoding": "identity"
        }  # a time in the graph that differs is as long, but compresses differently
        got, head = client.get(path, headers=plain), client.head(path, headers=plain)
        assert (head.status_code, head.content) == (got.status_code, b"")
        for name in ("content-type", "content-length", "cache-control", "x-error-reason"):
            assert head.headers.get(name) == got.headers.get(name), (path, name)
    assert plant.client("").head("/api/workflow/graph").status_code == 401
    assert client.head(SUMMARY).status_code == client.get(SUMMARY).status_code == 405


def test_the_head_of_an_answer_without_end_ends(plant: Any) -> None:
    answer = plant.client().head("/api/system/events")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")


def test_own_and_allowed_origins_and_bearer_tokens_are_fine(plant: Any, services: Any) -> None:
    for origin in (plant.url, "http://planner.example:5173"):
        assert with_cookie(plant, services, origin=origin).post(SUMMARY, json=BODY).status_code == 200
    assert plant.client(origin="https://script.example").post(SUMMARY, json=BODY).status_code == 200


def test_cors_with_credentials_is_answered_to_allowed_origins_only(plant: Any) -> None:
    ask = {"access-control-request-method": "PATCH", "access-control-request-headers": "content-type,if-match"}
    good = httpx.options(f"{plant.url}/api/workflow/graph", headers={"origin": "http://planner.example:5173", **ask})
    assert good.status_code == 200
    assert good.headers["access-control-allow-origin"] == "http://planner.example:5173"
    assert good.headers["access-control-allow-credentials"] == "true"
    bad = httpx.options(f"{plant.url}/api/workflow/graph", headers={"origin": "https://evil.example", **ask})
    assert "access-control-allow-origin" not in bad.headers
    refused = plant.client("", origin="http://planner.example:5173").post(SUMMARY, json=BODY)
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == "http://planner.example:5173"


def test_a_slash_at_the_end_leads_to_the_same_place_as_on_the_older_server(plant: Any) -> None:
    client = plant.client()
    moved = client.get("/api/master-data/tree/?query=a%20b")
    assert (moved.status_code, moved.headers["location"]) == (307, "/api/master-data/tree?query=a%20b")
    assert client.post(f"{SUMMARY}/", json=BODY).headers["location"] == SUMMARY
    assert client.post(f"{SUMMARY}/", json=BODY, follow_redirects=True).status_code == 200
    assert [client.get(path).status_code for path in ("/api/nothing/", "/api/", "/api/master-data/items/")] == [404] * 3


def test_json_may_begin_with_a_byte_order_mark(plant: Any) -> None:
    body = b"\xef\xbb\xbf" + json.dumps(BODY).encode()
    answer = plant.client().post(SUMMARY, content=body, headers={"content-type": "application/json; charset=UTF-8"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "text",
    [
        "http://A.example:1,https://b.example",
        '["http://A.example:1", "https://b.example"]',
        " http://A.example:1 ,https://b.example,",
    ],
)
def test_origins_are_listed_with_commas_or_as_json(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("ROUTING_ML_ALLOWED_ORIGINS", text)
    assert Settings(_env_file=None).allowed_origins == ["http://A.example:1", "https://b.example"]


def test_a_body_over_the_limit_is_refused_by_its_declared_length(plant: Any) -> None:
    answer = plant.client().post(SUMMARY, content=b" " * 20_001, headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert "20,000" in answer.json()["detail"]


def test_a_body_over_the_limit_is_refused_while_it_is_still_being_sent(plant: Any, services: Any) -> None:
    token = services.token_for("user@plant.example", "user")
    with socket.create_connection(("127.0.0.1", plant.ports["gateway"]), timeout=10) as sender:
        sender.sendall(
            f"POST {SUMMARY} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        )
        for _part in range(3):
            sender.sendall(b"2710\r\n" + b" " * 10_000 + b"\r\n")
        assert b" 413 " in sender.recv(200)


def test_every_answer_has_a_request_id_and_security_headers(plant: Any) -> None:
    for path, status in (("/api/nothing", 404), ("/api/predict", 405), ("/health/live", 200), (SUMMARY, 405)):
        answer = httpx.get(f"{plant.url}{path}", headers={"x-request-id": "plan-7"})
        assert answer.status_code == status
        assert answer.headers["x-request-id"] == "plan-7"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "server" not in answer.headers
    made = httpx.get(f"{plant.url}/health/live", headers={"x-request-id": "bad id\twith blanks"})
    assert len(made.headers["x-request-id"]) == 32


def test_the_request_id_reaches_the_services(plant: Any) -> None:
    plant.client(**{"x-request-id": "follow-me"}).post(SUMMARY, json=BODY)
    assert plant.script.request_ids == ["follow-me"]


@pytest.mark.parametrize(
    "body",
    [b'{"item_code": NaN}', b"\xff\xfe", b'{"item_code": "\\ud800"}', b"[" * 5000, b"", b"[1]", b'"text"', b"{"],
    ids=["NaN", "not UTF-8", "lone surrogate", "deep", "empty", "list", "text", "cut off"],
)
def test_what_is_no_json_object_is_a_clean_422(plant: Any, body: bytes) -> None:
    answer = plant.client().post(SUMMARY, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][0] == "body"


def test_other_content_types_are_refused_and_a_missing_one_counts_as_json(plant: Any) -> None:
    client = plant.client()
    assert client.post(SUMMARY, content=b'{"item_code":"A"}', headers={"content-type": "text/plain"}).status_code == 422
    assert client.post(SUMMARY, content=b'{"item_code":"A"}').status_code == 200


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InvalidInput("x"), 422),
        (errors.Unauthenticated("x"), 401),
        (errors.PermissionDenied("x"), 403),
        (errors.NotFound("x"), 404),
        (errors.AlreadyExists("x"), 409),
        (errors.Conflict("x"), 409),
        (errors.PreconditionFailed("x"), 409),
        (errors.TooManyRequests("x", retry_after=3), 429),
        (errors.Unavailable("x"), 503),
        (errors.DeadlineExceeded("x"), 504),
        (errors.DataProblem("x"), 503),
        (RuntimeError("secret detail"), 500),
    ],
)
def test_errors_of_the_services_keep_their_meaning(plant: Any, error: Exception, status: int) -> None:
    plant.script.answers["SummarizeTimes"] = error
    answer = plant.client().post(SUMMARY, json=BODY)
    assert answer.status_code == status
    assert list(answer.json()) == ["detail"]
    assert "secret" not in answer.text
    assert answer.headers["x-error-reason"]
    if status == 429:
        assert answer.headers["retry-after"] == "3"


def test_violations_of_the_services_come_with_the_place_in_the_body(plant: Any) -> None:
    violation = errors.FieldViolation("graph.edges.0.target", "names no node")
    plant.script.answers["SummarizeTimes"] = errors.InvalidInput("bad graph", violations=[violation])
    answer = plant.client().post(SUMMARY, json=BODY)
    assert answer.status_code == 422
    assert answer.json()["detail"] == [
        {"loc": ["body", "graph", "edges", 0, "target"], "msg": "names no node", "type": "value_error"}
    ]


def test_administration_is_closed_to_users(plant: Any) -> None:
    for path in ("approve", "reject", "role", "disable", "reset-password", "rotate-keys"):
        assert plant.client("user").post(f"/api/auth/admin/{path}", json={"username": "x"}).status_code == 403
        assert plant.client("").post(f"/api/auth/admin/{path}", json={"username": "x"}).status_code == 401
    assert plant.client("user").get("/api/auth/admin/accounts").status_code == 403


@pytest.mark.parametrize(
    ("path", "method", "body"),
    [
        ("/api/auth/login", "Login", {"username": "a@b.example", "password": "x"}),
        ("/api/auth/register", "Register", {"username": "a@b.example", "password": "Seal-Ring-42x"}),
        ("/api/auth/password", "ChangePassword", {"current_password": "x", "new_password": "Seal-Ring-42x"}),
        ("/api/auth/admin/reset-password", "ResetPassword", {"username": "a@b.example", "password": "Seal-Ring-42x"}),
        ("/api/mapping/input-profiles/check", "CheckInputProfile", {"name": "plant"}),
        ("/api/access/connection/test", "TestSource", {"path": "plant.accdb"}),
        ("/api/mapping/input-profiles/suggest", "SuggestProfile", {"path": "plant.accdb"}),
    ],
)
def test_work_that_takes_long_such_as_hashing_or_opening_a_source_has_more_time_than_others(
    plant: Any, path: str, method: str, body: dict[str, str]
) -> None:
    left: list[float | None] = []

    def note(_request: Any) -> Exception:
        context = current_request()
        left.append(context.remaining() if context else None)
        return errors.Unauthenticated("no")

    plant.script.answers[method] = note
    assert plant.client("admin").post(path, json=body).status_code == 401
    assert left[0] is not None
    assert left[0] > plant.settings.rpc_timeout_seconds
