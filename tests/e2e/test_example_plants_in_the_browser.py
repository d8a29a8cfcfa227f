"""The examples that come with the product, tried from the first-start page beside somebody's own plant and the demo."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser_steps import PATIENCE, ROOT, page_of, speak
from tests.support.running_system import RunningSystem, running_plant

GEARS = ROOT / "tests" / "data" / "plants" / "engranajes"
TRAINING = 8 * PATIENCE
FRAME, SHAFT = "830", "00000003"
SEALS = re.compile("씰|Seal|Mechanical|SEAL")
HANGUL = re.compile("[가-힣]")


@pytest.fixture(scope="module")
def gears(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """A system of somebody's own plant, which is none of the examples."""
    state = tmp_path_factory.mktemp("gears") / "state"
    with running_plant(state, GEARS) as system:
        yield system


@pytest.fixture
def page(browser: Browser, gears: RunningSystem) -> Iterator[Page]:
    """The administrator's page."""
    with page_of(browser, gears) as page:
        yield page


def try_plant(page: Page, name: str) -> None:
    """Choose a plant on the first-start page and wait until it serves and its items are read."""
    page.goto("/start")
    page.get_by_role("button", name=re.compile(f"^{name}: ")).click()
    done = page.get_by_text(f"이제 {name} 공장이 서비스합니다.")
    expect(done).to_be_visible(timeout=TRAINING)
    expect(page.get_by_role("link", name="라우팅 예측하기")).to_be_visible(timeout=TRAINING)


def predict(page: Page, code: str) -> None:
    """Recommend a routing for an item and open the evidence of its first operation."""
    page.get_by_role("link", name="라우팅 예측하기").click()
    page.get_by_label("품목 코드 목록").fill(code)
    page.get_by_role("button", name="추천 실행").click()
    page.locator("li[data-operation]").first.click()


def test_every_plant_stands_on_the_first_start_page(page: Page) -> None:
    page.goto("/start")
    names = page.locator("main li h3")
    expect(names).to_have_count(4)
    assert [name.split(" · ")[0] for name in names.all_inner_texts()] == [
        "우리 공장",
        "데모",
        "어드벤처웍스 자전거",
        "파브리캐드",
    ]
    speak(page, "en")
    expect(page.get_by_role("heading", name="FabriCAD")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^AdventureWorks Cycles: "))).to_be_enabled()
    assert HANGUL.search(page.locator("main").inner_text()) is None


def test_bicycles_are_trained_served_and_said_in_their_own_words_in_both_languages(
    page: Page, gears: RunningSystem
) -> None:
    try_plant(page, "어드벤처웍스 자전거")
    with gears.admin() as client:
        plant = client.get("/api/plant").json()
    assert plant["name"] == "AdventureWorks Cycles"
    predict(page, FRAME)
    words = {"ko": [one["label_ko"] for one in plant["features"]], "en": [one["label"] for one in plant["features"]]}
    evidence = page.get_by_role("region", name="추천 근거")
    expect(evidence).to_contain_text(re.compile("|".join(f"{re.escape(one)} = " for one in words["ko"]) + "|유사 품목"))
    for path in ("/routing", "/master-data", "/algorithm", "/training-status", "/options", "/data-output"):
        page.goto(path)
        page.get_by_role("heading", level=1).wait_for()
        page.wait_for_load_state("networkidle")
        said = page.locator("main").inner_text()
        assert SEALS.search(said) is None, (path, SEALS.search(said))

    speak(page, "en")
    page.goto("/training-status")
    expect(page.locator("main")).to_contain_text("Subcategory")
    for path in ("/start", "/training-status", "/master-data", "/algorithm"):
        page.goto(path)
        page.get_by_role("heading", level=1).wait_for()
        page.wait_for_load_state("networkidle")
        said = page.locator("main").inner_text()
        assert HANGUL.search(said) is None, (path, [line for line in said.splitlines() if HANGUL.search(line)])


def test_turned_parts_are_tried_next_and_the_own_plant_comes_back(page: Page, gears: RunningSystem) -> None:
    with gears.admin() as client:
        own = next(
            one["version_name"] for one in client.get("/api/plant/choices").json()["items"] if one["name"] == "own"
        )
        try_plant(page, "파브리캐드")
        predict(page, SHAFT)
        expect(page.locator("li[data-operation]").first).to_contain_text("liefern")
        tried = next(one for one in client.get("/api/plant/choices").json()["items"] if one["serving"])
        assert tried["name"] == "fabricad"
        try_plant(page, "우리 공장")
        assert client.get("/api/plant").json()["name"] != "FabriCAD"
        served = next(one for one in client.get("/api/plant/choices").json()["items"] if one["serving"])
        assert (served["name"], served["version_name"]) == ("own", own)


def test_the_version_of_another_plant_is_refused_in_the_language_of_the_screen(
    page: Page, gears: RunningSystem
) -> None:
    with gears.admin() as client:
        choices = {one["name"]: one for one in client.get("/api/plant/choices").json()["items"]}
        foreign = choices["fabricad"]["version_name"]
        assert foreign, "tried before"
        if not choices["own"]["serving"]:
            client.post("/api/plant/choices/own/serve").raise_for_status()
        page.goto("/admin/models")
        for language, action, refusal in (
            ("ko", "활성화", "활성화하지 못했습니다. 기존 버전이 계속 사용됩니다."),
            ("en", "Activate", "It could not be activated. The old version serves on."),
        ):
            speak(page, language)
            row = page.get_by_role("row", name=re.compile(re.escape(foreign)))
            row.get_by_role("button", name=action, exact=True).click()
            page.get_by_role("dialog").get_by_role("button", name=action, exact=True).click()
            told = page.get_by_role("status").filter(has_text=refusal)
            expect(told.first).to_contain_text("FabriCAD")
            if language == "ko":
                expect(told.first).to_contain_text("프로파일을 먼저 활성화하세요")
                expect(told.first).not_to_contain_text("서버 메시지")
        active = next(one for one in client.get("/api/trainer/versions").json() if one["active_flag"])
        assert active["version_name"] == choices["own"]["version_name"]
