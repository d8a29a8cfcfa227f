"""Search: recall and rate inside one process, and through gRPC beside a call that carries the same bytes and searches nothing."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import grpc
import numpy as np

from benchmarks.catalogues import ROOT
from benchmarks.echo import METHOD
from benchmarks.latency import Latency, measure
from benchmarks.report import Figure
from benchmarks.training import version_folder
from common.identity import ServiceCredential
from common.processes import free_port
from common.settings import Settings
from protos.ann.v1 import ann_pb2, ann_pb2_grpc
from trained.index.recall import exact_truth
from trained.index.recall import measure as measure_recall
from trained.version_loading import load_version

TOP_K = 50
SECONDS = 5.0


def in_process(work: Path, items: int) -> list[Figure]:
    """Recall and searches a second of the trained index, mapped, one query a call."""
    folder = version_folder(work, items)
    model = load_version(folder, folder / "manifest.json", folder)
    try:
        model.warm()
        ef = model.default_ef_search
        vectors = model.vectors(np.arange(model.items))
        truth = exact_truth(vectors, TOP_K, queries=min(1000, items))
        point = measure_recall(model.engine, vectors, [ef], truth=truth)[0]
        picks = np.random.default_rng(3).integers(0, model.items, 2000)
        done, started = 0, time.perf_counter()
        while time.perf_counter() - started < SECONDS:
            model.search(vectors[picks[done % 2000] : picks[done % 2000] + 1], TOP_K, ef)
            done += 1
        rate = done / (time.perf_counter() - started)
    finally:
        model.close()
    return [
        Figure(
            "search", items, f"recall@50 at the default ef_search {ef}", round(point.recall, 5), "", target=">= 0.99"
        ),
        Figure("search", items, "searches in process, one thread", round(rate, 0), "1/s"),
    ]


def by_rpc(items: int, address: str, settings: Settings, codes: list[str]) -> list[Figure]:
    """Latency and rate of Search by gRPC, beside an echo of messages of the same size."""
    compared = compared_searches(address, settings, codes)
    return [figure for clients, pair in compared.items() for figure in _figures(items, clients, pair)]


def compared_searches(address: str, settings: Settings, codes: list[str]) -> dict[int, tuple[Latency, Latency]]:
    """Calls of Search by gRPC by 1 and by 16 clients: number of clients -> an echo of messages of the same size, and the search."""
    metadata = (("authorization", ServiceCredential.load(settings.secrets_path).header("benchmark")),)
    requests = [ann_pb2.SearchRequest(items=ann_pb2.ItemCodes(codes=[code]), top_k=TOP_K) for code in codes]
    with grpc.insecure_channel(address) as channel:
        sample = ann_pb2_grpc.AnnServiceStub(channel).Search(requests[0], metadata=metadata)
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.echo", str(port)]
    echo = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert echo.stdin
        assert echo.stdout
        echo.stdin.write(sample.SerializeToString().hex().encode() + b"\n")
        echo.stdin.flush()
        echo.stdout.readline()
        return asyncio.run(_compare(address, f"127.0.0.1:{port}", metadata, requests))
    finally:
        echo.kill()
        echo.wait()


async def _compare(
    address: str,
    echo_address: str,
    metadata: tuple[tuple[str, str], ...],
    requests: list[ann_pb2.SearchRequest],
) -> dict[int, tuple[Latency, Latency]]:
    compared: dict[int, tuple[Latency, Latency]] = {}
    async with grpc.aio.insecure_channel(address) as channel, grpc.aio.insecure_channel(echo_address) as bare:
        stub: Any = ann_pb2_grpc.AnnServiceStub(channel)
        echo: Any = bare.unary_unary(METHOD, response_deserializer=ann_pb2.SearchResponse.FromString)
        payload = requests[0].SerializeToString()

        def search(number: int) -> Any:
            return stub.Search(requests[number % len(requests)], metadata=metadata)

        for clients in (1, 16):
            base = await measure(lambda _n: echo(payload), calls=2000, clients=clients)
            compared[clients] = base, await measure(search, calls=2000, clients=clients)
    return compared


def _figures(items: int, clients: int, pair: tuple[Latency, Latency]) -> list[Figure]:
    base, found = pair
    who = "1 client" if clients == 1 else f"{clients} clients"
    return [
        Figure(
            "search",
            items,
            f"gRPC Search p50, {who}",
            found.p50,
            "ms",
            f"empty call {base.p50} ms",
            found.p50 / base.p50,
        ),
        Figure(
            "search",
            items,
            f"gRPC Search rate, {who}",
            found.per_second,
            "1/s",
            f"empty call {base.per_second} 1/s",
            found.per_second / base.per_second,
        ),
    ]
