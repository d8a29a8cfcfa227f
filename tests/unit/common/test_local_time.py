"""Moments as people read them, and as `--since` takes them back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from cli.care.log_lines import in_words, moment_of
from common.local_time import local_time


@pytest.fixture(params=["UTC", "Asia/Seoul", "America/St_Johns"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The time zone of the machine."""
    if not hasattr(time, "tzset"):
        pytest.skip("the zone of a process cannot be set on Windows")
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield str(request.param)
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("zone")
def test_a_moment_says_its_distance_from_utc_and_comes_back_from_since() -> None:
    moment = datetime(2026, 11, 30, 5, 30, 1, 250_000, tzinfo=UTC)
    shown = local_time(moment, "milliseconds")
    assert moment_of(shown) == moment
    assert moment_of(local_time(moment.timestamp(), "seconds")) == moment.replace(microsecond=0)
    line = {"at": "2026-11-30T05:30:01.250Z", "event": "x"}
    assert in_words(line).startswith(shown)


def test_korean_time_is_nine_hours_ahead_and_never_is_empty(zone: str) -> None:
    if zone == "Asia/Seoul":
        assert local_time(datetime(2026, 11, 30, 5, 30, tzinfo=UTC)) == "2026-11-30 14:30+09:00"
    assert local_time(0.0) == ""
