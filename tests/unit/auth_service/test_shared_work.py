"""What is asked several times at once is worked out once, and given up when nobody waits for it."""

from __future__ import annotations

import asyncio

import pytest

from auth_service.accounts.shared_work import SharedWork


async def test_the_same_question_at_the_same_time_is_answered_once() -> None:
    shared: SharedWork[int] = SharedWork()
    asked = 0

    async def work() -> int:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.01)
        return asked

    assert await asyncio.gather(*(shared.answer("a", work) for _ in range(20))) == [1] * 20
    assert await shared.answer("a", work) == 2


async def test_an_error_reaches_everybody_who_waits() -> None:
    shared: SharedWork[int] = SharedWork()

    async def work() -> int:
        await asyncio.sleep(0)
        raise ValueError

    results = await asyncio.gather(*(shared.answer("a", work) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(result, ValueError) for result in results)


async def test_work_that_nobody_waits_for_is_given_up() -> None:
    shared: SharedWork[int] = SharedWork()
    given_up = asyncio.Event()

    async def work() -> int:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            given_up.set()
            raise
        return 1

    async def quick() -> int:
        return 7

    tasks = [asyncio.ensure_future(shared.answer("a", work)) for _ in range(2)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.sleep(0)
    assert not given_up.is_set()
    tasks[1].cancel()
    await asyncio.wait_for(given_up.wait(), 5)
    assert await shared.answer("a", quick) == 7
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]
