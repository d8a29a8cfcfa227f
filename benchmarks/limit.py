"""How near one prediction and one search come to what empty calls cost: latency, rate, and processor time of each process.

Processor time does not depend on what else the machine does, the ratios little. The client is one that costs next to nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import psutil

from benchmarks import system
from benchmarks.catalogues import catalogue
from benchmarks.latency import Latency
from benchmarks.light_client import MakeRequest, measure_requests, request_bytes
from benchmarks.report import Figure
from benchmarks.searching import compared_searches
from benchmarks.serving import codes_without_routing, logged_in
from common.settings import Settings
from gateway.serving import http_event_loop

CALLS = 1000
CLIENTS = 16
MEASURED = ("gateway", "aggregate", "ann")


def limit(work: Path, items: int) -> list[Figure]:
    """Start the system on a catalogue (training a version when it has none) and measure predictions beside empty calls."""
    folder = catalogue(work, items)
    variables = system.environment(work, items)
    codes = codes_without_routing(folder)
    running = system.start(variables, folder)
    try:
        settings = Settings(state_dir=Path(variables["ROUTING_ML_STATE_DIR"]))
        searches = compared_searches(running.address("ann"), settings, codes)
        with asyncio.Runner(loop_factory=http_event_loop) as runner:
            return runner.run(_figures(items, running, codes, searches))
    finally:
        running.stop()


async def _figures(
    items: int, running: system.System, codes: list[str], searches: Mapping[int, tuple[Latency, Latency]]
) -> list[Figure]:
    url, pids = running.url, running.pids()
    async with logged_in(url) as client:
        headers = {"authorization": client.headers["Authorization"]}

    def prediction(top_k: int) -> MakeRequest:
        made = [
            request_bytes(url, "POST", "/api/predict", {"item_codes": [code], "top_k": top_k}, headers)
            for code in codes
        ]
        return lambda number: made[number % len(made)]

    asked = request_bytes(url, "GET", "/api/health")
    figures: list[Figure] = []
    await measure_requests(url, prediction(50), calls=CALLS // 4)  # what is learned about a process at work
    for clients in (1, CLIENTS):
        who = "1 client" if clients == 1 else f"{clients} clients"
        health = await measure_requests(url, lambda _n: asked, calls=CALLS, clients=clients)
        base, found = searches[clients]
        figures.append(Figure("limit", items, f"health answers, {who}: {health.per_second}/s; p50", health.p50, "ms"))
        figures.append(
            Figure(
                "limit",
                items,
                f"Search, {who}: p50 {found.p50} ms",
                found.per_second,
                "1/s",
                f"empty call {base.p50} ms, {base.per_second} 1/s",
                found.per_second / base.per_second,
                ">= 0.8",
            )
        )
        least = health.p50 + 2.0 * base.p50
        for top_k in (10, 50):
            before = _processor_ms(pids)
            told = await measure_requests(url, prediction(top_k), calls=CALLS, clients=clients)
            after = _processor_ms(pids)
            spent = {name: (after[name] - before[name]) / (CALLS + 20) for name in after}
            each = ", ".join(f"{name} {ms:.2f}" for name, ms in spent.items())
            name = f"prediction, top_k {top_k}, {who}"
            if clients == 1:
                figures.append(
                    Figure(
                        "limit",
                        items,
                        f"{name}: p95 {told.p95} ms; p50",
                        told.p50,
                        "ms",
                        f"a health answer and two empty calls {least:.3f} ms",
                        told.p50 / least,
                        "<= 2.5",
                    )
                )
            else:
                figures.append(
                    Figure(
                        "limit",
                        items,
                        f"{name}: p50 {told.p50} ms",
                        told.per_second,
                        "1/s",
                        f"health answers {health.per_second} 1/s",
                        told.per_second / health.per_second,
                        ">= 0.2",
                    )
                )
            figures.append(
                Figure("limit", items, f"{name}: processor time ({each})", round(sum(spent.values()), 2), "ms")
            )
    return figures


def _processor_ms(pids: Mapping[str, int]) -> dict[str, float]:
    """Milliseconds of processor time that the processes on a prediction's way have used, by kind."""
    spent = dict.fromkeys(MEASURED, 0.0)
    for name, pid in pids.items():
        kind = name.partition("-")[0]
        if kind in spent:
            times = psutil.Process(pid).cpu_times()
            spent[kind] += 1000.0 * (times.user + times.system)
    return spent
