"""JSON answers, written by orjson without going through response models again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import orjson
from starlette.responses import Response

_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY


def json_answer(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer with a JSON body; NaN and infinity become null."""
    return Response(
        orjson.dumps(content, option=_OPTIONS),
        status_code=status,
        headers=dict(headers) if headers else None,
        media_type="application/json",
    )


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
