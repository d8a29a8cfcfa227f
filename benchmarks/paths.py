"""Every path of the contract with one client: its latency against what the project asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import polars as pl

from benchmarks import system
from benchmarks.catalogues import catalogue
from benchmarks.latency import measure
from benchmarks.report import Figure
from benchmarks.serving import OPERATION, codes_without_routing, logged_in

CALLS: Final = 200
FEW: Final = 10
"""Calls of requests that are about hundreds of items or the whole table."""

USUAL_MS: Final = 50.0
SEARCHES: Final = (
    ("a part of a code", "SLS-0000"),
    ("a whole code", "{code}"),
    ("a Korean word", "슬리브"),
    ("full-width letters", "ＳＵＳ３０４"),
    ("two words", "슬리브 SUS304"),
    ("AND of three", "SLS AND SUS304 AND 특수"),
    ("OR", "CARBON OR PTFE"),
    ("numbers of a specification", "94.5x"),
    ("nothing matches", "no such words"),
)


@dataclass(frozen=True)
class Kind:
    """A kind of request.

    Attributes:
        name: for people.
        method, path: of the route, as the table names it.
        send: makes the n-th request.
        target_ms: what the 95th percentile must stay under; None: whole-table calls, which grow by design.
        calls: how many are measured.
        good: statuses that count as an answer.
    """

    name: str
    method: str
    path: str
    send: Callable[[httpx.AsyncClient, int], Any]
    target_ms: float | None = USUAL_MS
    calls: int = CALLS
    good: tuple[int, ...] = (200, 201, 204)


def paths(work: Path, items: int) -> list[Figure]:
    """Start the system on a catalogue (training a version when it has none) and measure every kind of request."""
    folder = catalogue(work, items)
    running = system.start(system.environment(work, items), folder)
    try:
        unrouted = codes_without_routing(folder)
        routed = pl.scan_parquet(folder / "routing.parquet").select("ITEM_CD").unique().head(5000).collect()
        return asyncio.run(_measure(items, running.url, unrouted, routed["ITEM_CD"].to_list()))
    finally:
        running.stop()


async def _measure(items: int, url: str, unrouted: list[str], routed: list[str]) -> list[Figure]:
    figures = []
    async with logged_in(url) as client:
        groups = [
            (await client.post("/api/rsl/groups", json={"name": f"bench {number}"})).json()["id"] for number in range(3)
        ]
        step = (await client.post(f"/api/rsl/groups/{groups[0]}/steps", json={"name": "turn"})).json()["id"]
        await client.post(f"/api/rsl/groups/{groups[0]}/steps/{step}/rules", json={"rule_name": "r"})
        for kind in (*_items(unrouted, routed), *_searches(routed), *_documents(groups[0], step), *_control()):
            figures.append(await _figure(client, items, kind))
    return figures


async def _figure(client: httpx.AsyncClient, items: int, kind: Kind) -> Figure:
    async def call(number: int) -> None:
        answer = await kind.send(client, number)
        if answer.status_code not in kind.good:
            raise RuntimeError(f"{kind.name}: {answer.status_code} {answer.text[:300]}")

    warm_up = 20 if kind.calls == CALLS else 2
    found = await measure(call, calls=kind.calls, clients=1, warm_up=warm_up)
    return Figure(
        "paths",
        items,
        f"{kind.method} {kind.path}: {kind.name}; p50 {found.p50} ms; p95",
        found.p95,
        "ms",
        target=f"p95 < {kind.target_ms:g} ms" if kind.target_ms is not None else "by design",
    )


def _post(name: str, path: str, body: Callable[[int], Any], **more: Any) -> Kind:
    return Kind(name, "POST", path, lambda client, n: client.post(path, json=body(n)), **more)


def _get(name: str, path: str, made: Callable[[int], str] | None = None, **more: Any) -> Kind:
    return Kind(name, "GET", path, lambda client, n: client.get(made(n) if made else path), **more)


def _items(unrouted: list[str], routed: list[str]) -> Iterator[Kind]:
    """Predictions and everything about operations."""

    def some(number: int, count: int = 1) -> list[str]:
        return [unrouted[(number * count + place) % len(unrouted)] for place in range(count)]

    steps = [{**OPERATION, "PROC_SEQ": 10 * place} for place in range(1, 11)]
    yield _post("one item without routing, top_k 50", "/api/predict", lambda n: {"item_codes": some(n), "top_k": 50})
    yield _post("one item with a routing", "/api/predict", lambda n: {"item_codes": [routed[n % len(routed)]]})
    yield _post("detailed", "/api/predict", lambda n: {"item_codes": some(n), "mode": "detailed"})
    yield _post(
        "500 items with routings, summary",
        "/api/predict",
        lambda n: {"item_codes": [routed[(n * 500 + place) % len(routed)] for place in range(500)]},
        target_ms=1500.0,
        calls=FEW,
    )
    yield _post(
        "500 items without routing, summary",
        "/api/predict",
        lambda n: {"item_codes": some(n, 500)},
        target_ms=1500.0,
        calls=FEW,
    )
    yield _post("top_k 50", "/api/similarity/search", lambda n: {"item_codes": some(n), "top_k": 50})
    yield Kind(
        "top_k 50, then 10 groups",
        "POST",
        "/api/similarity/search and /api/groups/recommendations",
        lambda client, n: _similar_and_groups(client, some(n)[0]),
        target_ms=30.0,
    )
    yield _post("10 groups", "/api/groups/recommendations", lambda n: {"item_code": some(n)[0], "candidate_limit": 10})
    yield _post(
        "10 operations",
        "/api/time/summary",
        lambda n: {"item_code": "A", "operations": [{**one, "SETUP_TIME": float(n)} for one in steps]},
    )
    yield _post("10 operations", "/api/rules/validate", lambda n: {"item_code": "A", "operations": steps})
    yield _post(
        "10 operations",
        "/api/candidates/save",
        lambda n: {"item_code": f"BENCH-{n}", "candidate_id": "C01", "payload": {"operations": steps}},
    )


async def _similar_and_groups(client: httpx.AsyncClient, code: str) -> httpx.Response:
    found = await client.post("/api/similarity/search", json={"item_codes": [code], "top_k": 50})
    return (
        await client.post("/api/groups/recommendations", json={"item_code": code, "candidate_limit": 10})
        if found.status_code == 200
        else found
    )


def _searches(codes: list[str]) -> Iterator[Kind]:
    """The hierarchy and the search of the master data."""
    yield _get(
        "an item", "/api/master-data/items/{item_code}", lambda n: f"/api/master-data/items/{codes[n % len(codes)]}"
    )
    yield _get("groups and families of all", "/api/master-data/hierarchy")
    for name, words in SEARCHES:
        yield Kind(
            f"first 50 of {name}" if "nothing" not in name else name,
            "GET",
            "/api/master-data/items?query",
            lambda client, n, words=words: client.get(  # type: ignore[misc]
                "/api/master-data/items", params={"query": words.format(code=codes[n % len(codes)]), "limit": 50}
            ),
        )
    for name, words in SEARCHES[:2]:
        yield Kind(
            name,
            "GET",
            "/api/master-data/tree?query",
            lambda client, n, words=words: client.get(  # type: ignore[misc]
                "/api/master-data/tree", params={"query": words.format(code=codes[n % len(codes)])}
            ),
            target_ms=None if "part" in name else USUAL_MS,
        )
    yield _get("the whole hierarchy with all items", "/api/master-data/tree", target_ms=None, calls=3)
    yield _get("5", "/api/master-data/logs")
    yield _get("the file", "/api/master-data/logs/download")


def _documents(group: int, step: int) -> Iterator[Kind]:
    """RSL groups, saved routings, the workspace."""
    yield _get("a page", "/api/rsl/groups")
    yield _get("by words", "/api/rsl/groups?search", lambda n: f"/api/rsl/groups?search=bench%20{n % 3}")
    yield _get("one", "/api/rsl/groups/{group_id}", lambda n: f"/api/rsl/groups/{group}")
    yield _post("one", "/api/rsl/groups", lambda n: {"name": f"measured {n}"})
    yield Kind(
        "description",
        "PATCH",
        "/api/rsl/groups/{group_id}",
        lambda client, n: client.patch(f"/api/rsl/groups/{group}", json={"description": str(n)}),
    )
    yield Kind(
        "configuration",
        "PATCH",
        "/api/rsl/groups/{group_id}/steps/{step_id}",
        lambda client, n: client.patch(f"/api/rsl/groups/{group}/steps/{step}", json={"config": {"n": n}}),
    )
    yield Kind(
        "one",
        "POST",
        "/api/rsl/groups/{group_id}/validate",
        lambda client, n: client.post(f"/api/rsl/groups/{group}/validate"),
    )
    yield _get("all as JSON", "/api/rsl/groups/export", target_ms=None, calls=FEW)
    yield _get("a page", "/api/routing/groups")
    yield _get("the document", "/api/settings/workspace")
    yield Kind(
        "the document",
        "PUT",
        "/api/settings/workspace",
        lambda client, n: client.put("/api/settings/workspace", json={"version": n, "layout": {"left": 320}}),
    )


def _control() -> Iterator[Kind]:
    """Accounts, settings, versions, sources."""
    yield _get("whoever asks", "/api/auth/me")
    yield _get("health", "/api/health")
    yield _get("figures", "/api/metrics")
    yield _get("the settings", "/api/workflow/graph")
    yield Kind(
        "a section, live in every process",
        "PATCH",
        "/api/workflow/graph",
        lambda client, n: client.patch("/api/workflow/graph", json={"export": {"enable_txt": bool(n % 2)}}),
    )
    yield _get("the last training", "/api/trainer/status")
    yield _get("all", "/api/trainer/versions")
    yield _post(
        "of a screen", "/api/audit/ui", lambda n: {"action": "ui.menu", "payload": {"n": n}}, calls=50, good=(204, 429)
    )
    yield _get(
        "the item table", "/api/access/metadata?table", lambda n: "/api/access/metadata?table=dbo_BI_ITEM_INFO_VIEW"
    )
    yield _post(
        "the source that serves",
        "/api/access/connection/test",
        lambda n: {"path": "", "table": "dbo_BI_ITEM_INFO_VIEW"},
    )
