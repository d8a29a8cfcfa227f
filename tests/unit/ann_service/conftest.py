"""Small versions of a model, and services that run on them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from protos.settings.v1 import settings_pb2
from tests.support.small_versions import Running, make_version, run_ann

Start = Callable[..., Awaitable[Running]]


@pytest.fixture(scope="session")
def version_a(tmp_path_factory: pytest.TempPathFactory) -> settings_pb2.ActiveVersion:
    return make_version(tmp_path_factory.mktemp("models") / "version-a", 1)


@pytest.fixture(scope="session")
def version_b(tmp_path_factory: pytest.TempPathFactory) -> settings_pb2.ActiveVersion:
    return make_version(tmp_path_factory.mktemp("models") / "version-b", 2)


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Starts services in this process; all are stopped at the end."""
    stopping: list[Callable[[], Awaitable[None]]] = []

    async def run(active: settings_pb2.ActiveVersion | None, state_dir: Path = tmp_path) -> Running:
        return await run_ann(state_dir, active, stopping)

    yield run
    for stop in reversed(stopping):
        await stop()
