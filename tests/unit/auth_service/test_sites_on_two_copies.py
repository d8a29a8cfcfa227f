"""Sites on two copies of auth_service: each has a schema of one PostgreSQL, and is served by whichever copy is active."""

from __future__ import annotations

import asyncio
import time
import uuid
from pathlib import Path

import psycopg
import pytest

from auth_service.control import leadership, turn
from auth_service.program import AuthProgram
from common.errors import ServiceError
from common.identity import ServiceCredential, site_of
from common.processes import free_port
from common.rpc.client import Caller, connect
from common.service import _serve
from protos.auth.v1 import auth_pb2, auth_pb2_grpc
from tests.unit.auth_service.conftest import ADMIN, ADMIN_PASSWORD, plant_settings

SECRET = "the secret of both hosts, long enough"


async def test_a_site_is_taken_over_with_the_rest(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leadership, "LEASE_SECONDS", 2.0)
    for module in (leadership, turn):
        monkeypatch.setattr(module, "RENEW_SECONDS", 0.15)
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(f"{postgresql_url}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    sites = tmp_path / "sites.toml"
    sites.write_text("[busan]\n", encoding="utf-8")
    addresses = [f"127.0.0.1:{free_port()}" for _ in range(2)]
    stops, running = [], []
    for host, address in zip(("east", "west"), addresses, strict=True):
        settings = plant_settings(
            tmp_path / host, database_url=f"{postgresql_url}/{name}", service_secret=SECRET, host_name=host,
            auth_address=",".join(addresses), sites_file=sites,
        )  # fmt: skip
        stops.append(asyncio.Event())
        serving = _serve(
            settings, "auth", f"auth-1@{host}", address, ServiceCredential.of(settings), AuthProgram, stops[-1]
        )
        running.append(asyncio.create_task(serving))
        await asyncio.sleep(1.0)  # the first is active
    channel = connect(settings, addresses)
    stub = auth_pb2_grpc.AuthServiceStub(channel)
    caller = Caller(settings.at("busan"), "test", ServiceCredential.of(settings))

    async def logged_in() -> str:
        request = auth_pb2.LoginRequest(username=ADMIN, password=ADMIN_PASSWORD, client_host="10.0.0.9")
        deadline = time.monotonic() + 30.0
        while True:
            try:
                return str((await caller.call(stub.Login, request, service="auth_service", timeout=5.0)).token)
            except ServiceError:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.1)

    assert site_of(await logged_in()) == "busan"
    stops[0].set()
    await running[0]
    assert site_of(await logged_in()) == "busan"
    with psycopg.connect(f"{postgresql_url}/{name}") as connection:
        schemas = {
            row[0] for row in connection.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'accounts'")
        }
        audited = connection.execute("SELECT count(*) FROM site_busan.audit_events").fetchone()
    assert schemas == {"public", "site_busan"}
    assert audited is not None
    assert audited[0] >= 2
    stops[1].set()
    await running[1]
    await channel.close()
