"""A finger does what the mouse does: cards, candidates, columns, nodes; and lists still scroll under it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import CDPSession, FloatRect, Locator, Page, expect

from tests.e2e.browser_steps import LANGUAGES, said
from tests.e2e.conftest import PageIn
from tests.e2e.test_numbers_in_the_browser import propose
from tests.e2e.test_planner_in_the_browser import codes, expect_codes


class Finger:
    """One finger on the screen of a page."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._touch: CDPSession = page.context.new_cdp_session(page)

    def _send(self, kind: str, x: float, y: float) -> None:
        points = [] if kind == "touchEnd" else [{"x": x, "y": y}]
        self._touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def drag(self, start: tuple[float, float], end: tuple[float, float], *, rest: int = 400) -> None:
        """Move from a place to another, resting `rest` milliseconds at the first."""
        self._send("touchStart", *start)
        self._page.wait_for_timeout(rest)
        for step in range(1, 11):
            x, y = (first + (last - first) * step / 10 for first, last in zip(start, end, strict=True))
            self._send("touchMove", x, y)
        self._page.wait_for_timeout(50)
        self._send("touchEnd", *end)


def box_of(what: Locator) -> FloatRect:
    """Where something is, once it is in view."""
    what.scroll_into_view_if_needed()
    box = what.bounding_box()
    assert box is not None
    return box


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_candidate_is_dragged_onto_the_canvas_and_a_card_along_it(language: str, page_in: PageIn) -> None:
    page = page_in(language, touch=True, height=1400)
    propose(page, language)
    before = codes(page)
    finger = Finger(page)
    candidate = page.locator("[data-candidate]").nth(1)
    code = candidate.get_attribute("data-candidate") or ""
    start, target = box_of(candidate), box_of(page.locator("li[data-operation]").nth(2))
    start = box_of(candidate)
    finger.drag((start["x"] + 40, start["y"] + 14), (target["x"] + 8, target["y"] + 40))
    expect_codes(page, [*before[:2], code, *before[2:]])
    first, second = (box_of(page.locator("li[data-operation]").nth(place)) for place in (0, 1))
    finger.drag((first["x"] + 40, first["y"] + 16), (second["x"] + 40, second["y"] + 16))
    expect_codes(page, [before[1], before[0], code, *before[2:]])
    page.get_by_role("button", name="Undo", exact=True).tap()
    page.get_by_role("button", name="Undo", exact=True).tap()
    expect_codes(page, before)


def test_a_finger_that_moves_at_once_scrolls_the_canvas_and_moves_no_card(page_in: PageIn) -> None:
    page = page_in("ko", touch=True, width=1024)
    propose(page, "ko")
    before = codes(page)
    place = box_of(page.locator("li[data-operation]").nth(2))
    x, y = place["x"] + 40, place["y"] + 16
    Finger(page).drag((x, y), (x - 250, y), rest=0)
    expect_codes(page, before)
    scrolled = "document.querySelector('li[data-operation]').closest('ol').parentElement.scrollLeft"
    page.wait_for_function(f"{scrolled} > 50")


def test_a_card_is_opened_edited_and_removed_by_taps(page_in: PageIn) -> None:
    page = page_in("ko", touch=True)
    propose(page, "ko")
    before = codes(page)
    first = page.locator("li[data-operation]").first
    first.get_by_role("button", name="시간 편집").tap()
    editor = page.get_by_role("dialog")
    editor.get_by_label("가공 (분)").fill("1,500")
    editor.get_by_role("button", name="적용", exact=True).tap()
    expect(first).to_contain_text("1,500")
    first.get_by_role("button", name=re.compile("삭제$")).tap()
    expect_codes(page, before[1:])
    page.get_by_role("button", name="목록", exact=True).tap()
    page.locator("tr[data-line]").first.get_by_role("button", name=re.compile("아래로$")).tap()
    page.get_by_role("button", name="타임라인", exact=True).tap()
    expect_codes(page, [before[2], before[1], *before[3:]])


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_output_column_is_moved_and_a_node_added_and_moved(language: str, page_in: PageIn) -> None:
    page = page_in(language, "/data-output", touch=True)
    finger = Finger(page)
    page.get_by_role("button", name="New", exact=True).tap()
    handles = page.get_by_role("button", name=re.compile(said(language, "순서 변경$", "^Move ")))
    names = [handles.nth(place).get_attribute("aria-label") for place in (0, 1)]
    first, second = box_of(handles.nth(0)), box_of(handles.nth(1))
    first = box_of(handles.nth(0))
    middle = first["x"] + first["width"] / 2
    finger.drag((middle, first["y"] + 8), (middle, second["y"] + second["height"]))
    expect(handles.nth(0)).to_have_attribute("aria-label", names[1] or "")
    expect(handles.nth(1)).to_have_attribute("aria-label", names[0] or "")
    page.get_by_role("button", name=said(language, "변경 버리기", "Discard changes")).first.tap()

    page.goto("/algorithm")
    nodes = page.locator(".react-flow__node")
    expect(nodes).not_to_have_count(0)
    before = nodes.count()
    node = page.locator('.react-flow__node[data-id="loader"]')
    place = box_of(node)
    x, y = place["x"] + place["width"] / 2, place["y"] + 10
    finger.drag((x, y), (x + 60, y + 90), rest=100)
    expect(page.get_by_text(said(language, "저장하지 않은 변경", "Unsaved changes"))).to_be_visible()
    usable = page.locator("button[draggable=true]").first
    usable.tap()
    expect(nodes).to_have_count(before + 1)
    page.get_by_role("button", name=said(language, "저장된 상태로", "Back to saved")).tap()
    expect(nodes).to_have_count(before)


def test_the_work_list_is_reviewed_and_saved_by_taps(page_in: PageIn, watched) -> None:  # type: ignore[no-untyped-def]
    watched.expected_statuses.add(409)
    page = page_in("ko", touch=True)
    page.get_by_label("품목 코드 목록").fill("SLS-0000718\nSLS-0000711")
    page.get_by_label("유사 품목에서 추천").check()
    page.get_by_role("button", name="추천 실행").tap()
    rows = page.locator("tr[data-row]")
    expect(rows).to_have_count(2)
    rows.nth(1).tap()
    expect(page.locator("tr[aria-current]")).to_have_attribute("data-row", rows.nth(1).get_attribute("data-row") or "")
    page.get_by_label("보이는 품목 모두 선택").tap()
    page.get_by_role("button", name="선택한 2건 검토 완료").tap()
    page.get_by_role("button", name="검토한 2건 저장").tap()
    expect(page.get_by_text("라우팅 2건을 저장했습니다.")).to_be_visible()
