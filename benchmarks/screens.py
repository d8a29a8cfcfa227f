"""`python -m benchmarks.screens`: first load, menus, dragging, the item tree, and fifty items as a planner works on them, in Chromium."""

from __future__ import annotations

import argparse
import gzip
import json
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import BrowserContext, CDPSession, Page, Request, Response, Route, sync_playwright

from benchmarks import system
from benchmarks.catalogues import catalogue
from benchmarks.report import Figure, show
from benchmarks.serving import codes_without_routing
from tests.support.running_system import ADMIN_EMAIL, ADMIN_PASSWORD, running_system

TREE_ITEMS = 321_305
OPERATIONS = 30
MENUS = ("기초 정보 조회", "라우팅 구성", "알고리즘", "데이터 출력 설정", "학습 모니터링", "옵션")
LONG_TASKS = """
window.longTasks = []
new PerformanceObserver(list => list.getEntries().forEach(one => longTasks.push(one.duration))).observe({type: 'longtask'})
"""
FRAMES = "window.frames_=[];(function tick(t){frames_.push(t);requestAnimationFrame(tick)})(performance.now())"
LOOK_MS = 500.0
"""How long a screen is looked at before the next one is opened."""
OPEN_MENU = """name => new Promise(done => {
  const link = [...document.querySelectorAll('nav a')].find(one => one.textContent.includes(name))
  const begun = performance.now()
  link.click()
  const look = () => document.querySelector('h1')?.textContent === name && document.querySelector('main section.card')
    ? requestAnimationFrame(() => done(performance.now() - begun)) : setTimeout(look, 1)
  look()
})"""


DAY_ITEMS = 50
SHOWN = """() => {
  const row = document.querySelector('tr[aria-current]')?.dataset.row
  const tab = document.querySelector('[role=tab][aria-selected=true]')
  return row && tab?.textContent.includes(row) ? row : null
}"""
"""The item of the list whose routing the canvas shows."""
TO_THE_LIST = """() => new Promise(done => {
  const button = [...document.querySelectorAll('button')].find(one => one.textContent.trim() === '추천 실행')
  const begun = performance.now()
  button.click()
  const look = () => document.querySelectorAll('tr[data-row]').length === ITEMS && (SHOWN)()
    ? requestAnimationFrame(() => setTimeout(() => done(performance.now() - begun))) : setTimeout(look, 1)
  look()
})"""
NEXT_ITEM = """() => new Promise(done => {
  const [shown, begun] = [(SHOWN)(), performance.now()]
  document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'j', code: 'KeyJ', bubbles: true, cancelable: true}))
  const look = () => ![null, shown].includes((SHOWN)())
    ? requestAnimationFrame(() => setTimeout(() => done(performance.now() - begun))) : setTimeout(look, 1)
  look()
})"""
"""From a key to the next item, painted."""


def log_in(context: BrowserContext, email: str = ADMIN_EMAIL, password: str = ADMIN_PASSWORD) -> Page:
    """A page of the administrator."""
    page = context.new_page()
    page.goto("/")
    page.get_by_label("이메일").fill(email)
    page.get_by_label("비밀번호").fill(password)
    page.get_by_role("button", name="로그인", exact=True).click()
    page.get_by_role("navigation", name="운영 메뉴").wait_for()
    return page


def first_load(context: BrowserContext) -> list[Figure]:
    """Scripts of the first screen, compressed, and when its first button can be pressed; with an empty cache."""
    page = context.new_page()
    sizes: dict[str, int] = {}

    def note(response: Response) -> None:
        if urlsplit(response.url).path.endswith(".js"):
            sizes[response.url] = len(gzip.compress(response.body(), 6))

    page.context.new_cdp_session(page).send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.on("response", note)
    page.goto("/routing", wait_until="commit")
    page.get_by_role("button", name="추천 실행").wait_for()
    ready = float(page.evaluate("performance.now()"))
    compressed = sum(sizes.values())  # what is fetched ahead for the other menus comes later
    page.close()
    return [
        Figure("screens", 0, "scripts of the first screen, gzip", compressed / 1024, "kB", target="< 350 kB"),
        Figure("screens", 0, "first screen can be used, empty cache", ready, "ms", target="< 1500 ms"),
    ]


def navigation(page: Page) -> list[Figure]:
    """From a click on a menu to its screen, after the first visit; each screen is looked at for a moment."""
    for name in MENUS:
        page.evaluate(OPEN_MENU, name)
        page.wait_for_timeout(800)
    times: list[tuple[float, str]] = []
    for name in MENUS * 3:
        times.append((float(page.evaluate(OPEN_MENU, name)), name))
        page.wait_for_timeout(LOOK_MS)
    times.sort()
    slowest, where = times[-1]
    return [
        Figure("screens", 0, "from a menu to its screen, median", times[len(times) // 2][0], "ms", target="< 100 ms"),
        Figure(
            "screens",
            0,
            f"from a menu to its screen, slowest of {len(times)}, {where}",
            slowest,
            "ms",
            target="< 100 ms",
        ),
    ]


def dragging(page: Page) -> list[Figure]:
    """Frames while a card moves over a timeline of 30 operations."""
    steps = [
        {
            "PROC_SEQ": 10 * (at + 1),
            "PROC_CD": f"OP{at:02d}",
            "JOB_NM": f"operation {at}",
            "SETUP_TIME": 5.0,
            "RUN_TIME": 9.0,
        }
        for at in range(OPERATIONS)
    ]
    routing = {"ITEM_CD": "X-1", "CANDIDATE_ID": "X-1_C01", "operations": steps}
    answer = {"items": [routing], "candidates": [], "metrics": {}}
    page.route("**/api/predict", lambda route: route.fulfill(json=answer))
    page.evaluate(OPEN_MENU, "라우팅 구성")
    page.get_by_label("품목 코드 목록").fill("X-1")
    page.get_by_role("button", name="추천 실행").click()
    card = page.locator("li[data-operation]").first
    card.wait_for()
    page.wait_for_timeout(1000)
    box = card.bounding_box()
    assert box is not None
    x, y = box["x"] + 40, box["y"] + 14
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 10, y, steps=3)
    page.evaluate(LONG_TASKS)
    page.evaluate(FRAMES)
    for _ in range(6):
        page.mouse.move(x + 420, y, steps=40)
        page.mouse.move(x + 10, y, steps=40)
    gaps = page.evaluate("frames_.slice(1).map((t, i) => t - frames_[i])")
    tasks = page.evaluate("longTasks")
    page.mouse.up()
    gaps.sort()
    return [
        Figure(
            "screens",
            0,
            f"frames a second while dragging, {OPERATIONS} operations, median",
            1000 / gaps[len(gaps) // 2],
            "1/s",
            target="60",
        ),
        Figure(
            "screens", 0, "time between frames while dragging, p95", gaps[int(len(gaps) * 0.95)], "ms", target="< 17 ms"
        ),
        Figure("screens", 0, "longest task while dragging", max([0.0, *tasks]), "ms"),
    ]


def hierarchy() -> dict[str, Any]:
    """Groups and families of a catalogue of full size, most of it in one family."""
    families = [{"label": f"family {at}", "items": 500} for at in range(20)]
    groups = [{"label": f"group {at}", "items": 10_000, "families": families} for at in range(12)]
    rest = TREE_ITEMS - 120_000
    groups.append({"label": "all", "items": rest, "families": [{"label": "large", "items": rest}]})
    return {"groups": groups, "total_items": TREE_ITEMS, "filtered_items": TREE_ITEMS}


def items_page(route: Route) -> None:
    """A page of items of a family."""
    wanted = parse_qs(urlsplit(route.request.url).query)
    offset, limit = int(wanted.get("offset", ["0"])[0]), int(wanted["limit"][0])
    found = [
        {
            "item_code": f"{wanted['family'][0]}-{at:07d}",
            "item_name": "슬리브",
            "spec": "96.5x69.6x10.4",
            "material": "SUS304",
        }
        for at in range(offset, offset + limit)
    ]
    route.fulfill(json={"items": found, "total_items": TREE_ITEMS, "filtered_items": TREE_ITEMS})


def tree(page: Page, pages: int = 60) -> list[Figure]:
    """Long tasks while a tree of full size is opened and scrolled from end to end."""
    whole = json.dumps(hierarchy())
    page.route(
        "**/api/master-data/hierarchy*", lambda route: route.fulfill(body=whole, content_type="application/json")
    )
    page.route("**/api/master-data/items*", items_page)
    page.goto("/master-data")
    found = page.get_by_role("tree")
    found.get_by_role("treeitem").first.wait_for()
    page.evaluate(LONG_TASKS)
    found.focus()
    for key in ("End", "ArrowRight", "End", "ArrowRight"):
        page.keyboard.press(key)
    page.wait_for_timeout(500)
    scroll = """tree => new Promise(done => {
      let turns = 0
      const go = () => {
        tree.scrollTop += tree.clientHeight * 0.8
        if (++turns < 40) requestAnimationFrame(go)
        else done()
      }
      go()
    })"""
    for _ in range(pages):
        page.wait_for_timeout(60)
        page.keyboard.press("End")
        page.keyboard.press("Enter")
    for _ in range(5):
        found.evaluate("tree => {tree.scrollTop = 0}")
        found.evaluate(scroll)
    tasks = page.evaluate("longTasks")
    rows = round(found.evaluate("tree => tree.scrollHeight / 34"))
    return [
        Figure(
            "screens",
            TREE_ITEMS,
            f"longest task while the tree opens and scrolls, {rows:,} rows read",
            max([0.0, *tasks]),
            "ms",
            target="< 100 ms",
        )
    ]


def main_thread(session: CDPSession) -> dict[str, float]:
    """Seconds of processor time that the page's main thread has taken so far, by kind of work."""
    found = {one["name"]: float(one["value"]) for one in session.send("Performance.getMetrics")["metrics"]}
    return {name: found[name] for name in ("TaskDuration", "ScriptDuration", "LayoutDuration", "RecalcStyleDuration")}


def planners_day(page: Page, items: int, codes: list[str]) -> list[Figure]:
    """Fifty items as a planner works on them: proposals, the list, from item to item by key, and one save of all that are sure."""
    answers: list[float] = []

    def note(request: Request) -> None:
        if urlsplit(request.url).path == "/api/predict" and not answers:
            answers.append(request.timing["responseEnd"])

    page.goto("/routing")
    page.get_by_label("품목 코드 목록").fill("\n".join(codes))
    page.get_by_label("유사 품목에서 추천").check()
    page.on("requestfinished", note)
    page.evaluate(LONG_TASKS)
    whole = float(page.evaluate(TO_THE_LIST.replace("SHOWN", SHOWN).replace("ITEMS", str(len(codes)))))
    page.wait_for_timeout(2 * LOOK_MS)
    longest = max([0.0, *page.evaluate("longTasks")])
    for _ in codes:  # to the first one
        page.keyboard.press("k")
    steps = []
    session = page.context.new_cdp_session(page)
    session.send("Performance.setTimeDomain", {"timeDomain": "threadTicks"})
    session.send("Performance.enable")
    before = main_thread(session)
    for _ in range(len(codes) - 1):
        steps.append(float(page.evaluate(NEXT_ITEM.replace("SHOWN", SHOWN))))
        page.wait_for_timeout(100)
    worked = {name: 1000 * (value - before[name]) / len(steps) for name, value in main_thread(session).items()}
    steps.sort()
    page.get_by_role("button", name=re.compile("^확실한 [0-9]+건 모두 검토 완료$")).click()
    save = page.get_by_role("button", name=re.compile("^검토한 [0-9]+건 저장$"))
    count = int(re.findall("[0-9]+", save.inner_text())[0])
    begun = time.perf_counter()
    save.click()
    page.get_by_text(re.compile("라우팅 [0-9]+건을 저장했습니다")).wait_for(timeout=120_000)
    saved = time.perf_counter() - begun
    what = f"{len(codes)} items"
    return [
        Figure("screens", items, f"proposals of {what}, at the browser", answers[0] / 1000, "s", target="< 3 s"),
        Figure("screens", items, f"from the click to the list of {what} with the first routing", whole / 1000, "s"),
        Figure("screens", items, "of that after the answer", whole - answers[0], "ms"),
        Figure("screens", items, "longest task until the list can be used", longest, "ms"),
        Figure("screens", items, "from a key to the next item, median", steps[len(steps) // 2], "ms", target="< 50 ms"),
        Figure(
            "screens", items, f"from a key to the next item, slowest of {len(steps)}", steps[-1], "ms", target="< 50 ms"
        ),
        Figure(
            "screens",
            items,
            f"processor time of the page for an item: scripts {worked['ScriptDuration']:.0f} ms, layout and styles "
            f"{worked['LayoutDuration'] + worked['RecalcStyleDuration']:.0f} ms; all",
            worked["TaskDuration"],
            "ms",
        ),
        Figure("screens", items, f"one save of {count} sure routings", saved, "s"),
    ]


def of_catalogue(work: Path, items: int) -> list[Figure]:
    """The planner's fifty items on a catalogue of full size, with the version that is there or is trained for it."""
    folder = catalogue(work, items)
    running = system.start(system.environment(work, items), folder)
    try:
        codes = codes_without_routing(folder)[:DAY_ITEMS]
        return in_browser(
            running.url, lambda context: planners_day(log_in(context, system.ADMIN, system.PASSWORD), items, codes)
        )
    finally:
        running.stop()


def measure(url: str) -> list[Figure]:
    """All other figures of the system at an address."""

    def all_of(context: BrowserContext) -> list[Figure]:
        page = log_in(context)
        steps: list[Callable[[], list[Figure]]] = [
            lambda: first_load(context),
            lambda: navigation(page),
            lambda: dragging(page),
            lambda: tree(page),
        ]
        return [figure for step in steps for figure in step()]

    return in_browser(url, all_of)


def in_browser(url: str, look: Callable[[BrowserContext], list[Figure]]) -> list[Figure]:
    """What is found with the system's Chromium at an address."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        raise SystemExit("There is no Chromium: install the package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        context = browser.new_context(base_url=url, locale="ko-KR", viewport={"width": 1280, "height": 900})
        context.set_default_timeout(30_000)
        figures = look(context)
        browser.close()
    return figures


def main() -> None:
    """Measure a running system, or one started on the demo catalogue for it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screens", description=__doc__)
    parser.add_argument(
        "--url", help="system to measure, with the administrator of the tests; without it one is started"
    )
    parser.add_argument(
        "--work", type=Path, help="folder of the benchmarks' catalogues: the planner's fifty items on one of them"
    )
    parser.add_argument("--items", type=int, default=TREE_ITEMS, help="items of that catalogue")
    options = parser.parse_args()
    if options.work:
        figures = of_catalogue(options.work.resolve(), options.items)
    elif options.url:
        figures = measure(options.url)
    else:
        with tempfile.TemporaryDirectory() as folder, running_system(Path(folder) / "state") as system:
            figures = measure(system.url)
    show(figures)


if __name__ == "__main__":
    main()
