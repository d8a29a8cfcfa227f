"""A mixed load for a long time: everything is answered, and no process takes more and more memory."""

from __future__ import annotations

import collections
import itertools
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import httpx
import psutil

from benchmarks.faults.outcome import Outcome
from benchmarks.faults.whole_system import USER, USER_PASSWORD, WholeSystem

SAMPLE_SECONDS: Final = 10.0
WARM_SHARE: Final = 0.25
"""Share of the time in which caches fill; growth is counted from there on."""
WINDOW_SHARE: Final = 0.15
GROWTH_ASKED: Final = 0.02
CODES: Final = 400
SUPERVISOR: Final = "supervisor"


@dataclass
class _Load:
    answered: int = 0
    wrong: collections.Counter[str] = field(default_factory=collections.Counter)
    slowest_health: float = 0.0


def soak(
    whole: WholeSystem, *, minutes: float, clients: int = 2, pause_seconds: float = 0.0, say: Callable[[str], None]
) -> list[Outcome]:
    """Load the system and watch its memory."""
    load, stop = _Load(), threading.Event()
    pids = whole.processes()
    watched = {**pids, SUPERVISOR: whole.supervisor()}
    samples: dict[str, list[int]] = {name: [] for name in watched}
    codes = known_codes(whole)
    threads = [
        threading.Thread(target=_work, args=(whole, codes, load, stop, number, pause_seconds), daemon=True)
        for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    begun = time.monotonic()
    interval = min(SAMPLE_SECONDS, minutes * 60 / 40)
    while time.monotonic() - begun < minutes * 60:
        stop.wait(interval)
        for name, pid in watched.items():
            samples[name].append(private_bytes(pid, alone=name == SUPERVISOR))
        if len(samples[next(iter(samples))]) % 30 == 0:
            now = ", ".join(f"{name} {values[-1] / 1e6:.0f} MB" for name, values in samples.items())
            say(
                f"soak {(time.monotonic() - begun) / 60:.0f} min, {load.answered} answers, wrong {dict(load.wrong)}: {now}"
            )
    stop.set()
    for thread in threads:
        thread.join(120)
    ended = {name for name, pid in whole.processes().items() if pid != pids.get(name)}
    return [_answers(load, minutes, ended), _memory(samples, minutes)]


def growth(values: Sequence[int]) -> float:
    """Share by which memory grew from when caches were full to the end: what was there throughout a window at either side.

    The least of a window, as memory for one piece of work comes and goes (a password's hash takes 64 MB for a while), and what is kept
    for ever raises the least too.
    """
    kept = [value for value in values[int(len(values) * WARM_SHARE) :] if value]
    window = max(1, int(len(values) * WINDOW_SHARE))
    if len(kept) < 2:
        return 0.0
    first, last = min(kept[:window]), min(kept[-window:])
    return last / first - 1


def private_bytes(pid: int, *, alone: bool = False) -> int:
    """Memory of a process and its descendants that nobody shares with them; 0 when it is gone.

    Args:
        alone: without its descendants.
    """
    try:
        root = psutil.Process(pid)
        members = [root] if alone else [root, *root.children(recursive=True)]
        return sum(member.memory_full_info().uss for member in members)
    except psutil.Error:
        return 0


def _answers(load: _Load, minutes: float, ended: set[str]) -> Outcome:
    faults = dict(load.wrong)
    for name in ended:
        faults[f"{name} ended"] = 1
    return Outcome(
        f"mixed load for {minutes:.0f} minutes",
        load.answered,
        "answers",
        faults,
        measured=f"{load.answered / (minutes * 60):.0f}/s; slowest /api/health {load.slowest_health * 1000:.0f} ms",
        aim="every request answered",
    )


def _memory(samples: dict[str, list[int]], minutes: float) -> Outcome:
    grown = {name.partition("-")[0]: growth(values) for name, values in samples.items()}
    sizes = {name.partition("-")[0]: values[-1] / 1e6 for name, values in samples.items() if values}
    faults = {f"{name} grew by {share:.1%}": 1 for name, share in grown.items() if share >= GROWTH_ASKED}
    told = ", ".join(f"{name} {share:+.1%} ({sizes.get(name, 0):.0f} MB)" for name, share in grown.items())
    return Outcome(
        f"memory under mixed load for {minutes:.0f} minutes",
        len(samples),
        "processes",
        faults,
        measured=told,
        aim="under 2 % growth in an hour",
    )


def known_codes(whole: WholeSystem) -> list[str]:
    """Codes of items that the system knows."""
    with whole.client(whole.user_token) as client:
        found: list[str] = []
        for letters in ("S", "A", "0", "1", "2", "3", "4", "5"):
            answer = client.get("/api/master-data/items", params={"query": letters, "limit": 100})
            if answer.status_code == 200:
                body = answer.json()
                rows = body.get("items", body) if isinstance(body, dict) else body
                found += [str(row.get("ITEM_CD") or row.get("item_code") or row.get("code")) for row in rows]
    codes = [code for code in dict.fromkeys(found) if code and code != "None"][:CODES]
    if not codes:
        raise RuntimeError("no item was found to ask for")
    return codes


def _work(
    whole: WholeSystem, codes: list[str], load: _Load, stop: threading.Event, number: int, pause_seconds: float
) -> None:
    chance = random.Random(number)
    numbers = itertools.count(1)
    with whole.client(whole.user_token) as client:
        while not stop.is_set():
            kind = chance.choices(tuple(_KINDS), weights=[weight for weight, _ in _KINDS.values()])[0]
            begun = time.monotonic()
            try:
                status = _KINDS[kind][1](client, chance, codes, f"soak {number} {next(numbers)}")
            except httpx.HTTPError as error:
                load.wrong[f"{kind}: {type(error).__name__}"] += 1
                continue
            load.answered += 1
            if kind == "health":
                load.slowest_health = max(load.slowest_health, time.monotonic() - begun)
            if status >= 400:
                load.wrong[f"{kind}: {status}"] += 1
            if pause_seconds:
                stop.wait(pause_seconds)


def _predict(client: httpx.Client, chance: random.Random, codes: list[str], _name: str) -> int:
    body = {"item_codes": chance.sample(codes, min(len(codes), chance.choice((1, 1, 3, 20)))), "top_k": 10}
    return client.post("/api/predict", json=body).status_code


def _similar(client: httpx.Client, chance: random.Random, codes: list[str], _name: str) -> int:
    return client.post("/api/similarity/search", json={"item_codes": [chance.choice(codes)], "top_k": 10}).status_code


def _items(client: httpx.Client, chance: random.Random, codes: list[str], _name: str) -> int:
    return client.get("/api/master-data/items", params={"query": chance.choice(codes)[:4], "limit": 50}).status_code


def _save(client: httpx.Client, chance: random.Random, codes: list[str], name: str) -> int:
    content = {
        "group_name": name,
        "item_codes": [chance.choice(codes)],
        "steps": [{"seq": 1, "process_code": "TURN", "duration_min": 1.5}],
    }
    made = client.post("/api/routing/groups", json=content)
    if made.status_code != 201:
        return made.status_code
    return client.delete(f"/api/routing/groups/{made.json()['group_id']}").status_code


def _workspace(client: httpx.Client, chance: random.Random, _codes: list[str], name: str) -> int:
    body = {"version": 1, "layout": {"name": name, "x": ["a"] * chance.randrange(200)}}
    return client.put("/api/settings/workspace", json=body).status_code


def _settings(client: httpx.Client, _chance: random.Random, _codes: list[str], _name: str) -> int:
    return client.get("/api/workflow/graph").status_code


def _wrong(client: httpx.Client, _chance: random.Random, _codes: list[str], _name: str) -> int:
    answer = client.post("/api/predict", json={"item_codes": 5})
    return 200 if answer.status_code == 422 else 599


def _log_in(client: httpx.Client, _chance: random.Random, _codes: list[str], _name: str) -> int:
    with httpx.Client(base_url=client.base_url, timeout=90, trust_env=False) as fresh:
        return fresh.post("/api/auth/login", json={"username": USER, "password": USER_PASSWORD}).status_code


def _health(client: httpx.Client, _chance: random.Random, _codes: list[str], _name: str) -> int:
    return client.get("/api/health").status_code


_KINDS: Final[dict[str, tuple[float, Callable[[httpx.Client, random.Random, list[str], str], int]]]] = {
    "predict": (6, _predict),
    "similarity": (3, _similar),
    "items": (4, _items),
    "saved routing": (2, _save),
    "workspace": (2, _workspace),
    "settings": (1, _settings),
    "wrong request": (1, _wrong),
    "log-in": (0.1, _log_in),
    "health": (1, _health),
}
