"""Handing one message over: by HTTP POST, or as a file that the ERP fetches; and what an answer means for the next attempt."""

from __future__ import annotations

import email.utils
import random
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from auth_service.erp.outbox import Message
from common.files import writing
from plant.settings.erp_interface import CONTENT_TYPES, FILE_FOLDER, shown_url

LONGEST_PAUSE_SECONDS: Final = 900.0
LONGEST_WISH_SECONDS: Final = 3600.0
SHOWN_CHARACTERS: Final = 300

Content = Callable[[int], Awaitable[bytes | None]]
"""Gives a part of the content by its number; None after the last."""


@dataclass(frozen=True)
class Outcome:
    """What became of an attempt.

    Attributes:
        delivered: whether the ERP took it.
        permanent: whether trying again would change nothing.
        error: why not, for people; nothing secret in it.
        status: HTTP status; 0 when none came.
        retry_after: seconds that the ERP asked to wait; None when it said nothing.
        target: where it went, without anything secret.
    """

    delivered: bool
    permanent: bool = False
    error: str = ""
    status: int = 0
    retry_after: float | None = None
    target: str = ""


def is_permanent(status: int) -> bool:
    """Whether an HTTP status means that the same message will never be taken: redirections (which are not followed), and refusals
    that speak of the message or the address rather than of the moment."""
    if status in (408, 423, 425, 429):
        return False
    return 300 <= status < 500 or status in (501, 505)


def pause(attempts: int, first_seconds: float, wish: float | None = None) -> float:
    """Seconds until the next attempt: doubling from `first_seconds` after each of `attempts` failures up to a quarter of an hour, a
    quarter more or less by chance so that messages that failed together do not come back together; never sooner than the ERP wished.
    """
    grown = min(first_seconds * 2.0 ** min(attempts - 1, 30), LONGEST_PAUSE_SECONDS)
    return max(grown * random.uniform(0.75, 1.25), min(wish or 0.0, LONGEST_WISH_SECONDS))


async def push(message: Message, content: Content, endpoint: str, authorization: str, timeout: float) -> Outcome:
    """POST a message to the ERP.

    Args:
        authorization: value of the header Authorization; "": none.
        timeout: seconds that each step of the exchange may take.
    """
    headers = {
        "Content-Type": CONTENT_TYPES[message.format],
        "Content-Length": str(message.bytes),
        "Idempotency-Key": message.message_id,
        "User-Agent": "routing-ml",
    }
    if authorization:
        headers["Authorization"] = authorization
    target = shown_url(endpoint)
    try:
        async with (
            httpx.AsyncClient(timeout=timeout, follow_redirects=False, trust_env=False) as client,
            client.stream("POST", endpoint, headers=headers, content=_parts(content)) as answer,
        ):
            said = await _beginning(answer)
            status = answer.status_code
            wish = wished_pause(answer.headers.get("retry-after", ""))
    except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
        text = str(error) or "no answer came in time"
        return Outcome(False, error=redacted(f"{type(error).__name__}: {text}", authorization, endpoint), target=target)
    if 200 <= status < 300:
        return Outcome(True, status=status, target=target)
    error_text = redacted(f"The ERP answered {status}{f': {said}' if said else ''}", authorization, endpoint)
    return Outcome(False, is_permanent(status), error_text, status, wish, target)


async def _parts(content: Content) -> AsyncIterator[bytes]:
    number = 0
    while (data := await content(number)) is not None:
        yield data
        number += 1


async def _beginning(answer: httpx.Response) -> str:
    """The beginning of an answer's text, on one line."""
    data = b""
    async for chunk in answer.aiter_bytes():
        data += chunk
        if len(data) >= SHOWN_CHARACTERS * 4:
            break
    return " ".join(data.decode("utf-8", "replace").split())[:SHOWN_CHARACTERS]


def wished_pause(header: str) -> float | None:
    """Seconds that a header Retry-After asks for, which has a number or a date."""
    if header.strip().isdigit():
        return float(header.strip()[:9])
    try:
        return max(0.0, email.utils.parsedate_to_datetime(header).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


def redacted(text: str, authorization: str, endpoint: str) -> str:
    """A text without the credential and without what follows the path of the endpoint."""
    secrets = [authorization, authorization.partition(" ")[2].strip()]
    rest = endpoint.partition("?")[2]
    secrets += [rest, *(pair.partition("=")[2] for pair in rest.split("&"))]
    for secret in sorted((s for s in secrets if len(s) > 3), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text[:500]


async def drop(message: Message, content: Content, export_folder: Path) -> Outcome:
    """Write a message as a file into the folder `erp` of the export folder; the same message always has the same name."""
    folder = (export_folder / FILE_FOLDER).resolve()
    target = folder / f"{message.kind}_{message.message_id}.{message.format}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with writing(target) as stream:
            async for data in _parts(content):
                stream.write(data)
    except OSError as error:
        return Outcome(False, error=f"{folder} cannot be written: {error.strerror or error}", target=str(target))
    return Outcome(True, target=str(target))
