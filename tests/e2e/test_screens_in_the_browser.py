"""Every screen: nothing serious for people with assistive technology, nothing beside the page at 1024 and 1280 pixels."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser_steps import HEIGHT, ROOT, SCREENS

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
def test_a_screen_is_accessible_and_fits(screen: str, new_page, admin_state) -> None:  # type: ignore[no-untyped-def]
    page = new_page(state=admin_state)
    page.goto(PATHS[screen])
    page.get_by_role("heading", level=1).wait_for()
    fill(page, screen)
    expect(page.locator(".skeleton")).to_have_count(0)
    check_accessibility(page)
    for width in (1280, 1024):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.wait_for_timeout(300)
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{screen} is {overflow} px wider than {width}"
        take_picture(page, f"{screen}-{width}")


def test_the_page_before_the_log_in_is_accessible(new_page) -> None:  # type: ignore[no-untyped-def]
    page = new_page()
    page.goto("/")
    page.get_by_label("이메일").wait_for()
    check_accessibility(page)
    take_picture(page, "log-in-1280")


def check_accessibility(page: Page) -> None:
    """Fail on what axe finds serious."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(f"axe.run(document, {RULES}).then((result) => result.violations)")
    serious = [
        f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found if one["impact"] in ("serious", "critical")
    ]
    assert not serious, "\n".join(serious)


def take_picture(page: Page, name: str) -> None:
    """Store the whole page as a picture of the documents, when they are asked for."""
    if not os.environ.get("ROUTING_ML_SCREENSHOTS"):
        return
    size = page.viewport_size
    assert size is not None
    height = max(HEIGHT, page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size(
        {"width": size["width"], "height": height}
    )  # what sticks to the window's edge stays at its end
    expect(page.locator("[aria-live=polite] .card")).to_have_count(0, timeout=10_000)  # notices have gone
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENS / f"{name}.png")
