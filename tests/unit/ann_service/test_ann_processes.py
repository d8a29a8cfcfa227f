"""ann_service as processes: workers on consecutive ports follow a control plane, come back when they die, stop together."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from common.identity import ServiceCredential
from common.processes import ask_to_stop, free_port, is_running, kill_tree, port_is_free, python_module, start_child
from common.settings import Settings
from protos.ann.v1 import ann_pb2, ann_pb2_grpc
from protos.settings.v1 import settings_pb2, settings_pb2_grpc
from tests.support.small_versions import state

pytestmark = pytest.mark.timeout(120)


class ControlPlane(settings_pb2_grpc.SettingsServiceServicer):
    """Pushes one state to whoever follows, and remembers what they confirm."""

    def __init__(self, active: settings_pb2.ActiveVersion) -> None:
        self.active = active
        self.confirmed: list[tuple[str, bool, str]] = []

    async def Watch(self, requests: Any, context: Any) -> AsyncIterator[settings_pb2.WatchEvent]:
        first = await anext(requests)
        yield settings_pb2.WatchEvent(event_id=1, state=state(self.active))
        async for request in requests:
            outcome = request.confirm
            self.confirmed.append((first.subscribe.instance, outcome.ok, outcome.model_version or outcome.reason))


async def until(reached: Callable[[], Any], seconds: float = 60.0) -> None:
    """Wait for something; fails when it does not come."""
    for _ in range(int(seconds / 0.1)):
        result = reached()
        if asyncio.iscoroutine(result):
            result = await result
        if result:
            return
        await asyncio.sleep(0.1)
    pytest.fail(f"{reached} was not reached in {seconds} s")


def two_free_ports() -> int:
    """A port that is free together with the next one."""
    while True:
        port = free_port()
        if port < 65_000 and port_is_free("127.0.0.1", port + 1):
            return port


async def serving(port: int) -> bool:
    """Whether the process on a port reports SERVING."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        try:
            answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=1)
        except grpc.aio.AioRpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


async def test_workers_serve_come_back_and_stop_together(version_a: settings_pb2.ActiveVersion, tmp_path: Path) -> None:
    server, control_port, port = grpc.aio.server(), free_port(), two_free_ports()
    plane = ControlPlane(version_a)  # type: ignore[abstract]
    settings_pb2_grpc.add_SettingsServiceServicer_to_server(plane, server)
    server.add_insecure_port(f"127.0.0.1:{control_port}")
    await server.start()
    environment = {
        "ROUTING_ML_STATE_DIR": str(tmp_path),
        "ROUTING_ML_AUTH_ADDRESS": f"127.0.0.1:{control_port}",
        "ROUTING_ML_STOP_GRACE_SECONDS": "0.5",
    }
    parent = start_child(
        python_module("ann_service", "--port", str(port), "--workers", "2"),
        environment=environment,
        output=tmp_path / "output.txt",
    )
    try:
        await until(lambda: serving(port))
        await until(lambda: serving(port + 1))
        assert {(instance, ok, version) for instance, ok, version in plane.confirmed} == {
            (f"ann-{port}", True, "version-a"),
            (f"ann-{port + 1}", True, "version-a"),
        }
        credential = ServiceCredential.load(Settings(state_dir=tmp_path).secrets_path)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port + 1}") as channel:
            response = await ann_pb2_grpc.AnnServiceStub(channel).Search(
                ann_pb2.SearchRequest(items=ann_pb2.ItemCodes(codes=["IT-00010"])),
                metadata=(("authorization", credential.header("test")),),
            )
        assert len(response.neighbours.item_codes) == 10
        children = psutil.Process(parent.pid).children()
        assert len(children) == 2
        kill_tree(children[0].pid)
        await until(lambda: not is_running(children[0].pid))
        await until(lambda: serving(port))
        children = psutil.Process(parent.pid).children()
        assert len(children) == 2
        ask_to_stop(parent.pid)
        await until(lambda: parent.poll() is not None)
        assert parent.returncode == 0
        assert not any(is_running(child.pid) for child in children)
    finally:
        kill_tree(parent.pid)
        await server.stop(0)


async def test_a_taken_port_ends_all_workers_with_a_clear_error(tmp_path: Path) -> None:
    port = two_free_ports()
    blocker = grpc.aio.server()
    blocker.add_insecure_port(f"127.0.0.1:{port + 1}")
    await blocker.start()
    output = tmp_path / "output.txt"
    parent = start_child(
        python_module("ann_service", "--port", str(port), "--workers", "2"),
        environment={"ROUTING_ML_STATE_DIR": str(tmp_path), "ROUTING_ML_AUTH_ADDRESS": f"127.0.0.1:{free_port()}"},
        output=output,
    )
    try:
        await until(lambda: parent.poll() is not None)
        assert parent.returncode == 3
        assert f"Port {port + 1} on 127.0.0.1 is taken" in output.read_text("utf-8")
    finally:
        kill_tree(parent.pid)
        await blocker.stop(0)


async def test_serving_imports_neither_polars_nor_scikit_learn_nor_joblib() -> None:
    program = (
        "import sys, ann_service.program, ann_service.servicer, trained.older.legacy_model, trained.index.engine_faiss\n"
        "print(sorted({'polars', 'sklearn', 'joblib', 'scipy', 'pandas'} & set(sys.modules)))\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, env=dict(os.environ)
    )
    out, _errors = await process.communicate()
    assert out.decode().strip() == "[]"
