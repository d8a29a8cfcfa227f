"""What an administrator does in the browser: people, settings, mappings, blueprint, models."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.support.running_system import RunningSystem

PASSWORD = "Seal-Ring-42x"
TRAINING = 120_000


def test_a_person_registers_waits_and_gets_in_once_approved(admin_page: Page, new_page, watched) -> None:  # type: ignore[no-untyped-def]
    email = "planner@plant.example"
    person = new_page()
    watched.expected_statuses.add(401)
    person.goto("/")
    person.get_by_role("button", name="계정이 없으면").click()
    person.get_by_label("이메일").fill(email)
    person.get_by_label("비밀번호", exact=True).fill(PASSWORD)
    person.get_by_label("비밀번호 확인").fill(PASSWORD)
    person.get_by_role("button", name="가입 신청", exact=True).click()
    expect(person.get_by_text("승인을 기다리고 있습니다")).to_be_visible()
    person.get_by_role("button", name="로그인").click()
    person.get_by_label("이메일").fill(email)
    person.get_by_label("비밀번호").fill(PASSWORD)
    person.get_by_role("button", name="로그인", exact=True).click()
    expect(person.get_by_role("alert")).to_contain_text("승인되지 않은")

    admin_page.goto("/admin/accounts")
    admin_page.get_by_role("listitem").filter(has_text=email).get_by_role("button", name="승인", exact=True).click()
    expect(admin_page.get_by_text(f"{email} 계정을 승인했습니다.")).to_be_visible()

    person.get_by_label("비밀번호").fill(PASSWORD)
    person.get_by_role("button", name="로그인", exact=True).click()
    expect(person.get_by_role("heading", level=1, name="라우팅 구성")).to_be_visible()
    person.goto("/admin/models")
    expect(person.get_by_text("관리자 전용 화면입니다")).to_be_visible()


def test_master_data_is_searched_and_shown(admin_page: Page, open_menu: Callable[[Page, str], None]) -> None:
    open_menu(admin_page, "기초 정보 조회")
    connection = admin_page.get_by_role("region", name="Access Connection")
    expect(connection).to_contain_text("다른 원본 사용 중")  # the file of the options is not what serves
    expect(connection.get_by_text("연결됨", exact=True)).to_have_count(0)
    admin_page.get_by_label("키워드").fill("SLS-0000718")
    tree = admin_page.get_by_role("tree")
    group = tree.get_by_role("treeitem").first
    expect(group.locator("span").last).to_have_text("1")  # the filter has arrived; before that the whole tree is shown
    group.click()
    tree.get_by_role("treeitem", level=2).first.click()
    tree.get_by_role("treeitem", level=3).first.click()
    expect(admin_page.get_by_role("list", name="열린 품목")).to_contain_text("SLS-0000718")
    expect(admin_page.get_by_role("group", name="Access matrix")).to_contain_text("품목코드")
    expect(admin_page).to_have_url(re.compile(r"/master-data\?item=SLS-0000718&q=SLS-0000718$"))


def test_an_item_is_found_by_its_drawing_and_leads_to_a_proposal_and_back(
    admin_page: Page, whole_system: RunningSystem
) -> None:
    code = "SLS-0000718"
    with whole_system.admin() as client:
        [known] = client.post("/api/master-data/items/lookup", json={"item_codes": [code]}).json()["items"]
    admin_page.goto(f"/master-data?q={known['drawing']}")
    tree = admin_page.get_by_role("tree")
    expect(admin_page.get_by_label("키워드")).to_have_value(known["drawing"])
    tree.get_by_role("treeitem").first.click()
    tree.get_by_role("treeitem", level=2).first.click()
    expect(tree).to_contain_text(code)
    admin_page.goto(f"/master-data?item={code}")
    card = admin_page.get_by_role("region", name=code)
    expect(card).to_contain_text(known["drawing"])
    expect(card.get_by_role("region", name="현재 라우팅").get_by_role("listitem")).not_to_have_count(0)
    card.get_by_role("link", name="추천").click()
    expect(admin_page.locator("li[data-operation]")).not_to_have_count(0)
    expect(admin_page).to_have_url(re.compile(rf"/routing\?items={code}&similar=1$"))
    admin_page.go_back()
    expect(card).to_contain_text(known["drawing"])
    admin_page.go_forward()
    expect(admin_page.get_by_label("유사 품목에서 추천")).to_be_checked()


def test_the_search_slider_is_live_in_predictions(
    admin_page: Page, open_menu: Callable[[Page, str], None], whole_system: RunningSystem
) -> None:
    open_menu(admin_page, "옵션")
    slider = admin_page.get_by_role("slider", name="ef_search")
    slider.focus()
    for _ in range(10):
        slider.press("ArrowRight")
    admin_page.get_by_label("표본 품목 코드").fill("SLS-0000718")
    admin_page.get_by_role("button", name="비교 실행").click()
    expect(admin_page.get_by_role("region", name="표본 질의로 본 효과").get_by_role("table")).to_contain_text("ms")
    admin_page.get_by_role("button", name="변경 저장").click()
    expect(admin_page.get_by_text("설정을 저장했습니다")).to_be_visible()
    with whole_system.admin() as client:
        wanted = client.get("/api/workflow/graph").json()["search"]["ef_search"]
        answer = client.post("/api/predict", json={"item_codes": ["SLS-0000718"]}).json()
        assert answer["metrics"]["ef_search"] == wanted


def test_a_mapping_is_copied_changed_and_previewed(admin_page: Page, open_menu: Callable[[Page, str], None]) -> None:
    open_menu(admin_page, "데이터 출력 설정")
    admin_page.get_by_role("button", name="New", exact=True).click()
    admin_page.get_by_label("프로파일 이름").fill("E2E output")
    admin_page.get_by_label("ITEM_CD: Mapped", exact=True).fill("item_code")
    admin_page.get_by_label("미리 볼 품목 코드").fill("SLS-0000718")
    preview = admin_page.get_by_role("group", name="Preview")
    expect(preview.get_by_role("columnheader", name="item_code")).to_be_visible()
    expect(preview).to_contain_text("SLS-0000718")
    admin_page.get_by_role("button", name="Save", exact=True).click()
    expect(admin_page.get_by_text('프로파일 "E2E output"을(를) 저장했습니다.')).to_be_visible()


def test_an_option_of_the_blueprint_is_saved_trained_activated_and_rolled_back(
    admin_page: Page, open_menu: Callable[[Page, str], None], whole_system: RunningSystem
) -> None:
    with whole_system.admin() as client:
        before = next(v["version_name"] for v in client.get("/api/trainer/versions").json() if v["active_flag"])
    open_menu(admin_page, "알고리즘")
    admin_page.locator('.react-flow__node[data-id="index"]').click()
    admin_page.get_by_role("textbox", name="구축 탐색 폭").fill("80")
    expect(admin_page.get_by_text("저장하지 않은 변경")).to_be_visible()
    admin_page.get_by_role("button", name="저장", exact=True).click()
    expect(admin_page.get_by_text("저장하고 모든 프로세스에 적용했습니다")).to_be_visible()
    expect(admin_page.get_by_text("저장하지 않은 변경")).to_have_count(0)
    admin_page.get_by_role("button", name="생성된 코드").click()
    code = admin_page.get_by_role("dialog", name="생성된 코드")
    expect(code).to_contain_text("ef_construction=80")
    code.get_by_role("button", name="닫기").click()
    expect(code).to_have_count(0)

    admin_page.get_by_role("button", name="실행", exact=True).click()
    run = admin_page.get_by_role("dialog", name="학습 실행")
    run.get_by_label("버전 이름").fill("browser")
    run.get_by_role("button", name="학습 시작").click()
    expect(run).to_contain_text(re.compile(r"완료.*browser|실패"), timeout=TRAINING)
    expect(run).not_to_contain_text("실패")

    admin_page.goto("/admin/models")
    row = admin_page.get_by_role("row").filter(has_text="browser")
    row.get_by_role("button", name=re.compile("browser$")).click()
    beside = admin_page.get_by_role("region", name="활성 버전과 비교")
    beside.get_by_label("표본 품목 수").fill("20")
    beside.get_by_role("button", name="비교", exact=True).click()
    expect(beside.get_by_role("status")).to_contain_text("20건 중", timeout=TRAINING)
    row.get_by_role("button", name="활성화").click()
    expect(admin_page.get_by_role("dialog").get_by_role("region", name="활성화하기 전의 품질 비교")).to_contain_text(
        "활성 버전"
    )
    admin_page.get_by_role("dialog").get_by_label("사유").fill("a test")
    admin_page.get_by_role("dialog").get_by_role("button", name="활성화").click()
    expect(row.get_by_role("button", name="활성화")).to_have_count(0)
    admin_page.get_by_role("button", name="이전 버전으로 롤백").click()
    admin_page.get_by_role("dialog").get_by_role("button", name="이전 버전으로 롤백").click()
    expect(row.get_by_role("button", name="활성화")).to_be_visible()
    with whole_system.admin() as client:
        active = [v["version_name"] for v in client.get("/api/trainer/versions").json() if v["active_flag"]]
    assert active == [before]


def test_files_of_the_wrong_kind_are_refused_with_a_word_and_change_nothing(
    admin_page: Page, open_menu: Callable[[Page, str], None], tmp_path: Path
) -> None:
    picture, other = tmp_path / "picture.json", tmp_path / "other.json"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    other.write_text('{"nodes": "<script>alert(1)</script>"}', encoding="utf-8")
    open_menu(admin_page, "알고리즘")
    nodes = admin_page.locator(".react-flow__node")
    expect(nodes).not_to_have_count(0)
    shown = nodes.count()
    for file in (picture, other):
        choose(admin_page, "JSON 가져오기", file)
        notice = admin_page.get_by_text("그래프 JSON이 아닙니다")
        expect(notice).to_be_visible()
        admin_page.get_by_role("status").filter(has=notice).get_by_role("button", name="닫기").click()
        expect(notice).to_have_count(0)
    assert nodes.count() == shown

    open_menu(admin_page, "데이터 출력 설정")
    choose(admin_page, "Import", picture)
    expect(admin_page.get_by_text("JSON 프로파일 파일이 아닙니다")).to_be_visible()


def choose(page: Page, button: str, file: Path) -> None:
    """Choose a file in the dialog that a button opens."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name=button, exact=True).click()
    chooser.value.set_files(file)


def test_the_dashboard_shows_requests_as_they_come(admin_page: Page, whole_system: RunningSystem) -> None:
    admin_page.goto("/admin/operations")
    rate = admin_page.get_by_text("초당", exact=False).first
    expect(rate).to_be_visible()
    before = rate.inner_text()
    with whole_system.admin() as client:
        for _ in range(60):
            client.post("/api/predict", json={"item_codes": ["SLS-0000718"]}).raise_for_status()
    expect(rate).not_to_have_text(before, timeout=30_000)
    for process in ("ann", "aggregate", "auth"):
        expect(admin_page.get_by_role("group", name="프로세스")).to_contain_text(process)
