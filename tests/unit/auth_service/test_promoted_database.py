"""The database's own fail-over: a replica is promoted while accounts are written; nothing that was acknowledged is lost."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import psycopg
import pytest

from common.errors import ServiceError
from protos.auth.v1 import auth_pb2
from tests.support.postgresql import replicated_postgresql
from tests.unit.auth_service.conftest import plant_settings, start_plant, stop_plant


@pytest.mark.integration
async def test_a_promoted_replica_is_found_and_has_what_was_acknowledged(tmp_path: Path) -> None:
    with replicated_postgresql() as servers:
        settings = plant_settings(
            tmp_path, database_url=f"{servers.url}/postgres", service_secret="the secret of both hosts, long enough"
        )
        plant = await start_plant(settings)
        try:
            await asyncio.to_thread(servers.replicate)
            token = await plant.admin()
            acknowledged: list[str] = []
            ended = asyncio.Event()

            async def write() -> None:
                while not ended.is_set():
                    name = f"kim{len(acknowledged)}-{time.monotonic_ns()}@plant.example"
                    request = auth_pb2.RegisterRequest(username=name, password="Seal-Ring-42x")
                    try:
                        await plant.ask(plant.auth.Register, request, timeout=10.0)
                    except ServiceError:
                        await asyncio.sleep(0.05)
                    else:
                        acknowledged.append(name)

            writing = asyncio.create_task(write())
            await until(lambda: len(acknowledged) > 5)
            await asyncio.to_thread(servers.lose_primary)
            before = len(acknowledged)
            await asyncio.to_thread(servers.promote)
            promoted = time.monotonic()
            await until(lambda: len(acknowledged) > before + 5)
            assert time.monotonic() - promoted < 20.0
            assert plant.program._context.keys.verify(token).username  # sessions go on
            ended.set()
            await writing
            with psycopg.connect(f"{servers.replica_url}/postgres") as connection:
                found = {row[0] for row in connection.execute("SELECT username FROM accounts")}
            assert set(acknowledged) <= found
        finally:
            await stop_plant(plant)


async def until(condition: object) -> None:
    """Wait for something."""
    assert callable(condition)
    async with asyncio.timeout(90):
        while not condition():
            await asyncio.sleep(0.05)
