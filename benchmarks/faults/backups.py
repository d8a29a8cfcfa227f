"""Backups while four writers write: each takes little time and holds everything that was confirmed before it began."""

from __future__ import annotations

import asyncio
import subprocess
import time
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Final

from sqlalchemy import create_engine

from benchmarks.catalogues import ROOT
from benchmarks.faults.control_service import ControlService
from benchmarks.faults.ledger import Ledger, Writers, losses
from benchmarks.faults.outcome import Outcome
from common.processes import python_module

FAULT: Final = "routing-ml backup beside four writers, and with nobody writing"


async def backups(folder: Path, *, count: int, writes: int, longest_seconds: float) -> Outcome:
    """Make `count` backups with `routing-ml backup` beside four writers, and as many with nobody writing.

    Args:
        writes: confirmed before the first backup, so that there is something to save.
        longest_seconds: a backup that takes longer is a fault.
    """
    service = ControlService(folder)
    writers = Writers(service)
    beside, idle, found = list[float](), list[float](), list[str]()
    size = 0
    try:
        await service.start()
        await service.log_in()
        writers.start()
        await writers.until_confirmed(writes)
        for number in range(count):
            confirmed = replace(
                deepcopy(writers.ledger), sent=writers.ledger.sent
            )  # what is sent meanwhile may be in it
            target = folder / f"beside-{number}.db"
            beside.append(await _saved(service, target))
            size = target.stat().st_size
            found += _missing(confirmed, target)
            await writers.until_confirmed(20)
        await writers.stop()
        for number in range(count):
            target = folder / f"idle-{number}.db"
            idle.append(await _saved(service, target))
            found += _missing(writers.ledger, target)
    finally:
        await writers.stop()
        await service.close()
    faults = {"confirmed writes not in the backup": len(found)}
    late = sum(seconds > longest_seconds for seconds in beside + idle)
    if late:
        faults[f"backups of more than {longest_seconds:.0f} s"] = late
    return Outcome(
        FAULT,
        2 * count,
        "backups",
        faults,
        measured=f"{size / 1e6:.1f} MB; beside writers at most {max(beside):.2f} s, alone at most {max(idle):.2f} s, "
        f"the whole command; {writers.ledger.confirmed:,} writes confirmed",
        aim="under 2 s, everything in it",
        examples=tuple(found[:20]),
    )


async def _saved(service: ControlService, target: Path) -> float:
    """Seconds of the whole command."""
    begun = time.monotonic()
    done = await asyncio.to_thread(
        subprocess.run,
        python_module("cli", "backup", str(target)),
        env=service.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"routing-ml backup ended with {done.returncode}: {done.stderr}")
    return time.monotonic() - begun


def _missing(confirmed: Ledger, backup: Path) -> list[str]:
    """What was confirmed before and is not in a backup. A routing that was changed meanwhile may be newer."""
    engine = create_engine(f"sqlite:///{backup}")
    try:
        return losses(confirmed, engine, all_rows=False)
    finally:
        engine.dispose()
