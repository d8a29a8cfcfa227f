"""A service that is down, slow, or restarting in the middle of a call: a clear answer, then everything as before."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import psutil
import pytest

from cli.running.run_record import READY
from common.processes import IS_WINDOWS
from tests.support.catalogue import items_without_routing
from tests.support.patience import wait_until
from tests.support.running_system import KINDS, RunningSystem

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]


def predict(client: httpx.Client, **more: object) -> httpx.Response:
    """A prediction for one item without routing."""
    return client.post("/api/predict", json={"item_codes": items_without_routing(1), **more})


def wait_until_it_predicts(client: httpx.Client) -> None:
    """Wait until predictions work again."""
    wait_until(lambda: predict(client).status_code == 200, 60, lambda: predict(client).text)


@contextmanager
def frozen(system: RunningSystem, kind: str) -> Iterator[None]:
    """A process that does not answer any more, and goes on afterwards."""
    process = psutil.Process(system.process(kind).pid)
    family = [process, *process.children(recursive=True)]
    for member in family:
        member.suspend()
    try:
        yield
    finally:
        for member in family:
            member.resume()


def in_the_usual_shape(answer: httpx.Response) -> bool:
    """Whether an error has the one JSON shape, its request id, and no trace."""
    return "detail" in answer.json() and bool(answer.headers.get("x-request-id")) and "Traceback" not in answer.text


@pytest.mark.parametrize("kind", ["ann", "aggregate"])
def test_a_killed_service_is_a_clear_error_or_no_error_and_is_started_again(
    kind: str, whole_system: RunningSystem, admin: httpx.Client
) -> None:
    assert predict(admin).status_code == 200
    dead = whole_system.kill(kind)
    answers = []
    while whole_system.process(kind).state != READY or whole_system.process(kind).pid == dead:
        answers.append(predict(admin))
        time.sleep(0.05)
    for answer in answers:
        assert answer.status_code in (200, 503, 504), answer.text
        assert answer.status_code == 200 or in_the_usual_shape(answer)
    wait_until_it_predicts(admin)
    assert whole_system.process(kind).restarts >= 1


def test_while_ann_is_away_health_says_why_and_own_routings_still_come(
    whole_system: RunningSystem, admin: httpx.Client
) -> None:
    with frozen(whole_system, "ann"):
        wait_until(lambda: admin.get("/api/health").json()["status"] != "ok", 60, lambda: "health stayed ok")
        assert admin.get("/api/health").json()["detail"]
    wait_until(lambda: admin.get("/api/health").json()["status"] == "ok", 60, lambda: admin.get("/api/health").text)


def test_without_auth_service_sessions_and_predictions_go_on(whole_system: RunningSystem, admin: httpx.Client) -> None:
    dead = whole_system.kill("auth")
    assert predict(admin).status_code == 200
    whole_system.wait_for_restart("auth", dead)
    assert admin.get("/api/auth/me").status_code == 200
    with whole_system.admin() as another:
        assert predict(another).status_code == 200


def test_calls_in_flight_while_a_service_restarts_end_well_or_say_why(
    whole_system: RunningSystem, admin: httpx.Client
) -> None:
    done = threading.Event()

    def keep_asking() -> list[httpx.Response]:
        answers = []
        with whole_system.admin() as client:
            while not done.is_set():
                answers.append(predict(client, top_k=50))
        return answers

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(keep_asking) for _ in range(4)]
        time.sleep(0.3)
        dead = whole_system.process("aggregate").pid
        os.kill(dead, signal.SIGTERM if not IS_WINDOWS else signal.CTRL_BREAK_EVENT)  # type: ignore[attr-defined,unused-ignore]
        whole_system.wait_for_restart("aggregate", dead)
        done.set()
        answers = [answer for future in asking for answer in future.result()]
    assert answers
    assert {answer.status_code for answer in answers} <= {200, 503, 504}
    assert all(in_the_usual_shape(answer) for answer in answers if answer.status_code != 200)
    wait_until_it_predicts(admin)


@pytest.mark.skipif(IS_WINDOWS, reason="CTRL+BREAK goes to a group of processes; docs/windows-not-run.md has the check")
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_gateway_that_is_told_to_stop_cuts_no_request_off(whole_system: RunningSystem, stop: signal.Signals) -> None:
    enough = threading.Event()

    def keep_asking(keep_alive: bool) -> tuple[list[int], list[str]]:
        statuses, cut_off = [], []
        headers = {} if keep_alive else {"connection": "close"}
        with whole_system.admin() as client:
            while not enough.is_set():
                try:
                    statuses.append(client.get("/api/auth/me", headers=headers).status_code)
                except httpx.ConnectError:  # nobody listens for a moment
                    time.sleep(0.05)
                except httpx.TransportError as error:
                    cut_off.append(repr(error))
        return statuses, cut_off

    with ThreadPoolExecutor(6) as pool:
        asking = [pool.submit(keep_asking, number % 2 == 0) for number in range(6)]
        time.sleep(1.0)
        old = whole_system.process("gateway").pid
        os.kill(old, stop)
        try:
            whole_system.wait_for_restart("gateway", old)
            time.sleep(0.5)
        finally:
            enough.set()
        answers = [future.result() for future in asking]
    assert all(200 in statuses for statuses, _ in answers)
    assert {status for statuses, _ in answers for status in statuses} <= {200, 503}
    assert [text for _, cut_off in answers for text in cut_off] == []


def test_a_killed_gateway_comes_back_on_the_same_port(whole_system: RunningSystem) -> None:
    dead = whole_system.kill("gateway")
    whole_system.wait_for_restart("gateway", dead)
    with whole_system.admin() as client:
        assert predict(client).status_code == 200


def test_afterwards_everything_is_ready(whole_system: RunningSystem) -> None:
    assert [process.state for process in whole_system.record.processes] == [READY] * len(KINDS)
