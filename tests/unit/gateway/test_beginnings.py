"""Requests that come in the same moment begin one after the other, and what comes behind them is heard in between."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from gateway.beginnings import SMALL_BYTES, SMALL_ONES_FIRST, Beginnings, begin

LARGE = SMALL_BYTES + 1


async def test_the_loop_reads_between_any_two_that_begin() -> None:
    beginnings, turns = Beginnings(), 0
    begun: list[int] = []

    def count() -> None:
        nonlocal turns
        turns += 1
        if len(begun) < 40:
            asyncio.get_running_loop().call_soon(count)

    async def one() -> None:
        await beginnings.turn(LARGE)
        begun.append(turns)

    asyncio.get_running_loop().call_soon(count)
    await asyncio.gather(*(one() for _ in range(40)))
    assert len(set(begun)) == 40


async def test_small_ones_go_first_and_large_ones_have_turns_all_the_same() -> None:
    beginnings = Beginnings()
    begun: list[str] = []

    async def one(name: str, size: int) -> None:
        await beginnings.turn(size)
        begun.append(name)

    large = [one("large", LARGE) for _ in range(30)]
    small = [one("small", SMALL_BYTES) for _ in range(30)]
    await asyncio.gather(*large, *small)
    rest = begun[1:]  # the first had nobody before it
    assert rest[: SMALL_ONES_FIRST + 1].count("large") == 1
    until = len(rest) - rest[::-1].index("small")
    assert rest[:until].count("large") == pytest.approx(until / (SMALL_ONES_FIRST + 1), abs=1)


async def test_who_hangs_up_while_waiting_takes_no_turn() -> None:
    beginnings = Beginnings()
    waiting = [asyncio.ensure_future(beginnings.turn(LARGE)) for _ in range(5)]
    await asyncio.sleep(0)
    waiting[2].cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*waiting, return_exceptions=True)
    assert [one.cancelled() for one in waiting] == [False, False, True, False, False]
    await asyncio.wait_for(beginnings.turn(0), 5)


async def test_requests_that_passed_no_middleware_have_no_turn_to_wait_for() -> None:
    await begin({"type": "http"}, LARGE)
