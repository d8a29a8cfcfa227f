"""Every dialog, editor and menu that opens over a screen: accessible, whole and readable at five widths, in both languages.

With ROUTING_ML_DIALOG_PICTURES=folder a picture of each is kept there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browser_steps import KOREAN, LANGUAGES, said
from tests.e2e.conftest import PageIn
from tests.e2e.test_files_in_the_browser import erp_by_file
from tests.e2e.test_numbers_in_the_browser import propose
from tests.e2e.test_screens_in_the_browser import AXE
from tests.support.running_system import RunningSystem

WIDTHS = (1024, 1280, 1440, 1920, 2560)
HEIGHT = 720
RULES = """{
  runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']},
  rules: {'label-content-name-mismatch': {enabled: true}},
}"""
CUT = """root => {
  const seen = box => box.width > 0 && box.height > 0
  const wrong = []
  const frame = root.getBoundingClientRect()
  if (frame.left < -1 || frame.top < -1 || frame.right > innerWidth + 1 || frame.bottom > innerHeight + 1)
    wrong.push(`stands out of the window: ${JSON.stringify(frame)}`)
  for (const one of root.querySelectorAll('*')) {
    const style = getComputedStyle(one)
    if (!seen(one.getBoundingClientRect()) || one.closest('pre, .sr-only, [aria-hidden=true], option, datalist')) continue
    const text = [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim() !== '')
    const wide = one.scrollWidth > one.clientWidth + 1 && style.display !== 'inline'
    if (text && wide && ['hidden', 'clip'].includes(style.overflowX) && !one.closest('[title]'))
      wrong.push(`cut: ${one.innerText.slice(0, 80)}`)
    if (wide && ['auto', 'scroll'].includes(style.overflowX))
      wrong.push(`to be scrolled sideways: ${one.className} ${one.innerText.slice(0, 60)}`)
    if (text && one.matches('button, a, label, h1, h2, h3, th, td, p, dt, dd, span, b')) {
      const box = one.getBoundingClientRect()
      if (box.right > frame.right + 1 || box.left < frame.left - 1)
        wrong.push(`outside of the dialog: ${one.innerText.slice(0, 80)}`)
    }
    if (one.matches('input:not([type=checkbox]):not([type=radio]), select') && one.value && !one.matches('[type=password]')) {
      const room = document.createElement('canvas').getContext('2d')
      room.font = style.font
      const shown = one.matches('select') ? one.selectedOptions[0]?.text ?? '' : one.value
      const inner = one.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight)
      if (room.measureText(shown).width > inner + 1 && !one.title) wrong.push(`value cut: ${shown}`)
    }
  }
  return wrong
}"""


class Dialogs:
    """Looks at what is open, at every width."""

    def __init__(self, page: Page, language: str) -> None:
        self.page, self.language = page, language
        self.problems: list[str] = []

    def say(self, korean: str, english: str) -> str:
        """A word in the language of the page."""
        return said(self.language, korean, english)

    def button(self, korean: str, english: str, within: Locator | None = None) -> Locator:
        """A button by its name."""
        return (within or self.page).get_by_role("button", name=self.say(korean, english), exact=True).first

    def look(self, name: str, what: Locator | None = None) -> Locator:
        """Check what is open, and keep a picture of it where they are asked for; returns it."""
        page = self.page
        shown = what or page.get_by_role("dialog").last
        shown.wait_for()
        folder = os.environ.get("ROUTING_ML_DIALOG_PICTURES")
        expect(shown.locator(".skeleton")).to_have_count(0)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            opener = page.locator("[aria-haspopup=dialog][aria-expanded=true]")
            if opener.count():  # an editor hangs on what opened it
                opener.first.evaluate("one => one.scrollIntoView({ block: 'center' })")
            wrong: list[str] = shown.evaluate(CUT)
            for _ in range(40):  # until it is drawn at its new place
                if not wrong:
                    break
                page.wait_for_timeout(50)
                wrong = shown.evaluate(CUT)
            self.problems += [f"{name} at {width}: {one}" for one in wrong]
            if folder:
                Path(folder).mkdir(parents=True, exist_ok=True)
                page.screenshot(path=Path(folder) / f"{name}-{self.language}-{width}.png")
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate(f"axe.run(document, {RULES}).then((result) => result.violations)")
        self.problems += [f"{name}: {one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]
        page.set_viewport_size({"width": 1280, "height": HEIGHT})
        if folder:
            (Path(folder) / f"{name}-{self.language}.txt").write_text("\n".join(self.problems), encoding="utf-8")
        return shown

    def close(self) -> None:
        """Escape what is open on top."""
        top = self.page.get_by_role("dialog").last.element_handle()
        self.page.keyboard.press("Escape")
        self.page.wait_for_function("one => !one.isConnected", arg=top)


@pytest.fixture
def dialogs(page_in: PageIn) -> Callable[[str, str], Dialogs]:
    """Opens a screen to look at its dialogs."""
    return lambda language, path: Dialogs(page_in(language, path), language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_dialogs_of_the_routing_screen(  # type: ignore[no-untyped-def]
    language: str, dialogs: Callable[[str, str], Dialogs], whole_system: RunningSystem, watched
) -> None:
    watched.expected_statuses.add(409)
    with erp_by_file(whole_system):
        look = dialogs(language, "/routing")
        page = look.page
        propose(page, language)
        first = page.locator("li[data-operation]").first
        first.get_by_role("group").press("Enter")
        editor = look.look("times")
        editor.get_by_label(look.say("가공 (분)", "Run (min)")).fill("1,234,567")
        look.look("times-wrong")
        look.close()
        look.button("단축키", "Keys").click()
        look.look("keys")
        look.close()
        look.button("비교", "Compare").click()
        look.look("compare")
        look.close()

        page.get_by_label(look.say("그룹 이름", "Group name")).fill(f"DIALOGS {language} " + "긴" * 48)
        look.button("INTERFACE", "INTERFACE").click()
        handing = look.look("erp")
        look.button("INTERFACE", "INTERFACE", handing).click()
        expect(handing).to_contain_text(look.say("SQL 미리 보기", "SQL preview"))
        look.look("erp-sent")
        look.close()

        first.get_by_role("group").press("Delete")
        page.get_by_role("tab", selected=True).press("Delete")
        look.look("close-tab")
        look.close()
        page.get_by_role("button", name=look.say("추천 실행", "Recommend"), exact=True).click()
        look.look("replace")
        look.close()
        recent = page.get_by_role("region", name=look.say("최근 저장 그룹", "Recent groups"))
        recent.get_by_role("listitem").first.get_by_role("button").last.click()
        look.look("delete-group")
        look.close()

        node = page.locator('.react-flow__node[data-id="predictor"]')
        node.scroll_into_view_if_needed()
        node.dblclick()
        look.look("node")
        look.close()
    assert look.problems == []


@pytest.mark.parametrize("language", [KOREAN])
def test_the_dialogs_of_administrators(
    language: str, dialogs: Callable[[str, str], Dialogs], whole_system: RunningSystem
) -> None:
    waiting = f"waits-{'long-' * 9}{language}@plant.example"
    with whole_system.client() as client:
        answer = client.post("/api/auth/register", json={"username": waiting, "password": "Seal-Ring-42x"})
        assert answer.status_code in (200, 201, 409), answer.text
    look = dialogs(language, "/admin/accounts")
    page = look.page
    page.get_by_role("listitem").filter(has_text=waiting).get_by_role("button", name=look.say("거절", "Reject")).click()
    look.look("reject")
    look.close()
    row = page.get_by_role("row").filter(has_text=waiting)
    row.get_by_role("button", name=look.say("비밀번호 재설정", "Reset password")).click()
    look.look("reset-password")
    look.close()
    page.get_by_role("button", name=re.compile(look.say("^관리", "^Admin"))).first.click()
    look.look("menu-of-administrators", page.get_by_role("menu"))
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile(look.say("^내 계정", "^My account|^Account"))).click()
    look.look("menu-of-the-account", page.get_by_role("menu"))
    page.get_by_role("menuitem", name=look.say("비밀번호 변경", "Change password")).click()
    look.look("own-password")
    look.close()

    page.goto("/admin/models")
    versions = page.get_by_role("region", name=look.say("모델 버전", "Model versions"))
    versions.wait_for()
    look.button("이전 버전으로 롤백", "Roll back").click()
    look.look("roll-back")
    look.close()
    assert look.problems == []
