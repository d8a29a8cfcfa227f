"""The control plane hindered while four writers write: stopped for a while, its disk full, its PostgreSQL cut off. Nothing confirmed may
be lost, what cannot be done is refused in words, and afterwards it goes on by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

from auth_service.store.database import Database
from benchmarks.faults.control_service import ControlService
from benchmarks.faults.ledger import Writers, losses
from benchmarks.faults.outcome import Outcome
from benchmarks.faults.postgresql import PostgresqlServer, Proxy
from common.errors import PreconditionFailed
from common.processes import IS_WINDOWS

RECOVERY_SECONDS: Final = 30.0
DISK_BYTES: Final = 48 * 1024 * 1024


async def stops(folder: Path, *, count: int, longest_seconds: float = 2.0, seed: int = 0) -> Outcome:
    """Stop auth_service in the middle of writing and let it go on, `count` times."""
    fault = "auth_service stopped and let go on (SIGSTOP)"
    if IS_WINDOWS:
        return Outcome(fault, 0, "stops", skipped="Windows cannot stop a process in its middle")
    chance = random.Random(seed or None)
    service = ControlService(folder)
    slowest = 0.0
    async with _writing(service) as (writers, found):
        for _ in range(count):
            await writers.until_confirmed(2)
            await asyncio.sleep(chance.uniform(0, 0.2))
            service.halt()
            await asyncio.sleep(chance.uniform(0.1, longest_seconds))
            service.go_on()
            slowest = max(slowest, await _goes_on(writers, found))
    return _outcome(fault, count, "stops", writers, found, slowest)


async def full_disk(folder: Path, *, count: int) -> Outcome:
    """Fill the disk of the state folder while it is written to, and free it again, `count` times."""
    fault = "disk of the state folder full"
    folder.mkdir(parents=True, exist_ok=True)
    with _small_disk(folder) as why_not:
        if why_not:
            return Outcome(fault, 0, "times full", skipped=why_not)
        service = ControlService(folder)
        slowest = 0.0
        async with _writing(service) as (writers, found):
            for _ in range(count):
                await writers.until_confirmed(4)
                refused = _refused(writers)
                ballast = folder / "ballast"
                _fill(ballast)
                await _until_refused(writers, refused, 20)
                if _refused(writers) == refused:
                    found.append("writing on a full disk was not refused")
                ballast.unlink()
                slowest = max(slowest, await _goes_on(writers, found))
        return _outcome(fault, count, "times full", writers, found, slowest)


async def cut_network(folder: Path, *, count: int, seed: int = 0) -> Outcome:
    """Cut the network to PostgreSQL off (connections broken, or just silent) while it is written to, `count` times."""
    fault = "network to PostgreSQL cut"
    chance = random.Random(seed or None)
    try:
        server = PostgresqlServer(folder / "postgresql")
    except PreconditionFailed as error:
        return Outcome(fault, 0, "cuts", skipped=error.message)
    with server:
        proxy = Proxy(server.port)
        await proxy.start()
        service = ControlService(folder, database_url=f"postgresql://routing@127.0.0.1:{proxy.port}/postgres")
        direct = f"postgresql://routing@127.0.0.1:{server.port}/postgres"
        slowest = 0.0
        try:
            async with _writing(service, look_at=direct) as (writers, found):
                for number in range(count):
                    await writers.until_confirmed(4)
                    await asyncio.sleep(chance.uniform(0, 0.3))
                    if number % 2:
                        proxy.fall_silent()
                    else:
                        await proxy.cut()
                    await asyncio.sleep(chance.uniform(0.3, 3.0))
                    await proxy.mend()
                    slowest = max(slowest, await _goes_on(writers, found))
        finally:
            await proxy.close()
    return _outcome(fault, count, "cuts", writers, found, slowest)


@contextlib.asynccontextmanager
async def _writing(service: ControlService, look_at: str = "") -> AsyncIterator[tuple[Writers, list[str]]]:
    """Writers at work on a service; at the end everything confirmed is looked for, and losses are added to the list."""
    found: list[str] = []
    writers = Writers(service)
    database = None
    try:
        await service.start()
        await service.log_in()
        writers.start()
        yield writers, found
        await writers.stop()
        database = Database(look_at) if look_at else Database.of(service.settings)
        found += losses(writers.ledger, database.engine, all_rows=True)
    finally:
        await writers.stop()
        if database is not None:
            database.close()
        await service.close()


async def _goes_on(writers: Writers, found: list[str]) -> float:
    """Wait until writes are confirmed again; returns the seconds that took."""
    begun = time.monotonic()
    try:
        await asyncio.wait_for(writers.until_confirmed(4), RECOVERY_SECONDS)
    except TimeoutError:
        found.append(f"no write was confirmed within {RECOVERY_SECONDS:.0f} s afterwards")
    return time.monotonic() - begun


async def _until_refused(writers: Writers, before: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while _refused(writers) == before and time.monotonic() < deadline:
        await asyncio.sleep(0.02)


def _refused(writers: Writers) -> int:
    return writers.ledger.unavailable.get("DISK_FULL", 0)


def _outcome(
    fault: str,
    count: int,
    unit: str,
    writers: Writers,
    found: list[str],
    slowest: float,
) -> Outcome:
    ledger = writers.ledger
    faults = {"lost, halved or not going on": len(found)}
    faults |= {f"refused {why}": number for why, number in ledger.refused.items()}
    return Outcome(
        fault,
        count,
        unit,
        faults,
        measured=f"{ledger.confirmed:,} writes confirmed; writes again after {slowest:.1f} s at most",
        aim="nothing lost, goes on by itself",
        examples=tuple(found[:20]),
    )


@contextlib.contextmanager
def _small_disk(folder: Path) -> Iterator[str]:
    """A small disk at the folder; gives why there is none, "" when there is one."""
    if sys.platform != "linux":
        yield "only Linux has disks of a given size in memory"
        return
    options = ["-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    try:
        done = subprocess.run(["mount", *options], capture_output=True, text=True)
    except OSError as error:
        yield f"no disk can be made here ({error})"
        return
    if done.returncode:
        yield f"only root can make a small disk ({done.stderr.strip()})"
        return
    try:
        yield ""
    finally:
        subprocess.run(["umount", "-l", str(folder)], capture_output=True)


def _fill(ballast: Path) -> None:
    with contextlib.suppress(OSError), open(ballast, "wb", buffering=0) as stream:
        for size in (1024 * 1024, 4096, 1):
            with contextlib.suppress(OSError):
                while stream.write(bytes(size)) == size:
                    continue
