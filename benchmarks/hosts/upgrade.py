"""`python -m benchmarks.hosts.upgrade [--older REVISION]`: one host after the other gets a newer program while planners predict.

The order is the handbook's: the copy of auth_service that stands by, gateways, aggregate_service, ann_service, at last the active copy,
whose successor migrates the database. The newer program is this one with a higher version and one migration more; the older one is this
one too, or that of a revision of the project's history. The last line is JSON: hosts, requests, failed, slowest_s, lost_writes over the
whole upgrade. Needs what benchmarks.hosts needs.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import polars as pl
import psycopg

from benchmarks.catalogues import ROOT
from benchmarks.faults.postgresql import PostgresqlServer
from benchmarks.hosts.caddy import caddy_before
from benchmarks.hosts.installation import ROLES, Installation
from benchmarks.hosts.load import Load, Period, Writer
from benchmarks.hosts.network import Host, Network
from benchmarks.hosts.waiting import until
from common.errors import PreconditionFailed
from plant.examples import DEMO_CATALOGUE
from tests.support.clone import copy_project
from tests.support.installation import mark_version

OLDER, NEWER = "9.0.0", "9.1.0"
TABLE_OF_NEWER: Final = "tool_lives"
ORDER: Final = ("gateway", "aggregate", "ann")
"""Roles between the copy of auth_service that stands by and the active one."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Upgrade; returns 1 when a request failed or a change was lost."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hosts.upgrade", description=__doc__)
    parser.add_argument("--older", default="", metavar="REVISION", help="the program before; default: this one")
    parser.add_argument("--seconds", type=float, default=3.0, help="between two hosts")
    options = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="routing-ml-upgrade-") as temporary:
            return measure(Path(temporary), options.older, options.seconds)
    except PreconditionFailed as error:
        print(f"skipped: {error.message}", file=sys.stderr)
        return 2


def measure(folder: Path, older: str, seconds: float, roles: Mapping[str, Sequence[str]] = ROLES) -> int:
    """Build the installation with the older program, upgrade it, show what was noticed."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    before, after = folder / "older", folder / "newer"
    make_programs(before, after, older)
    with (
        Network(folder / "hosts") as network,
        PostgresqlServer(folder, network.own_address) as server,
        contextlib.ExitStack() as started,
    ):
        installation = Installation(network, server, folder / "share", DEMO_CATALOGUE, roles)
        for host in network.hosts.values():
            host.program = before
        installation.start_all()
        caddy = started.enter_context(caddy_before(installation.gateways, network.own_address, folder))
        codes = pl.read_parquet(DEMO_CATALOGUE / "items.parquet")["ITEM_CD"].to_list()
        load, writer = Load(codes, (installation.gateways, caddy)), Writer(installation)
        load.start()
        writer.start()
        time.sleep(seconds)
        upgraded = 0
        for role, host in in_order(installation):
            period = load.during(f"{role} {host.name}")
            upgrade(installation, role, host, after, seconds)
            upgraded += 1
            print(told(period), flush=True)
        period = load.during("upgraded")
        time.sleep(seconds)
        load.end()
        lost = writer.lost(installation.database)
        versions = {
            host.name: installation.software(role, host) for role, hosts in installation.hosts.items() for host in hosts
        }
        migrated = has_table(installation.database)
    return conclude(load.periods[1:], upgraded, lost, versions, migrated)


def make_programs(before: Path, after: Path, older: str) -> None:
    """Folders with both programs.

    Raises:
        PreconditionFailed: there is no such revision, or no history.
    """
    copy_project(after)
    mark_version(after, NEWER, with_migration=True)
    if not older:
        copy_project(before)
        mark_version(before, OLDER, with_migration=False)
        return
    packed = subprocess.run(["git", "archive", older], cwd=ROOT, capture_output=True)
    if packed.returncode:
        raise PreconditionFailed(f"git has no revision {older} here: {packed.stderr.decode(errors='replace')[-200:]}")
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(before, filter="data")


def in_order(installation: Installation) -> Iterator[tuple[str, Host]]:
    """The hosts in the order of the handbook."""
    active = installation.active_copy()
    yield from (("auth", host) for host in installation.hosts["auth"] if host is not active)
    for role in ORDER:
        yield from ((role, host) for host in installation.hosts[role])
    yield "auth", active


def upgrade(installation: Installation, role: str, host: Host, program: Path, seconds: float) -> None:
    """Stop what runs on a host, start the newer program, wait until all is well.

    Raises:
        RuntimeError: it does not come about.
    """
    host.stop()
    host.program = program
    installation.start(role, host)
    until(lambda: installation.serves(role, host), f"{host.name} does not serve with the newer program")
    until(lambda: installation.software(role, host) == NEWER, f"{host.name} runs another program")
    installation.until_healthy()
    time.sleep(seconds)


def has_table(database: str) -> bool:
    """Whether the database has been migrated to the newer program's schema."""
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT to_regclass(%s)", (TABLE_OF_NEWER,)).fetchone()
    return found is not None and found[0] is not None


def told(period: Period) -> str:
    """A period in one line."""
    return f"{period.name}: {period.requests} requests, {period.failed} failed, slowest {period.slowest_s:.2f} s"


def conclude(
    periods: Sequence[Period], upgraded: int, lost: Sequence[str], versions: Mapping[str, str], migrated: bool
) -> int:
    """Show what was noticed, the last line as JSON; returns the exit code."""
    for problem in [problem for period in periods for problem in period.errors][:10]:
        print(problem)
    failed = sum(period.failed for period in periods)
    behind = sorted(name for name, version in versions.items() if version != NEWER)
    figures = {
        "hosts": upgraded,
        "requests": sum(period.requests for period in periods),
        "failed": failed,
        "slowest_s": round(max(period.slowest_s for period in periods), 2),
        "lost_writes": len(lost),
        "behind": behind,
        "migrated": migrated,
    }
    print(json.dumps(figures), flush=True)
    return 1 if failed or lost or behind or not migrated else 0


if __name__ == "__main__":
    sys.exit(main())
