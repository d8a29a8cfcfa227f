"""Errors as HTTP answers: what their headers say."""

from __future__ import annotations

import errno
import socket
import time
from typing import Any

import httpx
import pytest
import structlog

from common import errors
from gateway.failures import body_location, failure

from .conftest import control_state


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (errors.DataProblem("the disk is full"), "15"),
        (errors.Unavailable("it starts"), "15"),
        (errors.Unavailable("it starts", retry_after=0.2), "1"),
    ],
)
def test_every_503_says_when_to_try_again(error: errors.ServiceError, seconds: str) -> None:
    answer = failure(error)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, seconds)


@pytest.mark.parametrize("field", ["a.\u00b9", "\u0663", "9" * 5000, "a.-1", "9" * 30, "..", ""])
def test_a_field_of_any_name_is_told(field: str) -> None:
    error = errors.InvalidInput("wrong", violations=[errors.FieldViolation(field, "must be there")])
    assert failure(error).status_code == 422


def test_a_place_in_a_list_is_told_as_a_number() -> None:
    assert body_location("graph.edges.0.target") == ["body", "graph", "edges", 0, "target"]


def test_an_error_that_no_waiting_helps_says_nothing_of_it() -> None:
    assert "retry-after" not in failure(errors.NotFound("there is none")).headers


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.ENOMEM])
def test_what_the_machine_lacks_is_a_503_and_no_stack_trace(
    plant: Any, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot() -> int:
        raise OSError(number, "no", "/proc/1/stat")

    monkeypatch.setattr("gateway.system_facts.resident_bytes", cannot)
    with structlog.testing.capture_logs() as lines:
        answer = plant.client().get("/api/system/status")
    assert (answer.status_code, answer.headers["x-error-reason"]) == (503, "LACK_OF_RESOURCES")
    assert int(answer.headers["retry-after"]) > 0
    assert not [line for line in lines if line.get("exc_info")]


def failed_and_refused(figures: dict[str, float]) -> tuple[float, float]:
    return round(figures["error_rate"] * figures["requests"]), figures["refused"]


@pytest.mark.parametrize("logged_in", [True, False])
def test_a_client_that_hangs_up_within_its_body_has_failed_nobody(plant: Any, logged_in: bool) -> None:
    path = "/api/predict" if logged_in else "/api/auth/login"
    token = plant.client().headers["authorization"] if logged_in else ""
    head = f"POST {path} HTTP/1.1\r\nhost: a\r\nauthorization: {token}\r\ncontent-type: application/json\r\n"
    recent = plant.app.recent
    before = recent.summary()
    with structlog.testing.capture_logs() as lines:
        with socket.create_connection(("127.0.0.1", plant.ports["gateway"]), timeout=10) as connection:
            connection.sendall(f"{head}content-length: 5000\r\n\r\n{{".encode())
            time.sleep(0.1)
        deadline = time.monotonic() + 10
        while recent.summary()["requests"] == before["requests"] and time.monotonic() < deadline:
            time.sleep(0.01)
    assert [line["status"] for line in lines if line["event"] == "http"] == [499]
    assert not [line for line in lines if line.get("exc_info") or line["log_level"] in ("error", "critical")]
    assert failed_and_refused(recent.summary()) == failed_and_refused(before)


def test_every_request_has_a_log_line_with_the_model_version(plant: Any) -> None:
    state = control_state(manifest_path="/no/such/folder/manifest.json")
    state.revision = plant.script.state.revision + 1
    plant.script.state.CopyFrom(state)
    time.sleep(0.3)
    with structlog.testing.capture_logs() as lines:
        for path in ("/health", "/api/workflow/graph", "/no-such-page"):
            httpx.get(f"{plant.url}{path}")
        time.sleep(0.1)
    answered = [line for line in lines if line["event"] == "http"]
    assert len(answered) == 3
    assert {line["model_version"] for line in answered} == {"v1"}


def test_a_thread_that_the_system_does_not_give_is_a_lack_of_resources() -> None:
    class PanicException(BaseException):  # as Polars raises it
        pass

    for error in (
        RuntimeError("can't start new thread"),
        PanicException("OS can't spawn worker thread: Resource temporarily unavailable (os error 11)"),
    ):
        lack = errors.lack_of_resources(error)
        assert lack is not None
        assert (lack.reason, lack.retry_after) == ("LACK_OF_RESOURCES", 5.0)
    assert errors.lack_of_resources(RuntimeError("something else")) is None
