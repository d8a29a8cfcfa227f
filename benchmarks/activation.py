"""Activation under load: two versions of one catalogue take turns while clients predict; failed requests, latency, memory."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
import psutil

from benchmarks import system
from benchmarks.catalogues import catalogue
from benchmarks.report import Figure
from benchmarks.serving import codes_without_routing, logged_in

CLIENTS = 16
STEADY_SECONDS = 20.0
SWAPS = 4
AFTER_SECONDS = 3.0
"""What counts as the time of a swap beside the activation itself: the requests that began this much later."""

RELEASE_SECONDS = 30.0


@dataclass
class Requests:
    """Requests of all clients: when each began and ended (monotonic seconds), which version answered, what failed."""

    begun: list[float] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)

    def within(self, first: float, last: float) -> np.ndarray:
        """Latencies in ms of the requests that were under way between two moments."""
        begun, ended = np.array(self.begun), np.array(self.ended)
        return np.asarray((ended - begun)[(ended >= first) & (begun <= last)] * 1000.0)


def activate(work: Path, items: int) -> list[Figure]:
    """Start the system on a catalogue (training a version when it has none) and swap versions under load."""
    folder = catalogue(work, items)
    variables = system.environment(work, items)
    running = system.start(variables, folder)
    try:
        return asyncio.run(_swap(items, running, codes_without_routing(folder), system.models_folder(work, items)))
    finally:
        running.stop()


async def _swap(items: int, running: system.System, codes: list[str], models: Path) -> list[Figure]:
    pids = running.pids()
    async with logged_in(running.url) as operator:
        names = await _two_versions(operator, models)
        requests, stop = Requests(), asyncio.Event()
        clients = [asyncio.create_task(_predict(running.url, codes, n, requests, stop)) for n in range(CLIENTS)]
        await asyncio.sleep(2.0)  # connections and caches
        steady_from = time.perf_counter()
        await asyncio.sleep(STEADY_SECONDS)
        steady = requests.within(steady_from, time.perf_counter())
        seconds, released, p99s = [], [], []
        before = _resident(pids)
        for number in range(SWAPS):
            new, old = names[(number + 1) % 2], names[number % 2]
            begun = time.perf_counter()
            answer = await operator.post(f"/api/trainer/versions/{new}/activate", timeout=300.0)
            answer.raise_for_status()
            done = time.perf_counter()
            released.append(await _seconds_until_released(pids, models / old))
            await asyncio.sleep(max(0.0, AFTER_SECONDS - (time.perf_counter() - done)))
            p99s.append(float(np.percentile(requests.within(begun, done + AFTER_SECONDS), 99)))
            seconds.append(done - begun)
            await asyncio.sleep(2.0)
        after = _resident(pids)
        stop.set()
        await asyncio.gather(*clients)
    p99 = float(np.percentile(steady, 99))
    failed = sum(requests.failures.values())
    what = ", ".join(f"{count} x {name}" for name, count in requests.failures.most_common(3))
    grown = max(after[name] - before[name] for name in pids)

    def figure(
        name: str, value: float, unit: str, target: str = "", baseline: str = "", ratio: float | None = None
    ) -> Figure:
        return Figure("activation", items, name, value, unit, baseline, ratio, target)

    return [
        figure(
            f"failed requests of {len(requests.begun):,} by {CLIENTS} clients during {SWAPS} activations {what}".strip(),
            failed,
            "",
            "0",
        ),
        figure(
            f"prediction while a version is activated, {CLIENTS} clients, worst swap; p99",
            round(max(p99s), 1),
            "ms",
            "< 3 times the steady p99",
            f"steady p99 {p99:.1f} ms",
            max(p99s) / p99,
        ),
        figure("activation, from request to answer, slowest", round(max(seconds), 2), "s"),
        figure("until no process maps the old version, slowest", round(max(released), 2), "s", "< 10 s"),
        figure("resident memory grown after all swaps, most of any process", round(grown / 1e6, 1), "MB"),
    ]


async def _two_versions(operator: httpx.AsyncClient, models: Path) -> list[str]:
    """The active version and a copy of it, registered under a name of its own."""
    listed = (await operator.get("/api/trainer/versions", params={"limit": 50})).json()
    active = next(str(version["version_name"]) for version in listed if version["status"] == "active")
    other = active.removesuffix("-copy") if active.endswith("-copy") else f"{active}-copy"
    if not (models / other).exists():
        await asyncio.to_thread(shutil.copytree, models / active, models / other)
    adopted = await operator.post("/api/trainer/adopt", json={"artifact_dir": str(models / other)}, timeout=300.0)
    adopted.raise_for_status()
    return [active, other]


async def _predict(url: str, codes: list[str], number: int, requests: Requests, stop: asyncio.Event) -> None:
    async with logged_in(url) as client:
        position = number * 97
        while not stop.is_set():
            begun = time.perf_counter()
            body = {"item_codes": [codes[position % len(codes)]], "top_k": 10}
            version = ""
            try:
                answer = await client.post("/api/predict", json=body)
                if answer.status_code == 200:
                    version = str(answer.json()["metrics"]["model_version"])
                else:
                    requests.failures[f"HTTP {answer.status_code}"] += 1
            except httpx.HTTPError as error:
                requests.failures[type(error).__name__] += 1
            requests.begun.append(begun)
            requests.ended.append(time.perf_counter())
            requests.versions.append(version)
            position += 1


def _resident(pids: Mapping[str, int]) -> dict[str, int]:
    return {name: int(psutil.Process(pid).memory_info().rss) for name, pid in pids.items()}


async def _seconds_until_released(pids: Mapping[str, int], folder: Path) -> float:
    """Seconds until no process maps a file of the folder any more."""
    begun = time.perf_counter()
    while time.perf_counter() - begun < RELEASE_SECONDS:
        if not await asyncio.to_thread(_maps, list(pids.values()), f"{folder.resolve()}/"):
            break
        await asyncio.sleep(0.2)
    return time.perf_counter() - begun


def _maps(pids: list[int], folder: str) -> bool:
    return any(mapped.path.startswith(folder) for pid in pids for mapped in psutil.Process(pid).memory_maps())
