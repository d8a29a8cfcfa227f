"""`routing-ml predict --file` on the running system: items a second, beside the search for their neighbours alone in the same run."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl
import psutil

from benchmarks import system
from benchmarks.catalogues import ROOT, catalogue
from benchmarks.report import Figure
from cli.control_plane import ControlPlane
from cli.predicting.bulk_prediction import BATCH, UNDER_WAY
from common.settings import Settings
from protos.ann.v1.ann_pb2 import ItemCodes, SearchRequest

MOST_ITEMS = 20_000
TARGET = ">= 3000/s"


def bulk(work: Path, items: int) -> list[Figure]:
    """Predict items without routing, from ten and from fifty neighbours, and items as they come, each kind into one Parquet file."""
    folder = catalogue(work, items)
    without, mixed = code_lists(folder)
    variables = system.environment(work, items)
    running = system.start(variables, folder)
    try:
        services = [psutil.Process(pid) for pid in running.pids().values()]
        figures = []
        for name, codes, top_k in (
            ("items without routing", without, 10),
            ("items without routing", without, 50),
            ("items as they come", mixed, 10),
        ):
            before = _processor_seconds(services)
            predicted = _predict(variables, codes, top_k)
            each = (_processor_seconds(services) - before) / len(codes) * 1000.0
            searched = _search(variables, running, codes, top_k)
            figures.append(
                Figure(
                    "bulk",
                    items,
                    f"predict --file, {len(codes):,} {name}, top_k {top_k}, {each:.2f} ms of processor time an item",
                    round(predicted),
                    "items/s",
                    f"search alone {searched:,.0f} items/s",
                    predicted / searched,
                    TARGET,
                )
            )
        return figures
    finally:
        running.stop()


def code_lists(folder: Path) -> tuple[list[str], list[str]]:
    """Codes of a catalogue, shuffled: of items that have no routing, and of any."""
    items = pl.scan_parquet(folder / "items.parquet").select("ITEM_CD")
    routed = pl.scan_parquet(folder / "routing.parquet").select("ITEM_CD").unique()
    without = items.join(routed, on="ITEM_CD", how="anti").collect()["ITEM_CD"]
    found = []
    for codes in (without, items.collect()["ITEM_CD"]):
        found.append([str(code) for code in codes.sample(fraction=1.0, shuffle=True, seed=5).head(MOST_ITEMS)])
    return found[0], found[1]


def _predict(variables: Mapping[str, str], codes: Sequence[str], top_k: int) -> float:
    """Items a second of the command, from start to end."""
    with tempfile.TemporaryDirectory() as scratch:
        listed, out = Path(scratch) / "codes.txt", Path(scratch) / "out.parquet"
        listed.write_text("\n".join(codes), encoding="utf-8")
        command = [sys.executable, "-m", "cli", "predict", "--file", str(listed), "--out", str(out)]
        started = time.perf_counter()
        done = subprocess.run(
            [*command, "--top-k", str(top_k)],
            cwd=ROOT,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - started
        if not out.exists():
            raise RuntimeError(f"routing-ml predict --file failed:\n{done.stderr[-2000:]}")
    return len(codes) / seconds


def _processor_seconds(services: Sequence[psutil.Process]) -> float:
    """Processor time that the services, and the commands started here that have ended, have used."""
    ended = os.times()
    times = [service.cpu_times() for service in services]
    return ended.children_user + ended.children_system + sum(one.user + one.system for one in times)


def _search(variables: Mapping[str, str], running: system.System, codes: Sequence[str], top_k: int) -> float:
    """Items a second whose neighbours are found, in the same batches."""
    settings = Settings(
        state_dir=Path(variables["ROUTING_ML_STATE_DIR"]), ann_addresses=[running.address("ann")], _env_file=None
    )

    async def run() -> float:
        async with ControlPlane(settings) as control:
            batches = iter([codes[start : start + BATCH] for start in range(0, len(codes), BATCH)])

            async def work() -> None:
                for batch in batches:
                    asked = SearchRequest(items=ItemCodes(codes=batch), top_k=top_k, estimates=True)
                    await control.call(control.ann.Search, asked, service="ann_service", timeout=60.0)

            started = time.perf_counter()
            await asyncio.gather(*(work() for _ in range(UNDER_WAY)))
            return len(codes) / (time.perf_counter() - started)

    return asyncio.run(run())
