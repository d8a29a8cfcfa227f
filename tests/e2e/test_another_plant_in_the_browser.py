"""Another plant's system in the browser: bicycles, in their own words, from the proposal to the schema."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser_steps import HEIGHT, PATIENCE, ROOT, WIDTH, log_in
from tests.support.running_system import RunningSystem, port_variables

PLANT = ROOT / "demo" / "plants" / "adventureworks"
FRAME = "830"
"""A black mountain frame without a routing of its own."""


@pytest.fixture(scope="module")
def bicycles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """A system that was started with the plant's tables and profile, and nothing else."""
    state: Path = tmp_path_factory.mktemp("bicycles") / "state"
    system = RunningSystem(state, variables=port_variables())
    system.start("--data", str(PLANT), "--profile", str(PLANT / "profile.json"))
    yield system
    system.stop()


@pytest.fixture
def page(browser: Browser, bicycles: RunningSystem) -> Iterator[Page]:
    """A page of the administrator; an error in it fails the test."""
    context = browser.new_context(
        base_url=bicycles.url, viewport={"width": WIDTH, "height": HEIGHT}, locale="ko-KR", accept_downloads=True
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    log_in(page)
    yield page
    context.close()
    assert problems == []


def test_everything_is_said_in_the_words_of_the_plant(page: Page) -> None:
    page.goto("/routing")
    page.get_by_label("품목 코드 목록").fill(FRAME)
    page.get_by_role("button", name="추천 실행").click()
    page.locator("li[data-operation]").first.click()
    expect(page.get_by_role("region", name="추천 근거")).to_contain_text("소분류 = 12")

    page.goto("/master-data")
    page.get_by_role("textbox", name="Item Codes").fill(FRAME)
    page.get_by_role("button", name="Add to tabs").click()
    expect(page.get_by_role("row", name="색상")).to_contain_text("Black")

    page.goto("/data-output")
    expect(page.locator("main")).to_contain_text("Planned cost")
    expect(page.locator("main")).not_to_contain_text("JOB_NM")

    page.goto("/training-status")
    expect(page.locator("main")).to_contain_text("소분류")


def test_the_schema_is_edited_on_the_screen_and_its_effect_said_before_it_is_saved(page: Page) -> None:
    page.goto("/options")
    page.get_by_text("공장 스키마 (피처)").click()
    page.get_by_label("Color 한국어 이름").fill("빛깔")
    effects = page.get_by_role("status").filter(has_text="이 프로파일을 활성화하면")
    expect(effects).to_contain_text("원본을 다시 읽어야 합니다")
    expect(effects).not_to_contain_text("새 버전을 학습해야 합니다")

    source = page.get_by_role("combobox", name="원본 컬럼에서 피처 만들기")
    source.hover()
    source.select_option("safetystocklevel")
    page.get_by_role("button", name="피처 추가").click()
    page.get_by_label("safetystocklevel 종류").select_option("size")
    expect(effects).to_contain_text("원본을 다시 읽어야 합니다 (바뀐 항목 2개)")
    page.get_by_label("Color 가중치").fill("2")
    expect(effects).to_contain_text("새 버전을 학습해야 합니다")

    page.get_by_role("button", name="Save", exact=True).click()
    expect(effects).to_have_count(0)
    page.goto("/training-status")
    expect(page.locator("main")).to_contain_text("빛깔")
