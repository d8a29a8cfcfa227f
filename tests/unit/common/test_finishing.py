"""What was begun is finished though its caller has gone, and what nobody hears any more is no failure."""

from __future__ import annotations

import asyncio
import gc
import logging

import pytest

from common.errors import NotFound
from common.finishing import ended, finished
from common.logs import GoneCallers
from common.whole_numbers import whole_number


async def left_alone(error: Exception | None, caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log says of work that ends, with an error or well, after its caller has gone."""
    work: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    caller = asyncio.ensure_future(finished(work))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert not work.cancelled()
    if error is None:
        work.set_result(1)
    else:
        work.set_exception(error)
    await asyncio.sleep(0)
    del work, caller
    gc.collect()
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


async def test_an_answer_that_nobody_hears_is_not_logged_as_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    assert await left_alone(None, caplog) == []
    assert await left_alone(NotFound("there is none"), caplog) == []


async def test_a_failure_that_nobody_hears_is_logged(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    told = [*await left_alone(RuntimeError("broken"), caplog), capsys.readouterr().out]
    assert "work failed whose caller had gone" in " ".join(told)


async def test_who_waits_gets_the_result_or_the_error() -> None:
    async def answer() -> int:
        return 7

    async def fail() -> int:
        raise NotFound("there is none")

    assert await finished(asyncio.ensure_future(answer())) == 7
    with pytest.raises(NotFound):
        await finished(asyncio.ensure_future(fail()))


def test_an_answer_that_could_not_be_sent_is_one_line() -> None:
    cygrpc = pytest.importorskip("grpc._cython.cygrpc")
    error = cygrpc.ExecuteBatchError("Failed")
    record = logging.LogRecord("grpc", logging.ERROR, "", 0, "raised %s", ("in core",), (type(error), error, None))
    assert GoneCallers().filter(record)
    assert (record.levelname, record.exc_info) == ("INFO", None)
    assert record.getMessage() == "the caller had hung up before its answer"
    other = logging.LogRecord("grpc", logging.ERROR, "", 0, "x", (), (ValueError, ValueError(), None))
    assert GoneCallers().filter(other)
    assert other.levelname == "ERROR"


@pytest.mark.parametrize("text", ["", "-1", "\u00b2", "\u0663", "1_0", " 1", "9" * 5000, "2147483648", "1.0", "0x1"])
def test_what_is_no_whole_number_is_none(text: str) -> None:
    assert whole_number(text) is None


def test_whole_numbers_may_begin_with_zeros() -> None:
    assert [whole_number(text) for text in ("0", "007", "2147483647")] == [0, 7, 2**31 - 1]


async def test_a_task_that_loses_a_cancellation_is_ended_all_the_same() -> None:
    lost = 0

    async def stubborn() -> None:
        nonlocal lost
        while lost < 3:  # as asyncio.wait_for of Python 3.11 does where what it waits for ends at that moment
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                lost += 1
        await asyncio.sleep(60)

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await ended(task, again_seconds=0.01)
    assert (task.cancelled(), lost) == (True, 3)
    await ended(task)
