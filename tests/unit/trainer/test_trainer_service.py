"""The trainer service: administrators start, follow and cancel trainings in a child process."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from common.errors import Conflict, InvalidInput, PermissionDenied, PreconditionFailed, ServiceError
from common.identity import ServiceCredential
from common.processes import ask_to_stop, free_port
from common.rpc.client import Caller, connect
from common.settings import Settings
from protos.trainer.v1 import trainer_pb2 as pb
from protos.trainer.v1 import trainer_pb2_grpc
from tests.unit.trainer.conftest import ROOT, Installation, make_tables, wait_until, write_tables
from trainer.servicer import to_message
from trainer.status_file import TrainingStatus
from trainer.training_lock import training_lock


class TrainerService:
    """A running `python -m trainer`."""

    def __init__(self, installation: Installation, dataset: Path, *, allowed: bool = True) -> None:
        self.port = free_port()
        self.installation = installation
        variables = {
            **installation.variables(),
            "ROUTING_ML_DATASET": str(dataset),
            "ROUTING_ML_TRAINING_BY_API": str(allowed),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "trainer", "--port", str(self.port)], cwd=ROOT, env=variables
        )
        self.settings = Settings(state_dir=installation.state)

    def log(self) -> str:
        path = self.installation.state / "logs" / f"trainer-{self.port}.jsonl"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        credential = ServiceCredential.load(self.settings.secrets_path)
        channel = connect(self.settings, [f"127.0.0.1:{self.port}"])
        try:
            yield Client(channel, Caller(self.settings, "test", credential))
        finally:
            await channel.close()


class Client:
    """Calls of a process of the installation."""

    def __init__(self, channel: Any, caller: Caller) -> None:
        self.stub = trainer_pb2_grpc.TrainerServiceStub(channel)
        self._caller = caller

    async def call(self, method: str, request: Any) -> pb.TrainingStatus:
        answer = await self._caller.call(getattr(self.stub, method), request, service="trainer", timeout=30)
        assert isinstance(answer, pb.TrainingStatus)
        return answer

    async def follow(self) -> list[pb.TrainingStatus]:
        return [status async for status in self.stub.Follow(pb.StatusRequest(), metadata=self._caller.metadata())]


@pytest.fixture
def service_of(installation: Installation) -> Iterator[Any]:
    started: list[TrainerService] = []

    def start(dataset: Path, *, allowed: bool = True) -> TrainerService:
        service = TrainerService(installation, dataset, allowed=allowed)
        started.append(service)
        wait_until(lambda: '"started"' in service.log(), "the trainer service")
        return service

    yield start
    for service in started:
        ask_to_stop(service.process.pid)
        assert service.process.wait(20) == 0


async def test_a_training_is_started_followed_and_found_in_the_status(service_of: Any, items_of_300: Path) -> None:
    service = service_of(items_of_300)
    async with service.client() as client:
        idle = await client.call("Status", pb.StatusRequest())
        assert (idle.status, idle.job_id, idle.message) == ("idle", "", "No training has run yet")
        begun = await client.call("Run", pb.RunRequest(version_label="by api", activate=True))
        assert begun.status == "running"
        with pytest.raises(Conflict, match="A training runs already") as second:
            await client.call("Run", pb.RunRequest())
        assert second.value.details["job_id"] in ("", begun.job_id)
        seen = await client.follow()
        assert [status.status for status in seen][-1] == "completed", seen[-1].message
        assert {status.job_id for status in seen} == {begun.job_id}
        assert seen[-1].progress == 100
        assert json.loads(seen[-1].metrics_json)["items"] == 300
        assert seen[-1].requested_by == "service:test"
        folder = Path(seen[-1].version_path)
        assert folder.parent == service.installation.models
        assert folder.name.endswith("-by-api")
        assert (folder / "manifest.json").exists()
        dry = await client.call("Run", pb.RunRequest(dry_run=True))
        ended = (await client.follow())[-1]
        assert (ended.job_id, ended.status, ended.version_path) == (dry.job_id, "completed", "")
        with pytest.raises(PreconditionFailed, match="No training runs"):
            await client.call("Cancel", pb.CancelRequest())


async def test_a_cancelled_training_leaves_no_half_version(service_of: Any, tmp_path: Path) -> None:
    service = service_of(write_tables(tmp_path / "large", {"items": make_tables(6000)["items"]}))
    wrappers = service.installation.state / "wrappers"
    wrappers.mkdir()
    (wrappers / "pipeline_r1.py").write_text(
        "from plant.blueprint.options import IndexOptions, PipelineOptions\n"
        "OPTIONS = PipelineOptions(index=IndexOptions(m=64, ef_construction=4096, threads=1))\n"
    )
    (wrappers / "current").write_text("pipeline_r1.py\n")
    async with service.client() as client:
        await client.call("Run", pb.RunRequest())
        for _attempt in range(3000):
            status = await client.call("Status", pb.StatusRequest())
            if status.stage == "building":
                break
            assert status.status == "running", status.message
            await asyncio.sleep(0.05)
        assert status.stage == "building"
        ended = await client.call("Cancel", pb.CancelRequest())
        assert (ended.status, ended.message) == ("failed", "Cancelled by service:test; nothing half-written stays")
        assert list(service.installation.models.iterdir()) == []


async def test_training_by_api_can_be_switched_off(service_of: Any, items_of_300: Path) -> None:
    service = service_of(items_of_300, allowed=False)
    async with service.client() as client:
        with pytest.raises(PermissionDenied, match="Let the scheduler run it"):
            await client.call("Run", pb.RunRequest())


async def test_a_training_of_the_scheduler_is_seen_and_not_cancelled(service_of: Any, items_of_300: Path) -> None:
    service = service_of(items_of_300)
    run_folder = service.installation.state / "run"
    async with service.client() as client:
        with training_lock(run_folder, timeout=0, requested_by="scheduler", save_dir=Path("models/q4")):
            with pytest.raises(Conflict, match="asked for by scheduler"):
                await client.call("Run", pb.RunRequest())
            with pytest.raises(PreconditionFailed, match="not started by this service"):
                await client.call("Cancel", pb.CancelRequest())


async def test_a_training_that_fails_says_why(service_of: Any, tmp_path: Path) -> None:
    service = service_of(tmp_path / "nowhere.accdb")
    async with service.client() as client:
        await client.call("Run", pb.RunRequest())
        ended = (await client.follow())[-1]
        assert ended.status == "failed"
        assert "nowhere.accdb does not exist" in ended.message
        with pytest.raises(InvalidInput, match="at most 64"):
            await client.call("Run", pb.RunRequest(version_label="x" * 65))


async def test_people_without_a_token_are_refused(service_of: Any, items_of_300: Path) -> None:
    service = service_of(items_of_300)
    channel = connect(service.settings, [f"127.0.0.1:{service.port}"])
    try:
        anonymous = Caller(service.settings, "nobody", None)
        with pytest.raises(ServiceError, match="Log in first"):
            await anonymous.call(
                trainer_pb2_grpc.TrainerServiceStub(channel).Run, pb.RunRequest(), service="trainer", timeout=10
            )
    finally:
        await channel.close()


def test_a_status_without_figures_is_a_message_too() -> None:
    message = to_message(TrainingStatus(metrics={"items": 3, "stages": {"reading": 1.5}}))
    assert json.loads(message.metrics_json) == {"items": 3, "stages": {"reading": 1.5}}
    assert message.stage == ""
