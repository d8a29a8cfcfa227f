"""Wrong schemas and profiles on the screens: each says what is wrong and where in both languages, and what serves goes on serving."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browser_steps import BICYCLES, PATIENCE, speak
from tests.support.patience import wait_until
from tests.support.running_system import RunningSystem

Profile = dict[str, Any]
Change = Callable[[Profile], None]
NAME = "E2E wrong"
FRAME = "830"
ACTIVE = "AdventureWorks"


def bicycles_profile() -> Profile:
    profile: Profile = json.loads((BICYCLES / "profile.json").read_text(encoding="utf-8"))
    return {**profile, "name": NAME}


def features(profile: Profile) -> list[Profile]:
    found: list[Profile] = profile["schema"]["features"]
    return found


def without_key(profile: Profile) -> None:
    profile["columns"] = [
        one for one in profile["columns"] if (one["role"], one["internal"]) != ("features", "ITEM_CD")
    ]


def two_kinds(profile: Profile) -> None:
    features(profile).append({"name": "Color", "kind": "number"})


def other_case(profile: Profile) -> None:
    features(profile).append({"name": "COLOR", "kind": "category"})


def unit_of_a_text(profile: Profile) -> None:
    features(profile)[0]["unit_from"] = "Color"


def unit_of_a_text_column(profile: Profile) -> None:
    next(one for one in profile["columns"] if one["internal"] == "Color")["unit"] = "MM"


def many_features(profile: Profile) -> None:
    features(profile).extend({"name": f"Feature {number}", "kind": "category"} for number in range(500))


def markup(profile: Profile) -> None:
    features(profile)[0]["label"] = "<img src=x onerror=alert(1)>"


def served(client: httpx.Client) -> str:
    """What proposes a routing: the version, after a prediction that went well."""
    answer = client.post("/api/predict", json={"item_codes": [FRAME]})
    assert answer.status_code == 200, answer.text
    versions = client.get("/api/trainer/versions").json()
    return str(next(one["version_name"] for one in versions if one["active_flag"]))


@pytest.fixture
def page(bicycles_page: Page, bicycles: RunningSystem) -> Page:
    """The administrator's page on the options, and no profile of an earlier test."""
    bicycles_page.on("dialog", lambda dialog: pytest.fail(f"markup was run: {dialog.message}"))
    with bicycles.admin() as client, suppress(httpx.HTTPError):
        client.delete(f"/api/mapping/input-profiles/{NAME}")
    bicycles_page.goto("/options")
    bicycles_page.get_by_role("button", name=re.compile(f"^{ACTIVE}")).wait_for()
    return bicycles_page


def import_profile(page: Page, profile: Profile) -> None:
    """Choose a file with the profile on the screen."""
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Import").first.click()
    chosen.value.set_files(
        {"name": "profile.json", "mimeType": "application/json", "buffer": json.dumps(profile).encode("utf-8")}
    )


def stored_problems(page: Page) -> Locator:
    """What the editor says of the stored profile that is open."""
    return page.get_by_role("status").filter(has_text=re.compile("활성화할 수 없습니다|cannot become active"))


@pytest.mark.parametrize(
    ("change", "korean", "english"),
    [
        (
            without_key,
            "features 테이블에 필요한 연결이 없습니다: ITEM_CD",
            "the features table lacks a mapping of ITEM_CD",
        ),
        (two_kinds, "Color의 종류가 category와(과) number 두 가지입니다", "Color is a category and a number"),
        (other_case, "Color와(과) COLOR은(는) 대소문자만 다릅니다", "Color and COLOR differ in case only"),
        (unit_of_a_text, "단위는 치수(size)만 가질 수 있으니", "only a size has a unit"),
        (unit_of_a_text_column, "형식이라 단위를 가질 수 없습니다", "TEXT"),
        (many_features, "최대 200개까지 가능합니다", "at most 200 are possible"),
        (markup, "태그나 제어 문자가 있습니다", "holds markup or control characters"),
    ],
)
def test_a_profile_with_a_fault_is_kept_says_it_and_cannot_become_active(
    page: Page, bicycles: RunningSystem, change: Change, korean: str, english: str
) -> None:
    profile = bicycles_profile()
    change(profile)
    with bicycles.admin() as client:
        before = served(client)
        import_profile(page, profile)
        tile = page.get_by_role("button", name=re.compile(f"^{NAME}"))
        expect(tile).to_contain_text("오류 있음")
        tile.click()
        expect(stored_problems(page)).to_contain_text(korean)
        expect(page.get_by_role("button", name="활성화", exact=True).first).to_be_disabled()
        speak(page, "en")
        expect(stored_problems(page)).to_contain_text(english)
        assert page.locator("main img").count() == 0
        speak(page, "ko")
        page.get_by_text("공장 스키마 (피처)").click()
        expect(page.get_by_role("group", name="피처").get_by_role("row").nth(1)).to_be_visible()
        refused = client.post(f"/api/mapping/input-profiles/{NAME}/activate")
        assert refused.status_code in (409, 422), refused.text
        assert served(client) == before


@pytest.mark.parametrize(
    ("change", "korean", "english"),
    [
        (lambda profile: features(profile)[0].update(weight="heavy"), "숫자여야 합니다 (입력: heavy)", "valid number"),
        (
            lambda profile: features(profile)[0].update(kind="colour"),
            "다음 중 하나여야 합니다",
            "Input should be 'identity'",
        ),
        (lambda profile: profile.update(schema={"name": "x"}), "값이 필요합니다", "Field required"),
    ],
)
def test_a_profile_that_is_none_is_refused_with_its_place(
    page: Page, bicycles: RunningSystem, change: Change, korean: str, english: str
) -> None:
    profile = bicycles_profile()
    change(profile)
    for language, text in (("ko", korean), ("en", english)):
        speak(page, language)
        import_profile(page, profile)
        told = page.get_by_role("status").filter(has_text=text)
        expect(told.first).to_contain_text("schema.features")
        if language == "ko":
            expect(told.first).not_to_contain_text("서버 메시지")
    expect(page.get_by_role("button", name=re.compile(f"^{NAME}"))).to_have_count(0)
    with bicycles.admin() as client:
        served(client)


def test_a_column_that_the_source_lacks_is_named_before_and_when_it_becomes_active(
    page: Page, bicycles: RunningSystem
) -> None:
    profile = bicycles_profile()
    color = next(one for one in profile["columns"] if one["internal"] == "Color")
    color["source"], color["required"] = "Colour of yesterday", True
    with bicycles.admin() as client:
        before = served(client)
        import_profile(page, profile)
        page.get_by_role("button", name=re.compile(f"^{NAME}")).click()
        page.get_by_role("button", name="실제 파일로 검사").click()
        found = page.get_by_role("status").filter(has_text="문제 1건")
        expect(found).to_contain_text("Colour of yesterday 컬럼이 없습니다")
        page.get_by_role("button", name="활성화", exact=True).first.click()
        told = page.get_by_role("status").filter(has_text="원본과 맞지 않습니다")
        expect(told.first).to_contain_text("Colour of yesterday 컬럼이 없습니다")
        expect(told.first).not_to_contain_text("서버 메시지")
        assert served(client) == before
        active = client.get("/api/plant").json()["profile"]
        assert active == ACTIVE


def test_a_weight_that_is_no_number_is_said_in_its_field_and_not_taken(page: Page) -> None:
    page.get_by_text("공장 스키마 (피처)").click()
    weight = page.get_by_label("Color 가중치")
    weight.fill("heavy")
    expect(page.get_by_role("alert").filter(has_text="숫자가 아닙니다")).to_be_visible()
    weight.fill("5000")
    expect(page.get_by_role("alert").filter(has_text="범위를 벗어난 값입니다")).to_be_visible()
    expect(page.get_by_role("button", name="Save", exact=True).first).to_be_disabled()


def test_markup_in_a_label_is_said_while_it_is_written(page: Page) -> None:
    page.get_by_text("공장 스키마 (피처)").click()
    page.get_by_label("Color 한국어 이름").fill("<b>빛깔</b>")
    effects = page.get_by_role("status").filter(has_text="이 프로파일을 활성화하면")
    expect(effects).to_contain_text("태그나 제어 문자가 있습니다")
    page.get_by_role("button", name="Save", exact=True).first.click()
    told = page.get_by_role("status").filter(has_text="프로파일에 고칠 곳이 있습니다")
    expect(told.first).to_contain_text("태그나 제어 문자가 있습니다")
    expect(told.first).not_to_contain_text("서버 메시지")
    assert page.locator("main b", has_text="빛깔").count() == 0


def test_a_profile_that_changes_while_a_training_runs_leaves_a_version_that_is_not_activated(
    page: Page, bicycles: RunningSystem
) -> None:
    with bicycles.admin() as client:
        before = served(client)
        original = client.get(f"/api/mapping/input-profiles/{ACTIVE}").json()
        started = client.post("/api/trainer/run", json={"version_label": "meanwhile"})
        assert started.status_code in (200, 202), started.text
        try:
            page.get_by_text("공장 스키마 (피처)").click()
            page.get_by_label("Color 종류").select_option("text")
            effects = page.get_by_role("status").filter(has_text="이 프로파일을 활성화하면")
            expect(effects).to_contain_text("새 버전을 학습해야 합니다")
            page.get_by_role("button", name="Save", exact=True).first.click()
            expect(effects).to_have_count(0)
            wait_until(
                lambda: client.get("/api/trainer/status").json()["status"] != "running",
                8 * PATIENCE / 1000,
                lambda: client.get("/api/trainer/status").text,
            )
            status = client.get("/api/trainer/status").json()
            assert status["status"] == "completed", status
            page.goto("/admin/models")
            row = page.get_by_role("row", name=re.compile("meanwhile"))
            row.get_by_role("button", name=re.compile("활성화")).click()
            page.get_by_role("dialog").get_by_role("button", name="활성화").click()
            told = page.get_by_role("status").filter(has_text="활성화하지 못했습니다")
            expect(told.first).to_contain_text("Color")
            expect(told.first).not_to_contain_text("서버 메시지")
        finally:
            again = client.get(f"/api/mapping/input-profiles/{ACTIVE}").json()
            client.put(
                f"/api/mapping/input-profiles/{ACTIVE}",
                json={"profile": original["profile"], "expected_revision": again["revision"]},
            ).raise_for_status()
        assert served(client) == before
