"""What users do meanwhile: planners who predict, and somebody whose every acknowledged change is looked for afterwards."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx
import psycopg

from benchmarks.hosts.installation import ADMIN, PASSWORD, Installation
from routing_ml_client import ApiError, RoutingMlClient

PLANNERS = 2
"""On each of the ways to the gateways: by a list of their addresses, and through Caddy."""


@dataclass
class Period:
    """What was noticed during a fault."""

    name: str
    requests: int = 0
    failed: int = 0
    slowest_s: float = 0.0
    errors: list[str] = field(default_factory=list)


class Load:
    """Planners in threads; `during` names the period that their requests count for.

    Args:
        codes: items that they ask for, one after the other.
        ways: how they reach the gateways, each a URL or several.
    """

    def __init__(self, codes: Sequence[str], ways: Sequence[str | Sequence[str]]) -> None:
        self._codes = itertools.cycle(codes)
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._period = Period("before")
        self.periods = [self._period]
        self._threads = [
            threading.Thread(target=self._plan, args=(way,), daemon=True) for way in ways for _ in range(PLANNERS)
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def during(self, name: str) -> Period:
        """Count from now on for another period."""
        with self._lock:
            self._period = Period(name)
            self.periods.append(self._period)
            return self._period

    def end(self) -> None:
        """Stop and wait for what is on its way."""
        self._ended.set()
        for thread in self._threads:
            thread.join(60.0)

    def _plan(self, way: str | Sequence[str]) -> None:
        with RoutingMlClient(way) as client:
            client.log_in(ADMIN, PASSWORD)
            while not self._ended.is_set():
                with self._lock:
                    code, period = next(self._codes), self._period
                began = time.monotonic()
                problem = ""
                try:
                    client.predict({"item_codes": [code], "top_k": 5})
                except (ApiError, httpx.HTTPError) as error:
                    problem = f"{type(error).__name__}: {error}"[:300]
                took = time.monotonic() - began
                with self._lock:
                    period.requests += 1
                    period.slowest_s = max(period.slowest_s, took)
                    if problem:
                        period.failed += 1
                        period.errors.append(problem)
                time.sleep(0.005)


class Writer:
    """Registers accounts as long as it is told to, and remembers which registrations were acknowledged."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._ended = threading.Event()
        self.acknowledged: list[str] = []
        self.refused = 0
        self._thread = threading.Thread(target=self._write, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def _write(self) -> None:
        with self._installation.client() as client:
            for number in itertools.count():
                if self._ended.is_set():
                    return
                name = f"account{number}@plant.example"
                try:
                    client.register({"username": name, "password": "Written-Ring-42"})
                    self.acknowledged.append(name)
                except (ApiError, httpx.HTTPError):
                    self.refused += 1
                time.sleep(0.15)

    def lost(self, database: str) -> list[str]:
        """Stop; what was acknowledged and is not in the database.

        Args:
            database: its URL.
        """
        self._ended.set()
        self._thread.join(60.0)
        with psycopg.connect(database) as connection:
            found = {str(row[0]) for row in connection.execute("SELECT username FROM accounts").fetchall()}
        return [name for name in self.acknowledged if name not in found]
