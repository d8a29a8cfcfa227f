"""Words: Korean screens speak Korean and English ones English, also where something is refused, wrong or old."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.browser_steps import LANGUAGES, said
from tests.e2e.conftest import PageIn
from tests.e2e.looks import ENGLISH_SENTENCE, HANGUL
from tests.e2e.test_numbers_in_the_browser import ITEM
from tests.support.running_system import RunningSystem

UNNAMED = "미분류"
SOURCES = ("/no/such/file.accdb", "/etc/passwd", "postgresql://nobody@127.0.0.1:1/none", "x" * 300)


@pytest.fixture
def client(whole_system: RunningSystem) -> Iterator[httpx.Client]:
    with whole_system.admin() as client:
        yield client


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_refused_at_the_registration_is_said_in_the_language_of_the_page(  # type: ignore[no-untyped-def]
    language: str, new_page, watched
) -> None:
    watched.expected_statuses.update({400, 401, 409, 422})
    page = new_page()
    page.add_init_script(f"localStorage.setItem('routing-ml-language', '{language}')")
    page.goto("/")
    page.get_by_role(
        "button", name=re.compile(said(language, "계정이 없으면", "[Nn]o account|[Rr]equest"))
    ).first.click()
    tried = [
        ("not an address", "Seal-Ring-42x"),
        ("somebody@plant.example", "password"),
        ("somebody@plant.example", "aaaaaaaaaaaa"),
        ("admin@plant.example", "Seal-Ring-42x"),
        ("한글@plant.example", "somebody-한글"),
    ]
    for email, password in tried:
        page.get_by_label(said(language, "이메일", "E-mail")).fill(email)
        page.get_by_label(said(language, "비밀번호", "Password"), exact=True).fill(password)
        page.get_by_label(said(language, "비밀번호 확인", "Password again")).fill(password)
        page.get_by_role("button", name=said(language, "가입 신청", "Request an account"), exact=True).click()
        page.wait_for_load_state("networkidle")
        for alert in page.get_by_role("alert").all_inner_texts():
            if language == "ko":
                assert HANGUL.search(alert), alert
                assert not ENGLISH_SENTENCE.search(alert), alert
            else:
                assert not HANGUL.search(alert), alert
        if page.get_by_label(said(language, "비밀번호 확인", "Password again")).count() == 0:
            page.goto("/")
            page.get_by_role(
                "button", name=re.compile(said(language, "계정이 없으면", "[Nn]o account|[Rr]equest"))
            ).first.click()


@pytest.mark.parametrize("language", LANGUAGES)
def test_sources_that_cannot_be_opened_are_told_in_the_language_of_the_page(  # type: ignore[no-untyped-def]
    language: str, page_in: PageIn, watched
) -> None:
    watched.expected_statuses.update({400, 403, 404, 422, 502, 503, 504})
    page = page_in(language, "/options")
    field = page.get_by_label(said(language, "Access 데이터베이스 경로", "Access database path"))
    for path in SOURCES:
        field.fill(path)
        with page.expect_response("**/api/access/connection/test"):
            page.get_by_role("button", name="Test connection").click()
        failed = page.get_by_text(said(language, "연결하지 못했습니다", "Could not connect"))
        expect(failed.or_(page.get_by_role("alert")).first).to_be_visible()
        for text in page.locator(
            "main .tile:has([aria-hidden]), main [role=alert], main [role=status]"
        ).all_inner_texts():
            assert (ENGLISH_SENTENCE if language == "ko" else HANGUL).search(text) is None, (path, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_recorded_action_and_fact_has_a_word(language: str, page_in: PageIn, client: httpx.Client) -> None:
    client.post("/api/audit/ui", json={"action": "ui.menu", "payload": {"menu": "routing"}})
    page = page_in(language, "/admin/accounts")
    panel = page.get_by_role("region", name=said(language, "감사 로그", "Audit log"))
    panel.locator("tbody tr").first.wait_for()
    total = client.get("/api/audit/events", params={"limit": 1}).json()["total"]
    actions: set[str] = set()
    for offset in range(0, min(total, 3000), 500):
        found = client.get("/api/audit/events", params={"limit": 500, "offset": offset}).json()["items"]
        actions |= {event["action"] for event in found}
    assert len(actions) > 3
    for action in sorted(actions):
        panel.get_by_label(said(language, "작업 이름", "Action")).first.fill(action)
        cell = panel.locator(f"td[title='{action}']").first
        expect(cell).to_be_visible()
        word = cell.inner_text()
        if language == "ko":
            assert HANGUL.search(word), f"{action} has no Korean name"
        assert "." not in word, word
        assert "_" not in word, word
    panel.get_by_label(said(language, "작업 이름", "Action")).first.fill(said(language, "로그인", "auth login"))
    expect(panel.locator("tbody tr:not(:has(td[title^='auth.login']))")).to_have_count(0)
    expect(panel.locator("td[title='auth.login']").first).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_warning_of_too_little_similarity_says_no_empty_figure(language: str, page_in: PageIn) -> None:
    page = page_in(language)
    page.get_by_label(said(language, "품목 코드 목록", "Item codes")).fill(ITEM)
    page.get_by_label(said(language, "유사 품목에서 추천", "Recommend from similar items")).check()
    page.get_by_label(said(language, "최소 유사도 (%)", "Minimum similarity (%)")).fill("100")
    page.get_by_role("button", name=said(language, "추천 실행", "Recommend"), exact=True).click()
    warnings = page.get_by_role("list", name=said(language, "예측 경고", "Warnings of the prediction")).first
    expect(warnings).to_be_visible()
    text = warnings.inner_text()
    assert "0.000" not in text
    assert (ENGLISH_SENTENCE if language == "ko" else HANGUL).search(text.replace(ITEM, "")) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_groups_of_the_tree_go_by_their_numbers_and_have_names(
    language: str, page_in: PageIn, client: httpx.Client
) -> None:
    page = page_in(language, "/master-data")
    tree = page.get_by_role("tree")
    tree.get_by_role("treeitem").first.wait_for()
    names = [one.split("\n")[0] for one in tree.get_by_role("treeitem", level=1).all_inner_texts()]
    assert all(name.strip().lower() not in ("", "nan", "none", "null", "–") for name in names)

    def parts(name: str) -> list[tuple[int, int, str]]:
        return [
            (0, int(part), "") if part.isdigit() else (1, 0, part.lower())
            for part in re.findall("[0-9]+|[^0-9]+", name)
        ]

    labels = [one["label"] for one in client.get("/api/master-data/hierarchy").json()["groups"]]
    named = [label for label in labels if label not in ("", UNNAMED)]
    assert named == sorted(named, key=parts)
