"""kill -9 of the process that owns all durable state, at random moments while four writers write: nothing confirmed is ever lost."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from auth_service.store.database import Database
from benchmarks.faults.control_service import ControlService
from benchmarks.faults.ledger import Ledger, Writers, losses
from benchmarks.faults.outcome import Outcome
from common.database_copy import inspect, save, sqlite_file

LEAST_CONFIRMED = 6
"""Writes that are confirmed before each kill, at least."""
LONGEST_SECONDS = 1.2
WHOLE_LOOK = 50
"""After this many kills every row and every page of the database is looked at."""


@dataclass
class _Tally:
    kills: int = 0
    writing_seconds: float = 0.0
    slowest_start: float = 0.0


async def kills(
    folder: Path,
    *,
    count: int,
    minutes: float,
    least_rate: float = 0.0,
    database_url: str = "",
    say: Callable[[str], None] = lambda _line: None,
    seed: int = 0,
) -> Outcome:
    """Kill auth_service `count` times, or as often as it goes in `minutes` but once.

    Args:
        least_rate: fewer confirmed writes a second than this are a fault.
        database_url: "" for SQLite in the folder.
    """
    chance = random.Random(seed or None)
    service = ControlService(folder, database_url=database_url)
    total, tally, found = Ledger(), _Tally(), list[str]()
    deadline = time.monotonic() + minutes * 60
    writers = Writers(service)
    database: Database | None = None
    try:
        await service.start()
        await service.log_in()
        database = Database.of(service.settings)
        writers.start()
        while tally.kills < count and (time.monotonic() < deadline or not tally.kills):
            begun = time.monotonic()
            await writers.until_confirmed(LEAST_CONFIRMED)
            await asyncio.sleep(chance.uniform(0.0, LONGEST_SECONDS))
            tally.writing_seconds += time.monotonic() - begun
            await service.kill()
            tally.kills += 1
            await writers.stop()
            latest, writers.ledger = writers.ledger, Ledger(workspace=writers.ledger.workspace)
            total.take(latest)
            latest.sent = total.sent
            begun = time.monotonic()
            await service.start()
            tally.slowest_start = max(tally.slowest_start, time.monotonic() - begun)
            whole = tally.kills % WHOLE_LOOK == 0
            found += losses(total if whole else latest, database.engine, all_rows=whole)
            if whole:
                found += _damage(service, folder / "look.db")
                say(f"{tally.kills} kills, {total.confirmed} writes confirmed, {len(found)} lost")
            writers.start()
        await writers.stop()
        total.take(writers.ledger)
        found += losses(total, database.engine, all_rows=True) + _damage(service, folder / "look.db")
    finally:
        await writers.stop()
        if database is not None:
            database.close()
        await service.close()
    rate = total.confirmed / max(tally.writing_seconds, 1e-9)
    kind = "PostgreSQL" if database_url else "SQLite"
    faults = {
        "confirmed writes lost or halved": len(found),
        **{f"refused {why}": n for why, n in total.refused.items()},
    }
    if rate < least_rate:
        faults[f"fewer than {least_rate:.0f} writes/s"] = 1
    return Outcome(
        f"kill -9 of auth_service under writing ({kind})",
        tally.kills,
        "kills",
        faults,
        measured=f"{total.confirmed:,} writes confirmed, {rate:.0f}/s while it lived; back within {tally.slowest_start:.1f} s",
        aim="1,000 kills at 20 writes/s or more, nothing lost",
        examples=tuple(found[:20]),
    )


def _damage(service: ControlService, copy: Path) -> list[str]:
    """What a look at every page finds: a copy is made as a backup is, and looked through."""
    if sqlite_file(service.settings.sqlalchemy_url) is None:
        return []
    copy.unlink(missing_ok=True)
    try:
        save(service.settings.sqlalchemy_url, copy)
        inspect(copy)
    except Exception as error:  # whatever it is, it is the finding
        return [f"the database is damaged: {error}"]
    finally:
        copy.unlink(missing_ok=True)
    return []
