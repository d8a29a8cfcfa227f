"""What a planner's day brings beside good input: very long routings, strange names, two planners on one list, items that are gone."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.test_work_list_in_the_browser import SAVE_REVIEWED, recommend, rows, saved_groups, some_items
from tests.support.running_system import RunningSystem

OPERATIONS = 300
MARKUP = "<img src=x onerror=alert(1)>"
RIGHT_TO_LEFT = "\u202eטבעת איטום\u202c"
LONG = "긴이름" * 66 + "끝."
ITEM = "SLS-0000718"


def lengthened(route: Route) -> None:
    """A real answer whose best routing is repeated until it has 300 operations, some with strange names."""
    answer = route.fetch()
    body = answer.json()
    first = body["items"][0]
    names = [MARKUP, RIGHT_TO_LEFT, LONG]
    first["operations"] = [
        {**first["operations"][place % len(first["operations"])], "PROC_CD": f"X{place}", "PROC_DESC": name}
        for place, name in enumerate((names * OPERATIONS)[:OPERATIONS])
    ]
    route.fulfill(response=answer, body=json.dumps(body))


def test_300_operations_with_strange_names_are_shown_edited_saved_and_opened_again(
    admin_page: Page, whole_system: RunningSystem
) -> None:
    assert len(LONG) == 200
    admin_page.on("dialog", lambda dialog: pytest.fail(f"markup was run: {dialog.message}"))
    admin_page.route("**/api/predict", lengthened, times=1)
    recommend(admin_page, [ITEM])
    cards = admin_page.locator("li[data-operation]")
    expect(cards).to_have_count(OPERATIONS)
    admin_page.get_by_role("button", name="목록", exact=True).click()
    lines = admin_page.locator("tr[data-line]")
    expect(lines).to_have_count(OPERATIONS)
    for name in (MARKUP, RIGHT_TO_LEFT, LONG):
        expect(lines.get_by_text(name, exact=True)).to_have_count(OPERATIONS // 3)
    assert admin_page.locator("#root img").count() == 0
    assert admin_page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    lines.nth(150).press("Delete")
    expect(lines).to_have_count(OPERATIONS - 1)
    admin_page.get_by_label("그룹 이름").fill("E2E-300")
    admin_page.get_by_role("button", name="이 라우팅 저장").click()
    expect(admin_page.get_by_text(re.compile("그룹 .+ 저장했습니다")).first).to_be_visible()
    with whole_system.admin() as client:
        group = client.get("/api/routing/groups", params={"item_code": ITEM, "limit": 1}).json()["items"][0]
    assert group["step_count"] == OPERATIONS - 1
    admin_page.goto(f"/routing?group={group['group_id']}")
    expect(cards).to_have_count(OPERATIONS - 1)


def test_two_planners_on_one_list_both_keep_what_they_save(  # type: ignore[no-untyped-def]
    admin_page: Page, new_page, admin_state, whole_system: RunningSystem, watched
) -> None:
    watched.expected_statuses.add(409)
    with whole_system.admin() as client:
        codes = [item["item_code"] for item in some_items(client, 9)][6:]
        before = client.get("/api/routing/groups", params={"item_code": codes[0]}).json()["pagination"]["total"]
        other = new_page(state=admin_state)
        other.goto("/routing")
        for page in (admin_page, other):
            recommend(page, codes)
            page.get_by_label("보이는 품목 모두 선택").check()
            page.get_by_role("button", name="선택한 3건 검토 완료").click()
        for page in (admin_page, other):
            page.get_by_role("button", name=SAVE_REVIEWED).click()
        for page in (admin_page, other):
            expect(page.get_by_text("라우팅 3건을 저장했습니다.")).to_be_visible()
            expect(rows(page).and_(page.locator("[data-state=saved]"))).to_have_count(3)
        after = client.get("/api/routing/groups", params={"item_code": codes[0]}).json()
        assert after["pagination"]["total"] == before + 2
        assert len({group["group_name"] for group in after["items"]}) == len(after["items"])
        assert saved_groups(client, codes) == 3


def test_an_item_that_is_gone_is_said_to_be_and_does_not_stop_the_others(  # type: ignore[no-untyped-def]
    admin_page: Page, whole_system: RunningSystem, watched
) -> None:
    watched.expected_statuses.update({404, 409})
    gone = "GONE-1"
    with whole_system.admin() as client:
        content = {
            "group_name": "E2E-GONE",
            "item_codes": [gone],
            "steps": [{"seq": 1, "process_code": "SAW", "duration_min": 1}],
        }
        group = client.post("/api/routing/groups", json=content).json()
    admin_page.goto(f"/routing?items={ITEM},{gone}&similar=1")
    expect(rows(admin_page)).to_have_count(2)
    expect(admin_page.locator(f"tr[data-row='{gone}']")).to_contain_text("품목 마스터에 없는 코드")
    admin_page.get_by_label("보이는 품목 모두 선택").check()
    admin_page.get_by_role("button", name="선택한 2건 검토 완료").click()
    admin_page.get_by_role("button", name="검토한 1건 저장").click()
    expect(admin_page.get_by_text("라우팅 1건을 저장했습니다.")).to_be_visible()
    admin_page.goto(f"/routing?group={group['group_id']}")
    expect(admin_page.locator("li[data-operation]")).to_have_count(1)
    admin_page.goto(f"/master-data?item={gone}")
    expect(admin_page.get_by_text(f"{gone} 품목이 품목 마스터에 없습니다.")).to_be_visible()
