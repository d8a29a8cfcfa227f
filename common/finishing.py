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


def _unheard(work: asyncio.Future[Any]) -> None:
    error = None if work.cancelled() else work.exception()
    if error is not None and not isinstance(error, ServiceError):
        log.error("work failed whose caller had gone", exc_info=error)
