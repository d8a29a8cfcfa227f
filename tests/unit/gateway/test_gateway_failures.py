"""Errors as HTTP answers: what their headers say."""

from __future__ import annotations

import errno
import time
from typing import Any

import httpx
import pytest
import structlog

from common import errors
from gateway.failures import failure

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
