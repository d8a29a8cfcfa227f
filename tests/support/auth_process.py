"""An auth_service as a process of its own, with a state folder, for tests that kill it or hinder it."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from auth_service.store.database import Database
from common.identity import ServiceCredential
from common.processes import free_port
from common.rpc.client import Caller, connect
from common.settings import Settings
from protos.registry.v1 import registry_pb2_grpc
from tests.support.patience import busyness

ROOT = Path(__file__).parents[2]
LEGACY = ROOT / "tests" / "data" / "legacy_model"
PASSWORD = "Start-Pass-99"


class AuthProcess:
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
        )

    async def start(self) -> None:
        """Serve, and wait until it reports SERVING."""
        self.child = subprocess.Popen(  # noqa: ASYNC220 - starting takes no time
            [sys.executable, "-m", "auth_service", "serve"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if self.channel:
            await self.channel.close()
        self.channel = connect(self.settings, [self.settings.auth_address])
        health: Any = health_pb2_grpc.HealthStub(self.channel)
        for _ in range(int(600 * busyness())):
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
        return await caller.call(
            getattr(stub(self.channel), method), request, service="auth_service", timeout=30 * busyness()
        )

    def database(self) -> Database:
        return Database.of(self.settings)


def version(process: AuthProcess, name: str) -> Path:
    folder = process.settings.models_dir / name
    shutil.copytree(LEGACY, folder)
    return folder


def register(process: AuthProcess, name: str) -> None:
    folder = version(process, name)
    done = process.run(
        "register-version", "--name", name, "--artifact-dir", str(folder), "--requested-by", "kim", "--trained-at", "5"
    )
    assert done.returncode == 0, done.stderr
    assert "registered" in done.stdout
