"""Several plants in one installation: the file that describes them, their settings, who may ask which."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from auth_service.program import AuthProgram
from common.errors import InvalidInput, NotFound
from common.identity import ServiceCredential
from common.processes import free_port
from common.service import _serve
from common.settings import Settings
from common.sites import sites_in
from gateway.app import build_app
from gateway.serving import listen, run_server
from tests.unit.auth_service.conftest import ADMIN, ADMIN_PASSWORD, plant_settings

SITES = '[busan]\nsource = "items.accdb"\n[seoul]\n'


def test_a_site_has_folders_a_database_and_a_source_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "sites.toml"
    file.write_text(SITES, encoding="utf-8")
    whole = Settings(_env_file=None, state_dir=tmp_path / "var", sites_file=file, dataset=tmp_path / "own.accdb")
    busan, seoul = whole.at("busan"), whole.at("seoul")
    assert busan.initial_dataset == tmp_path / "items.accdb"
    assert (busan.dataset, seoul.initial_dataset) == (None, None)
    assert len({one.sqlalchemy_url for one in (whole, busan, seoul)}) == 3
    assert len({one.models_dir for one in (whole, busan, seoul)}) == 3
    assert busan.secrets_path == whole.secrets_path
    assert busan.plant_secrets_path != seoul.plant_secrets_path
    assert busan.at("") is whole
    with pytest.raises(NotFound, match="no site 'mars'"):
        whole.at("mars")


def test_on_postgresql_a_site_has_a_schema_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "sites.toml"
    file.write_text(SITES, encoding="utf-8")
    url = "postgresql://me@one,two/routing?sslmode=require"
    whole = Settings(_env_file=None, sites_file=file, database_url=url)
    assert whole.at("busan").sqlalchemy_url == f"{url}&options=-csearch_path%3Dsite_busan"
    whole = Settings(_env_file=None, sites_file=file, database_url=f"{url}&options=-cwork_mem%3D8MB")
    assert whole.at("busan").sqlalchemy_url == f"{url}&options=-cwork_mem%3D8MB%20-csearch_path%3Dsite_busan"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[Busan]\n", "lower case"),
        ("busan = 1\n", "has to be a table"),
        ("[busan]\nsorce = 'x'\n", "no sorce; known are source, models"),
        ("[busan]\nsource = 3\n", "have to be texts"),
        ("[busan\n", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_understood_is_refused_with_the_place(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "sites.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match=said) as refused:
        sites_in(file)
    assert str(file) in refused.value.message


@dataclass
class Installation:
    """auth_service and a gateway with two sites, within this process."""

    settings: Settings
    client: httpx.AsyncClient

    async def log_in(self, site: str = "", username: str = ADMIN) -> httpx.Response:
        headers = {"x-routing-site": site} if site else {}
        body = {"username": username, "password": ADMIN_PASSWORD}
        answer = await self.client.post("/api/auth/login", json=body, headers=headers)
        self.client.cookies.clear()
        return answer

    async def get(self, path: str, token: str, site: str | None = None) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}", **({"x-routing-site": site} if site is not None else {})}
        return await self.client.get(path, headers=headers)


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Installation]:
    file = tmp_path / "sites.toml"
    file.write_text(SITES, encoding="utf-8")
    port = free_port()
    settings = plant_settings(tmp_path, sites_file=file, gateway_port=port)
    credential, stop = ServiceCredential.of(settings), asyncio.Event()
    serving = [
        _serve(settings, "auth", "auth-1", settings.auth_address, credential, AuthProgram, stop),
        run_server(settings, build_app(settings, "gateway-1"), listen("127.0.0.1", port, shared=False), stop),
    ]
    tasks = [asyncio.create_task(one) for one in serving]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30.0, trust_env=False) as client:
        made = Installation(settings, client)
        async with asyncio.timeout(60):
            while not await all_answer(made):
                await asyncio.sleep(0.05)
        yield made
    stop.set()
    await asyncio.gather(*tasks)


async def all_answer(installation: Installation) -> bool:
    for site in ("", "busan", "seoul"):
        try:
            session = await installation.log_in(site)
            known = session.is_success and await installation.get("/api/auth/me", session.json()["token"])
        except httpx.TransportError:
            return False
        if not known or not known.is_success:
            return False
    return True


async def test_accounts_rights_settings_and_audit_belong_to_a_site(installation: Installation) -> None:
    tokens = {site: (await installation.log_in(site)).json()["token"] for site in ("", "busan", "seoul")}
    body = {"username": "kim@busan.example", "password": ADMIN_PASSWORD}
    made = await installation.client.post("/api/auth/register", json=body, headers={"x-routing-site": "busan"})
    assert made.status_code == 201
    listed = {
        site: [one["username"] for one in (await installation.get("/api/auth/admin/accounts", token)).json()["items"]]
        for site, token in tokens.items()
    }
    assert listed == {"": [ADMIN], "busan": ["kim@busan.example", ADMIN], "seoul": [ADMIN]}
    approval = {"authorization": f"Bearer {tokens['seoul']}"}
    elsewhere = await installation.client.post(
        "/api/auth/admin/approve", json={"username": "kim@busan.example"}, headers=approval
    )
    assert elsewhere.status_code == 404
    events = {site: await audited(installation, token) for site, token in tokens.items()}
    assert "kim@busan.example" in str(events["busan"])
    assert "kim@busan.example" not in str(events["seoul"]) + str(events[""])


async def audited(installation: Installation, token: str) -> Any:
    answer = await installation.get("/api/audit/events?limit=50", token)
    assert answer.is_success, answer.text
    return answer.json()


async def test_a_tenant_that_is_not_the_callers_is_refused(installation: Installation) -> None:
    busan = (await installation.log_in("busan")).json()["token"]
    assert (await installation.get("/api/auth/me", busan)).is_success  # the session says where it belongs
    assert (await installation.get("/api/auth/me", busan, "busan")).is_success
    refused = await installation.get("/api/auth/me", busan, "seoul")
    assert (refused.status_code, refused.headers["x-error-reason"]) == (403, "SITE_FOREIGN")
    assert "the site 'busan'" in refused.json()["detail"]
    own = (await installation.log_in()).json()["token"]
    assert (await installation.get("/api/auth/me", own, "seoul")).status_code == 403
    unknown = await installation.get("/api/auth/me", busan, "mars")
    assert (unknown.status_code, unknown.headers["x-error-reason"]) == (404, "SITE_UNKNOWN")


async def test_the_account_chooses_the_site_where_no_header_does(installation: Installation) -> None:
    admin = (await installation.log_in("seoul")).json()["token"]
    body = {"username": "lee@seoul.example", "password": ADMIN_PASSWORD}
    headers = {"x-routing-site": "seoul", "authorization": f"Bearer {admin}"}
    assert (await installation.client.post("/api/auth/register", json=body, headers=headers)).status_code == 201
    approved = await installation.client.post(
        "/api/auth/admin/approve", json={"username": "lee@seoul.example"}, headers=headers
    )
    assert approved.is_success
    token = (await installation.log_in("", "lee@seoul.example")).json()["token"]
    assert (await installation.get("/api/auth/me", token)).json()["username"] == "lee@seoul.example"
    assert (await installation.get("/api/auth/me", token, "busan")).status_code == 403
