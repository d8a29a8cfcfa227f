"""How many connections one process holds, and which makes room for the next: the one that has kept its place longest without a request.

A system can watch only so many sockets (on Windows 512 in one process), so one more than that must never be taken in.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from common.processes import watchable_sockets

MOST_CONNECTIONS = 1000
"""Of one process, unless a setting says more; each may hold a head of 64 kB."""

LEAST_CONNECTIONS = 16
OWN_FILES = 96
"""Files and sockets that a gateway process needs for itself."""


class Guest(Protocol):
    """A connection as `Places` sees it."""

    def give_way(self) -> None:
        """Hang up now."""


class Places:
    """The connections of one process. Used on the event loop only.

    Args:
        most: connections that are served at a time.
        doorway: further ones that are told so before they are hung up on; those beyond are not waited for.
    """

    def __init__(self, most: int, doorway: int = 32) -> None:
        self.most, self._doorway = most, doorway
        self._taken: set[Guest] = set()
        self._waiting: dict[Guest, None] = {}
        self._seen_off: set[Guest] = set()
        self._empty = asyncio.Event()
        self._empty.set()

    def __len__(self) -> int:
        return len(self._taken) + len(self._seen_off)

    def enter(self, guest: Guest) -> bool:
        """Give a new connection a place; False when everybody's request is being worked on."""
        if len(self._taken) >= self.most:
            longest = next(iter(self._waiting), None)
            if longest is None:
                return False
            self.leave(longest)
            longest.give_way()
        self._taken.add(guest)
        self._empty.clear()
        self.waits(guest)
        return True

    def see_off(self, guest: Guest) -> bool:
        """Whether a connection without a place may stay until it has read why."""
        if len(self._seen_off) >= self._doorway:
            return False
        self._seen_off.add(guest)
        self._empty.clear()
        return True

    def waits(self, guest: Guest) -> None:
        """From now on this connection has no request under way."""
        if guest in self._taken:
            self._waiting.pop(guest, None)
            self._waiting[guest] = None

    def works(self, guest: Guest) -> None:
        """The request of this connection has arrived."""
        self._waiting.pop(guest, None)

    def leave(self, guest: Guest) -> None:
        """The connection ends."""
        self._waiting.pop(guest, None)
        self._taken.discard(guest)
        self._seen_off.discard(guest)
        if not self._taken and not self._seen_off:
            self._empty.set()

    async def emptied(self, seconds: float) -> bool:
        """Wait until there is no connection, but not longer than `seconds`; whether it is so."""
        try:
            await asyncio.wait_for(self._empty.wait(), seconds)
        except TimeoutError:
            return False
        return True


def most_connections(wanted: int) -> int:
    """Connections that this process can hold: as wanted (0: MOST_CONNECTIONS), or fewer where the system watches no more sockets."""
    wanted = wanted or MOST_CONNECTIONS
    return max(LEAST_CONNECTIONS, min(wanted, watchable_sockets(wanted + OWN_FILES) - OWN_FILES))
