"""Slowing down guessers: delays that grow with failures, by account and address, so that nobody can lock others out.

Failures count in three places. The pair (account, address) bears nearly all of the delay: a guesser elsewhere does not slow the owner
down. The account as a whole and the address as a whole get short delays after many failures, for guessing from many addresses and for
trying many accounts; an address from which the account has logged in before is exempt from the former.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Hashable
from dataclasses import dataclass

from common.errors import TooManyRequests

REMEMBERED = 50_000
FORGET_AFTER_SECONDS = 3600.0


@dataclass(frozen=True)
class Limit:
    """How failures turn into delay: none for the first `free`, then 1 s, doubled with each, up to `longest` seconds."""

    free: int
    longest: float

    def delay(self, failures: int) -> float:
        """Seconds to wait after `failures` in a row."""
        beyond = failures - self.free
        return 0.0 if beyond < 0 else float(min(2 ** min(beyond, 30), self.longest))


PAIR = Limit(free=5, longest=900.0)
ACCOUNT = Limit(free=30, longest=30.0)
ADDRESS = Limit(free=60, longest=30.0)


@dataclass
class _Failures:
    count: int = 0
    last: float = 0.0


class FailureCounts:
    """Failures in a row by key; forgotten an hour after the last, the oldest first when there are too many keys."""

    def __init__(self, limit: Limit, clock: Callable[[], float]) -> None:
        self._limit, self._clock = limit, clock
        self._failures: OrderedDict[Hashable, _Failures] = OrderedDict()

    def wait(self, key: Hashable) -> float:
        """Seconds until the next attempt is allowed; 0 when it is."""
        found = self._failures.get(key)
        if found is None:
            return 0.0
        passed = self._clock() - found.last
        if passed > FORGET_AFTER_SECONDS:
            del self._failures[key]
            return 0.0
        return max(0.0, self._limit.delay(found.count) - passed)

    def failed(self, key: Hashable, seconds_ago: float = 0.0) -> None:
        """Count one failure."""
        found = self._failures.setdefault(key, _Failures())
        found.count, found.last = found.count + 1, self._clock() - seconds_ago
        self._failures.move_to_end(key)
        if len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)

    def forget(self, key: Hashable) -> None:
        """Start anew."""
        self._failures.pop(key, None)


class LoginThrottle:
    """Decides whether an attempt to log in may be made now. Used on the event loop only.

    Args:
        clock: seconds that never step (time.monotonic).
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._pairs = FailureCounts(PAIR, clock)
        self._accounts = FailureCounts(ACCOUNT, clock)
        self._addresses = FailureCounts(ADDRESS, clock)
        self._known: OrderedDict[Hashable, None] = OrderedDict()
        self._turns: dict[Hashable, tuple[asyncio.Lock, int]] = {}

    @contextlib.asynccontextmanager
    async def attempt(self, account: str, address: str) -> AsyncIterator[None]:
        """One attempt; attempts of the same account and address go one after the other, so that parallel ones do not escape.

        Raises:
            TooManyRequests: with the seconds to wait.
        """
        pair = (account, address)
        lock, users = self._turns.get(pair, (asyncio.Lock(), 0))
        self._turns[pair] = lock, users + 1
        try:
            async with lock:
                self._check(account, address)
                yield
        finally:
            lock, users = self._turns[pair]
            if users == 1:
                del self._turns[pair]
            else:
                self._turns[pair] = lock, users - 1

    def _check(self, account: str, address: str) -> None:
        pair = (account, address)
        wait = max(
            self._pairs.wait(pair),
            0.0 if pair in self._known else self._accounts.wait(account),
            0.0 if pair in self._known else self._addresses.wait(address),
        )
        if wait > 0.0:
            raise TooManyRequests(
                f"Too many failed attempts: try again in {int(wait) + 1} s", reason="LOGIN_THROTTLED", retry_after=wait
            )

    def failed(self, account: str, address: str, seconds_ago: float = 0.0) -> None:
        """Count a failure, of this moment or of one before this process counted."""
        self._pairs.failed((account, address), seconds_ago)
        self._accounts.failed(account, seconds_ago)
        self._addresses.failed(address, seconds_ago)

    def succeeded(self, account: str, address: str) -> None:
        """Forget the failures of the pair and know it from now on."""
        self._pairs.forget((account, address))
        self._known[(account, address)] = None
        self._known.move_to_end((account, address))
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)


class Allowance:
    """So many events at once and so many a second, by key (a token bucket).

    Args:
        burst: events that may come at once.
        per_second: events that are allowed in the long run.
    """

    def __init__(self, burst: int, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst, self._rate, self._clock = burst, per_second, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> bool:
        """Whether one more event of `key` is allowed now; counts it when it is."""
        now = self._clock()
        left, then = self._left.get(key, (float(self._burst), now))
        left = min(float(self._burst), left + (now - then) * self._rate)
        allowed = left >= 1.0
        self._left[key] = (left - 1.0 if allowed else left, now)
        self._left.move_to_end(key)
        if len(self._left) > REMEMBERED:
            self._left.popitem(last=False)
        return allowed
