"""Gestures and panels that planners knew: keyboard, formats and targets, weights, the dark panel, and what a panel says when it cannot."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Locator, Page, expect

from tests.e2e.test_administrator_in_the_browser import choose
from tests.e2e.test_planner_in_the_browser import card, codes, expect_codes, recommend
from tests.support.running_system import RunningSystem

FORMATS = {"CSV": ".csv", "XML": ".xml", "JSON": ".json", "Excel": ".xlsx", "ACCESS": ".access.xml"}
SCREENS = ["/master-data", "/data-output", "/training-status", "/options", "/admin/models", "/admin/operations"]


def group(page: Page, name: str) -> Locator:
    """A group of choices by its name."""
    return page.get_by_role("group", name=name)


def visit(page: Page, path: str) -> None:
    """Go to another screen without loading the page again."""
    page.evaluate(
        "path => { history.pushState(null, '', path); window.dispatchEvent(new PopStateEvent('popstate')) }", path
    )
    page.get_by_role("heading", level=1).wait_for()


def test_each_known_weight_profile_recommends(admin_page: Page) -> None:
    recommend(admin_page, "SLS-0000718")
    for profile in ("geometry-focus", "operation-history", "default"):
        admin_page.get_by_role("button", name=profile).click()
        with admin_page.expect_response("**/api/predict") as answer:
            admin_page.get_by_role("button", name="추천 실행").click()
        assert answer.value.status == 200
        expect(admin_page.get_by_role("region", name="가중치 프로파일")).to_contain_text(f"활성 프로파일: {profile}")


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_reaches_the_server_a_file_and_the_clipboard(name: str, admin_page: Page) -> None:
    admin_page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    recommend(admin_page, "SLS-0000718")
    group(admin_page, "저장 형식").get_by_text(name, exact=True).click()
    admin_page.get_by_label("그룹 이름").fill(f"E2E-{name}")
    admin_page.get_by_role("button", name=f"저장 ({name} × SERVER)").click()
    expect(admin_page.get_by_text(f'그룹 "E2E-{name}"을(를) 저장했습니다')).to_be_visible()
    expect(admin_page.get_by_text(re.compile(rf"(서버 파일|CSV로 저장했습니다).*E2E-{name}")).first).to_be_visible()

    group(admin_page, "저장 위치").get_by_text("Local", exact=True).click()
    with admin_page.expect_download() as download:
        admin_page.get_by_role("button", name=f"저장 ({name} × LOCAL)").click()
    assert download.value.suggested_filename == f"E2E-{name}{FORMATS[name]}"

    group(admin_page, "저장 위치").get_by_text("Clipboard", exact=True).click()
    admin_page.get_by_role("button", name=f"저장 ({name} × CLIPBOARD)").click()
    expect(admin_page.get_by_text(re.compile("클립보드에 복사했습니다|표로 복사했습니다"))).to_be_visible()
    copied = admin_page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith({"CSV": "ITEM_CD,", "Excel": "ITEM_CD\t", "JSON": "["}.get(name, "<?xml"))


def test_the_canvas_is_worked_on_by_keyboard_alone(admin_page: Page) -> None:
    recommend(admin_page, "SLS-0000718")
    before = codes(admin_page)
    first = card(admin_page, 1).get_by_role("group")
    first.focus()
    admin_page.keyboard.press("ArrowRight")
    admin_page.keyboard.press("ArrowLeft")
    assert admin_page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    admin_page.keyboard.press("Alt+ArrowRight")
    expect_codes(admin_page, [before[1], before[0], *before[2:]])
    admin_page.keyboard.press("Enter")
    editor = admin_page.get_by_role("dialog")
    expect(editor.get_by_label("가공 (분)")).to_be_focused()
    admin_page.keyboard.type("7.25")
    admin_page.keyboard.press("Enter")
    expect(editor).to_have_count(0)
    expect(card(admin_page, 2)).to_contain_text("7.3")
    card(admin_page, 2).get_by_role("group").press("Delete")
    expect_codes(admin_page, before[1:])
    for _ in range(3):
        admin_page.keyboard.press("Control+z")
    expect_codes(admin_page, before)
    admin_page.keyboard.press("Control+y")
    expect_codes(admin_page, [before[1], before[0], *before[2:]])
    candidate = admin_page.locator("[data-candidate]").last
    added = candidate.get_attribute("data-candidate")
    candidate.press("Enter")
    expect(admin_page.locator("li[data-operation] [data-code]")).to_have_count(len(before) + 1)
    assert added in codes(admin_page)


def test_total_runtime_minimap_and_comparison_follow_the_canvas(admin_page: Page) -> None:
    recommend(admin_page, "SLS-0000718")
    total = admin_page.get_by_text(re.compile("총 가공 시간 .+분"))
    before = total.inner_text()
    minimap = group(admin_page, "미니맵").get_by_role("button")
    expect(minimap).to_have_count(len(codes(admin_page)))
    minimap.last.click()
    expect(card(admin_page, len(codes(admin_page)))).to_be_in_viewport()
    card(admin_page, 1).get_by_role("group").press("Delete")
    expect(total).not_to_have_text(before)
    expect(minimap).to_have_count(len(codes(admin_page)))
    admin_page.get_by_role("button", name="비교", exact=True).click()
    comparison = admin_page.get_by_role("dialog", name="라우팅 비교")
    expect(comparison.get_by_role("row")).not_to_have_count(0)
    expect(comparison).to_contain_text("오른쪽에만 있음")
    expect(comparison).to_contain_text("합계")


def test_the_browser_asks_before_unsaved_work_is_closed_and_menus_keep_it(
    admin_page: Page, open_menu: Callable[[Page, str], None]
) -> None:
    recommend(admin_page, "SLS-0000718")
    card(admin_page, 1).get_by_role("group").press("Delete")
    left = codes(admin_page)
    open_menu(admin_page, "옵션")
    admin_page.go_back()
    expect(admin_page.get_by_test_id("unsaved-mark")).to_contain_text("저장하지 않은")
    expect_codes(admin_page, left)
    asked: list[str] = []

    def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    admin_page.once("dialog", leave)
    with admin_page.expect_event("close"):
        admin_page.close(run_before_unload=True)
    assert asked == ["beforeunload"]


def test_a_node_of_the_dark_panel_is_edited_saved_live_and_brought_back(
    admin_page: Page, open_menu: Callable[[Page, str], None], whole_system: RunningSystem
) -> None:
    node = admin_page.locator('.react-flow__node[data-id="predictor"]')
    node.scroll_into_view_if_needed()
    node.dblclick()
    settings = admin_page.get_by_role("dialog")
    settings.get_by_label(re.compile("후보.*수|라우팅.*수")).first.fill("3")
    settings.get_by_role("button", name="닫기").last.click()
    admin_page.get_by_role("button", name="레이아웃 SAVE").click()
    expect(admin_page.get_by_text("저장하고 모든 프로세스에 적용했습니다")).to_be_visible()
    with whole_system.admin() as client:
        now = client.get("/api/workflow/graph").json()
        assert now["predictor"]["max_routing_variants"] == 3

    open_menu(admin_page, "알고리즘")
    admin_page.get_by_role("button", name="리비전", exact=True).click()
    dialog = admin_page.get_by_role("dialog", name="리비전")
    dialog.get_by_text(re.compile("변경 .+건")).first.click()
    expect(dialog.get_by_role("table").first).to_contain_text("max_routing_variants")
    dialog.get_by_role("button", name="이 리비전으로 되돌리기").first.click()
    admin_page.get_by_role("dialog", name="되돌릴까요?").get_by_role("button", name="이 리비전으로 되돌리기").click()
    expect(admin_page.get_by_text(re.compile("리비전 .+ 되돌렸습니다"))).to_be_visible()
    with whole_system.admin() as client:
        assert client.get("/api/workflow/graph").json()["predictor"]["max_routing_variants"] == 4


def test_ports_are_checked_and_a_graph_comes_back_from_its_file(
    admin_page: Page, open_menu: Callable[[Page, str], None], tmp_path: Path
) -> None:
    open_menu(admin_page, "알고리즘")
    edges = admin_page.locator(".react-flow__edge")
    expect(edges).not_to_have_count(0)
    number = edges.count()
    source = admin_page.locator('.react-flow__node[data-id="loader"] .react-flow__handle.source').first.bounding_box()
    target = admin_page.locator('.react-flow__node[data-id="sql"] .react-flow__handle.target').first.bounding_box()
    assert source is not None
    assert target is not None
    admin_page.mouse.move(source["x"] + 4, source["y"] + 4)
    admin_page.mouse.down()
    admin_page.mouse.move(target["x"] + 4, target["y"] + 4, steps=12)
    admin_page.mouse.up()
    expect(edges).to_have_count(number)

    admin_page.locator('.react-flow__node[data-id="projector"]').click()
    admin_page.get_by_role("button", name="노드 삭제").click()
    expect(edges).to_have_count(number - 1)
    admin_page.get_by_role("button", name="실행 취소").click()
    expect(edges).to_have_count(number)
    with admin_page.expect_download() as download:
        admin_page.get_by_role("button", name="JSON 내보내기").click()
    file = tmp_path / "blueprint.json"
    download.value.save_as(file)
    graph = json.loads(file.read_text(encoding="utf-8"))
    graph["nodes"] = [node for node in graph["nodes"] if node["type"] != "loader"]
    file.write_text(json.dumps(graph), encoding="utf-8")
    choose(admin_page, "JSON 가져오기", file)
    expect(admin_page.get_by_text("필수 노드가 없습니다: 로더")).to_be_visible()
    admin_page.get_by_role("button", name="저장된 상태로").click()
    expect(admin_page.get_by_text("실행할 수 있는 그래프입니다")).to_be_visible()


def test_an_edited_mapping_is_kept_while_another_menu_is_visited(
    admin_page: Page, open_menu: Callable[[Page, str], None]
) -> None:
    open_menu(admin_page, "데이터 출력 설정")
    admin_page.get_by_role("button", name="New", exact=True).click()
    admin_page.get_by_label("프로파일 이름").fill("E2E kept")
    open_menu(admin_page, "학습 모니터링")
    open_menu(admin_page, "데이터 출력 설정")
    expect(admin_page.get_by_label("프로파일 이름")).to_have_value("E2E kept")


def test_the_heat_map_shows_the_durations_of_the_active_version(
    admin_page: Page, open_menu: Callable[[Page, str], None], whole_system: RunningSystem
) -> None:
    with whole_system.admin() as client:
        versions = client.get("/api/trainer/versions").json()
        active = next(version["version_name"] for version in versions if version["active_flag"])
        profiles = client.get(f"/api/trainer/versions/{active}/reports/time_profiles").json()
    assert profiles["operations"]["SAW"]["run"]["samples"] > 0
    open_menu(admin_page, "학습 모니터링")
    expect(admin_page.get_by_role("img", name="공정별 평균 소요 시간 (분)").locator("canvas").first).to_be_visible()


def test_what_is_looked_up_is_in_the_audit_trail(admin_page: Page, open_menu: Callable[[Page, str], None]) -> None:
    open_menu(admin_page, "기초 정보 조회")
    admin_page.get_by_role("textbox", name="Item Codes").fill("SLS-0000711")
    admin_page.get_by_role("button", name="Add to tabs").click()
    expect(admin_page.get_by_role("region", name="Audit trail")).to_contain_text("품목 조회 · SLS-0000711")


def test_no_link_leads_to_a_place_that_is_not_there(admin_page: Page) -> None:
    deliverables = admin_page.get_by_role("region", name="시각화 & 전달물")
    expect(deliverables).to_contain_text("이 시스템은 Neo4j로 내보내지 않습니다")
    links = deliverables.get_by_role("link")
    expect(links).to_have_count(1)
    links.click()
    expect(admin_page.get_by_text(re.compile("점 [0-9,]+개"))).to_be_visible()


def test_every_panel_says_so_when_the_server_is_away(admin_page: Page, watched) -> None:  # type: ignore[no-untyped-def]
    admin_page.wait_for_load_state("networkidle")  # the menus have been fetched
    watched.server_may_be_away = True
    admin_page.route("**/api/**", lambda route: route.abort())
    for path in SCREENS:
        visit(admin_page, path)
        expect(admin_page.get_by_role("alert").nth(1)).to_be_visible()
        expect(admin_page.locator(".skeleton")).to_have_count(0)
        assert admin_page.get_by_text("활성 모델이 없습니다").count() == 0
    admin_page.unroute("**/api/**")


def test_an_input_profile_from_a_wrong_file_is_refused(  # type: ignore[no-untyped-def]
    admin_page: Page, open_menu: Callable[[Page, str], None], tmp_path: Path, watched
) -> None:
    watched.expected_statuses.update({400, 422})
    text, other = tmp_path / "notes.json", tmp_path / "other.json"
    text.write_text("no json at all", encoding="utf-8")
    other.write_text('{"profiles": "<b>none</b>"}', encoding="utf-8")
    open_menu(admin_page, "옵션")
    admin_page.get_by_role("button", name="Access views").wait_for()
    choose(admin_page, "Import", text)
    expect(admin_page.get_by_text("JSON 프로파일 파일이 아닙니다")).to_be_visible()
    choose(admin_page, "Import", other)
    expect(admin_page.get_by_role("status").filter(has_text=re.compile("[가-힣]")).last).to_be_visible()
    expect(admin_page.get_by_role("button", name="Access views")).to_be_visible()
