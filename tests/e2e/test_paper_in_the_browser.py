"""Routing sheets on paper: one page an item, long ones on more, whatever the names are."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.browser_steps import LANGUAGES, said
from tests.e2e.conftest import PageIn
from tests.e2e.test_bad_input_in_the_browser import LONG, MARKUP, RIGHT_TO_LEFT, lengthened
from tests.e2e.test_numbers_in_the_browser import propose

CHINESE = "精车外圆及端面（第二道工序）"
STRANGE = (MARKUP, RIGHT_TO_LEFT, LONG, CHINESE)
CATCH_PRINTING = """
window.print = () => { top.printed = { html: document.documentElement.outerHTML, times: (top.printed?.times ?? 0) + 1 } }
"""
PAGE_WIDTH = 718
"""Pixels of an A4 page between its margins."""


def strange(route: Route) -> None:
    """A real answer whose operations have strange names."""
    answer = route.fetch()
    body = answer.json()
    for routing in body["items"]:
        for place, operation in enumerate(routing["operations"]):
            operation["PROC_DESC"] = STRANGE[place % len(STRANGE)]
    route.fulfill(response=answer, body=json.dumps(body))


def on_paper(page: Page) -> str:
    """What was sent to the printer."""
    page.wait_for_function("window.printed?.times === 1")
    return str(page.evaluate("window.printed.html"))


def pages_of(page: Page, html: str) -> int:
    """How many pages it makes; nothing stands out of one at its right."""
    sheet = page.context.new_page()
    sheet.set_viewport_size({"width": PAGE_WIDTH, "height": 1000})
    sheet.set_content(html)
    sheet.emulate_media(media="print")
    assert sheet.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    pages = len(re.findall(rb"/Type\s*/Page\b", sheet.pdf(prefer_css_page_size=True)))
    sheet.close()
    return pages


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_selected_items_are_printed_a_page_each(language: str, page_in: PageIn) -> None:
    codes, without = ["SLS-0000718", "SLS-0000711"], "SLS-0000719"
    page = page_in(language)
    page.add_init_script(CATCH_PRINTING)
    page.reload()
    page.get_by_label(said(language, "품목 코드 목록", "Item codes")).fill("\n".join([*codes, without]))
    page.get_by_label(said(language, "유사 품목에서 추천", "Recommend from similar items")).check()
    page.get_by_role("button", name=said(language, "추천 실행", "Recommend"), exact=True).click()
    expect(page.locator("tr[data-row]")).to_have_count(3)
    expect(page.locator("tr[data-row]").first.locator("td").nth(3)).not_to_be_empty()
    page.get_by_label(said(language, "보이는 품목 모두 선택", "Select all items shown")).check()
    operations = page.locator("li[data-operation]").count()
    page.get_by_role("button", name=said(language, "인쇄", "Print"), exact=True).click()
    left_out = said(language, f"라우팅이 없어 뺀 품목: {without}", f"Left out, without a routing: {without}")
    expect(page.get_by_text(left_out)).to_be_visible()
    html = on_paper(page)
    for code in codes:
        assert f"{said(language, '라우팅 시트', 'Routing sheet')} · {code}" in html
    assert f"{said(language, '합계', 'Total')} ({said(language, '분', 'min')})" in html
    assert html.count("<tr>") >= operations + 2 * 2
    assert pages_of(page, html) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_strange_names_are_printed_as_they_are_written(language: str, page_in: PageIn) -> None:
    page = page_in(language)
    page.add_init_script(CATCH_PRINTING)
    page.reload()
    page.on("dialog", lambda dialog: pytest.fail(f"markup was run: {dialog.message}"))
    page.route("**/api/predict", strange, times=1)
    propose(page, language)
    page.get_by_role("button", name=said(language, "인쇄", "Print"), exact=True).click()
    html = on_paper(page)
    shown = page.locator("li[data-operation]").count()
    for name in STRANGE[: min(shown, len(STRANGE))]:
        assert name.replace("<", "&lt;").replace(">", "&gt;") in html
    assert "<img" not in html
    assert pages_of(page, html) <= 2  # names of 200 letters take four lines each


def test_300_operations_go_over_several_pages_with_their_head_on_each(page_in: PageIn) -> None:
    page = page_in("ko")
    page.add_init_script(CATCH_PRINTING)
    page.reload()
    page.route("**/api/predict", lengthened, times=1)
    propose(page, "ko")
    expect(page.locator("li[data-operation]")).to_have_count(300)
    page.get_by_role("button", name="인쇄", exact=True).click()
    html = on_paper(page)
    assert "table-header-group" in html
    assert pages_of(page, html) > 5
