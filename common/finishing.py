"""Work that goes on to its end when nobody waits for it any more: a caller who hangs up takes back neither a write nor its log line."""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

from common.errors import ServiceError
from common.logs import get_logger

log = get_logger(__name__)

Result = TypeVar("Result")


async def finished(work: asyncio.Future[Result]) -> Result:
    """The result of `work`, which is not cancelled with whoever waits for it.

    An answer that nobody hears, such as that there is no such item, is nobody's failure; any other error is logged.
    """
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        work.add_done_callback(_unheard)
        raise


async def ended(task: asyncio.Task[Any], again_seconds: float = 0.5) -> None:
    """Cancel a task until it has ended.

    Once is not always enough: `asyncio.wait_for` of Python 3.11 loses a cancellation that comes while what it waits for ends.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=again_seconds)
    error = None if task.cancelled() else task.exception()
    if error is not None:
        log.error("what is ended had failed", task=task.get_name(), exc_info=error)


def _unheard(work: asyncio.Future[Any]) -> None:
    error = None if work.cancelled() else work.exception()
    if error is not None and not isinstance(error, ServiceError):
        log.error("work failed whose caller had gone", exc_info=error)
