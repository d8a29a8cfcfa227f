"""Quantiles of latencies: within the relative error for any latencies, over any number of processes, and between no fixed bounds."""

from __future__ import annotations

import math
import time

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.rpc.metrics import BUCKETS
from gateway.figures import RecentRequests, bins_of
from gateway.latency_sketch import RELATIVE_ERROR, SMALLEST_SECONDS, LatencySketch, merged, sketch_of

SHARES = (0.0, 0.01, 0.5, 0.9, 0.95, 0.99, 1.0)
LATENCIES = st.lists(st.floats(min_value=0, max_value=86_400, allow_nan=False), max_size=300)


def sketch_from(latencies: list[float]) -> LatencySketch:
    sketch = LatencySketch()
    for latency in latencies:
        sketch.add(latency)
    return sketch


def exact(latencies: list[float], share: float) -> float:
    """The smallest latency that at least `share` of them do not exceed."""
    return sorted(latencies)[max(0, math.ceil(share * len(latencies)) - 1)]


@settings(max_examples=200, deadline=None)
@given(LATENCIES)
def test_quantiles_are_within_the_relative_error_for_any_latencies(latencies: list[float]) -> None:
    found = sketch_from(latencies).quantiles(SHARES)
    if not latencies:
        assert found == [0.0] * len(SHARES)
        return
    for share, quantile in zip(SHARES, found, strict=True):
        assert quantile == pytest.approx(
            exact(latencies, share), rel=RELATIVE_ERROR * 1.0001, abs=SMALLEST_SECONDS * 1.01
        )


@settings(max_examples=100, deadline=None)
@given(st.lists(LATENCIES, max_size=5))
def test_several_processes_give_what_one_would(parts: list[list[float]]) -> None:
    together = merged(sketch_of(orjson.loads(orjson.dumps(sketch_from(part).as_json()))) for part in parts)
    alone = sketch_from([latency for part in parts for latency in part])
    assert together.total == alone.total
    assert together.quantiles(SHARES) == alone.quantiles(SHARES)


def test_a_sketch_of_other_buckets_is_refused() -> None:
    stored = {**sketch_from([0.1]).as_json(), "relative_error": 0.05}
    with pytest.raises(ValueError, match="others"):
        sketch_of(stored)


def test_the_dashboard_says_the_latencies_themselves_not_the_bounds_of_prometheus() -> None:
    now = time.time()
    here, there = RecentRequests(), RecentRequests()
    for milliseconds in range(101, 201):
        (here if milliseconds % 2 else there).add(milliseconds / 1000, 200, now)
    others = bins_of(orjson.loads(orjson.dumps(there.as_json())))
    figures = here.summary(others=others)
    assert (figures["requests"], figures["mean_ms"]) == (100, 150.5)
    for name, latency in (("p50_ms", 150), ("p95_ms", 195), ("p99_ms", 199)):
        assert figures[name] == pytest.approx(latency, rel=RELATIVE_ERROR)
        assert figures[name] / 1000 not in BUCKETS
    assert here.history(others=others)[-1]["p95_ms"] == figures["p95_ms"]


def test_the_figures_of_an_hour_stay_small() -> None:
    recent, start = RecentRequests(), 1_000_000.0
    for second in range(3700):
        for latency in (0.002, 0.01, 0.2):
            recent.add(latency * (1 + second % 7 / 10), 200, start + second)
    assert len(orjson.dumps(recent.as_json())) < 400_000


@given(LATENCIES, LATENCIES)
def test_a_sketch_that_has_ended_says_the_same_and_can_be_added_to(before: list[float], after: list[float]) -> None:
    ended = sketch_from(before)
    ended.end()
    assert (ended.total, ended.as_json()) == (len(before), sketch_from(before).as_json())
    for seconds in after:
        ended.add(seconds)
    assert ended.as_json() == sketch_from([*before, *after]).as_json()
