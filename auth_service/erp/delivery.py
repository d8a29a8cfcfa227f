"""Handing one message over: by HTTP POST, or as a file that the ERP fetches; and what an answer means for the next attempt."""

from __future__ import annotations

import asyncio
import email.utils
import ipaddress
import random
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from auth_service.erp.outbox import Message
from common.files import writing
from common.notices import notice
from plant.export_folder import FILE_MODE
from plant.settings.erp_addresses import refusal
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


async def push(
    message: Message,
    content: Content,
    endpoint: str,
    authorization: str,
    timeout: float,
    permitted: Sequence[str] = (),
) -> Outcome:
    """POST a message to the ERP, at an address that has been looked at: nothing is looked up again in between.

    Args:
        authorization: value of the header Authorization; "": none.
        timeout: seconds that each step of the exchange may take.
        permitted: addresses that may be used although they are this machine's own, link-local or of cloud metadata.
    """
    target, url = shown_url(endpoint), httpx.URL(endpoint)
    headers = {
        "Host": url.netloc.decode("ascii"),
        "Content-Type": CONTENT_TYPES[message.format],
        "Content-Length": str(message.bytes),
        "Idempotency-Key": message.message_id,
        "User-Agent": "routing-ml",
    }
    if authorization:
        headers["Authorization"] = authorization
    try:
        addresses, refused = await _addresses(url, permitted, timeout)
        if not addresses:
            return Outcome(
                False,
                error=refused or notice("ERP_WITHOUT_ADDRESS", "{host} has no address", host=url.host),
                target=target,
            )
        async with AsyncExitStack() as exchange:
            client = await exchange.enter_async_context(
                httpx.AsyncClient(timeout=timeout, follow_redirects=False, trust_env=False)
            )
            answer = await _first_answer(exchange, client, url, addresses, headers, content)
            said = await _beginning(answer)
            status = answer.status_code
            wish = wished_pause(answer.headers.get("retry-after", ""))
    except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
        text = redacted(f"{type(error).__name__}: {error or 'no answer came in time'}", authorization, endpoint)
        late = isinstance(error, TimeoutError | httpx.TimeoutException)
        why = notice("ERP_TOO_LATE" if late else "ERP_NOT_REACHED", "{error}", error=text, host=url.host)
        return Outcome(False, error=why, target=target)
    if 200 <= status < 300:
        return Outcome(True, status=status, target=target)
    said = redacted(f": {said}" if said else "", authorization, endpoint)
    error_text = notice("ERP_ANSWERED", "The ERP answered {status}{said}", status=f"{status}", said=said)
    return Outcome(False, is_permanent(status), error_text, status, wish, target)


async def _addresses(url: httpx.URL, permitted: Sequence[str], timeout: float) -> tuple[list[str], str]:
    """The addresses of the ERP that may be used, in the system's order, and why one of the others may not.

    Raises:
        OSError: the name cannot be looked up.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(timeout):
        found = await loop.getaddrinfo(url.host, url.port or 0, type=socket.SOCK_STREAM)
    usable, refused = [], ""
    for _family, _kind, _protocol, _name, place in found:
        address = str(place[0])
        why = refusal(url.host, ipaddress.ip_address(address.partition("%")[0]), permitted)
        if why:
            refused = refused or why
        elif address not in usable:
            usable.append(address)
    return usable, refused


async def _first_answer(
    exchange: AsyncExitStack,
    client: httpx.AsyncClient,
    url: httpx.URL,
    addresses: Sequence[str],
    headers: dict[str, str],
    content: Content,
) -> httpx.Response:
    """The answer of the first address that can be connected to; the certificate is checked for the name.

    Raises:
        httpx.HTTPError: none can, or the exchange failed.
    """
    for position, address in enumerate(addresses, start=1):
        request = client.build_request(
            "POST",
            url.copy_with(host=address),
            headers=headers,
            content=_parts(content),
            extensions={"sni_hostname": url.host},
        )
        try:
            answer = await client.send(request, stream=True)
        except httpx.ConnectError:
            if position == len(addresses):
                raise
            continue
        exchange.push_async_callback(answer.aclose)
        return answer
    raise httpx.ConnectError(f"{url.host} has no address")


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
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, email.utils.parsedate_to_datetime(header).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
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
    """Write a message as a file into the folder `erp` of the export folder; the same message always has the same name.

    Args:
        export_folder: without links.
    """
    folder = export_folder / FILE_FOLDER
    target = folder / f"{message.kind}_{message.message_id}.{message.format}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        if folder.resolve() != folder:
            return Outcome(
                False,
                error=notice(
                    "ERP_FOLDER_IS_A_LINK",
                    "{folder} in the export directory is a link that leads elsewhere",
                    folder=FILE_FOLDER,
                ),
            )
        with writing(target, FILE_MODE) as stream:
            async for data in _parts(content):
                stream.write(data)
    except OSError as error:
        return Outcome(
            False,
            error=notice(
                "ERP_FOLDER_NOT_WRITTEN",
                "{folder} cannot be written: {why}",
                folder=folder,
                why=error.strerror or error,
            ),
            target=str(target),
        )
    return Outcome(True, target=str(target))
