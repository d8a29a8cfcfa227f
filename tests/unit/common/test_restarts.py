"""Processes that end by themselves are started again, later each time; one that cannot start at all ends the others."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.exit_codes import ExitCode
from common.processes import start_child
from common.restarts import LONGEST_DELAY_SECONDS, STEADY_SECONDS, Restarts, keep_running, restart_delay

SLEEPING = [sys.executable, "-c", "import time; time.sleep(600)"]


class Clock:
    """Seconds that a test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Started:
    """Starts one command and remembers the processes."""

    def __init__(self, *commands: list[str]) -> None:
        self.commands = commands
        self.children: list[subprocess.Popen[bytes]] = []

    def __call__(self) -> subprocess.Popen[bytes]:
        command = self.commands[min(len(self.children), len(self.commands) - 1)]
        self.children.append(start_child(command))
        return self.children[-1]


def ending(code: int) -> list[str]:
    return [sys.executable, "-c", f"raise SystemExit({code})"]


async def until(reached: Callable[[], bool]) -> None:
    """Wait until something is so; the test's own timeout bounds it."""
    while not reached():
        await asyncio.sleep(0.02)


def test_delays_double_and_have_an_end() -> None:
    delays = [restart_delay(deaths) for deaths in range(1, 5000)]
    assert delays[:4] == [0.5, 1.0, 2.0, 4.0]
    assert delays == sorted(delays)
    assert delays[-1] == LONGEST_DELAY_SECONDS


@given(st.lists(st.none() | st.floats(0, 10 * STEADY_SECONDS), min_size=1, max_size=20))
def test_only_a_steady_life_makes_earlier_deaths_forgotten(lives: list[float | None]) -> None:
    clock, deaths = Clock(), 0
    restarts = Restarts(clock)
    for life in lives:  # None: it could not be started
        began = clock.now
        if life is not None:
            restarts.note_start()
            clock.now += life
        deaths = 1 if clock.now - began > STEADY_SECONDS else deaths + 1
        delay = restarts.note_death()
        assert delay == restart_delay(deaths)
        assert not restarts.due
        clock.now += delay
        assert restarts.due


async def test_a_process_that_ends_is_started_again_and_all_stop_together() -> None:
    dying, steady, stop = Started(ending(1), ending(ExitCode.NOT_RUNNING), SLEEPING), Started(SLEEPING), asyncio.Event()
    running = asyncio.create_task(keep_running([dying, steady], stop, grace_seconds=5))
    await until(lambda: len(dying.children) == 3)  # that it cannot start again now does not end the others
    assert [child.poll() is None for child in steady.children] == [True]
    stop.set()
    assert await running == 0
    assert all(child.poll() is not None for child in (*dying.children, *steady.children))


async def test_one_that_cannot_start_at_all_ends_the_others() -> None:
    steady = Started(SLEEPING)
    starts = [steady, Started(ending(ExitCode.NOT_RUNNING))]
    assert await keep_running(starts, asyncio.Event(), grace_seconds=5) == ExitCode.NOT_RUNNING
    assert [child.poll() is None for child in steady.children] == [False]


async def test_a_program_that_is_not_there_leaves_nothing_running() -> None:
    steady = Started(SLEEPING)
    with pytest.raises(FileNotFoundError):
        await keep_running([steady, partial(start_child, ["no-such-program"])], asyncio.Event(), grace_seconds=5)
    assert [child.poll() is None for child in steady.children] == [False]
