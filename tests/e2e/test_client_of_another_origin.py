"""A browser client that is served elsewhere uses the gateway with its session, when its origin is allowed and only then."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page

from common.processes import free_port, python_module, start_child, stop_all
from tests.e2e.browser_steps import PATIENCE
from tests.support.patience import wait_until
from tests.support.running_system import ADMIN_EMAIL, ADMIN_PASSWORD, ROOT, RunningSystem

FETCH = """
async ({url, method, headers, body}) => {
  try {
    const answer = await fetch(url, {
      method, credentials: 'include', headers: {'content-type': 'application/json', ...headers},
      body: body === null ? undefined : JSON.stringify(body),
    })
    const text = await answer.text()
    return {status: answer.status, text, request: answer.headers.get('x-request-id'),
            disposition: answer.headers.get('content-disposition')}
  } catch (error) {
    return {status: 0, text: String(error)}
  }
}
"""
SESSION = {"username": ADMIN_EMAIL, "password": ADMIN_PASSWORD}


class EmptyPage(BaseHTTPRequestHandler):
    """Answers everything with a page without content."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>client</title>")

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


@dataclass
class Origins:
    """A gateway, and pages of other origins: of its own site, of another site, and one that is not allowed."""

    gateway: str
    same_site: str
    other_site: str
    stranger: str


@pytest.fixture(scope="module")
def origins(whole_system: RunningSystem) -> Iterator[Origins]:
    """A second gateway of the running system that allows two origins."""
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), EmptyPage) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    allowed, other = (server.server_address[1] for server in servers)
    port = free_port()
    made = Origins(
        f"http://127.0.0.1:{port}",
        f"http://127.0.0.1:{allowed}",
        f"http://localhost:{allowed}",
        f"http://127.0.0.1:{other}",
    )
    settings = whole_system.settings()
    variables = {
        **whole_system.variables,
        "ROUTING_ML_ALLOWED_ORIGINS": f"{made.same_site},{made.other_site}",
        "ROUTING_ML_AUTH_ADDRESS": settings.auth_address,
        "ROUTING_ML_TRAINER_ADDRESS": settings.trainer_address,
        "ROUTING_ML_ANN_ADDRESSES": ",".join(settings.ann_addresses),
        "ROUTING_ML_AGGREGATE_ADDRESSES": ",".join(settings.aggregate_addresses),
    }
    child = start_child(python_module("gateway", "--port", str(port)), working_dir=ROOT, environment=variables)
    try:
        wait_until(lambda: _can_predict(made.gateway), 60, lambda: "the second gateway did not become ready")
        yield made
    finally:
        stop_all([child], grace_seconds=5.0)
        for server in servers:
            server.shutdown()
            server.server_close()


def _can_predict(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/health", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of somebody who has not been here before."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def fetch(page: Page, url: str, method: str = "GET", body: Any = None, **headers: str) -> dict[str, Any]:
    """What a script of the page gets for a request with credentials; status 0 when the browser gives it nothing."""
    return dict(page.evaluate(FETCH, {"url": url, "method": method, "headers": headers, "body": body}))


def test_a_client_of_the_same_site_works_with_the_cookie(origins: Origins, page: Page) -> None:
    page.goto(origins.same_site)
    api = f"{origins.gateway}/api"
    assert fetch(page, f"{api}/auth/me")["status"] == 401
    assert fetch(page, f"{api}/auth/login", "POST", SESSION)["status"] == 200
    assert "routing_ml_session" not in page.evaluate("document.cookie")
    me = fetch(page, f"{api}/auth/me")
    assert (me["status"], ADMIN_EMAIL in me["text"], bool(me["request"])) == (200, True, True)
    changed = fetch(page, f"{api}/workflow/graph", "PATCH", {"predictor": {}}, **{"x-requested-with": "XMLHttpRequest"})
    assert changed["status"] == 200
    assert fetch(page, f"{api}/predict", "POST", {"item_codes": ["ADB-0001499"]})["status"] == 200
    assert fetch(page, f"{api}/settings/workspace", "PUT", {"version": 1})["status"] == 200
    assert "master_data.log" in fetch(page, f"{api}/master-data/logs/download")["disposition"]
    assert fetch(page, f"{api}/auth/logout", "POST")["status"] == 204
    assert fetch(page, f"{api}/auth/me")["status"] == 401


def test_a_client_of_another_site_works_with_the_token(origins: Origins, page: Page) -> None:
    page.goto(origins.other_site)
    api = f"{origins.gateway}/api"
    session = fetch(page, f"{api}/auth/login", "POST", SESSION)
    assert session["status"] == 200
    assert fetch(page, f"{api}/auth/me")["status"] == 401, "the cookie is SameSite=Lax"
    token = {"authorization": f"Bearer {page.evaluate('text => JSON.parse(text).token', session['text'])}"}
    assert fetch(page, f"{api}/auth/me", **token)["status"] == 200
    assert fetch(page, f"{api}/predict", "POST", {"item_codes": ["ADB-0001499"]}, **token)["status"] == 200


def test_an_origin_that_is_not_allowed_gets_nothing_and_changes_nothing(origins: Origins, page: Page) -> None:
    page.goto(origins.same_site)
    api = f"{origins.gateway}/api"
    assert fetch(page, f"{api}/auth/login", "POST", SESSION)["status"] == 200
    before = fetch(page, f"{api}/workflow/graph")["text"]
    page.goto(origins.stranger)
    assert fetch(page, f"{api}/auth/me")["status"] == 0
    assert fetch(page, f"{api}/workflow/graph", "PATCH", {"predictor": {"max_routing_variants": 2}})["status"] == 0
    page.evaluate(
        "url => fetch(url, {method: 'POST', mode: 'no-cors', credentials: 'include', body: '{\"name\": \"forged\"}'})",
        f"{api}/rsl/groups",
    )
    page.goto(origins.same_site)
    assert fetch(page, f"{api}/workflow/graph")["text"] == before
    assert "forged" not in fetch(page, f"{api}/rsl/groups?search=forged")["text"]
