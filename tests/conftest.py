"""Fixtures for all tests: the running system, once a session, and clients of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import settings

from tests.support.patience import busyness
from tests.support.running_system import RunningSystem, running_system

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the browser tests last: their driver keeps an event loop running in the main thread, which asyncio tests cannot share.

    `manage.py test` hands whole files to its processes in this order, so it holds in each of them; of the browser's the long files come
    first, so that no process is left alone with one at the end.
    """
    for item in items:  # a time limit ends what hangs; a busy machine does not make a test hang
        set_by = item.get_closest_marker("timeout")
        seconds = float(set_by.args[0]) if set_by and set_by.args else float(item.config.getini("timeout") or 180)
        item.add_marker(pytest.mark.timeout(max(seconds, seconds * busyness())), append=False)
    tests_in = Counter(item.path for item in items)
    items.sort(key=lambda item: (1, -tests_in[item.path]) if "e2e" in item.path.parts else (0, 0))


@pytest.fixture(scope="session")
def whole_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """The whole system on the demo catalogue, one in each test process. A test that breaks a process waits until it is whole again."""
    with running_system(tmp_path_factory.mktemp("system") / "state") as system:
        yield system


@pytest.fixture
def admin(whole_system: RunningSystem) -> Iterator[httpx.Client]:
    """An HTTP client of the whole system, logged in as the administrator."""
    with whole_system.admin() as client:
        yield client
