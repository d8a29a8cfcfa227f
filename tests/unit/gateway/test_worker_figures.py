"""Several gateway processes as one: dashboard, last evaluations, and Prometheus figures with process and worker."""

from __future__ import annotations

import asyncio
import os
import time
import tracemalloc
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from common.prometheus_text import ProcessFigures, merged_text
from gateway import worker_figures
from gateway.figures import RecentRequests
from gateway.last_answers import LastAnswers
from gateway.worker_figures import SharedFigures, read_figures

TEXT = """# HELP routing_http_requests_total Requests answered
# TYPE routing_http_requests_total counter
routing_http_requests_total{method="GET",route="/x",status="200"} %d
# HELP routing_http_requests_created Requests answered
# TYPE routing_http_requests_created gauge
routing_http_requests_created{method="GET",route="/x",status="200"} 1.0
"""


def leave(folder: Path, instance: str, recent: RecentRequests, last: LastAnswers) -> None:
    """Let a process leave its figures once, and not end."""

    async def run() -> None:
        shared = SharedFigures(folder, instance, recent, last)
        await shared.start()
        for _attempt in range(500):
            if shared._own.exists():
                break
            await asyncio.sleep(0.01)
        assert shared._task is not None
        shared._task.cancel()

    asyncio.run(run())


def test_history_and_latency_are_those_of_all_processes(tmp_path: Path) -> None:
    now = time.time()
    here, there = RecentRequests(), RecentRequests()
    here.add(0.004, 200, now)
    there.add(0.9, 500, now)
    there.add(0.004, 404, now - 60)
    leave(tmp_path, "gateway-8000-1", there, LastAnswers())
    others = [one for worker in read_figures(tmp_path, "gateway-8000-0") for one in worker.bins]
    assert here.summary(others=others)["requests"] == 3
    assert here.summary(others=others)["error_rate"] == pytest.approx(1 / 3)
    history = here.history(others=others)
    assert [one["requests"] for one in history] == [1, 2]
    assert history[0]["at"] < history[1]["at"]
    assert here.summary()["requests"] == 1


def test_the_newest_evaluation_of_each_kind_counts_whichever_process_made_it(tmp_path: Path) -> None:
    here, there = LastAnswers(), LastAnswers()
    here.rules_checked("A", 5, 1, "r1")
    there.times_summed("B", 3, {"setup_time": 30.0})
    leave(tmp_path, "gateway-8001", RecentRequests(), there)
    figures = here.figures(one for worker in read_figures(tmp_path, "gateway-8000") for one in worker.last)
    assert (figures["evaluated_rules"], figures["process_count"], figures["total_setup_time"]) == (5, 3, 30.0)
    assert figures["item_code"] == "B"
    assert here.figures()["process_count"] == 0


def test_a_process_that_is_gone_or_of_another_program_version_is_left_out(tmp_path: Path) -> None:
    leave(tmp_path, "gateway-8000-1", RecentRequests(), LastAnswers())
    assert len(read_figures(tmp_path)) == 1
    assert read_figures(tmp_path, "gateway-8000-1") == []
    (tmp_path / "gateway-8000-2.figures.json").write_text('{"instance": "gateway-8000-2"}', encoding="utf-8")
    (tmp_path / "gateway-8000-3.figures.json").write_text("{", encoding="utf-8")
    left = tmp_path / "gateway-8000-1.figures.json"
    bins = '"bins":[{"start":1,"counts":[1],"total_seconds":1,"failed":0,"refused":0}]'
    older = left.read_text(encoding="utf-8").replace('"bins":[]', bins)
    assert older != left.read_text(encoding="utf-8")
    (tmp_path / "gateway-8000-4.figures.json").write_text(older, encoding="utf-8")
    assert len(read_figures(tmp_path)) == 1
    old = time.time() - worker_figures.FORGOTTEN_SECONDS - 1
    os.utime(tmp_path / "gateway-8000-1.figures.json", (old, old))
    assert read_figures(tmp_path) == []


def test_a_full_disk_costs_the_figures_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_source: object, _target: object) -> None:
        raise OSError(28, "No space left on device")

    shared = SharedFigures(tmp_path, "gateway-8000", RecentRequests(), LastAnswers())
    monkeypatch.setattr(os, "replace", full)
    shared._leave(b"{}")
    assert list(tmp_path.iterdir()) == []


def test_samples_of_all_processes_are_kept_apart_by_labels() -> None:
    text = merged_text([ProcessFigures("gateway", "gateway-8000", TEXT % 3), ProcessFigures("ann", "ann-1", TEXT % 4)])
    families = list(text_string_to_metric_families(text))
    assert [family.name for family in families] == ["routing_http_requests"]
    assert {(s.labels["process"], s.labels["worker"], s.value) for s in families[0].samples} == {
        ("gateway", "gateway-8000", 3.0),
        ("ann", "ann-1", 4.0),
    }


def test_an_hour_of_figures_takes_little_memory() -> None:
    recent = RecentRequests()
    tracemalloc.start()
    try:
        for number in range(6000):
            recent.add(0.001 * 1.1 ** (number % 97), 200, at=number / 10)
        taken, _most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken / 60 < 4_000  # bytes a bin, of which there are 360
