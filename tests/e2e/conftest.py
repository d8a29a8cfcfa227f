"""A browser on the whole running system. A console error or a request to another machine fails the test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    StorageState,
    expect,
    sync_playwright,
)

from tests.e2e.browser_steps import BICYCLES, HEIGHT, PATIENCE, ROOT, SECOND_SITE, WIDTH, log_in, page_of
from tests.support.running_system import RunningSystem, running_plant

NewPage = Callable[..., Page]
PageIn = Callable[..., Page]

expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder is an end-to-end test."""
    for item in items:
        if Path(__file__).parent in Path(item.fspath).parents:
            item.add_marker(pytest.mark.e2e)


def _missing(what: str) -> None:
    """A browser test that cannot run fails in CI and is skipped elsewhere."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        _missing("There is no Chromium: install the package chromium")
    if not (ROOT / "frontend" / "dist" / "index.html").is_file():
        _missing("The frontend is not built: run npm ci and npm run build in frontend")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=[
                "--no-sandbox",
                "--use-gl=angle",
                "--use-angle=swiftshader",
                "--disable-gpu-compositing",  # without a graphics card, drawing for one took a third of the processor time
                "--disable-background-networking",
            ],
        )
        yield browser
        browser.close()


class Watched:
    """What went wrong in the pages of a test."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self.expected_statuses: set[int] = set()
        self.server_may_be_away = False
        self.problems: list[str] = []

    def follow(self, page: Page) -> None:
        """Collect console errors, faults and requests to elsewhere."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.problems.append(f"fault: {error}"))
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        refused = "Failed to load resource" in message.text
        if refused and any(f"status of {status}" in message.text for status in self.expected_statuses):
            return
        if self.server_may_be_away and "net::ERR_" in message.text:
            return
        self.problems.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and f"{parts.scheme}://{parts.netloc}" != self._origin:
            self.problems.append(f"request to elsewhere: {request.url}")


@pytest.fixture
def watched(whole_system: RunningSystem) -> Iterator[Watched]:
    """Fails the test at its end when a page had a problem. A test says what it provokes: refusals, or a server that is away."""
    watched = Watched(whole_system.url)
    yield watched
    assert not watched.problems, "\n".join(watched.problems)


@pytest.fixture(scope="session")
def admin_state(browser: Browser, whole_system: RunningSystem) -> StorageState:
    """What a browser keeps once the administrator has logged in: most tests start there."""
    context = browser.new_context(base_url=whole_system.url, locale="ko-KR")
    context.set_default_timeout(PATIENCE)
    log_in(context.new_page())
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def new_page(browser: Browser, whole_system: RunningSystem, watched: Watched) -> Iterator[NewPage]:
    """Makes pages of people who do not share a session; of somebody who is logged in when given their `state`."""
    contexts: list[BrowserContext] = []

    def make(
        width: int = WIDTH, height: int = HEIGHT, state: StorageState | None = None, *, touch: bool = False
    ) -> Page:
        context = browser.new_context(
            has_touch=touch,
            base_url=whole_system.url,
            viewport={"width": width, "height": height},
            locale="ko-KR",
            accept_downloads=True,
            storage_state=state,
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        watched.follow(page)
        return page

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def page_in(new_page: NewPage, admin_state: StorageState) -> PageIn:
    """Opens a screen for the administrator in a language."""

    def make(language: str, path: str = "/routing", **how: int | bool) -> Page:
        page = new_page(state=admin_state, **how)
        page.add_init_script(f"localStorage.setItem('routing-ml-language', '{language}')")
        page.goto(path)
        page.get_by_role("heading", level=1).wait_for()
        return page

    return make


@pytest.fixture
def new_touch_page(new_page: NewPage, admin_state: StorageState) -> Page:
    """A page of the administrator on a screen that is touched, on the routing screen."""
    page = new_page(state=admin_state, touch=True)
    page.goto("/routing")
    page.get_by_role("heading", level=1, name="라우팅 구성").wait_for()
    return page


@pytest.fixture
def admin_page(new_page: NewPage, admin_state: StorageState) -> Page:
    """A page of the administrator, on the routing screen."""
    page = new_page(state=admin_state)
    page.goto("/routing")
    page.get_by_role("heading", level=1, name="라우팅 구성").wait_for()
    return page


@pytest.fixture
def open_menu() -> Callable[[Page, str], None]:
    """Opens one of the six menus by its name."""

    def open_it(page: Page, name: str) -> None:
        page.get_by_role("navigation", name="운영 메뉴").get_by_role("link", name=name).click()
        page.get_by_role("heading", level=1, name=name).wait_for()

    return open_it


@pytest.fixture(scope="session")
def bicycles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """A system that was started with another plant's tables and profile, and a second site of its group, which nobody has set up."""
    folder = tmp_path_factory.mktemp("bicycles")
    sites = folder / "sites.toml"
    sites.write_text(
        f'[""]\ngroup = "wheels"\n[{SECOND_SITE}]\nsource = "{BICYCLES.as_posix()}"\ngroup = "wheels"\n',
        encoding="utf-8",
    )
    with running_plant(folder / "state", BICYCLES, ROUTING_ML_SITES_FILE=str(sites)) as system:
        yield system


@pytest.fixture
def bicycles_page(browser: Browser, bicycles: RunningSystem) -> Iterator[Page]:
    """A page of that system's administrator; an error in it fails the test."""
    with page_of(browser, bicycles) as page:
        yield page
