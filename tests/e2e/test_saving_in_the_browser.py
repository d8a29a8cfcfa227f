"""Saving: by key and button, held down, in Hangul mode; what is said stays true and hides no button."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.e2e.browser_steps import LANGUAGES, ROOT, SETTINGS, body_of, said
from tests.e2e.conftest import PageIn
from tests.e2e.test_administrator_in_the_browser import choose
from tests.e2e.test_numbers_in_the_browser import propose, write_anew
from tests.support.running_system import RunningSystem

HANGUL = """([key, code, ctrlKey]) => (document.activeElement ?? document.body).dispatchEvent(
  new KeyboardEvent('keydown', {key, code, ctrlKey, bubbles: true, cancelable: true}))"""
WIDTHS = (1024, 1280, 1920)


def hangul(page: Page, key: str, code: str, *, ctrl: bool = False) -> None:
    """Press a key as a keyboard in Hangul mode reports it."""
    page.evaluate(HANGUL, [key, code, ctrl])


def hold(page: Page, key: str, times: int = 12) -> None:
    """Hold a key down, with others before a +: the keyboard repeats it."""
    *others, last = key.split("+")
    for other in others:
        page.keyboard.down(other)
    for _ in range(times):
        page.keyboard.down(last)
    for one in (last, *others):
        page.keyboard.up(one)


def posts_to(page: Page, path: str) -> list[Request]:
    """The requests that store something at a path, as they come."""
    found: list[Request] = []

    def note(request: Request) -> None:
        if request.method in ("POST", "PUT", "PATCH") and re.search(path, request.url):
            found.append(request)

    page.on("request", note)
    return found


def alike(requests: list[Request]) -> int:
    """How many ask for the same as the first; a prediction is followed by others that ask for its neighbours."""
    return [one.post_data for one in requests].count(requests[0].post_data)


@pytest.mark.parametrize("language", LANGUAGES)
def test_saving_without_a_name_says_so_at_the_field(language: str, page_in: PageIn) -> None:
    page = page_in(language)
    propose(page, language)
    posts = posts_to(page, "/api/routing/groups")
    name = page.get_by_label(said(language, "그룹 이름", "Group name"))
    name.fill("")
    page.locator("li[data-operation]").first.get_by_role("group").focus()
    page.keyboard.press("ControlOrMeta+s")
    expect(name).to_be_focused()
    expect(name).to_be_in_viewport()
    expect(page.get_by_text(said(language, "2자 이상 64자 이하로 입력하세요.", "2 to 64 characters."))).to_be_visible()
    assert posts == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_keys_that_are_held_down_do_what_they_do_once(language: str, page_in: PageIn) -> None:
    page = page_in(language)
    predictions = posts_to(page, "/api/predict$")
    page.get_by_label(said(language, "품목 코드 목록", "Item codes")).fill("SLS-0000718")
    hold(page, "Control+Enter")
    page.locator("li[data-operation]").first.wait_for()
    run = page.get_by_role("button", name=said(language, "추천 실행", "Recommend"), exact=True)
    run.focus()
    before = alike(predictions)
    hold(page, "Enter")
    expect(run).to_be_enabled()
    assert before == 1
    assert alike(predictions) == 2

    page.get_by_label(said(language, "그룹 이름", "Group name")).fill(f"HELD-{language}")
    saved = posts_to(page, "/api/routing/groups(/[0-9a-f-]+)?$")
    page.get_by_role("button", name=said(language, "이 라우팅 저장", "Save this routing")).focus()
    hold(page, "Enter")
    expect(page.get_by_text(said(language, "서버 파일:", "File on the server:"))).to_be_visible()
    page.get_by_label(said(language, "그룹 이름", "Group name")).focus()
    hold(page, "Enter")
    expect(page.get_by_text(said(language, "(버전 2)", "(version 2)"))).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert len(saved) == 2
    candidate = page.locator("[data-candidate]").first
    cards = page.locator("li[data-operation]")
    shown = cards.count()
    candidate.focus()
    hold(page, "Enter")
    expect(cards).to_have_count(shown + 1)


def test_a_second_click_stores_nothing_more(admin_page: Page) -> None:
    predictions = posts_to(admin_page, "/api/predict$")
    admin_page.get_by_label("품목 코드 목록").fill("SLS-0000718")
    admin_page.get_by_role("button", name="추천 실행").dblclick()
    admin_page.locator("li[data-operation]").first.wait_for()
    assert alike(predictions) == 1
    admin_page.get_by_label("그룹 이름").fill("TWICE")
    saved = posts_to(admin_page, "/api/routing/groups(/[0-9a-f-]+)?$")
    admin_page.get_by_role("button", name=re.compile(r"^저장 \(")).dblclick()
    expect(admin_page.get_by_text("서버 파일:")).to_be_visible()
    assert len(saved) == 1


def test_the_keys_of_the_work_list_work_in_hangul_mode_and_after_a_tick(admin_page: Page) -> None:
    codes = ["SLS-0000718", "SLS-0000711", "SLS-0000719"]
    admin_page.get_by_label("품목 코드 목록").fill("\n".join(codes))
    admin_page.get_by_label("유사 품목에서 추천").check()
    admin_page.get_by_role("button", name="추천 실행").click()
    rows = admin_page.locator("tr[data-row]")
    expect(rows).to_have_count(3)
    shown = [row.get_attribute("data-row") or "" for row in rows.all()]
    admin_page.locator(f"tr[data-row='{shown[0]}']").click()
    active = admin_page.locator("tr[aria-current]")
    hangul(admin_page, "ㅓ", "KeyJ")
    expect(active).to_have_attribute("data-row", shown[1])
    hangul(admin_page, "ㅏ", "KeyK")
    expect(active).to_have_attribute("data-row", shown[0])
    hangul(admin_page, "ㅌ", "KeyX")
    tick = admin_page.get_by_role("checkbox", name=f"{shown[0]} 선택")
    expect(tick).to_be_checked()
    tick.click()  # now a tick has the focus, which writes nothing
    expect(tick).not_to_be_checked()
    admin_page.keyboard.press("j")
    expect(active).to_have_attribute("data-row", shown[1])
    hangul(admin_page, "ㅁ", "KeyA")
    expect(admin_page.locator(f"tr[data-row='{shown[1]}']")).to_have_attribute("data-state", "reviewed")
    admin_page.get_by_role("group", name=re.compile("^작업 목록 표")).focus()
    hangul(admin_page, "ㅁ", "KeyA", ctrl=True)
    expect(admin_page.get_by_text("3건 중 3건 선택")).to_be_visible()

    cards = admin_page.locator("li[data-operation]")
    before = cards.count()
    cards.first.get_by_role("group").press("Delete")
    expect(cards).to_have_count(before - 1)
    admin_page.get_by_label("유사 품목에서 추천").click()
    hangul(admin_page, "ㅋ", "KeyZ", ctrl=True)
    expect(cards).to_have_count(before)
    hangul(admin_page, "ㅛ", "KeyY", ctrl=True)
    expect(cards).to_have_count(before - 1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_other_screens_save_by_key_in_hangul_mode_too(
    language: str, page_in: PageIn, whole_system: RunningSystem
) -> None:
    page = page_in(language, "/options")
    with whole_system.admin() as client:
        before = client.get(SETTINGS).json()
        try:
            write_anew(page.get_by_label(said(language, "보관할 최근 버전 수", "Newest versions to keep")), "17")
            patches = posts_to(page, "/api/workflow/graph")
            hangul(page, "ㄴ", "KeyS", ctrl=True)
            expect(
                page.get_by_text(re.compile(said(language, "설정을 저장했습니다", "Settings saved")))
            ).to_be_visible()
            assert len(patches) == 1
            page.goto("/algorithm")
            page.locator('.react-flow__node[data-id="projector"]').click()
            page.get_by_role("button", name=said(language, "노드 삭제", "Remove node")).click()
            hangul(page, "ㄴ", "KeyS", ctrl=True)
            stored = said(language, "저장하고 모든 프로세스에 적용했습니다", "pplied in every process")
            expect(page.get_by_text(re.compile(stored))).to_be_visible()
        finally:
            change = {"training": before["training"], "graph": before["graph"]}
            client.patch("/api/workflow/graph", json=change).raise_for_status()
    page.goto("/data-output")
    page.get_by_role("button", name="New", exact=True).click()
    page.get_by_label(said(language, "프로파일 이름", "Name of the profile")).fill(f"E2E key {language}")
    hangul(page, "ㄴ", "KeyS", ctrl=True)
    expect(page.get_by_text(re.compile(f"E2E key {language}.*(저장했습니다|saved)"))).to_be_visible()


def test_ctrl_s_in_the_editor_of_times_takes_them_over_and_saves(admin_page: Page) -> None:
    propose(admin_page, "ko")
    admin_page.get_by_label("그룹 이름").fill("E2E-EDITOR")
    first = admin_page.locator("li[data-operation]").first
    first.get_by_role("group").press("Enter")
    run = admin_page.get_by_role("dialog").get_by_label("가공 (분)")
    write_anew(run, "7,7")
    admin_page.keyboard.press("ControlOrMeta+s")
    expect(run).to_be_focused()
    write_anew(run, "77.5")
    with admin_page.expect_request(re.compile("/api/routing/groups$")) as asked:
        admin_page.keyboard.press("ControlOrMeta+s")
    assert body_of(asked.value)["steps"][0]["sql_values"]["RUN_TIME"] == 77.5
    expect(admin_page.get_by_test_id("unsaved-mark")).to_contain_text("변경 없음")


def covered(page: Page, buttons: Locator) -> list[str]:
    """The buttons whose middle is under something else than themselves."""
    found: list[str] = buttons.evaluate_all("""all => all
          .filter(one => one.offsetParent !== null && !one.disabled)
          .filter(one => {
            const box = one.getBoundingClientRect()
            const [x, y] = [box.left + box.width / 2, box.top + box.height / 2]
            if (y < 0 || y > innerHeight) return false
            const top = document.elementFromPoint(x, y)
            return !(top && (one.contains(top) || top.contains(one)))
          })
          .map(one => one.innerText)""")
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_notices_hide_no_button_that_saves(  # type: ignore[no-untyped-def]
    language: str, page_in: PageIn, tmp_path: Path, watched
) -> None:
    watched.expected_statuses.update({400, 404, 422})
    page = page_in(language)
    wrong = tmp_path / "wrong.json"
    wrong.write_text("no json", encoding="utf-8")
    page.route("**/api/predict", lambda route: route.fulfill(status=422, json={"detail": "no " * 150}))
    page.get_by_label(said(language, "품목 코드 목록", "Item codes")).fill("SLS-0000718")
    run = page.get_by_role("button", name=said(language, "추천 실행", "Recommend"), exact=True)
    run.click()
    notices = page.locator("[data-notices] .card")
    expect(notices).to_have_count(1)
    page.unroute("**/api/predict")
    propose(page, language)
    page.get_by_label(said(language, "그룹 이름", "Group name")).fill(f"NOTICES-{language}")
    page.get_by_role("button", name=said(language, "이 라우팅 저장", "Save this routing")).click()
    expect(notices).to_have_count(4)
    bar = page.get_by_role("region", name=said(language, "저장 상태", "What is saved")).get_by_role("button")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert covered(page, bar) == [], f"at {width}"
    opened = page.get_by_role("dialog")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.locator("li[data-operation]").first.get_by_role("group").press("Enter")
        expect(opened).to_be_visible()
        expect(notices.filter(has_text="no no no")).to_be_visible()
        page.wait_for_timeout(100)  # notices make room
        assert covered(page, opened.locator("input, button")) == [], f"editor at {width}"
        page.keyboard.press("Escape")
        expect(opened).to_have_count(0)

    save = re.compile("저장|Save|SAVE")
    for path, file_button in (("/options", "Import"), ("/data-output", "Import"), ("/algorithm", None)):
        page.goto(path)
        page.get_by_role("heading", level=1).wait_for()
        choose(page, file_button or said(language, "JSON 가져오기", "Import JSON"), wrong)
        expect(notices).to_have_count(1)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            assert covered(page, page.locator("main").get_by_role("button", name=save)) == [], f"{path} at {width}"


def test_what_could_not_be_saved_and_its_buttons_are_not_hidden_either(  # type: ignore[no-untyped-def]
    admin_page: Page, watched
) -> None:
    watched.expected_statuses.add(422)
    admin_page.get_by_label("품목 코드 목록").fill("SLS-0000718\nSLS-0000711")
    admin_page.get_by_label("유사 품목에서 추천").check()
    admin_page.get_by_role("button", name="추천 실행").click()
    expect(admin_page.locator("tr[data-row]")).to_have_count(2)
    admin_page.get_by_label("보이는 품목 모두 선택").check()
    admin_page.get_by_role("button", name="선택한 2건 검토 완료").click()
    refused = "이 라우팅은 저장할 수 없습니다. " * 8
    admin_page.route(
        "**/api/routing/groups",
        lambda route: route.fulfill(status=422, json={"detail": refused}),
        times=1,
    )
    admin_page.get_by_role("button", name="검토한 2건 저장").click()
    expect(admin_page.get_by_text("저장하지 못한 품목 1건")).to_be_visible()
    expect(admin_page.get_by_text("라우팅 1건을 저장했습니다.")).to_be_visible()
    bar = admin_page.get_by_role("region", name="저장 상태").get_by_role("button")
    for width in WIDTHS:
        admin_page.set_viewport_size({"width": width, "height": 800})
        assert covered(admin_page, bar) == [], f"at {width}"
    admin_page.get_by_role("button", name="확인", exact=True).click()
    expect(admin_page.get_by_text("저장하지 못한 품목 1건")).to_have_count(0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_folders_policy_and_revisions_have_a_place_on_the_screen(
    language: str, page_in: PageIn, whole_system: RunningSystem, tmp_path: Path
) -> None:
    page = page_in(language, "/options")
    folders = page.get_by_label(said(language, "열 수 있는 폴더", "Folders that may be opened"))
    policy = page.get_by_label(said(language, "활성화 정책", "Activation policy"))
    with whole_system.admin() as client:
        before = client.get(SETTINGS).json()
        try:
            folders.click()
            folders.press("ControlOrMeta+End")
            folders.press_sequentially(f"\n{tmp_path}\n\n")
            policy.select_option("when_gate_passes")
            page.get_by_role("button", name=said(language, "변경 저장", "Save changes"), exact=True).click()
            expect(
                page.get_by_text(re.compile(said(language, "설정을 저장했습니다", "Settings saved")))
            ).to_be_visible()
            now = client.get(SETTINGS).json()
            assert str(tmp_path) in now["access"]["allowed_folders"]
            assert now["training"]["activation_policy"] == "when_gate_passes"
            page.get_by_role("button", name=said(language, "변경 이력", "Revisions")).click()
            dialog = page.get_by_role("dialog")
            expect(dialog).to_contain_text("access.allowed_folders")
            expect(dialog).to_contain_text("training.activation_policy")
            revert = said(language, "이 리비전으로 되돌리기", "Revert to this revision")
            dialog.get_by_role("button", name=revert).first.click()
            page.get_by_role("dialog").last.get_by_role("button", name=revert).click()
            expect(policy).to_have_value(before["training"]["activation_policy"])
        finally:
            change = {"training": before["training"], "access": before["access"]}
            client.patch("/api/workflow/graph", json=change).raise_for_status()


def test_closing_a_notice_leaves_the_dialog_open(admin_page: Page) -> None:
    propose(admin_page, "ko")
    admin_page.keyboard.press("ControlOrMeta+s")
    admin_page.get_by_role("button", name="비교", exact=True).click()
    dialog = admin_page.get_by_role("dialog", name="라우팅 비교")
    notice = admin_page.locator("[data-notices] .card").last
    notice.get_by_role("button", name="닫기").click()
    expect(dialog).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_result_of_another_path_or_graph_is_not_shown(language: str, page_in: PageIn) -> None:
    page = page_in(language, "/options")
    served = str(ROOT / "demo" / "catalogue")
    path = page.get_by_label(said(language, "Access 데이터베이스 경로", "Access database path"))
    path.fill(served)
    page.get_by_role("button", name="Test connection").click()
    good = page.get_by_text(said(language, "연결되었습니다", "Connected"), exact=True)
    expect(good).to_be_visible()
    path.press("End")
    path.press("x")
    expect(good).to_have_count(0)
    path.press("Backspace")
    expect(good).to_be_visible()
    page.get_by_role("button", name=said(language, "되돌리기", "Discard"), exact=True).last.click()

    page.goto("/algorithm")
    runs = page.get_by_text(said(language, "실행할 수 있는 그래프입니다", "This graph can run"))
    expect(runs).to_be_visible()
    held: list[Route] = []
    page.route("**/api/blueprint/check", lambda route: held.append(route))
    page.locator('.react-flow__node[data-id="loader"]').click()
    page.get_by_role("button", name=said(language, "노드 삭제", "Remove node")).click()
    expect(runs).to_have_count(0)
    expect(page.get_by_text(said(language, "검사 중", "Checking"), exact=True)).to_be_visible()
    page.unroute("**/api/blueprint/check")
    page.get_by_role("button", name=said(language, "저장된 상태로", "Back to saved")).click()
