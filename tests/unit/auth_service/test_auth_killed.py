"""auth_service killed in the middle of activations, changes and backups: nothing is half done."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

import pytest

from auth_service.store.records import SettingsRevisionRecord
from common.errors import PreconditionFailed, ServiceError
from common.identity import KeyRing, ServiceCredential
from common.watch import ControlFollower
from protos.registry.v1 import registry_pb2
from protos.settings.v1 import settings_pb2, settings_pb2_grpc
from tests.support.auth_process import ROOT, AuthProcess, register


class Slow:
    """A follower whose proof takes until it is let go on, so that an activation can be interrupted in its middle."""

    def __init__(self) -> None:
        self.preparing = asyncio.Event()
        self.serving = ""
        self.go_on = asyncio.Event()

    async def prepare(self, _version: settings_pb2.ActiveVersion) -> None:
        self.preparing.set()
        await self.go_on.wait()

    async def abandon(self, _version_name: str) -> None:
        pass

    async def apply(self, state: settings_pb2.ControlState) -> None:
        self.serving = state.active.version_name

    def serving_version(self) -> str:
        return self.serving


async def follow(process: AuthProcess, handlers: Slow) -> ControlFollower:
    credential = ServiceCredential.load(process.settings.secrets_path)
    follower = ControlFollower(
        process.settings, process="ann", instance="ann-1", credential=credential, keys=KeyRing(), handlers=handlers
    )
    await follower.start(patience_seconds=20.0)
    return follower


async def test_killed_in_the_middle_of_an_activation_the_old_version_stays(process: AuthProcess) -> None:
    for name in ("v1", "v2"):
        await asyncio.to_thread(register, process, name)
    await process.start()
    handlers = Slow()
    follower = await follow(process, handlers)
    handlers.go_on.set()
    await process.call("Activate", registry_pb2.ActivateRequest(version_name="v1"))
    handlers.go_on.clear()
    handlers.preparing.clear()
    activating = asyncio.create_task(process.call("Activate", registry_pb2.ActivateRequest(version_name="v2")))
    await handlers.preparing.wait()
    process.kill()
    with pytest.raises(ServiceError):
        await activating
    await process.start()
    answer = await process.call("GetActive", registry_pb2.GetActiveRequest())
    assert answer.version.version_name == "v1"
    handlers.go_on.set()
    subscribers = settings_pb2.SubscribersRequest()
    while not (await process.call("Subscribers", subscribers, settings_pb2_grpc.SettingsServiceStub)).subscribers:
        await asyncio.sleep(0.02)
    await process.call("Activate", registry_pb2.ActivateRequest(version_name="v2"))
    assert handlers.serving == "v2"
    await follower.stop()


async def test_killed_at_any_moment_of_many_changes_nothing_is_half_done(process: AuthProcess) -> None:
    for round_number in range(3):
        await process.start()

        async def change(number: int) -> int:
            request = settings_pb2.PatchSettingsRequest(patch_json=f'{{"search": {{"ef_search": {number}}}}}')
            answer = await process.call("Patch", request, settings_pb2_grpc.SettingsServiceStub)
            return int(answer.document.revision)

        async def many(start: int, answered: list[int]) -> None:
            for number in range(start, start + 1000):
                answered.append(await change(number))

        answered: list[int] = []
        task = asyncio.create_task(many(round_number * 1000 + 1, answered))
        await asyncio.sleep(0.15 + 0.05 * round_number)
        process.kill()
        with pytest.raises(ServiceError):
            await task
        database = process.database()
        database.check()
        with database.reading() as session:
            revisions = [
                row.revision for row in session.query(SettingsRevisionRecord).order_by(SettingsRevisionRecord.revision)
            ]
        database.close()
        assert revisions == list(range(1, len(revisions) + 1))
        assert not answered or answered[-1] <= revisions[-1] <= answered[-1] + 1  # what was answered is stored


def test_killed_in_the_middle_of_a_backup_no_file_is_left_that_looks_like_one(stopped: AuthProcess) -> None:
    register(stopped, "v1")
    target = stopped.folder / "b.db"
    for delay in (0.6, 1.0):
        child = subprocess.Popen(
            [sys.executable, "-m", "auth_service", "backup", str(target)], cwd=ROOT, env=stopped.environment
        )
        time.sleep(delay)
        child.kill()
        child.wait()
        if target.exists():
            assert stopped.run("restore", str(target)).returncode == 0
            target.unlink()
    assert stopped.run("backup", str(target)).returncode == 0


async def test_a_follower_leaves_no_task_waiting_when_the_control_plane_is_killed(process: AuthProcess) -> None:
    await process.start()
    handlers = Slow()
    follower = await follow(process, handlers)
    while not follower.connected:
        await asyncio.sleep(0.02)
    process.kill()
    while follower.connected:
        await asyncio.sleep(0.02)
    await follower.stop()
    await asyncio.sleep(0.1)
    waiting = [task for task in asyncio.all_tasks() if "_consume_request_iterator" in repr(task)]
    assert waiting == []


class Refusing(Slow):
    """A follower that cannot apply a state for a while."""

    refusals = 2

    async def apply(self, state: settings_pb2.ControlState) -> None:
        if self.refusals:
            self.refusals -= 1
            raise PreconditionFailed("its folder is away")
        await super().apply(state)


async def test_a_state_that_was_refused_is_tried_again_by_itself_and_confirmed(
    process: AuthProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.watch.RETRY_SECONDS", (0.3, 0.3))
    await process.start()
    handlers = Refusing()
    follower = await follow(process, handlers)

    async def told() -> settings_pb2.Subscriber:
        request = settings_pb2.SubscribersRequest()
        answer = await process.call("Subscribers", request, settings_pb2_grpc.SettingsServiceStub)
        return next(iter(answer.subscribers), settings_pb2.Subscriber())

    while not (await told()).last_problem:
        await asyncio.sleep(0.02)
    while not (await told()).confirmed_revision:
        await asyncio.sleep(0.02)
    assert handlers.refusals == 0
    assert (await told()).last_problem == ""
    await follower.stop()
