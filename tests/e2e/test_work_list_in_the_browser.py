"""A planner's day: many items reviewed and saved from the work list, by mouse, keyboard and touch."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.running_system import ADMIN_PASSWORD, RunningSystem

MOST_ACTIONS = 30
SAVE_REVIEWED = re.compile("^검토한 [0-9]+건 저장$")


class Hands:
    """Clicks and keys of a person, counted."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.actions = 0

    def click(self, what: Locator) -> None:
        self.actions += 1
        what.click()

    def press(self, keys: str) -> None:
        self.actions += 1
        self._page.keyboard.press(keys)


@pytest.fixture
def client(whole_system: RunningSystem) -> Iterator[httpx.Client]:
    with whole_system.admin() as client:
        yield client


def some_items(client: httpx.Client, count: int) -> list[dict[str, str]]:
    """Items from all over the catalogue."""
    found = client.get("/api/master-data/items", params={"limit": 1000}).json()["items"]
    return [*found[:: len(found) // count]][:count]


def rows(page: Page) -> Locator:
    return page.locator("tr[data-row]")


def paste(page: Page, text: str) -> None:
    """Put a text into the clipboard, as another program does."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", text)


def recommend(page: Page, codes: list[str]) -> None:
    page.get_by_label("품목 코드 목록").fill("\n".join(codes))
    page.get_by_label("유사 품목에서 추천").check()
    page.get_by_role("button", name="추천 실행").click()
    expect(rows(page)).to_have_count(len(codes))


def saved_groups(client: httpx.Client, codes: list[str]) -> int:
    """How many of the items have a saved routing."""
    groups = client.get("/api/routing/groups", params={"limit": 200}).json()["items"]
    return len({code for group in groups for code in group["item_codes"]} & set(codes))


def test_fifty_items_are_reviewed_and_saved_with_few_clicks_and_keys(admin_page: Page, client: httpx.Client) -> None:
    items = some_items(client, 50)
    codes = [item["item_code"] for item in items]
    block = "\n".join(
        f"{number}\t{item['item_name']}\t{item['item_code']}\t{item['spec']}" for number, item in enumerate(items)
    )
    paste(admin_page, f"No\t품명\t품목코드\t사양\n{block}\n합계\t\t없음\t\n")
    hands = Hands(admin_page)
    hands.click(admin_page.get_by_label("품목 코드 목록"))
    hands.press("ControlOrMeta+v")
    expect(admin_page.get_by_text("품목 코드가 아닌 2줄은 제외했습니다.").first).to_be_visible()
    hands.click(admin_page.get_by_label("유사 품목에서 추천"))
    hands.click(admin_page.get_by_role("button", name="추천 실행"))
    expect(rows(admin_page)).to_have_count(50)
    hands.click(admin_page.get_by_role("button", name=re.compile("^확실한 [0-9]+건 모두 검토 완료$")))
    left = rows(admin_page).and_(admin_page.locator("[data-state=open]")).count()
    for _ in range(min(left, 10)):  # each doubtful one is looked at and found right
        hands.press("a")
    save = admin_page.get_by_role("button", name=SAVE_REVIEWED)
    hands.click(save)
    expect(admin_page.get_by_text(re.compile("라우팅 [0-9]+건을 저장했습니다"))).to_be_visible(timeout=400_000)
    assert hands.actions <= MOST_ACTIONS
    assert saved_groups(client, codes) >= 40


def test_j_and_k_walk_through_the_list_and_tabs_are_those_of_one_item(admin_page: Page, client: httpx.Client) -> None:
    codes = [item["item_code"] for item in some_items(client, 4)]
    recommend(admin_page, codes)
    shown = [row.get_attribute("data-row") or "" for row in rows(admin_page).all()]
    active = admin_page.locator("tr[aria-current]")
    first = shown.index(active.get_attribute("data-row") or "")
    for _ in range(first):
        admin_page.keyboard.press("k")
    for code in shown[1:]:
        admin_page.keyboard.press("j")
        expect(active).to_have_attribute("data-row", code)
        expect(admin_page.get_by_role("tab").first).to_contain_text(code)
    admin_page.get_by_label("코드·품명·도면·사양·재질 검색").fill(shown[2])
    expect(rows(admin_page)).to_have_count(1)


def test_a_session_that_ends_in_the_middle_of_saving_goes_on_after_the_log_in(  # type: ignore[no-untyped-def]
    admin_page: Page, client: httpx.Client, watched
) -> None:
    watched.expected_statuses.update({401, 409})
    codes = [item["item_code"] for item in some_items(client, 6)]
    recommend(admin_page, codes)
    admin_page.get_by_label("보이는 품목 모두 선택").check()
    admin_page.get_by_role("button", name="선택한 6건 검토 완료").click()
    ended = False

    def end_session(route) -> None:  # type: ignore[no-untyped-def]
        nonlocal ended
        if not ended and saved_groups(client, codes) >= 0:
            ended = True
            admin_page.context.clear_cookies()
        route.continue_()

    admin_page.route(re.compile("/api/routing/groups$"), end_session)
    admin_page.get_by_role("button", name=SAVE_REVIEWED).click()
    dialog = admin_page.get_by_role("dialog", name="세션이 끝났습니다")
    dialog.get_by_label("비밀번호").fill(ADMIN_PASSWORD)
    expect(admin_page.get_by_text("로그인하면 나머지를 이어서 저장합니다.")).to_be_visible()
    dialog.get_by_role("button", name="로그인", exact=True).click()
    expect(admin_page.get_by_text("라우팅 6건을 저장했습니다.")).to_be_visible(timeout=60_000)
    assert saved_groups(client, codes) == 6


def test_shortcuts_work_in_hangul_mode_and_a_key_held_down_saves_once(admin_page: Page) -> None:
    recommend(admin_page, ["SLS-0000718"])
    cards = admin_page.locator("li[data-operation]")
    before = cards.count()
    cards.first.get_by_role("group").press("Delete")
    expect(cards).to_have_count(before - 1)
    hangul = """([key, code, repeat]) => document.body.dispatchEvent(
      new KeyboardEvent('keydown', {key, code, repeat, ctrlKey: true, bubbles: true, cancelable: true}))"""
    admin_page.evaluate(hangul, ["ㅋ", "KeyZ", False])
    expect(cards).to_have_count(before)
    admin_page.get_by_label("그룹 이름").fill("한글 자판")  # the suggested name may be that of another test's group
    posts: list[str] = []
    admin_page.on("request", lambda asked: posts.append(asked.url) if asked.method in ("POST", "PUT") else None)
    admin_page.evaluate(hangul, ["ㄴ", "KeyS", False])
    for _ in range(5):
        admin_page.evaluate(hangul, ["ㄴ", "KeyS", True])
    expect(admin_page.get_by_text("서버 파일:")).to_be_visible()
    assert len([url for url in posts if url.endswith("/api/routing/groups")]) == 1


def test_the_machine_is_edited_on_the_card_and_every_operation_of_the_plant_can_be_added(
    admin_page: Page, client: httpx.Client
) -> None:
    recommend(admin_page, ["SLS-0000718"])
    cards = admin_page.locator("li[data-operation]")
    before = cards.count()
    cards.first.get_by_role("button", name=re.compile("설비 .* 편집$")).click()
    editor = admin_page.get_by_role("dialog")
    editor.get_by_label("설비").fill("SAW-99")
    editor.get_by_label("가공 (분)").fill("1,500")
    editor.get_by_role("button", name="적용", exact=True).click()
    expect(cards.first).to_contain_text("SAW-99")
    expect(cards.first).to_contain_text("1,500")

    used = {card.get_attribute("data-code") for card in cards.locator("[data-code]").all()}
    plant = [one["step"]["PROC_CD"] for one in client.get("/api/master-data/operations").json()["operations"]]
    other = next(code for code in reversed(plant) if code not in used)
    admin_page.get_by_role("button", name="공장의 모든 공정").click()
    admin_page.locator(f"[data-candidate='{other}']").first.press("Enter")
    expect(cards).to_have_count(before + 1)

    admin_page.get_by_role("button", name="목록", exact=True).click()
    expect(admin_page.locator("tr[data-line]")).to_have_count(before + 1)
    admin_page.get_by_role("button", name="현재와 비교", exact=True).click()
    expect(admin_page.locator("tr[data-change=added]")).not_to_have_count(0)


def test_warnings_and_figures_are_there_after_a_reload(admin_page: Page) -> None:
    recommend(admin_page, ["SLS-0000718", "NO-SUCH-ITEM"])
    unknown = admin_page.get_by_text("품목 마스터에 없는 코드: NO-SUCH-ITEM")
    expect(unknown).to_be_visible()
    admin_page.wait_for_timeout(500)  # the draft is stored a moment after the change
    admin_page.reload()
    expect(unknown).to_be_visible()
    expect(admin_page.get_by_role("region", name="예측 메트릭")).to_contain_text("요청 품목 수")


def test_a_card_is_moved_with_a_finger(new_touch_page: Page) -> None:
    page = new_touch_page
    recommend(page, ["SLS-0000718"])
    page.evaluate("document.querySelector('li[data-operation]').scrollIntoView({block: 'center'})")
    codes = page.locator("li[data-operation] [data-code]")
    first, second = (codes.nth(place).get_attribute("data-code") for place in (0, 1))
    start, target = (page.locator("li[data-operation]").nth(place).bounding_box() for place in (0, 1))
    assert start is not None
    assert target is not None
    touch = page.context.new_cdp_session(page)

    def finger(kind: str, x: float, y: float) -> None:
        points = [] if kind == "touchEnd" else [{"x": x, "y": y}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    x, y = start["x"] + 40, start["y"] + 16
    finger("touchStart", x, y)
    page.wait_for_timeout(400)  # a finger that rests takes the card
    end = x + target["x"] - start["x"]
    for step in range(1, 11):
        finger("touchMove", x + (end - x) * step / 10, y)
    finger("touchEnd", end, y)
    expect(codes.first).to_have_attribute("data-code", second or "")
    expect(codes.nth(1)).to_have_attribute("data-code", first or "")
