"""Several plants of one group in the browser: similar items of all of them, where there are any."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import httpx
from playwright.sync_api import Page, expect

from tests.e2e.browser_steps import BICYCLES, ROOT, SECOND_SITE, speak
from tests.e2e.conftest import PageIn
from tests.support.running_system import ADMIN_EMAIL, ADMIN_PASSWORD, RunningSystem

FRAME = "830"


def train_second_site(bicycles: RunningSystem) -> None:
    """Have the second site serve a version with the first one's model."""
    with bicycles.admin() as client:
        versions = client.get("/api/trainer/versions").json()
    active = next(version for version in versions if version["status"] == "active")
    headers = {"x-routing-site": SECOND_SITE}
    with httpx.Client(base_url=bicycles.url, timeout=60.0, trust_env=False, headers=headers) as client:
        account = {"username": ADMIN_EMAIL, "password": ADMIN_PASSWORD}
        client.headers["authorization"] = f"Bearer {client.post('/api/auth/login', json=account).json()['token']}"
        client.cookies.clear()
        profile = json.loads((BICYCLES / "profile.json").read_text(encoding="utf-8"))
        made = client.post("/api/mapping/input-profiles", json={"name": profile["name"], "profile": profile})
        assert made.status_code == 201, made.text
        client.post(f"/api/mapping/input-profiles/{profile['name']}/activate").raise_for_status()
    done = subprocess.run(
        [sys.executable, "train_build_index.py", "--model-of", active["artifact_dir"], "--activate"],
        cwd=ROOT,
        env={**bicycles.variables, "ROUTING_ML_AT_SITE": SECOND_SITE},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def test_similar_items_of_the_sites_of_the_group_are_shown(bicycles_page: Page, bicycles: RunningSystem) -> None:
    page = bicycles_page
    page.goto(f"/master-data?item={FRAME}")
    found = page.get_by_role("region", name="그룹 공장의 유사 품목")
    expect(found).to_contain_text(f"{SECOND_SITE}: 검색하지 못했습니다. 모델을 아직 불러오지 못했습니다.")
    expect(found.get_by_role("row").nth(1)).to_contain_text("기본 공장")
    other = found.get_by_role("button").first
    code = other.inner_text()
    other.click()
    expect(page).to_have_url(re.compile(f"item={code}$"))
    expect(page.get_by_role("heading", level=2, name=re.compile(f"^{code}"))).to_be_visible()

    train_second_site(bicycles)
    page.goto(f"/master-data?item={FRAME}")
    same = found.get_by_role("row").filter(has_text=SECOND_SITE).filter(has_text=re.compile(f"{FRAME}$"))
    expect(same).to_contain_text("100%")
    expect(found).not_to_contain_text("검색하지 못했습니다")
    speak(page, "en")
    expect(page.get_by_role("region", name="Similar items at the group’s sites")).to_contain_text("main plant")


def test_where_there_is_no_group_nothing_is_said_of_sites(page_in: PageIn) -> None:
    page = page_in("ko", "/master-data?item=SLS-0000718")
    expect(page.get_by_role("region", name="현재 라우팅").locator("li").first).to_be_visible()
    expect(page.get_by_role("region", name="그룹 공장의 유사 품목")).to_have_count(0)
