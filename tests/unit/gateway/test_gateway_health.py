"""Health as older clients know it, and with every dependency."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import replace
from typing import Any

import httpx
import pytest

from common import errors
from common.settings import Settings
from gateway.host_checks import HostFinding
from protos.aggregate.v1 import aggregate_pb2
from protos.ann.v1 import ann_pb2


@pytest.fixture(autouse=True)
def nothing_remembered(plant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.health.REMEMBER_SECONDS", -1.0)
    monkeypatch.setattr("gateway.health.STALE_SECONDS", -1.0)
    for _attempt in range(200):  # the gateway may still be about to connect to the control plane
        if httpx.get(f"{plant.url}/health").json()["checks"]["control"]["ok"]:
            return
        time.sleep(0.02)


def test_all_is_well(plant: Any) -> None:
    answer = httpx.get(f"{plant.url}/api/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "detail": None})
    searched = plant.script.last("Search")
    assert searched.vectors.dimension == 4
    assert plant.script.authorizations["Search"][-1].startswith("Service gateway-")


def test_the_report_names_every_dependency(plant: Any) -> None:
    body = httpx.get(f"{plant.url}/health").json()
    assert set(body["checks"]) == {
        "model",
        "snapshot",
        "database",
        "training",
        "disk",
        "certificate",
        "clock",
        "control",
    }
    for name in ("model", "snapshot", "database", "training"):
        assert body["checks"][name]["latency_ms"] > 0
    assert set(body["checks"]["disk"]["free_bytes"]) == {"state", "models", "logs"}
    assert body["checks"]["model"]["model_version"] == "v1"
    assert body["checks"]["snapshot"]["tag"] == "t1"
    assert body["live"] is True


def test_where_a_dependency_takes_long_the_last_known_state_is_told_at_once(
    plant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    health = plant.gateway.health
    known = plant.run(health.check())
    looking = threading.Event()

    async def slow() -> Any:
        while not looking.is_set():
            await asyncio.sleep(0.01)
        return replace(known, status="other")

    monkeypatch.setattr(health, "_ask_all", slow)
    monkeypatch.setattr("gateway.health.STALE_SECONDS", 60.0)
    assert [plant.run(health.check()).status for _ in range(3)] == [known.status] * 3
    looking.set()
    deadline = time.monotonic() + 10
    while plant.run(health.check()).status != "other":
        assert time.monotonic() < deadline
    monkeypatch.setattr("gateway.health.STALE_SECONDS", -1.0)
    monkeypatch.setattr(health, "_last", replace(known, status="too old"))
    assert plant.run(health.check()).status == "other"


def test_without_a_model_nothing_can_be_predicted(plant: Any) -> None:
    plant.script.answers["Info"] = ann_pb2.InfoResponse()
    answer = httpx.get(f"{plant.url}/api/health")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["status"] == "down"
    assert "model" in answer.json()["detail"]
    plant.script.answers["Info"] = ann_pb2.InfoResponse(problem="The active version v1 cannot be loaded: it is gone")
    time.sleep(1.1)
    assert "v1 cannot be loaded" in httpx.get(f"{plant.url}/api/health").json()["detail"]


def test_an_index_that_finds_nothing_is_down(plant: Any) -> None:
    plant.script.answers["Search"] = ann_pb2.SearchResponse(model_version="v1")
    assert httpx.get(f"{plant.url}/api/health").status_code == 503


def test_a_failed_refresh_or_a_locked_database_only_degrades(plant: Any) -> None:
    plant.script.answers["SnapshotInfo"] = aggregate_pb2.SnapshotInfoResponse(tag="t1", last_error="the file is locked")
    answer = httpx.get(f"{plant.url}/api/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert "the file is locked" in answer.json()["detail"]
    plant.script.answers["SnapshotInfo"] = aggregate_pb2.SnapshotInfoResponse(tag="t1")
    plant.script.answers["Get"] = errors.Unavailable("the database is locked")
    answer = httpx.get(f"{plant.url}/api/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")


def test_readiness_follows_the_health(plant: Any) -> None:
    assert httpx.get(f"{plant.url}/health/ready").status_code == 200
    plant.script.answers["Info"] = ann_pb2.InfoResponse()
    answer = httpx.get(f"{plant.url}/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (503, "down")


def test_a_look_at_the_host_that_hangs_degrades_and_is_not_begun_twice(
    plant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.health.CHECK_SECONDS", 0.2)
    released, begun = threading.Event(), []

    def hang(_settings: Settings) -> HostFinding:
        begun.append(1)
        released.wait(20)
        return HostFinding("")

    monkeypatch.setattr("gateway.health.disk_space", hang)
    try:
        for _attempt in range(2):
            answer = httpx.get(f"{plant.url}/api/health")
            assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
            assert "a drive or share may not answer" in answer.json()["detail"]
        assert begun == [1]
    finally:
        released.set()
    for _attempt in range(100):
        if httpx.get(f"{plant.url}/api/health").json()["status"] == "ok":
            return
    raise AssertionError("the share answers again and the health does not say so")


def test_liveness_asks_nobody(plant: Any) -> None:
    plant.script.asked.clear()
    assert httpx.get(f"{plant.url}/health/live").json() == {"live": True}
    assert not plant.script.asked


def test_the_welcome_page_and_the_route_list_load_nothing_from_elsewhere(plant: Any) -> None:
    for path in ("/", "/docs", "/docs/api"):
        answer = httpx.get(f"{plant.url}{path}", timeout=60.0)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/html")
        assert "http://" not in answer.text
        assert "https://" not in answer.text
    assert "/api/predict" in httpx.get(f"{plant.url}/docs").text
    assert httpx.get(f"{plant.url}/openapi.json").json()["info"]["title"] == "Routing-ML API"
