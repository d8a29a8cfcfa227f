"""Delays grow for the guesser and stay away from everybody else."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_service.accounts.throttle import ACCOUNT, ADDRESS, PAIR, Allowance, FailureCounts, LoginThrottle
from common.errors import TooManyRequests


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def allowed(throttle: LoginThrottle, account: str, address: str) -> float:
    """0 when an attempt is allowed, else the seconds to wait."""
    try:
        async with throttle.attempt(account, address):
            return 0.0
    except TooManyRequests as error:
        return error.retry_after or 0.0


async def guess(throttle: LoginThrottle, clock: Clock, account: str, address: str) -> bool:
    """Try once with a wrong password; whether the attempt was let through."""
    if await allowed(throttle, account, address):
        return False
    throttle.failed(account, address)
    return True


async def test_the_delay_of_a_guesser_grows() -> None:
    clock = Clock()
    throttle = LoginThrottle(clock)
    waits = []
    for _ in range(12):
        wait = await allowed(throttle, "kim", "1.1.1.1")
        waits.append(wait)
        clock.now += wait
        throttle.failed("kim", "1.1.1.1")
    assert waits == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64]


async def test_a_guesser_does_not_lock_the_owner_out() -> None:
    clock = Clock()
    throttle = LoginThrottle(clock)
    for _ in range(500):
        await guess(throttle, clock, "kim", "6.6.6.6")
        clock.now += 0.1
    assert await allowed(throttle, "kim", "6.6.6.6") > 0
    assert await allowed(throttle, "kim", "10.0.0.5") == 0


async def test_guessing_from_many_addresses_is_slowed_but_not_for_a_known_address() -> None:
    clock = Clock()
    throttle = LoginThrottle(clock)
    throttle.succeeded("kim", "10.0.0.5")
    for number in range(200):
        await guess(throttle, clock, "kim", f"6.6.{number // 250}.{number}")
    assert 0 < await allowed(throttle, "kim", "7.7.7.7") <= ACCOUNT.longest
    assert await allowed(throttle, "kim", "10.0.0.5") == 0


async def test_trying_many_accounts_from_one_address_is_slowed_for_that_address_only() -> None:
    clock = Clock()
    throttle = LoginThrottle(clock)
    throttle.succeeded("park", "6.6.6.6")
    for number in range(200):
        await guess(throttle, clock, f"account{number}", "6.6.6.6")
    assert 0 < await allowed(throttle, "lee", "6.6.6.6") <= ADDRESS.longest
    assert await allowed(throttle, "lee", "10.0.0.5") == 0
    assert await allowed(throttle, "park", "6.6.6.6") == 0


async def test_success_forgets_the_failures() -> None:
    throttle = LoginThrottle(Clock())
    for _ in range(4):
        throttle.failed("kim", "a")
    throttle.succeeded("kim", "a")
    for _ in range(4):
        throttle.failed("kim", "a")
    assert await allowed(throttle, "kim", "a") == 0


async def test_failures_are_forgotten_after_an_hour() -> None:
    clock = Clock()
    throttle = LoginThrottle(clock)
    for _ in range(30):
        throttle.failed("kim", "a")
    assert await allowed(throttle, "kim", "a") == PAIR.longest
    clock.now += 3601
    assert await allowed(throttle, "kim", "a") == 0


async def test_parallel_guesses_do_not_escape_the_count() -> None:
    throttle = LoginThrottle(Clock())
    let_through = 0

    async def one() -> None:
        nonlocal let_through
        try:
            async with throttle.attempt("kim", "a"):
                let_through += 1
                await asyncio.sleep(0)
                throttle.failed("kim", "a")
        except TooManyRequests:
            pass

    await asyncio.gather(*(one() for _ in range(100)))
    assert let_through == PAIR.free


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 100)), max_size=60))
def test_the_wait_is_never_longer_than_the_limit(steps: list[tuple[bool, float]]) -> None:
    clock = Clock()
    counts = FailureCounts(PAIR, clock)
    for fails, passes in steps:
        clock.now += passes
        if fails:
            counts.failed("x")
        assert 0 <= counts.wait("x") <= PAIR.longest


def test_an_allowance_admits_a_burst_then_a_rate() -> None:
    clock = Clock()
    allowance = Allowance(3, 2.0, clock)
    assert [allowance.take("a") for _ in range(5)] == [True, True, True, False, False]
    assert allowance.take("b")
    clock.now += 1.0
    assert [allowance.take("a") for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize("failures", [0, 1, 4])
def test_the_first_failures_cost_nothing(failures: int) -> None:
    assert PAIR.delay(failures) == 0
