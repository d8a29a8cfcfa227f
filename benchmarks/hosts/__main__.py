"""`python -m benchmarks.hosts [--short]`: an installation of nine hosts, hindered one after the other while planners predict.

Half of the planners know the addresses of both gateways, the other half asks Caddy, which stands before them. Hosts are network
namespaces with mounts of their own, so it needs Linux, root, `ip`, PostgreSQL and Caddy. The last line is JSON: requests and failed
over all faults, slowest_s the slowest request, takeover_s the longest time without a log-in while the active auth_service
was gone, lost_writes the acknowledged changes that are not in the database afterwards.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
import polars as pl
from rich.console import Console
from rich.table import Table

from benchmarks.faults.postgresql import PostgresqlServer
from benchmarks.hosts.caddy import caddy_before
from benchmarks.hosts.faults import FAULTS, Fault
from benchmarks.hosts.installation import ADMIN, PASSWORD, Installation
from benchmarks.hosts.load import Load, Period, Writer
from benchmarks.hosts.network import Host, Network
from benchmarks.hosts.waiting import until
from common.errors import PreconditionFailed
from plant.examples import DEMO_CATALOGUE
from routing_ml_client import ApiError

KINDS = ("ann", "aggregate", "gateway")


def main(arguments: Sequence[str] | None = None) -> int:
    """Hinder one host after the other; returns 1 when anything was lost or failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hosts", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a few seconds for each fault, within five minutes")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each fault")
    parser.add_argument("--rounds", type=int, default=3, help="how often every fault is done")
    parser.add_argument("--data", type=Path, default=DEMO_CATALOGUE, help="catalogue as a folder of Parquet tables")
    options = parser.parse_args(arguments)
    seconds, rounds = (4.0, 1) if options.short else (options.seconds, options.rounds)
    try:
        with tempfile.TemporaryDirectory(prefix="routing-ml-hosts-") as temporary:
            return measure(Path(temporary), options.data, seconds, rounds)
    except PreconditionFailed as error:
        print(f"skipped: {error.message}", file=sys.stderr)
        return 2


def measure(folder: Path, catalogue: Path, seconds: float, rounds: int) -> int:
    """Build the installation, do the faults, show what was noticed."""
    folder.chmod(0o755)
    with (
        Network(folder / "hosts") as network,
        PostgresqlServer(folder, network.own_address) as server,
        contextlib.ExitStack() as started,
    ):
        installation = Installation(network, server, folder / "share", catalogue)
        said = time.monotonic()
        installation.start_all()
        tell(f"nine hosts serve after {time.monotonic() - said:.0f} s")
        caddy = started.enter_context(caddy_before(installation.gateways, network.own_address, folder))
        codes = pl.read_parquet(catalogue / "items.parquet")["ITEM_CD"].to_list()
        load = Load(codes, (installation.gateways, caddy))
        writer = Writer(installation)
        load.start()
        writer.start()
        takeovers: list[float] = []
        time.sleep(seconds)
        for _ in range(rounds):
            for kind in KINDS:
                for fault in FAULTS:
                    one(installation, load, kind, installation.hosts[kind][-1], fault, seconds)
            for fault in FAULTS[:3]:
                takeovers.append(take_over(installation, load, fault, seconds))
        load.end()
        lost = writer.lost(installation.database)
    return conclude(load.periods[1:], takeovers, len(writer.acknowledged), lost)


def one(installation: Installation, load: Load, kind: str, host: Host, fault: Fault, seconds: float) -> Period:
    """One fault of one host, until everything is well again."""
    period = load.during(f"{kind} {fault.__name__}")
    with fault(installation, kind, host):
        time.sleep(seconds)
    installation.until_healthy()
    until(lambda: installation.serves(kind, host), f"{host.name} does not serve again")
    tell(f"{period.name}: {period.requests} requests, {period.failed} failed, slowest {period.slowest_s:.2f} s")
    return period


def take_over(installation: Installation, load: Load, fault: Fault, seconds: float) -> float:
    """Hinder the active auth_service; returns the seconds until somebody could log in again."""
    active = installation.active_copy()
    period = load.during(f"auth {fault.__name__}")
    with fault(installation, "auth", active):
        began = time.monotonic()
        leased = until(lambda: installation.active_copy() is not active, "nobody takes the lease")
        until(lambda: can_log_in(installation), "nobody can log in")
        took = time.monotonic() - began
        time.sleep(max(seconds - took, 0.0))
    installation.until_healthy()
    until(lambda: installation.serves("auth", active), f"{active.name} does not stand by")  # ready for the next fault
    tell(
        f"{period.name}: the other copy has the lease after {leased:.1f} s, log-in after {took:.1f} s; "
        f"{period.requests} requests, {period.failed} failed"
    )
    return took


def can_log_in(installation: Installation) -> bool:
    """Whether somebody can."""
    try:
        with installation.client() as client:
            return bool(client.log_in(ADMIN, PASSWORD)["token"])
    except (ApiError, httpx.HTTPError):
        return False


def conclude(periods: Sequence[Period], takeovers: Sequence[float], written: int, lost: Sequence[str]) -> int:
    """Show what was noticed, the last line as JSON; returns the exit code."""
    table = Table(box=None)
    for heading in ("fault", "requests", "failed", "slowest s"):
        table.add_column(heading, justify="left" if heading == "fault" else "right")
    for period in periods:
        table.add_row(period.name, str(period.requests), str(period.failed), f"{period.slowest_s:.2f}")
    Console(width=100).print(table)
    for problem in [problem for period in periods for problem in period.errors][:10]:
        print(problem)
    print(f"{written} changes were acknowledged, {len(lost)} of them are lost")
    failed = sum(period.failed for period in periods)
    figures = {
        "requests": sum(period.requests for period in periods),
        "failed": failed,
        "slowest_s": round(max(period.slowest_s for period in periods), 2),
        "takeover_s": round(max(takeovers), 2),
        "lost_writes": len(lost),
    }
    print(json.dumps(figures), flush=True)
    return 1 if failed or lost else 0


def tell(text: str) -> None:
    """Say where it is."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
