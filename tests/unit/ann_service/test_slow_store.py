"""A store that is slow holds up the version that comes from it, and nobody's searches."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

from ann_service.control import AnnControl
from ann_service.searcher import Searcher, Wanted
from ann_service.served_model import ModelSlot
from protos.settings.v1 import settings_pb2
from tests.support.small_versions import CODES, state
from trained.travel import VersionCache
from trained.travel.places import FolderPlace

PAUSE = 0.15
ENOUGH = 10**12


class SlowFolder(FolderPlace):
    """A share that gives each file only after a while."""

    def read(self, key: str) -> Iterator[bytes]:
        """What is kept under a name, late."""
        time.sleep(PAUSE)
        yield from super().read(key)


async def test_searches_go_on_while_a_version_comes_from_a_slow_store(
    tmp_path: Path, version_a: settings_pb2.ActiveVersion, version_b: settings_pb2.ActiveVersion
) -> None:
    (tmp_path / "share").mkdir()
    place = SlowFolder(tmp_path / "share")
    made = Path(version_b.artifact_dir)
    VersionCache(place, tmp_path / "trainer", made.parent, ENOUGH).publish(made, made / "manifest.json")
    elsewhere = settings_pb2.ActiveVersion(
        version_name=version_b.version_name,
        artifact_dir="/nowhere/on/this/host",
        manifest_path="/nowhere/on/this/host/manifest.json",
        manifest_sha256=version_b.manifest_sha256,
    )
    searcher = Searcher(ModelSlot(), 10)

    async def serves(_serving: bool) -> None:
        """Nobody has to be told."""

    here = VersionCache(place, tmp_path / "versions", tmp_path / "models", ENOUGH)
    control = AnnControl(searcher, tmp_path / "derived", 1, serves, versions=here)
    try:
        await control.apply(state(version_a))
        fetching = asyncio.create_task(control.prepare(elsewhere))
        answered, slowest = 0, 0.0
        began = time.monotonic()
        while not fetching.done():
            asked = time.monotonic()
            found = await searcher.search_items([CODES[answered % len(CODES)]], Wanted(top_k=3))
            slowest = max(slowest, time.monotonic() - asked)
            assert found.model_version == version_a.version_name
            answered += 1
            await asyncio.sleep(0.005)
        await fetching
        assert time.monotonic() - began > 5 * PAUSE  # it was slow
        assert answered > 20
        assert slowest < 5 * PAUSE
        await control.apply(state(elsewhere, 2))
        found = await searcher.search_items([CODES[0]], Wanted(top_k=3))
        assert found.model_version == version_b.version_name
    finally:
        searcher.close()
        control.close()
