"""What a planner does on the routing screen, with a real mouse and keyboard, on the demo data."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.support.running_system import ADMIN_PASSWORD, RunningSystem

ITEMS = "SLS-0000718\nSLS-0000711"


def codes(page: Page) -> list[str]:
    """Process codes of the timeline, left to right."""
    cards = page.locator("li[data-operation] [data-code]")
    return [card.get_attribute("data-code") or "" for card in cards.all()]


def expect_codes(page: Page, expected: Sequence[str | None]) -> None:
    """Wait until the timeline shows these operations."""
    cards = page.locator("li[data-operation] [data-code]")
    expect(cards).to_have_count(len(expected))
    for place, code in enumerate(expected):
        expect(cards.nth(place)).to_have_attribute("data-code", code or "")


def recommend(page: Page, items: str = ITEMS) -> None:
    """Recommend from similar items."""
    page.get_by_label("품목 코드 목록").fill(items)
    page.get_by_label("유사 품목에서 추천").check()
    page.get_by_role("button", name="추천 실행").click()
    page.get_by_role("tab").first.wait_for()
    page.locator("[data-candidate]").first.wait_for()


def drag(page: Page, what: Locator, x: float, y: float) -> None:
    """Drag the middle of something to a place, as a hand does: in steps."""
    what.scroll_into_view_if_needed()
    box = what.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 14)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 + 12, box["y"] + 20, steps=3)
    page.mouse.move(x, y, steps=15)
    page.mouse.up()


def card(page: Page, position: int) -> Locator:
    """The card at a position, from 1."""
    return page.locator("li[data-operation]").nth(position - 1)


def place_of(page: Page, position: int) -> FloatRect:
    """Where the card at a position is, once its whole height is in view beside the candidates."""
    page.evaluate("window.scrollTo(0, 260)")
    box = card(page, position).bounding_box()
    assert box is not None
    return box


def test_a_candidate_is_dragged_to_position_three_and_everything_can_be_undone(admin_page: Page) -> None:
    recommend(admin_page)
    before = codes(admin_page)
    wanted = admin_page.locator("[data-candidate]").nth(1)
    code = wanted.get_attribute("data-candidate")
    target = place_of(admin_page, 3)
    drag(admin_page, wanted, target["x"] + 8, target["y"] + 40)
    expect(admin_page.locator("li[data-operation]")).to_have_count(len(before) + 1)
    expect_codes(admin_page, [*before[:2], code, *before[2:]])
    expect(admin_page.get_by_test_id("unsaved-mark")).to_contain_text("저장하지 않은")

    first, third = card(admin_page, 1), place_of(admin_page, 3)
    drag(admin_page, first, third["x"] + third["width"] / 2, third["y"] + 20)
    moved = [before[1], code, before[0], *before[2:]]
    expect(admin_page.locator("li[data-operation] [data-code]").nth(2)).to_have_attribute("data-code", before[0])
    expect_codes(admin_page, moved)

    for _ in range(2):
        admin_page.get_by_role("button", name="Undo").click()
    expect(admin_page.locator("li[data-operation]")).to_have_count(len(before))
    expect_codes(admin_page, before)
    for _ in range(2):
        admin_page.get_by_role("button", name="Redo").click()
    expect(admin_page.locator("li[data-operation]")).to_have_count(len(before) + 1)
    expect_codes(admin_page, moved)


def test_an_edited_routing_is_saved_as_a_group_and_comes_back_after_a_reload(admin_page: Page) -> None:
    recommend(admin_page)
    card(admin_page, 1).get_by_role("button", name="시간 편집").click()
    editor = admin_page.get_by_role("dialog")
    expect(editor.get_by_role("table")).to_contain_text("여유")
    editor.get_by_label("가공 (분)").fill("12.5")
    editor.get_by_role("button", name="적용", exact=True).click()
    card(admin_page, 2).get_by_role("group").press("Delete")
    kept = codes(admin_page)

    admin_page.get_by_label("그룹 이름").fill("E2E-LINE")
    admin_page.get_by_role("button", name="저장 (CSV × SERVER)").click()
    expect(admin_page.get_by_text('그룹 "E2E-LINE"을(를) 저장했습니다')).to_be_visible()
    expect(admin_page.get_by_text("서버 파일:")).to_contain_text("E2E-LINE")
    expect(admin_page.get_by_test_id("unsaved-mark")).to_contain_text("변경 없음")

    admin_page.reload()
    admin_page.get_by_label("그룹 ID 불러오기").fill("E2E-LINE")
    admin_page.get_by_role("button", name="불러오기", exact=True).click()
    expect(admin_page.get_by_role("tab", selected=True)).to_contain_text("E2E-LINE")
    expect_codes(admin_page, kept)
    expect(card(admin_page, 1)).to_contain_text("12.5")


def test_the_exported_csv_holds_the_order_of_the_canvas(admin_page: Page, tmp_path: Path) -> None:
    recommend(admin_page)
    first = card(admin_page, 1).get_by_role("group")
    first.press("Alt+ArrowRight")
    shown = codes(admin_page)
    with admin_page.expect_download() as download:
        admin_page.get_by_role("button", name="로컬 저장").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
    assert [row["dbo_BI_ROUTING_VIEW_JOB_CD"] for row in rows] == shown
    assert [row["PROC_SEQ"] for row in rows] == [str(10 * (position + 1)) for position in range(len(shown))]


def test_a_routing_is_handed_to_the_erp_once_the_option_is_on(admin_page: Page, whole_system: RunningSystem) -> None:
    button = admin_page.get_by_role("button", name="INTERFACE")
    expect(button).to_be_disabled()
    with whole_system.admin() as client:
        was = client.get("/api/workflow/graph").json()["export"]
        change = {"export": {**was, "erp_interface_enabled": True, "erp_protocol": "csv"}}
        client.patch("/api/workflow/graph", json=change).raise_for_status()
        try:
            admin_page.reload()
            recommend(admin_page, "SLS-0000718")
            admin_page.get_by_label("그룹 이름").fill("E2E-ERP")
            button.click()
            dialog = admin_page.get_by_role("dialog", name="ERP 인터페이스")
            dialog.get_by_role("button", name="INTERFACE").click()
            expect(dialog.get_by_role("region", name="이 그룹의 전달 기록")).to_contain_text("전달됨")
            expect(dialog).to_contain_text("SQL 미리 보기")
        finally:
            client.patch("/api/workflow/graph", json={"export": was}).raise_for_status()


def test_unsaved_work_survives_a_reload_and_a_session_that_ends(admin_page: Page, watched) -> None:  # type: ignore[no-untyped-def]
    recommend(admin_page)
    card(admin_page, 1).get_by_role("group").press("Delete")
    left = codes(admin_page)
    admin_page.get_by_label("그룹 이름").fill("E2E-RETURN")
    admin_page.once("dialog", lambda dialog: dialog.accept())
    admin_page.reload()
    expect(admin_page.locator("li[data-operation]")).to_have_count(len(left))
    expect_codes(admin_page, left)
    expect(admin_page.get_by_test_id("unsaved-mark")).to_contain_text("저장하지 않은")

    watched.expected_statuses.add(401)
    admin_page.get_by_label("그룹 이름").fill("E2E-RETURN")
    admin_page.context.clear_cookies()
    admin_page.keyboard.press(
        "Control+s"
    )  # a click could meet the log-in dialog, should another request have opened it
    dialog = admin_page.get_by_role("dialog", name="세션이 끝났습니다")
    dialog.get_by_label("비밀번호").fill(ADMIN_PASSWORD)
    dialog.get_by_role("button", name="로그인", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(admin_page.get_by_text('그룹 "E2E-RETURN"을(를) 저장했습니다')).to_be_visible()
    expect_codes(admin_page, left)
    expect(admin_page.get_by_test_id("unsaved-mark")).to_contain_text("변경 없음")


def test_work_goes_on_while_the_server_is_away_and_is_saved_once_it_is_back(  # type: ignore[no-untyped-def]
    admin_page: Page, whole_system: RunningSystem, watched
) -> None:
    recommend(admin_page)
    admin_page.get_by_label("그룹 이름").fill("E2E-AWAY")
    watched.server_may_be_away = True
    dead = whole_system.kill("gateway")
    admin_page.keyboard.press("Control+s")
    banner = admin_page.get_by_role("alert").filter(has_text="서버에 연결할 수 없습니다")
    expect(banner.first).to_be_visible()
    card(admin_page, 1).get_by_role("group").press("Delete")
    left = codes(admin_page)
    whole_system.wait_for_restart("gateway", dead)
    expect(admin_page.get_by_text("서버에 다시 연결되었습니다")).to_be_visible(timeout=30_000)
    expect(banner).to_have_count(0)
    watched.server_may_be_away = False
    expect_codes(admin_page, left)
    admin_page.keyboard.press("Control+s")
    expect(admin_page.get_by_text('그룹 "E2E-AWAY"을(를) 저장했습니다')).to_be_visible()


def test_five_thousand_pasted_codes_are_counted_and_the_first_fifty_asked_for(admin_page: Page) -> None:
    pasted = "\n".join("" if number % 3 == 0 else f" SLS-{number % 2000:07d} " for number in range(5000))
    admin_page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    admin_page.evaluate("text => navigator.clipboard.writeText(text)", pasted)
    admin_page.get_by_label("품목 코드 목록").press("ControlOrMeta+v")
    expect(admin_page.get_by_text("품목 50건")).to_be_visible()
    with admin_page.expect_request("**/api/predict") as asked:
        admin_page.get_by_role("button", name="추천 실행").click()
    sent = json.loads(asked.value.post_data or "")["item_codes"]
    assert len(sent) == len(set(sent)) == 50
    admin_page.get_by_role("tab").first.wait_for()


def test_names_with_markup_are_shown_as_they_are_written(admin_page: Page) -> None:
    name = "<img src=x onerror=alert(1)><b>LINE</b>"
    admin_page.on("dialog", lambda dialog: pytest.fail(f"markup was run: {dialog.message}"))
    recommend(admin_page, "SLS-0000718")
    admin_page.get_by_label("그룹 이름").fill(name)
    admin_page.get_by_role("button", name="저장 (CSV × SERVER)").click()
    expect(admin_page.get_by_role("region", name="최근 저장 그룹")).to_contain_text(name)
    assert admin_page.locator("#root img, #root b >> text=LINE").count() == 0


def test_two_tabs_that_edit_one_group_are_told_of_each_other(admin_page: Page, watched) -> None:  # type: ignore[no-untyped-def]
    recommend(admin_page, "SLS-0000718")
    admin_page.get_by_label("그룹 이름").fill("E2E-SHARED")
    admin_page.get_by_role("button", name="저장 (CSV × SERVER)").click()
    expect(admin_page.get_by_text('그룹 "E2E-SHARED"을(를) 저장했습니다')).to_be_visible()

    other = admin_page.context.new_page()
    watched.follow(other)
    other.goto("/routing")
    other.get_by_label("그룹 ID 불러오기").fill("E2E-SHARED")
    other.get_by_role("button", name="불러오기", exact=True).click()
    other.locator("li[data-operation]").first.wait_for()
    other.locator("li[data-operation]").first.get_by_role("group").press("Delete")
    other.get_by_role("button", name="저장 (CSV × SERVER)").click()
    expect(other.get_by_text("(버전 2)")).to_be_visible()

    watched.expected_statuses.add(409)
    card(admin_page, 2).get_by_role("group").press("Delete")
    admin_page.get_by_role("button", name="저장 (CSV × SERVER)").click()
    admin_page.get_by_role("dialog", name="다른 곳에서 먼저 저장했습니다").get_by_role(
        "button", name="내 내용으로 저장"
    ).click()
    expect(admin_page.get_by_text("(버전 3)")).to_be_visible()


def test_the_language_switches_and_stays(admin_page: Page) -> None:
    admin_page.get_by_role("button", name="English").click()
    expect(admin_page.get_by_role("heading", level=1, name="Routing")).to_be_visible()
    admin_page.reload()
    expect(admin_page.get_by_role("button", name="Recommend")).to_be_visible()
    admin_page.get_by_role("button", name="한국어").click()
    expect(admin_page.get_by_role("heading", level=1, name="라우팅 구성")).to_be_visible()
