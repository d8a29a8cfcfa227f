"""A training as people see it: how far, how long so far, how long still."""

from __future__ import annotations

import re
import time

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import PageIn
from tests.support.patience import busyness

LONGEST = 240
LONGEST_STANDSTILL = 0.5
"""Share of a training's time that its progress may stand at one figure."""


@pytest.mark.timeout(400)
def test_progress_moves_and_elapsed_and_remaining_time_are_said(page_in: PageIn, admin: httpx.Client) -> None:
    page = page_in("ko", "/algorithm")
    page.get_by_role("button", name="실행", exact=True).click()
    run = page.get_by_role("dialog", name="학습 실행")
    run.get_by_label("버전 이름").fill("progress")
    run.get_by_role("button", name="학습 시작").click()
    run.get_by_role("progressbar").wait_for()
    expect(run).to_contain_text(re.compile("경과"))
    expect(run).to_contain_text(re.compile("남"))
    english = page_in("en", "/algorithm")
    began = time.monotonic()
    shown: list[tuple[float, float]] = []
    told: set[str] = set()
    said_in_english = ""
    while time.monotonic() - began < LONGEST * busyness():
        status = admin.get("/api/trainer/status", params={"details": True}).json()
        if status["status"] != "running":
            break
        shown.append((time.monotonic() - began, float(status["progress"])))
        told.add(run.inner_text())
        bar = english.get_by_role("progressbar")
        if bar.count():
            said_in_english = english.locator("main").inner_text()
        page.wait_for_timeout(150)
    whole = time.monotonic() - began
    figures = [progress for _at, progress in shown]
    assert figures == sorted(figures)
    assert len(set(figures)) > 3, figures
    still = max(
        max(at for at, progress in shown if progress == one) - min(at for at, progress in shown if progress == one)
        for one in set(figures)
    )
    assert still < max(3.0, LONGEST_STANDSTILL * whole), f"{still:.1f} s of {whole:.1f} s at one figure"
    assert len(told) > 3, "what the dialog says stands still"
    assert re.search("elapsed|so far", said_in_english)
    assert re.search("left|remaining", said_in_english)
    expect(run).to_contain_text(re.compile("완료"), timeout=60_000)
