"""What operators watch over REST: metrics, audit log, processes, dashboard and its stream."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from common import errors
from gateway.event_streams import EACH, EventStreams
from protos.aggregate.v1 import aggregate_pb2
from protos.auth.v1 import auth_pb2
from protos.settings.v1 import settings_pb2
from tests.support.patience import wait_until

CURVE = [{"ef_search": 64, "recall": 0.999, "latency_ms": 0.2}, {"ef_search": 16, "recall": 0.9, "latency_ms": 0.1}]


def activate(plant: Any, services: Any, folder: Path) -> None:
    """Make a version with a measured curve active in the gateway."""
    path = folder / "manifest.json"
    path.write_text(json.dumps({"metadata": {"recall_curve": CURVE, "default_ef_search": 64}}), encoding="utf-8")
    state = services.control_state(manifest_path=str(path))
    state.revision = plant.script.state.revision + 1
    plant.script.state.CopyFrom(state)
    for _attempt in range(500):
        if plant.client().get("/api/models/active/features").status_code == 200:
            return
        time.sleep(0.01)
    raise AssertionError("the gateway did not take over the version")


def test_metrics_repeat_the_last_time_summary_and_the_used_caches(plant: Any) -> None:
    figure = aggregate_pb2.CacheFigures(name="routing", version="t1", hits=3, misses=1, last_fetch=1_700_000_000.0)
    plant.script.answers["SnapshotInfo"] = aggregate_pb2.SnapshotInfoResponse(tag="t1", caches=[figure])
    plant.script.answers["SummarizeTimes"] = aggregate_pb2.SummarizeTimesResponse(process_counts=[2])
    client = plant.client()
    client.post("/api/time/summary", json={"item_code": "A-1"})
    for _attempt in range(300):
        body = client.get("/api/metrics").json()
        if body["cache"]["routing"]["stats"]["hits"]:
            break
        time.sleep(0.02)  # figures of the snapshot are kept for a second
    assert (body["item_code"], body["process_count"]) == ("A-1", 2)
    assert body["cache"]["routing"]["stats"] == {"hits": 3, "misses": 1, "requests": 4, "hit_rate": 0.75}
    assert body["cache_versions"] == {"item_master": "v0", "routing": "t1"}


def test_ui_events_are_recorded_also_before_log_in(plant: Any) -> None:
    plant.script.answers["RecordAudit"] = auth_pb2.RecordAuditResponse(stored=True)
    answer = plant.client("").post("/api/audit/ui", json={"action": "x", "payload": {"menu": "routing"}})
    assert (answer.status_code, answer.content) == (204, b"")
    asked = plant.script.last("RecordAudit")
    assert (asked.action, asked.client_host) == ("ui.x", "127.0.0.1")
    assert json.loads(asked.payload_json) == {"menu": "routing"}
    missing = plant.client("").post("/api/audit/ui", json={})
    assert (missing.status_code, missing.json()["detail"][0]["loc"]) == (422, ["body", "action"])


def test_the_audit_log_is_for_administrators(plant: Any) -> None:
    event = auth_pb2.AuditEvent(id=4, at=1_700_000_000.0, action="auth.login", payload_json='{"a": 1}')
    plant.script.answers["ListAudit"] = auth_pb2.ListAuditResponse(events=[event], total=9)
    body = plant.client("admin").get("/api/audit/events", params={"action": "auth.", "limit": 1}).json()
    assert (body["total"], body["items"][0]["payload"], body["items"][0]["username"]) == (9, {"a": 1}, None)
    assert plant.script.last("ListAudit").action == "auth."
    assert plant.client("user").get("/api/audit/events").status_code == 403


def test_the_status_names_every_process_and_those_that_do_not_answer(plant: Any) -> None:
    follower = settings_pb2.Subscriber(process="ann", instance="ann-1", confirmed_revision=4, lag_ms=1.23456)
    plant.script.answers["Subscribers"] = settings_pb2.SubscribersResponse(subscribers=[follower], revision=5)
    plant.run(plant.stop_service("trainer"))
    try:
        body = plant.client().get("/api/system/status").json()
    finally:
        plant.run(plant.start_service("trainer"))
    by_name = {one["process"]: one for one in body["processes"]}
    assert set(by_name) == {"gateway", "ann", "aggregate", "auth", "trainer"}
    assert not by_name["trainer"]["ok"]
    assert by_name["trainer"]["detail"]
    assert by_name["ann"]["ok"]
    assert by_name["gateway"]["resident_bytes"] > 0
    assert body["revision"] == 5
    assert body["subscribers"][0]["lag_ms"] == 1.235
    assert "model" in body["checks"]


def test_the_status_is_told_while_nothing_answers(plant: Any) -> None:
    plant.script.answers["Subscribers"] = errors.DataProblem("x")
    answer = plant.client().get("/api/system/status")
    assert (answer.status_code, answer.json()["subscribers"]) == (200, [])


def test_features_of_the_active_model_and_the_measured_curve(plant: Any, services: Any, tmp_path: Path) -> None:
    activate(plant, services, tmp_path)
    assert plant.client().get("/api/models/active/features").json() == {
        "weights": {"OUTDIAMETER": 2.5, "ITEM_CD": 0.0},
        "active_features": {"OUTDIAMETER": True, "ITEM_CD": False},
        "profiles": ["default", "geometry-focus"],
    }
    body = plant.client().get("/api/system/search").json()
    assert [point["ef_search"] for point in body["curve"]] == [16, 64]
    assert (body["ef_search"], body["default_ef_search"], body["cache_entries"]) == (None, 64, 10_000)
    assert (body["model_version"], body["revision"]) == ("v1", 7)


def test_the_search_settings_are_shown_while_no_search_answers(plant: Any) -> None:
    plant.script.answers["Info"] = errors.DataProblem("x")
    answer = plant.client().get("/api/system/search")
    assert (answer.status_code, answer.json()["current_ef_search"]) == (200, None)


def test_the_dashboard_shows_latency_history_caches_and_snapshot(plant: Any) -> None:
    client = plant.client()
    client.get("/api/metrics")
    body = client.get("/api/system/dashboard").json()
    assert body["latency"]["requests"] >= 1
    assert body["history"][-1]["requests"] >= 1
    assert body["search_cache"]["hit_rate"] == 0.0
    assert body["snapshot"]["tag"] == "t1"
    assert set(body["tables"]) == {"item_master", "routing"}


def test_the_dashboard_is_shown_while_search_and_snapshot_do_not_answer(plant: Any) -> None:
    plant.script.answers["Info"] = errors.DataProblem("x")
    answer = plant.client().get("/api/system/dashboard")
    assert (answer.status_code, answer.json()["search_cache"]) == (200, {})


def first_event(answer: httpx.Response) -> dict[str, Any]:
    """The data of the stream's first event."""
    for line in answer.iter_lines():
        if line.startswith("data: "):
            event: dict[str, Any] = json.loads(line.removeprefix("data: "))
            return event
    raise AssertionError("the stream ended without an event")


def test_the_stream_sends_the_dashboard_with_its_newest_history(plant: Any) -> None:
    plant.client().get("/api/metrics")
    with plant.client().stream("GET", "/api/system/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        event = first_event(answer)
    assert {"latency", "history", "search_cache", "model_version"} <= set(event)
    assert len(event["history"]) <= 4


def test_the_stream_is_for_people_who_are_logged_in(plant: Any) -> None:
    assert plant.client("").get("/api/system/events").status_code == 401


def test_one_person_has_so_many_streams_and_closed_ones_make_room(plant: Any) -> None:
    with contextlib.ExitStack() as streams:
        client = streams.enter_context(plant.client())
        open_streams = []  # a stream is closed with what reads its lines
        for _ in range(EACH):
            open_streams.append(streams.enter_context(client.stream("GET", "/api/system/events")).iter_lines())
            assert next(open_streams[-1]).startswith("retry")
        with client.stream("GET", "/api/system/events") as refused:
            assert (refused.status_code, refused.headers["x-error-reason"]) == (503, "TOO_MANY_STREAMS")
            assert int(refused.headers["retry-after"]) > 0
        with plant.client("admin").stream("GET", "/api/system/events") as other:
            assert first_event(other)
    wait_until(lambda: _opens(plant), 20, lambda: "a place that was left is not taken")


def _opens(plant: Any) -> bool:
    with plant.client().stream("GET", "/api/system/events") as answer:
        return bool(answer.status_code == 200)


async def test_all_streams_send_what_was_put_together_once() -> None:
    now, made = [0.0], 0

    async def make() -> bytes:
        nonlocal made
        made += 1
        await asyncio.sleep(0)
        if made == 3:
            raise ValueError("nobody answers")
        return b"news %d" % made

    streams = EventStreams(clock=lambda: now[0])
    assert set(await asyncio.gather(*(streams.news(make, 1.0) for _ in range(50)))) == {b"news 1"}
    now[0] = 0.9
    assert await streams.news(make, 1.0) == b"news 1"
    now[0] = 1.0
    assert await streams.news(make, 1.0) == b"news 2"
    now[0] = 2.0
    with pytest.raises(ValueError, match="nobody"):
        await streams.news(make, 1.0)
    assert await streams.news(make, 1.0) == b"news 4"


def test_the_stream_ends_with_its_session(plant: Any, services: Any) -> None:
    token = services.token_for("a@b.c", "user", session="stream")
    headers = {"authorization": f"Bearer {token}"}
    with httpx.stream("GET", f"{plant.url}/api/system/events", headers=headers, timeout=20) as answer:
        lines = answer.iter_lines()
        assert any(line.startswith("data: ") for line in lines)
        state = plant.script.state
        state.revocations.session_ids.append("stream")
        state.revocations.expires_at.append(time.time() + 3600)
        state.revision += 1
        assert len(list(lines)) < 20


@pytest.mark.parametrize(
    "path", ["models/active/features", "system/status", "system/dashboard", "system/search", "metrics"]
)
def test_figures_are_for_people_who_are_logged_in(plant: Any, path: str) -> None:
    assert plant.client("").get(f"/api/{path}").status_code == 401


def test_a_stream_does_not_hold_up_the_end_of_the_gateway(services: Any, tmp_path: Path) -> None:
    own = services.Plant(tmp_path / "own", stop_grace_seconds=60.0)
    own.script.answers["SnapshotInfo"] = aggregate_pb2.SnapshotInfoResponse(tag="t1")
    own.script.answers["Info"] = services.info()
    own.start()
    with own.client().stream("GET", "/api/system/events") as answer:
        assert first_event(answer)["snapshot"]["tag"] == "t1"
        own.stop()  # gives up after 20 seconds
