"""Sending requests to the gateway: session token, errors as exceptions, reads tried again while a process restarts."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

import httpx

TRY_AGAIN: Final = frozenset({429, 502, 503, 504})
"""Answers after which a read is asked again: of a gateway, or of a proxy before several when the one that it chose is gone."""
LONGEST_PAUSE: Final = 5.0
CONNECT_SECONDS: Final = 0.5
"""What one of several gateways gets to take a connection."""
PATIENCE_SECONDS: Final = 0.8
"""What one of several gateways gets to answer before it is asked whether it lives."""
READING_POSTS: Final = frozenset(
    (
        "/api/predict",
        "/api/similarity/search",
        "/api/similarity/group-search",
        "/api/groups/recommendations",
        "/api/time/summary",
        "/api/rules/validate",
    )
)
"""Requests that change nothing though they are posted."""


class ApiError(Exception):
    """An answer of the gateway that is no success.

    Attributes:
        status: the HTTP status.
        detail: what is wrong: a text, or for 422 a list of {loc, msg, type}.
        reason: stable name for programs, such as FOREIGN_ORIGIN; "" when the answer has none.
        request_id: finds the request in the logs.
        retry_after: seconds after which trying again makes sense; None: it does not.
    """

    def __init__(self, answer: httpx.Response) -> None:
        try:
            body = answer.json()
        except ValueError:
            body = answer.text[:500]
        self.status = answer.status_code
        self.detail: Any = body.get("detail", body) if isinstance(body, dict) else body
        self.reason = answer.headers.get("x-error-reason", "")
        self.request_id = answer.headers.get("x-request-id", "")
        after = answer.headers.get("retry-after", "")
        self.retry_after = float(after) if after.isascii() and after.isdigit() else None
        super().__init__(f"{answer.request.method} {answer.request.url.path}: {self.status} {self._text()}")

    def _text(self) -> str:
        if not isinstance(self.detail, list):
            return str(self.detail)
        return "; ".join(f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in self.detail)


class Transport:
    """Connections to the gateways of an installation.

    Args:
        url: such as http://plant-server:8000; several, of which each is asked while those before it do not answer.
        token: a session token; `log_in` gets one.
        site: the plant that is asked, where there are several; "" the one that the session belongs to.
        timeout: seconds of a request.
        retries: how often a request that changes nothing is tried again when it is asked for (429, 503) or no gateway answers.
        http: a client of httpx with settings of its own; its base URL stays.

    Raises:
        ValueError: no URL is given.
    """

    def __init__(
        self,
        url: str | Sequence[str],
        *,
        token: str = "",
        site: str = "",
        timeout: float = 30.0,
        retries: int = 3,
        http: httpx.Client | None = None,
    ) -> None:
        named = [url] if isinstance(url, str) else list(url)
        if not named:
            raise ValueError("name at least one gateway, such as http://plant-server:8000")
        self.http = http or httpx.Client(base_url=named[0] if len(named) == 1 else "", timeout=timeout)
        self._gateways = [""] if http is not None or len(named) == 1 else [one.rstrip("/") for one in named]
        self._timeout = timeout
        self._retries = retries
        if token:
            self.http.headers["Authorization"] = f"Bearer {token}"
        if site:
            self.http.headers["X-Routing-Site"] = site

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self.http.close()

    def json(self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: Any = None) -> Any:
        """The JSON value that a request is answered with. Raises ApiError."""
        return self.send(method, path, params=params, body=body).json()

    def bytes(self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: Any = None) -> bytes:
        """The content that a request is answered with. Raises ApiError."""
        return self.send(method, path, params=params, body=body).content

    def send(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: Any = None
    ) -> httpx.Response:
        """The successful answer to a request; parameters that are None are left out.

        Raises:
            ApiError: the gateway refused it, or failed.
            httpx.TransportError: no gateway can be reached, or one has failed in the middle of a change.
        """
        given = {name: value for name, value in (params or {}).items() if value is not None}
        pause = 0.2
        reads = method == "GET" or path in READING_POSTS
        for left in range(self._retries if reads else 0, -1, -1):
            try:
                answer = self._ask(reads, method, path, given, body)
            except httpx.TransportError:
                if not left:
                    raise
            else:
                if answer.is_success:
                    return answer
                error = ApiError(answer)
                if not left or error.status not in TRY_AGAIN or (error.retry_after or 0.0) > LONGEST_PAUSE:
                    raise error
                pause = error.retry_after or pause
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        raise AssertionError("the last attempt returns or raises")

    def _ask(self, reads: bool, method: str, path: str, params: Mapping[str, Any], body: Any) -> httpx.Response:
        """Ask the gateway that answered last; where it does not, the next one, which is asked first from then on.

        What changes something goes to another gateway only where it cannot have arrived.
        """
        if len(self._gateways) == 1:
            return self.http.request(method, path, params=params, json=body)
        failure: httpx.TransportError | None = None
        for gateway in list(self._gateways):
            try:
                return self._ask_one(gateway, reads, method, path, params, body)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
            except httpx.TransportError as error:
                if not reads:
                    raise
                failure = error
            self._gateways.append(self._gateways.pop(self._gateways.index(gateway)))
        assert failure is not None
        raise failure

    def _ask_one(
        self, gateway: str, reads: bool, method: str, path: str, params: Mapping[str, Any], body: Any
    ) -> httpx.Response:
        """Ask one of several gateways; one that says nothing for a while has to show that it lives."""
        url = f"{gateway}{path}"
        if not reads or self._timeout <= PATIENCE_SECONDS:
            timeout = httpx.Timeout(self._timeout, connect=CONNECT_SECONDS)
            return self.http.request(method, url, params=params, json=body, timeout=timeout)
        first = httpx.Timeout(PATIENCE_SECONDS, connect=CONNECT_SECONDS)
        try:
            return self.http.request(method, url, params=params, json=body, timeout=first)
        except httpx.ReadTimeout:
            with httpx.Client(timeout=CONNECT_SECONDS) as fresh:  # not on a connection that may be dead
                fresh.get(f"{gateway}/health/live")
            rest = httpx.Timeout(self._timeout, connect=CONNECT_SECONDS)
            return self.http.request(method, url, params=params, json=body, timeout=rest)
