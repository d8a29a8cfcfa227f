"""Versions of several plants in one process: mapped when they are asked for, within a budget."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ann_service.control import AnnControl
from ann_service.searcher import Searcher, Wanted
from ann_service.served_model import ModelSlot
from ann_service.sites_memory import SitesMemory
from common.errors import ServiceError, Unavailable
from protos.settings.v1 import settings_pb2
from tests.support.small_versions import CODES, state


class Site:
    """What one process has of one plant."""

    def __init__(self, name: str, derived: Path, memory: SitesMemory) -> None:
        self.serving: list[bool] = []
        self.searcher = Searcher(ModelSlot(), 10)
        self.control = AnnControl(self.searcher, derived, 1, self._serves, site=name, memory=memory)

    async def _serves(self, serving: bool) -> None:
        self.serving.append(serving)

    async def ask(self) -> str:
        """The version that answers."""
        await self.control.summon()
        return (await self.searcher.search_items([CODES[5]], Wanted(top_k=3))).model_version

    @property
    def mapped(self) -> bool:
        return self.searcher.slot.current is not None


@pytest.fixture
def memory(version_a: settings_pb2.ActiveVersion) -> SitesMemory:
    """Room for one version and a half."""
    return SitesMemory(sum(path.stat().st_size for path in Path(version_a.artifact_dir).iterdir()) * 3 // 2)


@pytest.fixture
def sites(tmp_path: Path, memory: SitesMemory) -> Iterator[tuple[Site, Site]]:
    made = Site("busan", tmp_path / "b", memory), Site("seoul", tmp_path / "s", memory)
    yield made
    for site in made:
        site.searcher.close()
        site.control.close()


async def test_a_version_is_mapped_when_it_is_asked_for_and_the_oldest_goes_first(
    sites: tuple[Site, Site],
    memory: SitesMemory,
    version_a: settings_pb2.ActiveVersion,
    version_b: settings_pb2.ActiveVersion,
) -> None:
    busan, seoul = sites
    await busan.control.apply(state(version_a))
    await seoul.control.apply(state(version_b))
    assert (busan.mapped, seoul.mapped, busan.serving, seoul.serving) == (False, False, [True], [True])
    assert await busan.ask() == version_a.version_name
    assert (busan.mapped, seoul.mapped) == (True, False)
    first = busan.searcher.slot.needed()
    with first.in_use():  # a request is still on its way
        assert await seoul.ask() == version_b.version_name
        assert (busan.mapped, seoul.mapped, first.closed) == (False, True, False)
    assert first.closed
    assert await busan.ask() == version_a.version_name
    assert (busan.mapped, seoul.mapped) == (True, False)
    assert memory.held_bytes > 0


async def test_a_site_without_an_active_version_says_so_and_others_serve(
    sites: tuple[Site, Site], version_a: settings_pb2.ActiveVersion
) -> None:
    busan, seoul = sites
    await busan.control.apply(state(version_a))
    await seoul.control.apply(state(None))
    with pytest.raises(Unavailable, match="No model version is active at the site seoul"):
        await seoul.ask()
    assert await busan.ask() == version_a.version_name
    await busan.control.apply(state(None, 2))
    assert not busan.mapped


async def test_a_version_that_cannot_be_loaded_is_told_to_who_asks(sites: tuple[Site, Site], tmp_path: Path) -> None:
    gone = settings_pb2.ActiveVersion(version_name="v9", artifact_dir=str(tmp_path / "gone"))
    await sites[0].control.apply(state(gone))
    with pytest.raises(ServiceError, match="gone"):
        await sites[0].ask()
