"""What the browser tests share: places, sizes, and logging in."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

from tests.support.patience import busyness
from tests.support.running_system import ADMIN_EMAIL, ADMIN_PASSWORD

ROOT = Path(__file__).resolve().parents[2]
SCREENS = ROOT / "docs" / "screens"
WIDTH, HEIGHT = 1280, 900
PATIENCE = int(15_000 * busyness())
"""Milliseconds, on a busy machine more."""


def log_in(page: Page, email: str = ADMIN_EMAIL, password: str = ADMIN_PASSWORD) -> None:
    """Log in on the entry page and wait for the menus."""
    page.goto("/")
    page.get_by_label("이메일").fill(email)
    page.get_by_label("비밀번호").fill(password)
    page.get_by_role("button", name="로그인", exact=True).click()
    page.get_by_role("navigation", name="운영 메뉴").wait_for()
