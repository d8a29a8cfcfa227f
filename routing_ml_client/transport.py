"""Sending requests to the gateway: session token, errors as exceptions, reads tried again while a process restarts."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

import httpx

TRY_AGAIN: Final = frozenset({429, 503})
LONGEST_PAUSE: Final = 5.0


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
        self.retry_after = float(after) if after.isdigit() else None
        super().__init__(f"{answer.request.method} {answer.request.url.path}: {self.status} {self._text()}")

    def _text(self) -> str:
        if not isinstance(self.detail, list):
            return str(self.detail)
        return "; ".join(f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in self.detail)


class Transport:
    """A connection to one gateway.

    Args:
        url: such as http://plant-server:8000.
        token: a session token; `log_in` gets one.
        timeout: seconds of a request.
        retries: how often a read is tried again when the gateway asks for it (429, 503) or cannot be reached.
        http: a client of httpx with settings of its own; its base URL stays.
    """

    def __init__(
        self, url: str, *, token: str = "", timeout: float = 30.0, retries: int = 2, http: httpx.Client | None = None
    ) -> None:
        self.http = http or httpx.Client(base_url=url, timeout=timeout)
        self._retries = retries
        if token:
            self.http.headers["Authorization"] = f"Bearer {token}"

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
            httpx.TransportError: the gateway cannot be reached.
        """
        given = {name: value for name, value in (params or {}).items() if value is not None}
        pause = 0.2
        for left in range(self._retries if method == "GET" else 0, -1, -1):
            try:
                answer = self.http.request(method, path, params=given, json=body)
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
