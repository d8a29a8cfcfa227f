"""`python -m benchmarks.hosts.takeovers [--faults 200]`: two copies of auth_service, the active one hindered again and again.

Somebody registers accounts all the time. The last line is JSON: faults, changes that were acknowledged, how many of them are not in the
database afterwards, and the seconds until the other copy had the lease (median and longest). Needs what benchmarks.hosts needs.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg

from benchmarks.faults.postgresql import PostgresqlServer
from benchmarks.hosts.faults import Fault, cut_off, frozen, killed
from benchmarks.hosts.installation import Installation
from benchmarks.hosts.network import Network
from benchmarks.hosts.waiting import until
from common.errors import PreconditionFailed, ServiceError
from common.rpc.client import Caller, connect
from common.settings import Settings
from plant.examples import DEMO_CATALOGUE
from protos.auth.v1 import auth_pb2, auth_pb2_grpc

FAULTS: tuple[Fault, ...] = (cut_off, frozen, killed)
HOSTS_A_NET = 250


class Registrations:
    """Registers accounts through whichever copy is active, and remembers which were acknowledged."""

    def __init__(self, installation: Installation) -> None:
        self._settings = Settings(
            _env_file=None, tls_ca=installation.authority, auth_address=installation.addresses("auth")
        )
        self._ended = threading.Event()
        self.acknowledged: list[str] = []
        self._thread = threading.Thread(target=lambda: asyncio.run(self._write()), daemon=True)
        self._thread.start()

    async def _write(self) -> None:
        channel = connect(self._settings, self._settings.auth_addresses)
        stub, caller = auth_pb2_grpc.AuthServiceStub(channel), Caller(self._settings, "benchmark", None)
        for number in itertools.count():
            if self._ended.is_set():
                break
            name = f"account{number}@plant.example"
            place = f"10.9.{number // HOSTS_A_NET % HOSTS_A_NET}.{number % HOSTS_A_NET}"
            request = auth_pb2.RegisterRequest(username=name, password="Written-Ring-42", client_host=place)
            with contextlib.suppress(ServiceError):
                await caller.call(stub.Register, request, service="auth_service", timeout=5.0)
                self.acknowledged.append(name)
            await asyncio.sleep(0.05)
        await channel.close()

    def end(self) -> None:
        """Stop."""
        self._ended.set()
        self._thread.join(60.0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Hinder; returns 1 when an acknowledged change is lost."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hosts.takeovers", description=__doc__)
    parser.add_argument("--faults", type=int, default=200, help="how often the active copy is hindered")
    options = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="routing-ml-takeovers-") as temporary:
            return measure(Path(temporary), options.faults)
    except PreconditionFailed as error:
        print(f"skipped: {error.message}", file=sys.stderr)
        return 2


def measure(folder: Path, faults: int) -> int:
    """Build two hosts, hinder the active one, show what was lost."""
    folder.chmod(0o755)
    with Network(folder / "hosts") as network, PostgresqlServer(folder, network.own_address) as server:
        installation = Installation(network, server, folder / "share", DEMO_CATALOGUE, {"auth": ("ctl1", "ctl2")})
        for host in installation.hosts["auth"]:
            installation.start("auth", host)
        until_both(installation)
        writing = Registrations(installation)
        seconds = [hindered(installation, fault) for fault in itertools.islice(itertools.cycle(FAULTS), faults)]
        writing.end()
        with psycopg.connect(installation.database) as connection:
            found = {str(row[0]) for row in connection.execute("SELECT username FROM accounts").fetchall()}
    lost = [name for name in writing.acknowledged if name not in found]
    figures = {
        "faults": len(seconds),
        "acknowledged": len(writing.acknowledged),
        "lost_writes": len(lost),
        "lease_median_s": round(statistics.median(seconds), 2),
        "lease_longest_s": round(max(seconds), 2),
    }
    print(json.dumps(figures), flush=True)
    return 1 if lost else 0


def hindered(installation: Installation, fault: Fault) -> float:
    """Hinder the active copy once; returns the seconds until the other one had the lease."""
    active = installation.active_copy()
    with fault(installation, "auth", active):
        took = until(lambda: installation.active_copy() is not active, f"nobody takes over: {fault.__name__}")
    until_both(installation)
    print(f"{active.name} {fault.__name__}: {took:.2f} s", flush=True)
    time.sleep(0.5)
    return took


def until_both(installation: Installation) -> None:
    """Wait until one copy serves and the other stands by."""
    for host in installation.hosts["auth"]:
        until(lambda host=host: installation.serves("auth", host), f"{host.name} does not serve")  # type: ignore[misc]


if __name__ == "__main__":
    sys.exit(main())
