"""`python -m benchmarks.faults`: kills, stops, full disk, cut network, backups, attacks, fuzzing, soak, bounded and here only."""

from __future__ import annotations

import argparse
import asyncio
import math
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import requests

from benchmarks.catalogues import ROOT
from benchmarks.faults import bursts, grpc_guard, http_attacks, rest_fuzzing
from benchmarks.faults.backups import backups
from benchmarks.faults.hindrances import cut_network, full_disk, stops
from benchmarks.faults.kills import kills
from benchmarks.faults.outcome import Outcome
from benchmarks.faults.postgresql import PostgresqlServer
from benchmarks.faults.rest_fuzzing import Request, Tally
from benchmarks.faults.soak import known_codes, soak
from benchmarks.faults.table import show, write_json, write_markdown
from benchmarks.faults.whole_system import WholeSystem, start_whole
from common.errors import PreconditionFailed
from common.process_end import run_and_leave

SECTIONS = (
    "kills",
    "kills-postgresql",
    "stops",
    "disk",
    "network",
    "backups",
    "attacks",
    "burst",
    "rest",
    "grpc",
    "soak",
)
OF_THE_WHOLE_SYSTEM = ("attacks", "burst", "rest", "grpc", "soak")
HEALTH_MS = 100.0
BACKUP_SECONDS = 2.0
BACKUP_WRITES = 5000
"""Confirmed before the first backup: about 3 MB."""
RATE_ASKED = 20.0
"""Confirmed writes a second under which a kill says little."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do the chosen faults; returns 1 when anything went wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--short", action="store_true", help="a few of each, within a minute or two")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--requests", type=int, default=1_000_000, help="of the fuzzing of REST and of gRPC, each")
    parser.add_argument("--minutes", type=float, default=60.0, help="of the soak, and at most of each other section")
    parser.add_argument("--pause", type=float, default=0.0, help="seconds between two requests of a client of the soak")
    parser.add_argument("--data", type=Path, default=ROOT / "demo" / "catalogue", help="source of the whole system")
    parser.add_argument("--work", type=Path, help="folder for the state of what is hindered; default: a temporary one")
    parser.add_argument("--json", type=Path, help="also write everything to this file")
    parser.add_argument(
        "--markdown", type=Path, help="also write the table into this file, such as docs/reliability.md"
    )
    options = parser.parse_args(arguments)
    if options.short:
        options.kills, options.requests, options.minutes = 5, 300, 0.5
    with tempfile.TemporaryDirectory(prefix="routing-ml-faults-") as temporary:
        outcomes = run(options, options.work or Path(temporary))
    show(outcomes)
    if options.json:
        write_json(outcomes, options.json)
    if options.markdown:
        write_markdown(outcomes, options.markdown)
    return 0 if all(outcome.good for outcome in outcomes) else 1


def run(options: argparse.Namespace, work: Path) -> list[Outcome]:
    """Do the chosen sections, one after the other."""
    few = max(2, options.kills // 50)
    rate = 0.0 if options.short else RATE_ASKED
    alone: dict[str, Callable[[], Outcome]] = {
        "kills": lambda: asyncio.run(
            kills(work / "kills", count=options.kills, minutes=options.minutes, least_rate=rate, say=say)
        ),
        "kills-postgresql": lambda: _kills_on_postgresql(
            work / "kills-postgresql", options.kills // 10, options.minutes
        ),
        "stops": lambda: asyncio.run(stops(work / "stops", count=few)),
        "disk": lambda: asyncio.run(full_disk(work / "disk", count=few)),
        "network": lambda: asyncio.run(cut_network(work / "network", count=few)),
        "backups": lambda: asyncio.run(
            backups(work / "backups", count=2, writes=50, longest_seconds=math.inf)
            if options.short
            else backups(work / "backups", count=10, writes=BACKUP_WRITES, longest_seconds=BACKUP_SECONDS)
        ),
    }
    outcomes = [make() for name, make in alone.items() if name in options.only]
    for outcome in outcomes:
        say(f"{outcome.fault}: {outcome.count} {outcome.unit} {outcome.faults} {outcome.measured or outcome.skipped}")
    wanted = [name for name in OF_THE_WHOLE_SYSTEM if name in options.only]
    if wanted:
        whole = start_whole(work / "whole", options.data.absolute())
        try:
            for name in wanted:
                outcomes += hinder_whole(
                    whole, name, requests_wanted=options.requests, minutes=options.minutes, pause=options.pause
                )
        finally:
            whole.stop()
    return outcomes


def hinder_whole(
    whole: WholeSystem, section: str, *, requests_wanted: int, minutes: float, pause: float = 0.0
) -> list[Outcome]:
    """Do one section to a running system."""
    match section:
        case "attacks":
            return attacks(whole, seconds=min(http_attacks.SECONDS, minutes * 60 / len(http_attacks.ATTACKS)))
        case "burst":
            return [burst(whole, few=minutes < 1)]
        case "rest":
            return [fuzz_rest(whole, count=requests_wanted, minutes=minutes)]
        case "grpc":
            return [grpc_guard.guard(whole, count=requests_wanted, seconds=minutes * 60)]
        case _:
            return soak(whole, minutes=minutes, pause_seconds=pause, say=say)


def attacks(whole: WholeSystem, *, seconds: float) -> list[Outcome]:
    """Every attack on the gateway's port, and how long its health takes meanwhile."""
    port = urlsplit(whole.url).port or 80
    made = []
    for kind in http_attacks.ATTACKS:
        figure = http_attacks.measure(port, kind, seconds)
        faults = {"unexpected answers": figure.unexpected, "health not answered": figure.health_failed}
        if figure.health_longest_ms > HEALTH_MS:
            faults[f"health later than {HEALTH_MS:.0f} ms"] = 1
        made.append(
            Outcome(
                f"attack: {figure.name}",
                figure.connections,
                "connections",
                faults,
                measured=f"health {figure.health_median_ms:.0f} ms, at most {figure.health_longest_ms:.0f} ms; "
                f"{figure.taken_bytes / 1e6:.1f} MB taken",
                aim=f"health within {HEALTH_MS:.0f} ms",
            )
        )
    return made


def burst(whole: WholeSystem, *, few: bool) -> Outcome:
    """Far more predictions at once than can be made."""
    pids = {name.partition("-")[0]: pid for name, pid in whole.processes().items()}
    sizes = {"requests": 30, "items": 50} if few else {}
    port = urlsplit(whole.url).port or 80
    return bursts.burst(port, pids["gateway"], whole.user_token, known_codes(whole), health_ms=HEALTH_MS, **sizes)


def fuzz_rest(whole: WholeSystem, *, count: int, minutes: float, each: int | None = None) -> Outcome:
    """Fuzz the REST interface: generated requests with all checks of schemathesis, then mutations of them."""
    tally, begun = Tally(), time.monotonic()
    with requests.Session() as session:
        session.trust_env = False
        headers = {"Authorization": f"Bearer {whole.admin_token}"}

        def send(case: object) -> object:
            case.headers = headers  # type: ignore[attr-defined]
            return case.call(base_url=whole.url, session=session, timeout=90)  # type: ignore[attr-defined]

        wanted = each if each is not None else 1 if count <= 1000 else 5
        generated: list[Request] = rest_fuzzing.corpus(wanted, tally=tally, send=send, until=begun + minutes * 60)
    rest_fuzzing.flood(
        whole.url,
        generated,
        tokens=[whole.admin_token, whole.user_token, whole.user_token, ""],
        count=max(0, count - tally.sent),
        until=begun + minutes * 60,
        tally=tally,
        every=lambda: say(f"REST: {tally.sent:,} requests, {dict(tally.wrong)}"),
    )
    return rest_fuzzing.outcome(tally, time.monotonic() - begun)


def _kills_on_postgresql(folder: Path, count: int, minutes: float) -> Outcome:
    try:
        server = PostgresqlServer(folder)
    except PreconditionFailed as error:
        return Outcome("kill -9 of auth_service under writing (PostgreSQL)", 0, "kills", skipped=error.message)
    with server:
        url = f"postgresql://routing@127.0.0.1:{server.port}/postgres"
        return asyncio.run(kills(folder, count=count, minutes=minutes, database_url=url, say=say))


def say(line: str) -> None:
    """Tell how far it is."""
    print(line, flush=True)


if __name__ == "__main__":
    run_and_leave(main)
