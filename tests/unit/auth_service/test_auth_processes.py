"""auth_service as a process: its commands, killed in the middle of work, on a full disk, with a database it cannot use."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from typer.testing import CliRunner

from auth_service import commands, schema
from auth_service.database import Database
from auth_service.records import SettingsRevisionRecord
from common.errors import ServiceError
from common.identity import KeyRing, ServiceCredential
from common.processes import IS_WINDOWS, free_port
from common.rpc.client import Caller, connect
from common.settings import Settings
from common.watch import ControlFollower
from protos.auth.v1 import auth_pb2, auth_pb2_grpc
from protos.registry.v1 import registry_pb2, registry_pb2_grpc
from protos.settings.v1 import settings_pb2, settings_pb2_grpc

ROOT = Path(__file__).parents[3]
LEGACY = ROOT / "tests" / "data" / "legacy_model"
PASSWORD = "Start-Pass-99"


class Process:
    """An auth_service of its own with a state folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(
            _env_file=None,
            state_dir=folder / "state",
            models_dir=folder / "models",
            auth_address=f"127.0.0.1:{free_port()}",
        )
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("ROUTING_ML_")},
            "ROUTING_ML_STATE_DIR": str(self.settings.state_dir),
            "ROUTING_ML_MODELS_DIR": str(self.settings.models_dir),
            "ROUTING_ML_AUTH_ADDRESS": self.settings.auth_address,
            "ROUTING_ML_ADMIN_EMAIL": "admin@plant.example",
            "ROUTING_ML_ADMIN_PASSWORD": PASSWORD,
            "ROUTING_ML_PASSWORD_TIME_COST": "1",
            "ROUTING_ML_PASSWORD_MEMORY_KIB": "64",
            "ROUTING_ML_PASSWORD_PARALLELISM": "1",
            "ROUTING_ML_STOP_GRACE_SECONDS": "0.2",
        }
        self.child: subprocess.Popen[str] | None = None
        self.channel: Any = None

    def run(self, *arguments: str, stdin: str = "", **changes: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "auth_service", *arguments],
            cwd=ROOT,
            env={**self.environment, **changes},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
        )

    async def start(self, **options: Any) -> None:
        """Serve, and wait until it reports SERVING."""
        self.child = subprocess.Popen(  # noqa: ASYNC220 - starting takes no time
            [sys.executable, "-m", "auth_service", "serve"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **options,
        )
        if self.channel:
            await self.channel.close()
        self.channel = connect(self.settings, [self.settings.auth_address])
        health: Any = health_pb2_grpc.HealthStub(self.channel)
        for _ in range(600):
            if self.child.poll() is not None:
                pytest.fail(
                    f"ended with {self.child.returncode}: {self.child.stdout.read() if self.child.stdout else ''}"
                )
            try:
                answer = await health.Check(health_pb2.HealthCheckRequest(), timeout=1)
                if answer.status == health_pb2.HealthCheckResponse.SERVING:
                    return
            except grpc.aio.AioRpcError:
                pass
            await asyncio.sleep(0.05)
        pytest.fail("does not serve")

    def kill(self) -> None:
        """As kill -9 does."""
        if self.child and self.child.poll() is None:
            self.child.kill()
            self.child.wait()

    def stop(self) -> int:
        """As a supervisor does; returns the exit code."""
        assert self.child
        self.child.terminate()
        return self.child.wait(20)

    async def call(self, method: str, request: Any, stub: Any = registry_pb2_grpc.RegistryServiceStub) -> Any:
        """Call in the name of a process of the installation."""
        caller = Caller(self.settings, "cli", ServiceCredential.load(self.settings.secrets_path))
        return await caller.call(getattr(stub(self.channel), method), request, service="auth_service", timeout=30)

    def database(self) -> Database:
        return Database.of(self.settings)


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[Process]:
    made = Process(tmp_path)
    yield made
    made.kill()
    if made.channel:
        await made.channel.close()


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[Process]:
    made = Process(tmp_path)
    yield made
    made.kill()


def version(process: Process, name: str) -> Path:
    folder = process.settings.models_dir / name
    shutil.copytree(LEGACY, folder)
    return folder


def register(process: Process, name: str) -> None:
    folder = version(process, name)
    done = process.run(
        "register-version", "--name", name, "--artifact-dir", str(folder), "--requested-by", "kim", "--trained-at", "5"
    )
    assert done.returncode == 0, done.stderr
    assert "registered" in done.stdout


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs a command within this process."""
    settings = Settings(
        _env_file=None,
        state_dir=tmp_path / "state",
        auth_address="127.0.0.1:9",
        password_time_cost=1,
        password_memory_kib=64,
    )
    monkeypatch.setattr(commands, "read_settings", lambda: settings)
    monkeypatch.setattr(commands, "configure_logging", lambda *_arguments: None)
    return lambda *arguments, stdin="": CliRunner().invoke(commands.app, list(arguments), input=stdin)


def test_the_commands_work_while_the_service_is_down(command: Callable[..., Any], tmp_path: Path) -> None:
    manifest = str(LEGACY / "manifest.json")
    assert (
        command("register-version", "--name", "v1", "--artifact-dir", str(LEGACY), "--manifest", manifest).exit_code
        == 0
    )
    done = command("activate", "v1", "--reason", "first")
    assert (done.exit_code, "v1 is active" in done.stdout) == (0, True)
    assert command("activate", "v1").exit_code == 0
    done = command("create-admin", "kim@plant.example", "--password-stdin", stdin="Seal-Ring-42x\n")
    assert "kim@plant.example is an administrator" in done.stdout
    assert command("create-admin", "KIM@plant.example", "--password-stdin", stdin="Other-Word-77\n").exit_code == 0
    assert command("reset-password", "KIM@plant.example", "--password-stdin", stdin="Third-Word-55\n").exit_code == 0
    backup = tmp_path / "b.db"
    assert command("backup", str(backup)).exit_code == 0
    assert command("restore", str(backup)).exit_code == 0
    assert f"-> {schema.newest()}" in command("migrate").stdout
    assert "-> empty" in command("migrate", "--to", "base").stdout


@pytest.mark.parametrize(
    ("arguments", "stdin", "says"),
    [
        (("create-admin", "kim@plant.example", "--password-stdin"), "short\n", "at least 8"),
        (("create-admin", "kim", "--password-stdin"), "Seal-Ring-42x\n", "name@domain"),
        (("reset-password", "ghost@x.example", "--password-stdin"), "Seal-Ring-42x\n", "no account"),
        (("activate", "ghost"), "", "no version"),
        (("register-version", "--name", "v", "--artifact-dir", "nowhere"), "", "no folder"),
        (("restore", "nowhere.db"), "", "no file"),
        (("migrate", "--to", "9999"), "", "no migration"),
    ],
)
def test_a_command_that_is_refused_says_why_in_one_line(
    command: Callable[..., Any], arguments: tuple[str, ...], stdin: str, says: str
) -> None:
    done = command(*arguments, stdin=stdin)
    assert done.exit_code == 1
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_another_registry_can_be_named(stopped: Process) -> None:
    folder, path = version(stopped, "v1"), stopped.folder / "other.db"
    done = stopped.run("register-version", "--name", "v1", "--artifact-dir", str(folder), "--registry-path", str(path))
    assert done.returncode == 0
    assert path.is_file()
    assert not (stopped.settings.state_dir / "routing.db").exists()


async def test_commands_reach_the_running_service(process: Process) -> None:
    await process.start()
    await asyncio.to_thread(register, process, "v1")
    done = await asyncio.to_thread(process.run, "activate", "v1")
    assert (done.returncode, "v1 is active" in done.stdout) == (0, True)
    answer = await process.call("GetActive", registry_pb2.GetActiveRequest())
    assert answer.version.version_name == "v1"
    request = auth_pb2.LoginRequest(username="admin@plant.example", password=PASSWORD)
    session = await process.call("Login", request, auth_pb2_grpc.AuthServiceStub)
    done = await asyncio.to_thread(
        process.run, "reset-password", "admin@plant.example", "--password-stdin", stdin="Other-Word-77\n"
    )
    assert done.returncode == 0
    stub = auth_pb2_grpc.AuthServiceStub(process.channel)
    for _ in range(200):  # the service sees within a second that a command ended the session
        try:
            await stub.Me(auth_pb2.MeRequest(), metadata=[("authorization", f"Bearer {session.token}")])
        except grpc.aio.AioRpcError as error:
            assert error.code() is grpc.StatusCode.UNAUTHENTICATED  # noqa: PT017
            break
        await asyncio.sleep(0.05)
    else:
        pytest.fail("the session is still accepted")
    backup = process.folder / "b.db"
    assert (await asyncio.to_thread(process.run, "backup", str(backup))).returncode == 0
    refused = await asyncio.to_thread(process.run, "restore", str(backup))
    assert refused.returncode == 1
    assert "stop auth_service" in refused.stderr
    assert process.stop() == 0


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


async def follow(process: Process, handlers: Slow) -> ControlFollower:
    credential = ServiceCredential.load(process.settings.secrets_path)
    follower = ControlFollower(
        process.settings, process="ann", instance="ann-1", credential=credential, keys=KeyRing(), handlers=handlers
    )
    await follower.start(patience_seconds=20.0)
    return follower


async def test_killed_in_the_middle_of_an_activation_the_old_version_stays(process: Process) -> None:
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


async def test_killed_at_any_moment_of_many_changes_nothing_is_half_done(process: Process) -> None:
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


def test_killed_in_the_middle_of_a_backup_no_file_is_left_that_looks_like_one(stopped: Process) -> None:
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


@pytest.mark.skipif(IS_WINDOWS, reason="RLIMIT_FSIZE stands for the full disk")
async def test_on_a_full_disk_changes_are_refused_whole_and_reading_goes_on(process: Process) -> None:
    import resource

    await process.start()
    assert process.stop() == 0
    size = (process.settings.state_dir / "routing.db").stat().st_size

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 65_536, size + 65_536))

    await process.start(preexec_fn=limit)
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


def test_a_corrupt_database_is_refused_at_start_with_the_restore_command(stopped: Process) -> None:
    stopped.settings.state_dir.mkdir(parents=True)
    (stopped.settings.state_dir / "routing.db").write_bytes(b"garbage" * 5000)
    done = stopped.run("serve")
    assert done.returncode == 3
    assert "python -m auth_service restore FILE" in done.stderr


def test_a_weak_first_password_is_refused_at_start(stopped: Process) -> None:
    done = stopped.run("serve", ROUTING_ML_ADMIN_PASSWORD="admin")
    assert done.returncode == 3
    assert "at least 8" in done.stderr


async def test_a_database_that_is_locked_at_start_is_waited_for(process: Process) -> None:
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


async def test_a_locked_database_is_an_error_that_can_be_tried_again(process: Process) -> None:
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
