"""A version that is tried beside the one that serves: loaded when it is asked for, closed when nobody has asked for a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from ann_service.searcher import Searcher
from ann_service.served_model import ModelSlot, ServedModel
from common.logs import get_logger
from protos.settings.v1 import settings_pb2 as pb

KEPT_SECONDS: Final = 120.0
CACHED_VECTORS: Final = 1

log = get_logger(__name__)


class TrialVersions:
    """Holds the one version that was tried last.

    Args:
        load: loads and proves a version; blocks.
        kept_seconds: how long it stays open after the last search.
    """

    def __init__(self, load: Callable[[pb.ActiveVersion], ServedModel], kept_seconds: float = KEPT_SECONDS) -> None:
        self._load, self._kept_seconds = load, kept_seconds
        self._searcher: Searcher | None = None
        self._busy = asyncio.Lock()
        self._closing: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def searcher(self, version: pb.ActiveVersion) -> AsyncIterator[Searcher]:
        """Searches in the version while the block runs; one trial at a time.

        Raises:
            ServiceError: the version cannot be loaded.
        """
        async with self._busy:
            self._keep()
            if self._searcher is None:
                self._searcher = Searcher(ModelSlot(), CACHED_VECTORS, threads=1)
            slot = self._searcher.slot
            if slot.current is None or not slot.current.is_version(version):
                slot.swap(None)
                slot.swap(await asyncio.to_thread(self._load, version))
                log.info("version is tried", model_version=slot.version_name)
            try:
                yield self._searcher
            finally:
                self._closing = asyncio.get_running_loop().call_later(self._kept_seconds, self.close)

    def close(self) -> None:
        """Close the version and end its threads."""
        self._keep()
        searcher, self._searcher = self._searcher, None
        if searcher is not None:
            searcher.slot.swap(None)
            searcher.close()

    def _keep(self) -> None:
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None
