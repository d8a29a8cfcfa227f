"""auth_service on a full disk, and with a database that is damaged or locked."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys

import pytest

from common.errors import ServiceError
from protos.settings.v1 import settings_pb2, settings_pb2_grpc
from tests.support.auth_process import AuthProcess


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_FSIZE of another process stands for the full disk")
async def test_on_a_full_disk_changes_are_refused_whole_and_reading_goes_on(process: AuthProcess) -> None:
    import resource

    await process.start()
    assert process.stop() == 0
    size = (process.settings.state_dir / "routing.db").stat().st_size

    await process.start()
    assert process.child
    # Not before it starts: a fork in which a limit is set takes gRPC's threads of the test along, which may end it
    resource.prlimit(process.child.pid, resource.RLIMIT_FSIZE, (size + 65_536, size + 65_536))
    stub = settings_pb2_grpc.SettingsServiceStub
    overrides = {f"table{number}": ["x" * 200, "y" * 200] for number in range(400)}
    large = settings_pb2.PatchSettingsRequest(patch_json=json.dumps({"data_source": {"column_overrides": overrides}}))
    with pytest.raises(ServiceError) as caught:
        await process.call("Patch", large, stub)
    assert caught.value.reason == "DISK_FULL"
    assert "nothing was changed" in caught.value.message
    answer = await process.call("Get", settings_pb2.GetSettingsRequest(), stub)
    assert answer.revision == 1
    process.kill()
    await process.start()
    await process.call("Patch", large, stub)


def test_a_corrupt_database_is_refused_at_start_with_the_restore_command(stopped: AuthProcess) -> None:
    stopped.settings.state_dir.mkdir(parents=True)
    (stopped.settings.state_dir / "routing.db").write_bytes(b"garbage" * 5000)
    done = stopped.run("serve")
    assert done.returncode == 3
    assert "python -m auth_service restore FILE" in done.stderr


def test_a_weak_first_password_is_refused_at_start(stopped: AuthProcess) -> None:
    done = stopped.run("serve", ROUTING_ML_ADMIN_PASSWORD="admin")
    assert done.returncode == 3
    assert "at least 8" in done.stderr


async def test_a_database_that_is_locked_at_start_is_waited_for(process: AuthProcess) -> None:
    await process.start()
    assert process.stop() == 0
    holder = sqlite3.connect(process.settings.state_dir / "routing.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    starting = asyncio.create_task(process.start())
    await asyncio.sleep(1.5)
    assert not starting.done()
    holder.rollback()
    holder.close()
    await starting


async def test_a_locked_database_is_an_error_that_can_be_tried_again(process: AuthProcess) -> None:
    await process.start()
    holder = sqlite3.connect(process.settings.state_dir / "routing.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    change = settings_pb2.PatchSettingsRequest(patch_json='{"search": {"ef_search": 5}}')
    with pytest.raises(ServiceError) as caught:
        await process.call("Patch", change, settings_pb2_grpc.SettingsServiceStub)
    assert caught.value.reason == "DATABASE_BUSY"
    assert caught.value.retry_after
    answer = await process.call("Get", settings_pb2.GetSettingsRequest(), settings_pb2_grpc.SettingsServiceStub)
    assert answer.revision == 1
    holder.rollback()
    holder.close()
    await process.call("Patch", change, settings_pb2_grpc.SettingsServiceStub)
