"""An auth_service with a state folder of its own that faults are done to, and calls of it in a person's name."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import grpc
import psutil
from grpc_health.v1 import health_pb2, health_pb2_grpc

from benchmarks.catalogues import ROOT
from common.errors import ServiceError
from common.processes import free_port, is_running, python_module, start_child
from common.rpc.client import connect
from common.rpc.status import from_rpc_error
from common.settings import Settings
from protos.auth.v1 import auth_pb2, auth_pb2_grpc

EMAIL, PASSWORD = "faults@plant.example", "Broken-Ring-42"
CALL_SECONDS = 10.0
PAUSE_SECONDS = 0.02
STARTS = 60
TAKEN = "is taken by another program"


class ControlService:
    """The service, started anew after each fault.

    Args:
        folder: where its state goes.
        database_url: "" for SQLite in that folder.
        more: further environment variables.
    """

    def __init__(self, folder: Path, *, database_url: str = "", more: dict[str, str] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.settings = Settings(
            _env_file=None,
            state_dir=folder / "state",
            models_dir=folder / "models",
            auth_address=f"127.0.0.1:{free_port()}",
            database_url=database_url,
        )
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("ROUTING_ML_")},
            "ROUTING_ML_STATE_DIR": str(self.settings.state_dir),
            "ROUTING_ML_MODELS_DIR": str(self.settings.models_dir),
            "ROUTING_ML_AUTH_ADDRESS": self.settings.auth_address,
            "ROUTING_ML_DATABASE_URL": database_url,
            "ROUTING_ML_ADMIN_EMAIL": EMAIL,
            "ROUTING_ML_ADMIN_PASSWORD": PASSWORD,
            "ROUTING_ML_SESSION_MINUTES": "10080",
            "ROUTING_ML_PASSWORD_TIME_COST": "1",
            "ROUTING_ML_PASSWORD_MEMORY_KIB": "64",
            "ROUTING_ML_PASSWORD_PARALLELISM": "1",
            "PYTHONUTF8": "1",
            **(more or {}),
        }
        self.pid = 0
        self.channel: grpc.aio.Channel | None = None
        self._starter: subprocess.Popen[str] | None = None
        self._token = ""

    async def start(self) -> None:
        """Start it and wait until it serves. A port that another program has taken meanwhile is waited for.

        Raises:
            RuntimeError: it ended instead.
        """
        for _ in range(STARTS):
            if await self._started():
                return
            await asyncio.sleep(1.0)
        raise RuntimeError(f"auth_service ended: {self._said()}")

    async def _started(self) -> bool:
        await asyncio.to_thread(self._spawn)
        if self.channel is not None:
            await self.channel.close()
        self.channel = connect(self.settings, [self.settings.auth_address])
        health: Any = health_pb2_grpc.HealthStub(self.channel)
        while True:
            if not is_running(self.pid):
                if TAKEN in self._said().splitlines()[-1]:
                    return False
                raise RuntimeError(f"auth_service ended: {self._said()}")
            try:
                answer = await health.Check(health_pb2.HealthCheckRequest(), timeout=2)
                if answer.status == health_pb2.HealthCheckResponse.SERVING:
                    return True
            except grpc.aio.AioRpcError:
                pass
            await asyncio.sleep(PAUSE_SECONDS)

    def _spawn(self) -> None:
        output = self.settings.state_dir.parent / "output.txt"
        if sys.platform == "win32":
            command = python_module("auth_service", "serve")
            self.pid = start_child(command, environment=self.environment, working_dir=ROOT, output=output).pid
            return
        if self._starter is None:
            with open(output, "ab") as stream:
                self._starter = subprocess.Popen(
                    python_module("benchmarks.faults.warm_service", self.settings.auth_address),
                    cwd=ROOT,
                    env=self.environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=stream,
                    text=True,
                    bufsize=1,
                )
        assert self._starter.stdin
        assert self._starter.stdout
        self._starter.stdin.write("start\n")
        self._starter.stdin.flush()
        self.pid = int(self._starter.stdout.readline() or 0)

    def _said(self) -> str:
        output = self.settings.state_dir.parent / "output.txt"
        return output.read_text(encoding="utf-8", errors="replace")[-1000:] if output.exists() else ""

    async def kill(self) -> None:
        """End it as a crash does, at once and without a word."""
        process = psutil.Process(self.pid)
        process.kill()
        while is_running(self.pid):
            await asyncio.sleep(0.005)

    def halt(self) -> None:
        """Stop it in the middle of what it does, as a machine that swaps or a debugger would."""
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    async def close(self) -> None:
        """End everything."""
        if self.channel is not None:
            await self.channel.close()
        if self.pid and is_running(self.pid):
            await self.kill()
        if self._starter is not None:
            assert self._starter.stdin
            self._starter.stdin.close()
            self._starter.wait(30)

    async def log_in(self) -> None:
        """Get a session; it lives on when the service does not."""
        assert self.channel is not None
        stub = auth_pb2_grpc.AuthServiceStub(self.channel)
        request = auth_pb2.LoginRequest(username=EMAIL, password=PASSWORD, client_host="127.0.0.1")
        session = await stub.Login(request, timeout=60)
        self._token = session.token

    async def call(self, stub: Any, method: str, request: Any) -> Any:
        """Call in the person's name.

        Raises:
            ServiceError: it did not answer, or refused.
        """
        metadata = (("authorization", f"Bearer {self._token}"),)
        try:
            return await getattr(stub(self.channel), method)(request, metadata=metadata, timeout=CALL_SECONDS)
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from None
        except asyncio.CancelledError as error:  # the channel was closed under the call
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise ServiceError(str(error)) from None
