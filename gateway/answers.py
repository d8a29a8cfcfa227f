"""JSON answers, written by orjson without going through response models again."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Final, TypeVar

import orjson
from starlette.responses import Response

Result = TypeVar("Result")

BUILT_AT_ONCE = 20

_ONE_AT_A_TIME: Final = ThreadPoolExecutor(1, thread_name_prefix="answers")

_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY


def json_text(content: object) -> bytes:
    """JSON, UTF-8; NaN and infinity become null."""
    return orjson.dumps(content, option=_OPTIONS)


def json_answer(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer with a JSON body; NaN and infinity become null."""
    return Response(
        json_text(content),
        status_code=status,
        headers=dict(headers) if headers else None,
        media_type="application/json",
    )


async def large_answer(items: int, make: Callable[[], object]) -> Response:
    """An answer whose content `make` builds: at once for few items, in a thread for many, so that other requests go on."""
    if items <= BUILT_AT_ONCE:
        return json_answer(make())
    return await built(lambda: json_answer(make()))


async def built(make: Callable[[], Result]) -> Result:
    """The result of `make()`, which computes for long and waits for nothing, in the one thread for that.

    Several of them would be done no sooner, as they share one interpreter. But the event loop, which needs the interpreter many times a
    request, would wait for each of them each time, and the objects of all of them would be in memory at once.
    """
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(_ONE_AT_A_TIME, lambda: context.run(make))


def no_content() -> Response:
    """An answer without a body (204)."""
    return Response(status_code=204)


def iso_time(seconds: float) -> str | None:
    """ISO text (UTC) of seconds since 1970; None for 0, which stands for never."""
    return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds else None


def iso_time_or_now(seconds: float) -> str:
    """ISO text (UTC) of seconds since 1970, of this moment for 0."""
    return iso_time(seconds) or now_iso()


def now_iso() -> str:
    """This moment as ISO text (UTC)."""
    return datetime.now(UTC).isoformat()
