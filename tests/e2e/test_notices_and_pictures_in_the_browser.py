"""What administrators are told of, pictures that fill their places, addresses that can be sent, and answers that travel light."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.browser_steps import LANGUAGES, said
from tests.e2e.conftest import PageIn
from tests.e2e.test_numbers_in_the_browser import ITEM
from tests.e2e.test_work_list_in_the_browser import recommend, rows
from tests.support.patience import wait_until
from tests.support.running_system import RunningSystem

WIDTHS = (1024, 1280, 1440, 1920, 2560)
SPAN_OF_NODES = """() => {
  const frame = document.querySelector('.react-flow').getBoundingClientRect()
  const nodes = [...document.querySelectorAll('.react-flow__node')].map(one => one.getBoundingClientRect())
  const [left, right] = [Math.min(...nodes.map(n => n.left)), Math.max(...nodes.map(n => n.right))]
  const [top, bottom] = [Math.min(...nodes.map(n => n.top)), Math.max(...nodes.map(n => n.bottom))]
  return {
    wide: (right - left) / frame.width, high: (bottom - top) / frame.height,
    inside: left >= frame.left - 1 && right <= frame.right + 1 && top >= frame.top - 1 && bottom <= frame.bottom + 1,
  }
}"""


@pytest.fixture
def refusing_erp() -> Iterator[str]:
    """The address of an ERP that takes nothing, for good."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(422)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/routing"
    server.shutdown()
    server.server_close()


def badge(page: Page, language: str) -> int:
    """How many things the badge of the administrators' menu counts."""
    button = page.get_by_role("button", name=re.compile(said(language, "^관리", "^Administration"))).first
    found = re.search("[0-9]+", button.inner_text())
    return int(found[0]) if found else 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_account_that_waits_is_counted_until_it_is_looked_after(
    language: str, page_in: PageIn, whole_system: RunningSystem
) -> None:
    page = page_in(language, "/admin/accounts")
    page.wait_for_load_state("networkidle")
    before = badge(page, language)
    email = f"badge-{language}@plant.example"
    with whole_system.client() as client:
        client.post("/api/auth/register", json={"username": email, "password": "Seal-Ring-42x"})
    page.get_by_role("button", name=said(language, "새로 고침", "Refresh"), exact=True).first.click()
    wait_until(lambda: badge(page, language) == before + 1, 20, lambda: f"{badge(page, language)} after {before}")
    waiting = page.get_by_role("listitem").filter(has_text=email)
    waiting.get_by_role("button", name=said(language, "승인", "Approve"), exact=True).click()
    expect(waiting).to_have_count(0)
    wait_until(lambda: badge(page, language) == before, 20, lambda: f"{badge(page, language)} after {before}")


def test_a_message_that_the_erp_refuses_is_counted(admin_page: Page, admin: httpx.Client, refusing_erp: str) -> None:
    was = admin.get("/api/workflow/graph").json()
    before = badge(admin_page, "ko")
    on = {"erp_interface_enabled": True, "erp_protocol": "http-json", "erp_endpoint": refusing_erp}
    admin.patch(
        "/api/workflow/graph",
        json={"export": {**was["export"], **on}, "erp": {**was.get("erp", {}), "allowed_addresses": ["127.0.0.1"]}},
    ).raise_for_status()
    try:
        content = {
            "group_name": "E2E-REFUSED",
            "item_codes": [ITEM],
            "steps": [{"seq": 1, "process_code": "SAW", "duration_min": 1}],
        }
        group = admin.post("/api/routing/groups", json=content).json()["group_id"]
        admin.post(f"/api/routing/groups/{group}/erp").raise_for_status()

        def failed() -> bool:
            return bool(admin.get(f"/api/routing/groups/{group}/erp").json()["items"][0]["state"] == "failed")

        wait_until(failed, 30, lambda: admin.get("/api/erp/status").text)
        admin_page.goto("/admin/operations")
        wait_until(lambda: badge(admin_page, "ko") == before + 1, 20, lambda: str(badge(admin_page, "ko")))
        menu = admin_page.get_by_role("button", name=re.compile("^관리")).first
        menu.click()
        expect(admin_page.get_by_role("menuitem", name=re.compile("운영 현황"))).to_contain_text("건 확인 필요")
        admin_page.keyboard.press("Escape")
        admin_page.get_by_role("button", name="다시 보내기").first.click()
    finally:
        back = {"export": was["export"], **({"erp": was["erp"]} if "erp" in was else {})}
        admin.patch("/api/workflow/graph", json=back).raise_for_status()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_degraded_system_is_counted_and_said_in_words(language: str, page_in: PageIn) -> None:
    page = page_in(language)
    page.wait_for_load_state("networkidle")
    before = badge(page, language)

    def degraded(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        problem = "The drive D: has 1 % left: free disk space"
        if "checks" in body:
            body["checks"]["disk"] = {**body["checks"].get("disk", {}), "ok": False, "problem": problem}
        route.fulfill(response=answer, json={**body, "status": "degraded", "detail": problem})

    page.route("**/api/health", degraded)
    page.route("**/api/system/status", degraded)
    page.goto("/admin/operations")
    wait_until(lambda: badge(page, language) == before + 1, 20, lambda: str(badge(page, language)))
    figures = page.locator("main .card").filter(has_text=said(language, "상태", "Health")).first
    expect(figures).to_contain_text(said(language, "디스크", "Disk"))
    expect(figures).not_to_contain_text("drive")


def test_the_blueprint_fills_its_canvas_at_every_width(admin_page: Page) -> None:
    for path, widths in (("/algorithm", WIDTHS), ("/routing", (1280, 2560))):
        admin_page.goto(path)
        admin_page.locator(".react-flow__node").first.wait_for()
        for width in widths:
            admin_page.set_viewport_size({"width": width, "height": 1000})

            def filled() -> bool:
                span = admin_page.evaluate(SPAN_OF_NODES)
                return bool(span["inside"] and max(span["wide"], span["high"]) > 0.8)

            wait_until(filled, 10, lambda: f"{path} at {width}: {admin_page.evaluate(SPAN_OF_NODES)}")  # noqa: B023


def test_charts_are_drawn_with_their_units(admin_page: Page, admin: httpx.Client) -> None:
    for _ in range(3):
        admin.post("/api/predict", json={"item_codes": [ITEM]}).raise_for_status()
    admin_page.goto("/admin/operations")
    for name in ("지연 시간 추이", "요청과 오류"):
        chart = admin_page.get_by_role("img", name=re.compile(name)).first
        chart.locator("canvas").first.wait_for()
        colours = chart.locator("canvas").first.evaluate("""one => {
          const data = one.getContext('2d').getImageData(0, 0, one.width, one.height).data
          const found = new Set()
          for (let place = 0; place < data.length; place += 4) if (data[place + 3] > 0) found.add(data.slice(place, place + 3).join())
          return found.size
        }""")
        assert colours > 10


@pytest.mark.parametrize("language", LANGUAGES)
def test_addresses_bring_back_the_list_the_item_the_filter_and_a_version(
    language: str, page_in: PageIn, admin: httpx.Client
) -> None:
    codes = ["SLS-0000718", "SLS-0000711", "SLS-0000719"]
    page = page_in(language, f"/routing?items={','.join(codes)}&item={codes[1]}&similar=1&show=all&sort=-code&find=SLS")
    expect(rows(page)).to_have_count(3)
    expect(page.locator("tr[aria-current]")).to_have_attribute("data-row", codes[1])
    assert [row.get_attribute("data-row") for row in rows(page).all()] == sorted(codes, reverse=True)
    page.locator(f"tr[data-row='{codes[2]}']").click()
    expect(page).to_have_url(re.compile(f"item={codes[2]}"))
    sent = page.url
    page.goto("/options")
    page.go_back()
    expect(page.locator("tr[aria-current]")).to_have_attribute("data-row", codes[2])
    other = page_in(language, "/" + sent.split("/", 3)[3])
    expect(other.locator("tr[aria-current]")).to_have_attribute("data-row", codes[2])
    version = admin.get("/api/trainer/versions").json()[-1]["version_name"]
    page.goto(f"/admin/models?version={version}")
    expect(page.get_by_role("button", name=version, exact=True)).to_have_attribute("aria-pressed", "true")
    page.goto("/routing")


def test_back_and_forward_go_between_lists(admin_page: Page) -> None:
    recommend(admin_page, ["SLS-0000718"])
    recommend(admin_page, ["SLS-0000711", "SLS-0000719"])
    admin_page.go_back()
    expect(admin_page.locator("li[data-operation]")).not_to_have_count(0)
    expect(admin_page).to_have_url(re.compile("items=SLS-0000718&"))
    expect(admin_page.get_by_role("tab").first).to_contain_text("SLS-0000718")
    admin_page.go_forward()
    expect(rows(admin_page)).to_have_count(2)


def test_answers_are_compressed_where_asked_for(whole_system: RunningSystem) -> None:
    with whole_system.admin() as client:
        body = {"item_codes": [ITEM, "SLS-0000711"], "top_k": 20, "with_evidence": True}
        sizes = {}
        for accepted in ("identity", "gzip"):
            with client.stream("POST", "/api/predict", json=body, headers={"accept-encoding": accepted}) as answer:
                sizes[accepted] = sum(len(part) for part in answer.iter_raw())
                assert answer.headers.get("content-encoding", "identity") == accepted
    assert sizes["gzip"] * 4 < sizes["identity"]
