"""The commands of auth_service, while it runs and while it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from typer.testing import CliRunner

from auth_service import commands
from auth_service.store import schema
from common.settings import Settings
from protos.auth.v1 import auth_pb2, auth_pb2_grpc
from protos.registry.v1 import registry_pb2
from tests.support.auth_process import LEGACY, PASSWORD, AuthProcess, register, version


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


def test_another_registry_can_be_named(stopped: AuthProcess) -> None:
    folder, path = version(stopped, "v1"), stopped.folder / "other.db"
    done = stopped.run("register-version", "--name", "v1", "--artifact-dir", str(folder), "--registry-path", str(path))
    assert done.returncode == 0
    assert path.is_file()
    assert not (stopped.settings.state_dir / "routing.db").exists()


async def test_commands_reach_the_running_service(process: AuthProcess) -> None:
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
