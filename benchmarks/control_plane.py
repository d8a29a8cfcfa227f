"""The control plane: token checks, log-ins one by one and in a burst, settings changes that are live in every process."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from pathlib import Path

import httpx
import jwt
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks import system
from benchmarks.catalogues import catalogue
from benchmarks.latency import measure
from benchmarks.report import Figure
from benchmarks.serving import logged_in
from common.identity import AUDIENCE, ISSUER, KeyRing, VerificationKey

ACCOUNTS, LOG_INS = 200, 2000
BURST_SECONDS = 600.0
CHECKS_OF_A_TOKEN = 100
PASSWORD = "Measured-Ring-42"


def control(work: Path, items: int) -> list[Figure]:
    """Start the system on a catalogue (training a version when it has none) and measure its control plane."""
    folder = catalogue(work, items)
    figures = _token_checks(items)
    running = system.start(system.environment(work, items), folder)
    try:
        figures += asyncio.run(_requests(items, running.url))
    finally:
        running.stop()
    return figures


def _figure(items: int, name: str, value: float, unit: str, target: str = "") -> Figure:
    return Figure("control", items, name, value, unit, target=target)


def _token_checks(items: int) -> list[Figure]:
    """The check of tokens as every service makes it: the signature once, then a look-up."""
    key, now = Ed25519PrivateKey.generate(), time.time()
    ring = KeyRing()
    ring.replace_keys([VerificationKey("k", key.public_key().public_bytes_raw(), now + 3600)])
    ring.replace_revocations({secrets.token_hex(16): now + 3600 for _ in range(1000)})
    said = {"iss": ISSUER, "aud": AUDIENCE, "role": "user", "iat": now, "exp": now + 3600}
    tokens = [
        jwt.encode(
            {**said, "sub": f"p{number}@plant.example", "sid": f"s{number}"},
            key,
            algorithm="EdDSA",
            headers={"kid": "k"},
        )
        for number in range(1000)
    ]
    times = []
    for _ in range(CHECKS_OF_A_TOKEN):
        begun = time.perf_counter()
        for token in tokens:
            ring.verify(token)
        times.append((time.perf_counter() - begun) / len(tokens) * 1000.0)
    return [
        _figure(items, "token check, the first of a session", round(times[0], 4), "ms"),
        _figure(
            items,
            f"token check, amortised over {CHECKS_OF_A_TOKEN} requests of a session",
            round(sum(times) / len(times), 5),
            "ms",
            "< 0.1 ms",
        ),
    ]


async def _requests(items: int, url: str) -> list[Figure]:
    figures = []
    async with httpx.AsyncClient(base_url=url, timeout=30.0, trust_env=False) as client:

        async def log_in(_number: int) -> None:
            answer = await client.post("/api/auth/login", json={"username": system.ADMIN, "password": system.PASSWORD})
            answer.raise_for_status()

        found = await measure(log_in, calls=100, clients=1, warm_up=5)
        name = f"log-in, one after the other: p50 {found.p50} ms, p99 {found.p99} ms; p95"
        figures.append(_figure(items, name, found.p95, "ms", "< 150 ms"))
    async with logged_in(url) as operator:
        figures.append(await _settings_changes(items, operator))
        figures += await _burst(items, url, operator)
    return figures


async def _settings_changes(items: int, operator: httpx.AsyncClient) -> Figure:
    """Settings changes, each confirmed by every process before the answer."""
    confirmed: Counter[int] = Counter()

    async def change(number: int) -> None:
        answer = await operator.patch(
            "/api/workflow/graph", params={"sections": "all"}, json={"search": {"ef_search": 64 + number % 64}}
        )
        answer.raise_for_status()
        body = answer.json()
        if body["unconfirmed"] or body["search"]["ef_search"] != 64 + number % 64:
            raise RuntimeError(f"A settings change is not live everywhere: {body['unconfirmed']}")
        confirmed[len(body["confirmed_by"])] += 1

    found = await measure(change, calls=200, clients=1, warm_up=3)
    (await operator.patch("/api/workflow/graph", json={"search": {"ef_search": None}})).raise_for_status()
    name = f"settings PATCH, live in all {max(confirmed)} processes at the answer: p50 {found.p50} ms, p99 {found.p99} ms; p95"
    return _figure(items, name, found.p95, "ms", "< 200 ms")


async def _burst(items: int, url: str, operator: httpx.AsyncClient) -> list[Figure]:
    """Registrations and log-ins all at once from 20 addresses, while somebody else logs in from another."""
    names = [f"burst-{secrets.token_hex(4)}-{number}@plant.example" for number in range(ACCOUNTS)]
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    failures: Counter[str] = Counter()
    async with httpx.AsyncClient(base_url=url, timeout=BURST_SECONDS, limits=limits, trust_env=False) as client:

        async def post(path: str, number: int, body: dict[str, str]) -> float:
            begun = time.perf_counter()
            try:
                answer = await client.post(path, json=body, headers={"x-forwarded-for": f"10.1.{number // 100}.1"})
                if answer.status_code not in (200, 201):
                    failures[f"HTTP {answer.status_code}"] += 1
            except httpx.HTTPError as error:
                failures[type(error).__name__] += 1
            return time.perf_counter() - begun

        begun = time.perf_counter()
        await asyncio.gather(
            *(post("/api/auth/register", n, {"username": name, "password": PASSWORD}) for n, name in enumerate(names))
        )
        registered = time.perf_counter() - begun
        refused = sum(failures.values())
        for name in names:
            (await operator.post("/api/auth/admin/approve", json={"username": name})).raise_for_status()
        others: list[float] = []
        done = asyncio.Event()

        async def somebody_else() -> None:
            body = {"username": system.ADMIN, "password": system.PASSWORD}
            async with httpx.AsyncClient(base_url=url, timeout=BURST_SECONDS, trust_env=False) as other:
                while not done.is_set():
                    started = time.perf_counter()
                    answer = await other.post("/api/auth/login", json=body, headers={"x-forwarded-for": "10.9.9.9"})
                    if answer.status_code != 200:
                        failures[f"somebody else: HTTP {answer.status_code}"] += 1
                    others.append(time.perf_counter() - started)
                    await asyncio.sleep(0.5)

        other = asyncio.create_task(somebody_else())
        begun = time.perf_counter()
        waits = await asyncio.gather(
            *(
                post("/api/auth/login", n, {"username": names[n % ACCOUNTS], "password": PASSWORD})
                for n in range(LOG_INS)
            )
        )
        took = time.perf_counter() - begun
        done.set()
        await other
    lost = ", ".join(f"{count} x {what}" for what, count in failures.most_common(3))
    return [
        _figure(
            items, f"{ACCOUNTS} registrations at once, lost {refused}; all answered after", round(registered, 1), "s"
        ),
        _figure(
            items,
            f"{LOG_INS:,} log-ins of {ACCOUNTS} accounts at once from 20 addresses, all answered after {took:.1f} s, "
            f"longest wait {max(waits):.1f} s {lost}; lost".replace(" ;", ";"),
            sum(failures.values()),
            "",
            "0",
        ),
        _figure(
            items,
            "log-in of somebody else meanwhile; p95",
            round(float(np.percentile(np.array(others) * 1000.0, 95)), 1),
            "ms",
        ),
    ]
