"""Another plant's system in the browser: bicycles, in their own words, from the proposal to the schema."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser_steps import PATIENCE, ROOT, SCREENS
from tests.support.running_system import RunningSystem

FRAME = "830"
"""A black mountain frame without a routing of its own."""


def features_of(system: RunningSystem) -> list[str]:
    """The plant's own words for its features: whichever of them a method finds telling, it is said in these."""
    with system.admin() as client:
        return [re.escape(one["label_ko"]) for one in client.get("/api/plant").json()["features"]]


@pytest.fixture
def page(bicycles_page: Page) -> Page:
    """The administrator's page in Korean."""
    return bicycles_page


def test_everything_is_said_in_the_words_of_the_plant(page: Page, bicycles: RunningSystem) -> None:
    page.goto("/routing")
    page.get_by_label("품목 코드 목록").fill(FRAME)
    page.get_by_role("button", name="추천 실행").click()
    page.locator("li[data-operation]").first.click()
    evidence = page.get_by_role("region", name="추천 근거")
    expect(evidence).to_contain_text(re.compile(f"({'|'.join(features_of(bicycles))}) = |유사 품목"))

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


def test_the_guide_leads_from_a_foreign_source_to_a_version_that_serves(
    page: Page, bicycles: RunningSystem, tmp_path: Path
) -> None:
    source = tmp_path / "werkstatt"
    source.mkdir()
    shutil.copy(ROOT / "demo" / "plants" / "fabricad" / "artikel.csv", source)
    plan = pl.read_csv(ROOT / "demo" / "plants" / "fabricad" / "plan.csv", infer_schema=False)
    hours = (pl.col("Dauer[min]").cast(pl.Float64) / 600).alias("Dauer")
    plan.with_columns(hours).drop("Dauer[min]").write_csv(source / "plan.csv")

    page.goto("/start/own")
    page.get_by_label("파일, 폴더 또는 데이터베이스 주소").fill(str(source))
    page.get_by_role("button", name="살펴보기").click()
    expect(page.get_by_role("alert")).to_contain_text("허용되지 않은 폴더")
    expect(page.get_by_role("link", name="옵션에서 폴더나 서버를 허용하세요")).to_be_visible()
    with bicycles.admin() as client:
        client.patch("/api/workflow/graph", json={"access": {"allowed_folders": [str(tmp_path)]}}).raise_for_status()
    page.get_by_role("button", name="살펴보기").click()

    question = page.get_by_role("group", name="어떤 단위입니까")
    expect(question).to_contain_text("Dauer")
    train = page.get_by_role("button", name="저장하고 학습 시작")
    expect(train).to_be_disabled()
    question.get_by_role("button", name="시간").click()
    expect(page.get_by_text("의심스러운 것이 없습니다.")).to_be_visible()
    operations = page.get_by_role("region", name="공정", exact=True)
    expect(operations.get_by_role("row", name="공정 Schritt")).to_contain_text("drehen")
    expect(page.get_by_role("article").first).to_contain_text("liefern")
    train.click()

    activate = page.get_by_role("button", name="이 버전 활성화")
    expect(activate).to_be_enabled(timeout=8 * PATIENCE)
    if os.environ.get("ROUTING_ML_SCREENSHOTS"):
        page.screenshot(path=SCREENS / "first-start-1280.png", full_page=True)
    activate.click()
    expect(page.get_by_text("버전이 서비스 중입니다")).to_be_visible(timeout=4 * PATIENCE)
    page.get_by_role("link", name="첫 예측 하러 가기").click()
    page.get_by_label("품목 코드 목록").fill("00000003")
    page.get_by_role("button", name="추천 실행").click()
    expect(page.locator("li[data-operation]").first).to_contain_text("liefern")
