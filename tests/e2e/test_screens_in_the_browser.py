"""Every screen: nothing that axe finds, nothing beside the page, no holes at five widths, one language."""

from __future__ import annotations

import os
import re
import socket

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser_steps import HEIGHT, ROOT, SCREENS
from tests.e2e.conftest import PageIn
from tests.e2e.looks import INTERNAL_WORDS, beside, check_accessibility, english_in, holes, korean_controls, outside
from tests.support.running_system import RunningSystem

PATHS = {
    "master-data": "/master-data",
    "routing": "/routing",
    "algorithm": "/algorithm",
    "data-output": "/data-output",
    "training-status": "/training-status",
    "options": "/options",
    "accounts": "/admin/accounts",
    "models": "/admin/models",
    "operations": "/admin/operations",
    "projector": "/projector",
}
WIDTHS = (2560, 1920, 1440, 1280, 1024)
PICTURED_FOLDER, PICTURED_HOST = "/srv/routing-ml", "routing-ml"
SHOW_INSTEAD = """pairs => {
  const said = text => pairs.reduce((found, [from, to]) => found.replaceAll(from, to), text)
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) walker.currentNode.data = said(walker.currentNode.data)
  document.querySelectorAll('input, textarea').forEach(one => { one.value = said(one.value) })
}"""


def fill(page: Page, screen: str) -> None:
    """Give a screen something to show."""
    if screen == "routing":
        propose(page)
        page.locator("li[data-operation]").nth(1).get_by_role("group").click(position={"x": 30, "y": 14})
        page.get_by_role("region", name="추천 근거").get_by_text("필요 확률").wait_for()
    if screen == "training-status":
        review_a_proposal(page)
    if screen == "master-data":
        page.get_by_role("textbox", name="Item Codes").fill("SLS-0000718")
        page.get_by_role("button", name="Add to tabs").click()
        page.get_by_role("group", name="Access matrix").wait_for()


def propose(page: Page) -> None:
    """Have a routing proposed from similar items on the routing screen."""
    page.get_by_label("품목 코드 목록").fill("SLS-0000718")
    page.get_by_label("유사 품목에서 추천").check()
    page.get_by_role("button", name="추천 실행").click()
    page.locator("li[data-operation]").first.wait_for()


def review_a_proposal(page: Page) -> None:
    """Save a proposed routing without one of its operations, so that the training monitor has a review to report."""
    page.goto(PATHS["routing"])
    propose(page)
    page.locator("li[data-operation]").nth(2).get_by_role("button", name=re.compile("삭제$")).click()
    page.get_by_label("그룹 이름").fill("PRECISION-LINE-A")
    page.get_by_role("button", name=re.compile(r"^저장 \(")).click()
    page.get_by_text(re.compile("그룹 .+ 저장했습니다")).first.wait_for()
    page.goto(PATHS["training-status"])
    page.get_by_role("table", name="많이 고친 공정").wait_for()


@pytest.mark.parametrize("screen", PATHS)
def test_a_screen_is_accessible_and_fits(screen: str, new_page, admin_state, whole_system: RunningSystem) -> None:  # type: ignore[no-untyped-def]
    page = new_page(state=admin_state)
    page.goto(PATHS[screen])
    page.get_by_role("heading", level=1).wait_for()
    fill(page, screen)
    expect(page.locator(".skeleton")).to_have_count(0)
    check_accessibility(page)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.wait_for_timeout(300)
        assert beside(page) == [], f"{screen} is wider than {width}"
        assert holes(page) == [], f"{screen} at {width}"
        assert outside(page) == [], f"{screen} at {width}"
        if width < 1440:
            take_picture(page, f"{screen}-{width}", whole_system)
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
    assert english_in(page) + english_in(page, "header") == []
    assert INTERNAL_WORDS.findall(page.locator("main").inner_text()) == []


def test_the_controls_of_english_screens_are_english(page_in: PageIn) -> None:
    page = page_in("en")
    for screen, path in PATHS.items():
        page.goto(path)
        page.get_by_role("heading", level=1).wait_for()
        expect(page.locator(".skeleton")).to_have_count(0)
        page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
        assert korean_controls(page) == [], screen
        for width in (1440, 1280, 1024):
            page.set_viewport_size({"width": width, "height": HEIGHT})
            page.wait_for_timeout(100)
            assert outside(page) == [], f"{screen} at {width}"


@pytest.mark.parametrize("screen", ["options", "operations", "training-status"])
def test_a_chart_that_is_drawn_late_is_no_wider_than_its_place(screen: str, new_page, admin_state) -> None:  # type: ignore[no-untyped-def]
    """Where the browser is busy, charts are drawn anew long after the window has become narrower; here never."""
    page = new_page(state=admin_state)
    page.add_init_script("window.ResizeObserver = class { observe() {} unobserve() {} disconnect() {} }")
    page.set_viewport_size({"width": 1440, "height": HEIGHT})
    page.goto(PATHS[screen])
    page.get_by_role("heading", level=1).wait_for()
    page.locator("canvas").first.wait_for()
    for width in (1280, 1024):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        assert beside(page) == [], f"{screen} is wider than {width}"


def test_the_page_before_the_log_in_is_accessible(new_page, whole_system: RunningSystem) -> None:  # type: ignore[no-untyped-def]
    page = new_page()
    page.goto("/")
    page.get_by_label("이메일").wait_for()
    check_accessibility(page)
    take_picture(page, "log-in-1280", whole_system)


def take_picture(page: Page, name: str, system: RunningSystem) -> None:
    """Store the whole page as a picture of the documents, when they are asked for; names of this machine are left out."""
    if not os.environ.get("ROUTING_ML_SCREENSHOTS"):
        return
    size = page.viewport_size
    assert size is not None
    height = max(HEIGHT, page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size(
        {"width": size["width"], "height": height}
    )  # what sticks to the window's edge stays at its end
    expect(page.locator("[aria-live=polite] .card")).to_have_count(0, timeout=10_000)  # notices have gone
    page.wait_for_timeout(300)  # what sticks is drawn again at the new height
    places = [(str(system.state), PICTURED_FOLDER), (str(ROOT), PICTURED_FOLDER), (socket.gethostname(), PICTURED_HOST)]
    page.evaluate(SHOW_INSTEAD, [list(pair) for pair in places])
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENS / f"{name}.png")
