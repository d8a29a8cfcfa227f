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

from tests.e2e.browser_steps import LANGUAGES, said
from tests.e2e.conftest import PageIn
from tests.e2e.looks import inaccessible
from tests.e2e.test_files_in_the_browser import erp_by_file
from tests.e2e.test_numbers_in_the_browser import propose
from tests.support.running_system import RunningSystem

WIDTHS = (1024, 1280, 1440, 1920, 2560)
HEIGHT = 720
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
        self.problems += [f"{name}: {one}" for one in inaccessible(page)]
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_questions_that_a_clash_raises(  # type: ignore[no-untyped-def]
    language: str, dialogs: Callable[[str, str], Dialogs], page_in: PageIn, watched
) -> None:
    watched.expected_statuses.add(409)
    look = dialogs(language, "/routing")
    page = look.page
    name = f"CLASH {language} " + "名" * 40
    group, save = look.say("그룹 이름", "Group name"), look.say("이 라우팅 저장", "Save this routing")
    propose(page, language)
    page.get_by_label(group).fill(name)
    page.get_by_role("button", name=save).click()
    expect(page.get_by_text(look.say("서버 파일:", "File on the server:"))).to_be_visible()

    other = page_in(language)
    propose(other, language)
    other.get_by_label(group).fill(name)
    other.get_by_role("button", name=save).click()
    taken = Dialogs(other, language)
    taken.look("name-taken")
    taken.button("기존 그룹 바꾸기", "Replace the group").click()
    expect(other.get_by_text(look.say("(버전 2)", "(version 2)"))).to_be_visible()

    page.locator("li[data-operation]").first.get_by_role("group").press("Delete")
    page.get_by_role("button", name=save).click()
    look.look("conflict")
    look.close()
    page.context.clear_cookies()
    watched.expected_statuses.add(401)
    page.keyboard.press("ControlOrMeta+s")  # a click could meet the dialog, should another request have opened it
    expired = look.look("session-ended")
    expired.get_by_role("button", name=look.say("다른 계정으로 로그인", "Log in as somebody else")).click()
    look.look("leaving")
    assert look.problems + taken.problems == []


@pytest.mark.parametrize("language", LANGUAGES)
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_dialogs_of_the_blueprint_and_the_settings(language: str, dialogs: Callable[[str, str], Dialogs]) -> None:
    look = dialogs(language, "/algorithm")
    page = look.page
    page.locator(".react-flow__node").first.wait_for()
    look.button("생성된 코드", "Generated code").click()
    look.look("code")
    look.close()
    look.button("리비전", "Revisions").click()
    revisions = look.look("revisions")
    for changes in revisions.locator("details").all():
        changes.evaluate("one => { one.open = true }")
    look.look("revisions-open")
    back = revisions.get_by_role("button", name=look.say("이 리비전으로 되돌리기", "Revert to this revision"))
    if back.count():
        back.first.click()
        look.look("revert")
        look.close()
    look.close()
    look.button("실행", "Run").click()
    look.look("run")
    look.close()

    page.goto("/options")
    look.button("변경 이력", "Revisions").click()
    look.look("history-of-settings")
    look.close()
    page.goto("/data-output")
    page.get_by_role("button", name="New", exact=True).click()
    page.get_by_label(look.say("프로파일 이름", "Name of the profile")).fill("Dialogs " + "긴" * 80)
    page.get_by_role("list").get_by_role("button").first.click()
    if page.get_by_role("dialog").count():
        look.look("discard-profile")
        look.close()
    assert look.problems == []
