"""The standing guards, in short: nothing confirmed is lost, and the ledger they judge by notices when something is."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from auth_service.store import schema
from auth_service.store.database import Database
from benchmarks.faults import __main__ as guards
from benchmarks.faults import backups, bursts
from benchmarks.faults.ledger import Ledger, losses
from benchmarks.faults.outcome import Outcome
from benchmarks.faults.rest_fuzzing import Request, mutated, problem_of
from benchmarks.faults.soak import growth
from benchmarks.faults.table import BEGIN, END, write_markdown

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def short_run(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What `python -m benchmarks.faults --short` finds, by fault; the sections that need no system of their own."""
    found = tmp_path_factory.mktemp("faults") / "found.json"
    guards.main(["--short", "--only", "kills", "stops", "disk", "network", "backups", "--json", str(found)])
    return {one["fault"]: one for one in json.loads(found.read_text(encoding="utf-8"))["outcomes"]}


def wrong(outcome: dict[str, Any]) -> dict[str, int]:
    return {kind: count for kind, count in outcome["faults"].items() if count}


def test_killed_at_any_moment_nothing_confirmed_is_lost(short_run: dict[str, dict[str, Any]]) -> None:
    outcome = short_run["kill -9 of auth_service under writing (SQLite)"]
    assert wrong(outcome) == {}, outcome["examples"]
    assert outcome["count"] >= 1


def test_stopped_full_and_cut_off_it_goes_on_and_has_lost_nothing(short_run: dict[str, dict[str, Any]]) -> None:
    others = [outcome for fault, outcome in short_run.items() if not fault.startswith(("kill", "routing-ml backup"))]
    assert len(others) == 3
    assert {outcome["fault"]: wrong(outcome) for outcome in others if wrong(outcome)} == {}
    assert all(outcome["count"] or outcome["skipped"] for outcome in others)


def test_a_backup_has_what_was_confirmed_before_it_began(short_run: dict[str, dict[str, Any]]) -> None:
    outcome = short_run[backups.FAULT]
    assert outcome["count"] == 4
    assert wrong(outcome) == {}, outcome["examples"]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[tuple[Ledger, Database]]:
    """A database, and a ledger that agrees with it."""
    database = Database(f"sqlite:///{(tmp_path / 'routing.db').as_posix()}")
    schema.upgrade(database)
    with database.writing() as session:
        for number in (1, 2):
            session.execute(
                text(
                    "INSERT INTO routing_groups (group_id, owner, owner_key, group_name, name_key, content_json, step_count, "
                    "version, created_at, updated_at, deleted_at, deleted_by) "
                    "VALUES (:key, 'a', 'a', :name, :name, '{}', 2, 3, 0, 0, 0, '')"
                ),
                {"key": f"g{number}", "name": f"saved {number}"},
            )
            for position in (0, 1):
                session.execute(
                    text(
                        "INSERT INTO routing_group_items (group_id, position, item_code, item_key) "
                        "VALUES (:key, :position, 'A', 'a')"
                    ),
                    {"key": f"g{number}", "position": position},
                )
    ledger = Ledger(groups={"g1": ("saved 1", 3), "g2": ("saved 2", 3)}, sent={"saved 1", "saved 2"})
    yield ledger, database
    database.close()


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("DELETE FROM routing_group_items WHERE group_id = 'g1' AND position = 1", "1 of 2 items"),
        ("UPDATE routing_groups SET version = 2 WHERE group_id = 'g2'", "confirmed was 'saved 2' version 3"),
        ("UPDATE routing_groups SET group_name = 'saved 1b' WHERE group_id = 'g1'", "confirmed was 'saved 1'"),
        ("DELETE FROM routing_groups WHERE group_id = 'g1'", "is gone"),
        ("UPDATE routing_groups SET step_count = 1 WHERE group_id = 'g1'", "1 of 2 steps"),
    ],
)
def test_the_ledger_notices_every_loss(kept: tuple[Ledger, Database], damage: str, told: str) -> None:
    ledger, database = kept
    assert losses(ledger, database.engine, all_rows=False) == []
    with database.writing() as session:
        session.execute(text(damage))
    assert told in " ".join(losses(ledger, database.engine, all_rows=False))


def test_what_was_never_sent_is_a_finding_too(kept: tuple[Ledger, Database]) -> None:
    ledger, database = kept
    ledger.sent.remove("saved 2")
    assert "never sent" in " ".join(losses(ledger, database.engine, all_rows=False))


def test_growth_is_counted_from_when_caches_are_full() -> None:
    filling = [50_000 + 2000 * n for n in range(25)]
    assert growth([*filling, *[100_000] * 75]) == 0
    assert growth([*filling, *[100_000 + 100 * n for n in range(75)]]) > 0.05
    work = [60_000 if n % 3 else 0 for n in range(75)]  # memory that comes and goes says nothing of what stays
    assert growth([*filling, *[100_000 + more for more in work]]) == 0
    assert growth([*filling, *[100_000 + 100 * n + more for n, more in enumerate(work)]]) > 0.05


def test_a_mutated_request_is_another_one_and_can_be_sent() -> None:
    chance = random.Random(3)
    plain = Request("POST /x", "POST", "/api/x/y?limit=5", (("content-type", "application/json"),), b'{"a": [1, "b"]}')
    made = [mutated(plain, chance) for _ in range(300)]
    assert len({(one.method, one.target, one.headers, one.body) for one in made}) > 200
    assert all(one.target.startswith("/api/x/") for one in made)


@pytest.mark.parametrize(
    ("status", "headers", "content", "good"),
    [
        (200, {}, b"{}", True),
        (422, {}, b'{"detail": "no"}', True),
        (503, {"retry-after": "2"}, b"", True),
        (503, {}, b"", False),
        (500, {}, b"", False),
        (504, {}, b"", False),
        (404, {}, b'{"detail": "no file /opt/product/x.py"}', False),
    ],
)
def test_only_a_503_that_says_when_to_come_back_is_no_failure(
    status: int, headers: dict[str, str], content: bytes, good: bool
) -> None:
    assert (problem_of(status, headers, content) == "") is good


def test_a_fault_that_is_measured_anew_takes_the_place_of_its_row(tmp_path: Path) -> None:
    page = tmp_path / "reliability.md"
    page.write_text(f"# R\n\n{BEGIN}\n{END}\n\nThe end.\n", encoding="utf-8")
    write_markdown([Outcome("kills", 5, "kills"), Outcome("disk", 0, "times", skipped="only root")], page)
    write_markdown([Outcome("kills", 7, "kills", {"lost": 1})], page)
    written = page.read_text(encoding="utf-8")
    assert "| kills | 7 kills | lost: 1 |" in written
    assert "5 kills" not in written
    assert "only root" in written
    assert written.endswith("The end.\n")


async def test_a_burst_tells_who_was_answered_and_who_was_left_without_a_word() -> None:
    answers = itertools.cycle(
        [b"HTTP/1.1 200 OK\r\n\r\n{}", b"HTTP/1.1 503 -\r\nRetry-After: 2\r\n\r\n", b"HTTP/1.1 503 -\r\n\r\n", b""]
    )
    asked: list[int] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        asked.append(len(json.loads(await reader.readexactly(length))["item_codes"]))
        writer.write(next(answers))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        ended = await bursts.send(port, "token", ["A", "B"], 8, 5)
    assert ended == {"200": 2, "503": 2, "503, untold": 2, "no answer": 2}
    assert asked == [5] * 8
