"""Several people and long lists: two accounts on one list, a session that ends in the middle, thousands of pasted lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.browser_steps import LANGUAGES, body_of, log_in, said
from tests.e2e.conftest import PageIn
from tests.e2e.test_bad_input_in_the_browser import LONG, MARKUP, RIGHT_TO_LEFT
from tests.e2e.test_paper_in_the_browser import CHINESE
from tests.e2e.test_work_list_in_the_browser import SAVE_REVIEWED, paste, recommend, rows, saved_groups, some_items
from tests.support.running_system import ADMIN_PASSWORD, RunningSystem

PASSWORD = "Seal-Ring-42x"
LINES = 5000


@pytest.fixture
def client(whole_system: RunningSystem) -> Iterator[httpx.Client]:
    with whole_system.admin() as client:
        yield client


def account(client: httpx.Client, name: str) -> str:
    """An account that may log in."""
    email = f"{name}@plant.example"
    client.post("/api/auth/register", json={"username": email, "password": PASSWORD})
    client.post("/api/auth/admin/approve", json={"username": email}).raise_for_status()
    return email


def review_all(page: Page, count: int) -> None:
    """Note that every item of the list is right."""
    page.get_by_label("보이는 품목 모두 선택").check()
    page.get_by_role("button", name=f"선택한 {count}건 검토 완료").click()


def test_two_accounts_on_one_list_save_in_the_same_moment_and_see_their_own(  # type: ignore[no-untyped-def]
    new_page, client: httpx.Client, whole_system: RunningSystem, watched
) -> None:
    watched.expected_statuses.add(409)
    codes = [item["item_code"] for item in some_items(client, 20)][12:16]
    people = [account(client, name) for name in ("together-one", "together-two")]
    pages = []
    for email in people:
        page = new_page()
        log_in(page, email, PASSWORD)
        page.goto("/routing")
        recommend(page, codes)
        review_all(page, 4)
        pages.append(page)
    pages[1].locator("li[data-operation]").first.get_by_role("group").press("Delete")
    for page in pages:
        page.get_by_role("button", name=SAVE_REVIEWED).click()
    for page in pages:
        expect(page.get_by_text(re.compile("라우팅 [34]건을 저장했습니다."))).to_be_visible(timeout=60_000)
        expect(page.get_by_role("alert")).to_have_count(0)
    for email, page in zip(people, pages, strict=True):
        with whole_system.client(email, PASSWORD) as own:
            groups = own.get("/api/routing/groups", params={"limit": 200}).json()["items"]
            assert {code for group in groups for code in group["item_codes"]} <= set(codes)
            assert len({group["group_name"] for group in groups}) == len(groups) >= 3
            assert {group["owner"] for group in groups} == {email}
        page.get_by_role("button", name="새로 고침").first.click()
        expect(page.get_by_role("region", name="최근 저장 그룹").get_by_role("listitem")).to_have_count(len(groups))


def test_somebody_elses_group_in_an_address_is_refused_in_words(  # type: ignore[no-untyped-def]
    new_page, client: httpx.Client, watched
) -> None:
    watched.expected_statuses.add(403)
    content = {
        "group_name": "E2E-PRIVATE",
        "item_codes": ["SLS-0000718"],
        "steps": [{"seq": 1, "process_code": "SAW", "duration_min": 1}],
    }
    email = account(client, "private-owner")
    with httpx.Client(base_url=str(client.base_url), trust_env=False) as own:
        own.post("/api/auth/login", json={"username": email, "password": PASSWORD}).raise_for_status()
        group = own.post("/api/routing/groups", json=content).json()["group_id"]
    page = new_page()
    log_in(page, account(client, "private-other"), PASSWORD)
    page.goto(f"/routing?group={group}")
    expect(page.get_by_text("이 작업을 할 권한이 없습니다.")).to_be_visible()
    expect(page.locator("li[data-operation]")).to_have_count(0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_session_that_ends_while_saving_says_what_was_saved_and_a_reload_loses_nothing(  # type: ignore[no-untyped-def]
    language: str, page_in: PageIn, client: httpx.Client, watched
) -> None:
    watched.expected_statuses.update({401, 409})
    codes = [item["item_code"] for item in some_items(client, 30)][5:11]
    page = page_in(language)
    page.get_by_label(said(language, "품목 코드 목록", "Item codes")).fill("\n".join(codes))
    page.get_by_label(said(language, "유사 품목에서 추천", "Recommend from similar items")).check()
    page.get_by_role("button", name=said(language, "추천 실행", "Recommend"), exact=True).click()
    expect(rows(page)).to_have_count(6)
    page.get_by_label(said(language, "보이는 품목 모두 선택", "Select all items shown")).check()
    page.get_by_role("button", name=said(language, "선택한 6건 검토 완료", "6 selected reviewed")).click()
    stored: list[str] = []

    def end_after_two(route: Route) -> None:
        answer = route.fetch()
        if answer.status == 201:
            stored.append(answer.json()["group_id"])
        if len(stored) == 2:
            page.context.clear_cookies()
        route.fulfill(response=answer)

    page.route(re.compile("/api/routing/groups$"), end_after_two)
    save = re.compile(said(language, "^검토한 [0-9]+건 저장$", "^Save [0-9]+ reviewed$"))
    page.get_by_role("button", name=save).click()
    dialog = page.get_by_role("dialog", name=said(language, "세션이 끝났습니다", "Your session has ended"))
    expect(dialog).to_be_visible()
    bar = page.locator("[data-save-bar] [role=status]")
    expect(bar).to_contain_text(said(language, "6건 중 2건 저장됨. 로그인하면", "2 of 6 saved. The rest"))
    page.unroute(re.compile("/api/routing/groups$"))
    page.once("dialog", lambda asked: asked.accept())
    page.reload()
    page.get_by_label(said(language, "이메일", "E-mail")).fill("admin@plant.example")
    page.get_by_label(said(language, "비밀번호", "Password")).fill(ADMIN_PASSWORD)
    page.get_by_role("button", name=said(language, "로그인", "Log in"), exact=True).click()
    expect(rows(page).and_(page.locator("[data-state=saved]"))).to_have_count(2)
    expect(rows(page).and_(page.locator("[data-state=reviewed]"))).to_have_count(4)
    page.get_by_role("button", name=save).click()
    expect(page.get_by_text(said(language, "라우팅 4건을 저장했습니다.", "4 routings saved."))).to_be_visible(
        timeout=60_000
    )
    expect(rows(page).and_(page.locator("[data-state=saved]"))).to_have_count(6)
    assert saved_groups(client, codes) == 6


@pytest.mark.parametrize("language", LANGUAGES)
def test_five_thousand_lines_with_names_and_specifications_give_their_codes(
    language: str, page_in: PageIn, client: httpx.Client
) -> None:
    items = some_items(client, 500)
    lines = []
    for number in range(LINES):
        item = items[number % len(items)]
        known = number % 3 != 0
        code = item["item_code"] if known else f"NONE-{number}"
        lines.append(f"{number}\t{item['item_name']} 외 {number}\t{code}\t{item['spec']}; Ø{number},5")
    page = page_in(language)
    field = page.get_by_label(said(language, "품목 코드 목록", "Item codes"))
    field.fill("FIRST-1\nGOES-2")
    paste(page, "No\t품명\t품목코드\t사양\n" + "\n".join(lines) + "\n")
    field.press("ControlOrMeta+a")
    field.press("ControlOrMeta+v")
    left_out = LINES - len([number for number in range(LINES) if number % 3]) + 1
    expect(
        page.get_by_text(
            re.compile(
                said(language, f"아닌 {left_out:,}줄은|아닌 {left_out}줄은", f"{left_out:,} lines|{left_out} lines")
            )
        ).first
    ).to_be_visible()
    assert "FIRST-1" not in field.input_value()  # what was selected is replaced
    expect(page.get_by_text(re.compile(said(language, "50건을 넘는", "beyond the first 50")))).to_be_visible()
    with page.expect_request("**/api/predict") as asked:
        page.get_by_role("button", name=said(language, "추천 실행", "Recommend"), exact=True).click()
    sent = body_of(asked.value)["item_codes"]
    assert len(sent) == len(set(sent)) == 50
    assert set(sent) <= {item["item_code"] for item in items}
    expect(rows(page)).to_have_count(50)


NAMES = (MARKUP + "공정", RIGHT_TO_LEFT, CHINESE, ("긴" * 60) + "끝")


def test_groups_of_any_name_are_saved_listed_opened_and_deleted(admin_page: Page, watched) -> None:  # type: ignore[no-untyped-def]
    watched.expected_statuses.add(409)
    assert len(LONG) == 200
    admin_page.on("dialog", lambda dialog: pytest.fail(f"markup was run: {dialog.message}"))
    recommend(admin_page, ["SLS-0000718"])
    field = admin_page.get_by_label("그룹 이름")
    field.fill(LONG)
    assert len(field.input_value()) <= 64
    for name in NAMES:
        field.fill(name)
        admin_page.get_by_role("button", name="이 라우팅 저장").click()
        expect(admin_page.get_by_test_id("unsaved-mark")).to_contain_text("저장됨")
        recent = admin_page.get_by_role("region", name="최근 저장 그룹")
        first = recent.get_by_role("listitem").first
        expect(first).to_contain_text(name.strip())
        first.get_by_role("button").first.click()
        expect(admin_page.get_by_role("tab", selected=True)).to_contain_text(name.strip())
        expect(admin_page.locator("#root img")).to_have_count(0)
        assert admin_page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        first.get_by_role("button").last.click()
        question = admin_page.get_by_role("dialog")
        expect(question).to_contain_text(name.strip())
        question.get_by_role("button", name="삭제").click()
        expect(recent.get_by_text(name.strip())).to_have_count(0)
