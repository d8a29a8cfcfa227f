"""The work list and the canvas: what they show, in which order, how much of it at once; in both languages."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.browser_steps import LANGUAGES, said
from tests.e2e.conftest import PageIn
from tests.e2e.test_numbers_in_the_browser import propose
from tests.e2e.test_work_list_in_the_browser import client, rows, some_items

__all__ = ["client"]

UNKNOWN = "NO-SUCH-ITEM"
HEADS = {
    "ko": "상태 품목코드 품명 도면번호 사양 재질 신뢰도 경고 공정 총_시간(분) 현재_라우팅과_차이",
    "en": "State Item_code Name Drawing Specification Material Confidence Warnings Operations Minutes Against_the_current_routing",
}
CODE, DRAWING, SPEC, CONFIDENCE, WARNINGS, OPERATIONS, MINUTES = 2, 4, 5, 7, 8, 9, 10
IN_SIGHT = """all => all.filter(one => {
  const box = one.getBoundingClientRect()
  const frame = one.closest('[role=group][tabindex], .overflow-x-auto, .overflow-auto')?.getBoundingClientRect()
  const [left, right] = frame ? [frame.left, frame.right] : [0, innerWidth]
  return box.left >= left - 1 && box.right <= right + 1 && box.top >= 0 && box.bottom <= innerHeight
}).length"""


def cells(page: Page, column: int) -> list[str]:
    """What a column of the list says, top to bottom."""
    found: list[str] = rows(page).evaluate_all(f"all => all.map(row => row.cells[{column}].innerText.trim())")
    return found


def number(text: str) -> float:
    return float(text.replace(",", ""))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_list_says_what_an_item_is_and_what_is_proposed_and_is_sorted_filtered_and_exported(
    language: str, page_in: PageIn, client: httpx.Client
) -> None:
    items = some_items(client, 40)[20:25]
    codes = [item["item_code"] for item in items]
    page = page_in(language, width=1920)
    page.get_by_label(said(language, "품목 코드 목록", "Item codes")).fill("\n".join([*codes, UNKNOWN]))
    page.get_by_label(said(language, "유사 품목에서 추천", "Recommend from similar items")).check()
    page.get_by_role("button", name=said(language, "추천 실행", "Recommend"), exact=True).click()
    expect(rows(page)).to_have_count(6)
    expect(rows(page).filter(has_text=items[0]["spec"])).not_to_have_count(0)
    heads = page.locator("table:has(tr[data-row]) th").all_inner_texts()[1:]
    assert [head.strip().replace(" ", "_") for head in heads] == HEADS[language].split()

    assert cells(page, CODE)[0] == UNKNOWN  # needs attention most
    assert said(language, "품목 마스터에 없는 코드", "item master") in cells(page, WARNINGS)[0]
    for item in items:
        row = [
            cell.strip()
            for cell in page.locator(f"tr[data-row='{item['item_code']}'] td").all_inner_texts()
        ]  # fmt: skip
        assert row[SPEC] == item["spec"]
        assert re.fullmatch("[0-9]{1,3}%", row[CONFIDENCE]), row
        assert int(row[OPERATIONS]) > 0
        assert number(row[MINUTES]) > 0
    sure = page.locator("tr[data-row] td:nth-child(8) svg")
    assert sure.count() == len(codes)  # a sign beside the colour

    minutes = page.get_by_role("button", name=said(language, "총 시간(분)", "Minutes"), exact=True)
    minutes.click()
    rising = [number(text) for text in cells(page, MINUTES)]
    assert rising == sorted(rising)
    minutes.click()
    assert [number(text) for text in cells(page, MINUTES)] == sorted(rising, reverse=True)

    needs = page.get_by_role(
        "button", name=re.compile(said(language, "^확인 필요 [0-9]+$", "^Needs attention [0-9]+$"))
    )
    count = int(needs.inner_text().split()[-1])
    needs.click()
    expect(rows(page)).to_have_count(count)
    assert UNKNOWN in cells(page, CODE)
    page.get_by_role("button", name=re.compile(said(language, "^전체 6$", "^All 6$"))).click()

    drawing = cells(page, DRAWING)[0].split()[0]
    search = page.get_by_label(
        said(language, "코드·품명·도면·사양·재질 검색", "Search code, name, drawing, specification, material")
    )
    search.fill(drawing)
    expect(rows(page)).to_have_count(sum(drawing in text for text in cells(page, DRAWING)))
    search.fill("")
    expect(rows(page)).to_have_count(6)

    for code in codes[:2]:
        page.get_by_label(said(language, f"{code} 선택", f"Select {code}"), exact=True).check()
    with page.expect_download() as download:
        page.get_by_role("button", name=said(language, "파일로 내보내기", "Export to a file"), exact=True).click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    written = list(csv.DictReader(io.StringIO(text)))
    assert {row["ITEM_CD"] for row in written} == set(codes[:2])


def fifty(route: Route) -> None:
    """A real answer whose best routing is repeated until it has 50 operations."""
    answer = route.fetch()
    body = answer.json()
    first = body["items"][0]
    known = first["operations"]
    first["operations"] = [{**known[place % len(known)], "PROC_CD": f"X{place}"} for place in range(50)]
    route.fulfill(response=answer, body=json.dumps(body))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_canvas_shows_doubt_and_grows_with_the_window(language: str, page_in: PageIn) -> None:
    page = page_in(language)
    page.route("**/api/predict", fifty, times=1)
    propose(page, language)
    tabs = page.get_by_role("tablist", name=said(language, "추천 라우팅", "Recommended routings")).get_by_role("tab")
    expect(tabs.first).to_contain_text(said(language, "추천", "Proposal"))
    expect(tabs.nth(1)).to_contain_text(said(language, "대안 1", "Alternative 1"))
    cards = page.locator("li[data-operation]")
    expect(cards).to_have_count(50)
    for card in cards.all()[:8]:
        expect(card).to_contain_text(re.compile("[0-9]{1,3}%|–"))
    shares = cards.evaluate_all("all => all.filter(one => /\\d+%/.test(one.innerText)).length")
    assert shares > 25
    signs = cards.evaluate_all(
        "all => all.filter(one => /\\d+%/.test(one.innerText) && one.querySelectorAll('svg').length > 1).length"
    )
    assert signs == shares  # a sign beside the colour

    for width, least in ((1440, 6), (2560, 9)):
        page.set_viewport_size({"width": width, "height": 1080})
        cards.first.evaluate("one => one.scrollIntoView({ block: 'center' })")
        assert cards.evaluate_all(IN_SIGHT) >= least, width
        assert page.locator("header").first.evaluate("one => one.getBoundingClientRect().height") < 130
    bar = page.get_by_role("region", name=said(language, "저장 상태", "What is saved"))
    expect(page.locator("[data-candidate]").nth(49)).to_be_attached()  # a long list in a place of its own
    for place in ("0", "document.documentElement.scrollHeight"):
        page.evaluate(f"window.scrollTo(0, {place})")
        expect(bar).to_be_in_viewport(ratio=1)

    page.get_by_role("button", name=said(language, "목록", "List"), exact=True).click()
    lines = page.locator("tr[data-line]")
    expect(lines).to_have_count(50)
    lines.first.evaluate("one => one.closest('[role=group]').scrollIntoView({ block: 'start' })")
    assert lines.evaluate_all(IN_SIGHT) >= 20
