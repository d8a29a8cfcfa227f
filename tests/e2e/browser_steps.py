"""What the browser tests share: places, sizes, and logging in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Request, expect

from tests.support.patience import busyness
from tests.support.running_system import ADMIN_EMAIL, ADMIN_PASSWORD, RunningSystem

ROOT = Path(__file__).resolve().parents[2]
BICYCLES = ROOT / "demo" / "plants" / "adventureworks"
SECOND_SITE = "second"
"""A site of the bicycles' group."""
SCREENS = ROOT / "docs" / "screens"
WIDTH, HEIGHT = 1280, 900
PATIENCE = int(15_000 * busyness())
"""Milliseconds, on a busy machine more."""


SETTINGS = "/api/workflow/graph?sections=all"
"""The settings with all their sections and their revision."""

KOREAN, ENGLISH = "ko", "en"
LANGUAGES = (KOREAN, ENGLISH)


def said(language: str, korean: str, english: str) -> str:
    """What a control is called in the language of the page."""
    return korean if language == KOREAN else english


def body_of(request: Request) -> Any:
    """What a request sends as JSON."""
    return json.loads(request.post_data or "null")


def log_in(page: Page, email: str = ADMIN_EMAIL, password: str = ADMIN_PASSWORD) -> None:
    """Log in on the entry page and wait for the menus."""
    page.goto("/")
    page.get_by_label("이메일").fill(email)
    page.get_by_label("비밀번호").fill(password)
    page.get_by_role("button", name="로그인", exact=True).click()
    page.get_by_role("navigation", name="운영 메뉴").wait_for()


@contextmanager
def page_of(browser: Browser, system: RunningSystem) -> Iterator[Page]:
    """A page of a system's administrator in Korean; an error in it fails the test at the end of the block."""
    context = browser.new_context(
        base_url=system.url, viewport={"width": WIDTH, "height": HEIGHT}, locale="ko-KR", accept_downloads=True
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    log_in(page)
    yield page
    context.close()
    assert problems == []


def speak(page: Page, language: str) -> None:
    """Show the screens in a language: ko or en."""
    html = page.locator("html")
    if html.get_attribute("lang") != language:
        page.get_by_role("button", name="English" if language == "en" else "한국어", exact=True).click()
        expect(html).to_have_attribute("lang", language)
