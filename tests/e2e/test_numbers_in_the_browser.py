"""Numbers as people write them, in every kind of field: thousands, decimals, percent, limits, cleared and written anew."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from tests.e2e.browser_steps import LANGUAGES, SETTINGS, body_of, said
from tests.e2e.conftest import PageIn
from tests.support.running_system import RunningSystem

ITEM = "SLS-0000718"


def propose(page: Page, language: str) -> None:
    """Recommend for one item from similar ones."""
    page.get_by_label(said(language, "품목 코드 목록", "Item codes")).fill(ITEM)
    page.get_by_label(said(language, "유사 품목에서 추천", "Recommend from similar items")).check()
    page.get_by_role("button", name=said(language, "추천 실행", "Recommend"), exact=True).click()
    page.locator("li[data-operation]").first.wait_for()


def write_anew(field: Locator, text: str) -> None:
    """Clear a field with the keyboard and write into it, key by key."""
    field.focus()
    expect(field).to_be_focused()
    field.press("ControlOrMeta+a")
    field.press("Delete")
    expect(field).to_have_value("")
    field.press_sequentially(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_times_are_read_as_the_screen_prints_them_and_limits_are_said(language: str, page_in: PageIn) -> None:
    page = page_in(language)
    propose(page, language)
    first = page.locator("li[data-operation]").first
    first.get_by_role("button", name=re.compile(said(language, "시간 편집", "Edit times"))).click()
    editor = page.get_by_role("dialog")
    run = editor.get_by_label(said(language, "가공 (분)", "Run (min)"))
    apply = editor.get_by_role("button", name=said(language, "적용", "Apply"), exact=True)
    for wrong, told in [
        ("1,5", said(language, "쉼표는 천 단위", "thousands")),
        ("999,999,999", "525,600"),
        ("-1", "525,600"),
        ("abc", said(language, "숫자", "number")),
    ]:
        write_anew(run, wrong)
        expect(editor.get_by_role("alert")).to_contain_text(told)
        apply.click()
        expect(run).to_be_focused()
    for right, shown in [("1,234.5", "1,234.5"), ("１２", "12"), ("1234", "1,234")]:
        write_anew(run, right)
        expect(editor.get_by_role("alert")).to_have_count(0)
        run.press("Enter")
        expect(editor).to_have_count(0)
        expect(first).to_contain_text(shown)
        first.get_by_role("group").press("Enter")
        expect(run).to_have_value(shown)


@pytest.mark.parametrize("language", LANGUAGES)
def test_top_k_is_cleared_and_written_anew_and_a_wrong_one_asks_for_nothing(language: str, page_in: PageIn) -> None:
    page = page_in(language)
    page.get_by_label(said(language, "품목 코드 목록", "Item codes")).fill(ITEM)
    most = page.get_by_label("Top K")
    least = page.get_by_label(said(language, "최소 유사도 (%)", "Minimum similarity (%)"))
    asked: list[Request] = []
    page.on("request", lambda one: asked.append(one) if one.url.endswith("/api/predict") else None)
    run = page.get_by_role("button", name=said(language, "추천 실행", "Recommend"), exact=True)
    for wrong in ("51", "0", "2.5", ""):
        most.fill(wrong)
        run.click()
        expect(most).to_be_focused()
    assert asked == []
    write_anew(most, "7")
    write_anew(least, "45.5")
    run.click()
    page.locator("li[data-operation]").first.wait_for()
    sent = body_of(asked[0])
    assert (sent["top_k"], sent["similarity_threshold"]) == (7, 0.455)


@pytest.mark.parametrize("language", LANGUAGES)
def test_shares_of_the_settings_are_percent_and_nothing_is_stored_beside_a_wrong_number(
    language: str, page_in: PageIn, whole_system: RunningSystem
) -> None:
    page = page_in(language, "/options")
    high = page.get_by_label(said(language, "유사도 높음 등급 기준 (%)", "Similarity of tier HIGH (%)"))
    cache = page.get_by_label(said(language, "인코더 캐시 크기", "Encoder cache"))
    save = page.get_by_role("button", name=said(language, "변경 저장", "Save changes"), exact=True)
    with whole_system.admin() as client:
        before = client.get(SETTINGS).json()
        try:
            write_anew(high, "87.5")
            cache.fill("60,000")
            save.click()
            expect(cache).to_be_focused()
            page.keyboard.press("ControlOrMeta+s")
            expect(cache).to_be_focused()
            assert client.get(SETTINGS).json()["revision"] == before["revision"]
            write_anew(cache, "12,345")
            page.keyboard.press("ControlOrMeta+s")
            expect(
                page.get_by_text(re.compile(said(language, "설정을 저장했습니다", "Settings saved")))
            ).to_be_visible()
            now = client.get(SETTINGS).json()
            assert now["predictor"]["similarity_high_threshold"] == 0.875
            assert now["search"]["cache_entries"] == 12_345
            page.reload()
            expect(high).to_have_value("87.5")
            expect(cache).to_have_value("12,345")
        finally:
            change = {"predictor": before["predictor"], "search": before["search"]}
            client.patch("/api/workflow/graph", json=change).raise_for_status()


def test_an_option_of_a_node_is_cleared_to_its_default_and_a_share_is_percent(admin_page: Page) -> None:
    admin_page.goto("/algorithm")
    admin_page.locator('.react-flow__node[data-id="index"]').click()
    breadth = admin_page.get_by_role("textbox", name="구축 탐색 폭")
    write_anew(breadth, "1,0")
    expect(admin_page.get_by_role("alert")).to_contain_text("쉼표")
    admin_page.keyboard.press("ControlOrMeta+s")
    expect(breadth).to_be_focused()
    write_anew(breadth, "120")
    expect(admin_page.get_by_text("저장하지 않은 변경")).to_be_visible()
    breadth.press("ControlOrMeta+a")
    breadth.press("Delete")
    expect(breadth).to_have_value("")
    expect(breadth).to_have_attribute("placeholder", re.compile("[0-9]"))
    admin_page.get_by_role("button", name="저장된 상태로").click()


@pytest.mark.parametrize("language", LANGUAGES)
def test_constants_defaults_and_lists_of_an_output_column_are_written_key_by_key(  # type: ignore[no-untyped-def]
    language: str, page_in: PageIn, watched
) -> None:
    watched.expected_statuses.update({400, 422})  # a default without a type that fits, while it is written
    page = page_in(language, "/data-output")
    page.get_by_role("button", name="New", exact=True).click()
    column = "SETUP_TIME"
    page.get_by_label(f"{column}: Type", exact=True).select_option("number")
    page.get_by_role("button", name=said(language, f"{column} 상세 설정", f"Details of {column}"), exact=True).click()
    default = page.get_by_label(said(language, "기본값", "Default"), exact=True)
    values = page.get_by_label(said(language, "허용 값 (콤마로 구분)", "Admitted values (comma separated)"))
    default.press_sequentially("0.05")
    expect(default).to_have_value("0.05")
    values.press_sequentially("A, B,C")
    expect(values).to_have_value("A, B,C")
    write_anew(default, "1,500.25")

    def written(request: Request) -> bool:
        if not request.url.endswith("/preview"):
            return False
        columns = body_of(request)["profile"]["columns"]
        one = next(one for one in columns if one["name"] == column)
        return bool(one["default"] == 1500.25 and one["values"] == ["A", "B", "C", "D"])

    values.press("End")
    with page.expect_request(written):
        page.keyboard.type(",D")
    page.get_by_role("button", name=said(language, "변경 버리기", "Discard changes")).first.click()
