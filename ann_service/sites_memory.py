"""Which sites' versions one process maps: those that were asked for last, within a budget. What was not asked for for long goes first."""

from __future__ import annotations

from collections import OrderedDict
from typing import Protocol

from common.logs import get_logger

log = get_logger(__name__)


class Loaded(Protocol):
    """Who has a version mapped."""

    site: str

    def let_go(self) -> None:
        """Unmap it once the last request that uses it has ended; the next request maps it again."""


class SitesMemory:
    """The budget. All of it happens on the event loop's thread.

    Args:
        most_bytes: of all sites' versions together; one that alone is larger is mapped all the same while it is asked for.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._held: OrderedDict[str, tuple[Loaded, int]] = OrderedDict()

    @property
    def held_bytes(self) -> int:
        """Bytes of the versions that are mapped."""
        return sum(size for _, size in self._held.values())

    def used(self, site: str) -> None:
        """A site was asked."""
        if site in self._held:
            self._held.move_to_end(site)

    def took(self, loaded: Loaded, size: int) -> None:
        """A site has mapped its version, of `size` bytes; others make room for it."""
        self._held.pop(loaded.site, None)
        while self._held and self.held_bytes + size > self._most_bytes:
            site, (other, freed) = self._held.popitem(last=False)
            log.info("a site's version is unmapped for another", site=site, other=loaded.site, bytes=freed)
            other.let_go()
        self._held[loaded.site] = (loaded, size)

    def gave_up(self, site: str) -> None:
        """A site has no version any more."""
        self._held.pop(site, None)
