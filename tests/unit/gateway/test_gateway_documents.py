"""The documents under /docs: language, folders, what is not served, and the policy for inline scripts."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from common.settings import Settings
from gateway.app import build_app
from gateway.documents import document_file, page_policy, preferred_language

SCRIPT = "document.documentElement.className='js'"
PAGE = f'<!doctype html><script>{SCRIPT}</script><script src="../assets/a.js"></script><p>설치'


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for language in ("ko", "en"):
        (tmp_path / "문서 site" / language / "installation").mkdir(parents=True)
        (tmp_path / "문서 site" / language / "index.html").write_text(PAGE, encoding="utf-8")
        (tmp_path / "문서 site" / language / "installation" / "index.html").write_text(PAGE, encoding="utf-8")
    (tmp_path / "문서 site" / ".source-hash").write_text("secret", encoding="utf-8")
    (tmp_path / "outside.txt").write_text("secret", encoding="utf-8")
    return tmp_path / "문서 site"


@dataclass
class Pages:
    """A gateway's application without its connections: pages need none."""

    app: ASGIApp

    def get(self, path: str, **headers: str) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
                return await client.get(
                    path, headers={name.replace("_", "-"): value for name, value in headers.items()}
                )

        return asyncio.run(ask())


def pages(tmp_path: Path, site: Path) -> Pages:
    settings = Settings(_env_file=None, state_dir=tmp_path / "state", docs_dir=site, frontend_dir=tmp_path / "none")
    return Pages(build_app(settings, "gateway-test"))


@pytest.fixture
def client(site: Path, tmp_path: Path) -> Pages:
    return pages(tmp_path, site)


def test_the_browsers_language_decides_and_korean_is_the_default() -> None:
    assert preferred_language("") == "ko"
    assert preferred_language("de-DE,de;q=0.9") == "ko"
    assert preferred_language("en-US,en;q=0.9,ko;q=0.8") == "en"
    assert preferred_language("en;q=0.4, ko;q=0.7") == "ko"
    assert preferred_language("en;q=much") == "en"


def test_docs_leads_to_the_language_and_pages_are_served(client: Pages) -> None:
    answer = client.get("/docs", accept_language="en")
    assert (answer.status_code, answer.headers["location"]) == (307, "/docs/en/")
    assert client.get("/docs/ko").headers["location"] == "/docs/ko/"
    assert client.get("/docs/ko/installation").headers["location"] == "/docs/ko/installation/"
    page = client.get("/docs/ko/installation/")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "설치" in page.text


def test_a_page_may_run_its_own_inline_scripts_and_no_others(client: Pages, site: Path) -> None:
    policy = client.get("/docs/ko/").headers.get_list("content-security-policy")
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    assert len(policy) == 1
    assert policy[0].endswith(f"script-src 'self' 'sha256-{digest}'")
    assert "unsafe-inline' " not in policy[0].partition("script-src")[2]
    assert page_policy(site / "ko" / "index.html", 1) == policy[0]


def test_the_worker_of_the_search_may_load_its_parts_from_this_server(client: Pages, site: Path) -> None:
    (site / "ko" / "search.js").write_text("importScripts('lunr.js')", encoding="utf-8")
    assert client.get("/docs/ko/search.js").headers["content-security-policy"] == "default-src 'self'"


def test_the_list_of_routes_stays_beside_the_documents(client: Pages) -> None:
    answer = client.get("/docs/api")
    assert answer.status_code == 200
    assert "/api/predict" in answer.text
    assert "script-src" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path", ["nowhere", "ko/nowhere.html", "../outside.txt", ".source-hash", "ko/\x00", "ko/../../outside.txt"]
)
def test_what_is_not_in_the_site_is_not_served(site: Path, path: str) -> None:
    with pytest.raises(HTTPException) as refused:
        document_file(site, path)
    assert refused.value.status_code == 404


def test_without_a_built_site_docs_is_the_list_of_routes(tmp_path: Path) -> None:
    answer = pages(tmp_path, tmp_path / "none").get("/docs")
    assert answer.status_code == 200
    assert "/api/predict" in answer.text
