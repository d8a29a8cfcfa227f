"""The running system: prediction and time summary end to end through REST, cold start, memory of each process."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import psutil

from benchmarks import system
from benchmarks.catalogues import ROOT, catalogue
from benchmarks.children import unique_bytes
from benchmarks.latency import Latency, measure
from benchmarks.report import Figure
from benchmarks.searching import by_rpc
from common.processes import free_port
from common.settings import Settings

OPERATION = {
    "PROC_SEQ": 10,
    "SETUP_TIME": 0.9,
    "MACH_WORKED_HOURS": 3.25,
    "QUEUE_TIME": 2,
    "WAIT_TIME": 0.5,
    "MOVE_TIME": 0.2,
}


def codes_without_routing(folder: Path) -> list[str]:
    """Item codes of a catalogue that have no routing, shuffled."""
    items = pl.scan_parquet(folder / "items.parquet").select("ITEM_CD")
    routed = pl.scan_parquet(folder / "routing.parquet").select("ITEM_CD").unique()
    codes = items.join(routed, on="ITEM_CD", how="anti").collect()["ITEM_CD"].sample(fraction=1.0, shuffle=True, seed=5)
    return [str(code) for code in codes.head(5000)]


def serve(work: Path, items: int) -> list[Figure]:
    """Start the system on a catalogue (training a version when it has none), measure it, start it again cold."""
    folder = catalogue(work, items)
    variables = system.environment(work, items)
    codes = codes_without_routing(folder)
    first = system.start(variables, folder)
    try:
        figures = asyncio.run(_requests(items, first.url, codes))
        figures += by_rpc(
            items, first.address("ann"), Settings(state_dir=Path(variables["ROUTING_ML_STATE_DIR"])), codes
        )
        figures += _memory(items, first.pids())
        figures += _further_workers(items, variables)
    finally:
        first.stop()
    again = system.start(variables, folder)
    try:
        started = time.perf_counter()
        asyncio.run(_first_request(again.url, codes[0]))
        seconds = round(time.perf_counter() - started, 3)
        figures += [
            Figure(
                "start", items, "second start of the whole system", round(again.start_seconds, 2), "s", target="< 5 s"
            ),
            Figure("start", items, "first prediction after it, log-in included", seconds, "s", target="< 1 s"),
        ]
    finally:
        again.stop()
    return figures


@contextlib.asynccontextmanager
async def logged_in(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the session of the administrator."""
    async with httpx.AsyncClient(base_url=url, timeout=30.0, trust_env=False) as client:
        answer = await client.post("/api/auth/login", json={"username": system.ADMIN, "password": system.PASSWORD})
        answer.raise_for_status()
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        yield client


async def _first_request(url: str, code: str) -> None:
    async with logged_in(url) as client:
        (await client.post("/api/predict", json={"item_codes": [code], "top_k": 50})).raise_for_status()


async def _requests(items: int, url: str, codes: list[str]) -> list[Figure]:
    async with logged_in(url) as client:

        async def post(path: str, body: Mapping[str, Any]) -> None:
            (await client.post(path, json=body)).raise_for_status()

        def predict(top_k: int, number: int) -> Any:
            return post("/api/predict", {"item_codes": [codes[number % len(codes)]], "top_k": top_k})

        def groups(number: int) -> Any:
            return post("/api/similarity/search", {"item_codes": [codes[number % len(codes)]], "top_k": 50})

        def times(number: int) -> Any:
            operations = [
                {**OPERATION, "PROC_SEQ": 10 * step, "SETUP_TIME": float(number % 977)} for step in range(1, 11)
            ]
            return post("/api/time/summary", {"item_code": codes[0], "operations": operations})

        figures: list[Figure] = []
        for clients in (1, 16):
            calls = 1000 if clients == 1 else 2000
            single = clients == 1
            base = await measure(lambda _n: client.get("/api/auth/me"), calls=calls, clients=clients)
            for name, call, target in (
                ("prediction, top_k 10", lambda n: predict(10, n), ""),
                ("prediction, top_k 50", lambda n: predict(50, n), "p95 < 25 ms" if single else ""),
                ("similarity search, top_k 50", groups, ""),
                ("time summary, 10 operations", times, "p95 < 10 ms" if single else ""),
            ):
                found = await measure(call, calls=calls, clients=clients)
                figures += _latency_figures(items, name, clients, found, base, target)
        return figures


def _latency_figures(items: int, name: str, clients: int, found: Latency, base: Latency, target: str) -> list[Figure]:
    who = "1 client" if clients == 1 else f"{clients} clients"
    return [
        Figure(
            "serving",
            items,
            f"{name}, {who}: p50 {found.p50} ms, p99 {found.p99} ms, {found.per_second}/s; p95",
            found.p95,
            "ms",
            f"GET /api/auth/me p95 {base.p95} ms",
            found.p95 / base.p95,
            target,
        )
    ]


def _memory(items: int, pids: Mapping[str, int]) -> list[Figure]:
    return [
        Figure(
            "memory",
            items,
            f"{name}: resident {psutil.Process(pid).memory_info().rss / 1e6:.0f} MB; unique",
            round(unique_bytes(pid) / 1e6, 1),
            "MB",
        )
        for name, pid in pids.items()
    ]


def _further_workers(items: int, variables: Mapping[str, str]) -> list[Figure]:
    """Start one more ann worker beside the running one: time to SERVING and its unique memory."""
    port = free_port()
    started = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-m", "ann_service", "--port", str(port)],
        cwd=ROOT,
        env=dict(variables),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        asyncio.run(_until_serving(f"127.0.0.1:{port}"))
        ready = time.perf_counter() - started
        unique = unique_bytes(child.pid)
    finally:
        child.terminate()
        child.wait()
    return [
        Figure("start", items, "ann worker from start to SERVING", round(ready, 3), "s", target="< 1.5 s"),
        Figure("memory", items, "each further ann worker, unique", round(unique / 1e6, 1), "MB", target="< 100 MB"),
    ]


async def _until_serving(address: str) -> None:
    import grpc
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    deadline = time.monotonic() + 120
    async with grpc.aio.insecure_channel(address, options=[("grpc.max_reconnect_backoff_ms", 50)]) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        while time.monotonic() < deadline:
            try:
                answer = await stub.Check(health_pb2.HealthCheckRequest())
                if answer.status == health_pb2.HealthCheckResponse.SERVING:
                    return
            except grpc.aio.AioRpcError:
                pass
            await asyncio.sleep(0.01)
    raise TimeoutError(f"{address} did not become ready")
