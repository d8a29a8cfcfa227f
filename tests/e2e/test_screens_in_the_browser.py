"""Every screen: nothing serious for people with assistive technology, nothing beside the page at 1024 and 1280 pixels."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Page

from tests.e2e.browser_steps import HEIGHT, ROOT, SCREENS, log_in

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
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RULES = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa']}"


def fill(page: Page, screen: str) -> None:
    """Give a screen something to show."""
    if screen == "routing":
        page.get_by_label("품목 코드 목록").fill("SLS-0000718")
        page.get_by_role("button", name="추천 실행").click()
        page.locator("li[data-operation]").first.wait_for()
    if screen == "master-data":
        page.get_by_role("textbox", name="Item Codes").fill("SLS-0000718")
        page.get_by_role("button", name="Add to tabs").click()
        page.get_by_role("group", name="Access matrix").wait_for()


@pytest.mark.parametrize("screen", PATHS)
def test_a_screen_is_accessible_and_fits(screen: str, new_page, watched) -> None:  # type: ignore[no-untyped-def]
    if screen == "training-status":
        watched.expected_statuses.add(404)  # the demo version was trained without time profiles: no such report
    page = new_page()
    log_in(page)
    page.goto(PATHS[screen])
    page.get_by_role("heading", level=1).wait_for()
    page.wait_for_timeout(1500)
    fill(page, screen)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(f"axe.run(document, {RULES}).then((result) => result.violations)")
    serious = [
        f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found if one["impact"] in ("serious", "critical")
    ]
    assert not serious, "\n".join(serious)
    for width in (1280, 1024):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.wait_for_timeout(300)
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{screen} is {overflow} px wider than {width}"
        if os.environ.get("ROUTING_ML_SCREENSHOTS"):
            SCREENS.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=SCREENS / f"{screen}-{width}.png", full_page=True)
