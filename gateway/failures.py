"""Errors as HTTP: status, body `{"detail": ...}`, and headers with the request id, the reason and when to try again.

The body stays what older clients know: a text, or for a request that does not validate a list of {loc, msg, type}.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final
from urllib.parse import quote

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match

from common import errors
from common.request_context import add_log_fields
from common.value_notices import value_notice
from common.whole_numbers import whole_number
from gateway.answers import json_answer
from gateway.notice_header import notice_headers, violation_headers

MOST_VALIDATION_ERRORS = 100

REASON_HEADER: Final = "x-error-reason"

UNTOLD_RETRY_SECONDS: Final = 15.0
"""When to try again after a 503 or 504 whose cause does not say it: a full disk, a damaged source, what people have to see to first."""

_STATUSES: Final[dict[type[errors.ServiceError], int]] = {
    errors.InvalidInput: 422,
    errors.Unauthenticated: 401,
    errors.PermissionDenied: 403,
    errors.NotFound: 404,
    errors.AlreadyExists: 409,
    errors.Conflict: 409,
    errors.PreconditionFailed: 409,
    errors.TooManyRequests: 429,
    errors.Unavailable: 503,
    errors.DeadlineExceeded: 504,
    errors.DataProblem: 503,
    errors.Unimplemented: 501,
    errors.ServiceError: 500,
}


class BadRequest(errors.InvalidInput):
    """A request that the contract answers with 400 instead of 422."""


class BodyTooLarge(errors.InvalidInput):
    """A request body over the limit (413)."""

    default_reason = "BODY_TOO_LARGE"


class ClientGone(errors.ServiceError):
    """The client has hung up (499, seen by nobody but the log)."""

    default_reason = "CLIENT_GONE"


_STATUSES[BadRequest] = 400
_STATUSES[ClientGone] = 499
_STATUSES[BodyTooLarge] = 413


def status_of(error: errors.ServiceError) -> int:
    """The HTTP status of an error."""
    for kind in type(error).__mro__:
        if kind in _STATUSES:
            return _STATUSES[kind]
    return 500


def failure(
    error: errors.ServiceError, more: Mapping[str, object] | None = None, more_headers: Mapping[str, str] | None = None
) -> Response:
    """The answer to a request that failed with `error`.

    Args:
        more: further fields of the body, beside `detail`.
        more_headers: further headers.
    """
    add_log_fields(reason=error.reason, error=error.message)
    status = status_of(error)
    headers = {
        REASON_HEADER: _header_safe(error.reason),
        **notice_headers(error.reason, error.details),
        **violation_headers(error.violations),
    }
    retry_after = error.retry_after
    if retry_after is None and status in (503, 504):
        retry_after = UNTOLD_RETRY_SECONDS
    if retry_after is not None:
        headers["retry-after"] = str(max(1, math.ceil(retry_after)))
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    if status == 413:
        headers["connection"] = "close"
    detail: object = error.message
    if status == 422 and error.violations:
        detail = [
            {"loc": body_location(violation.field), "msg": violation.description, "type": "value_error"}
            for violation in error.violations
        ]
    return json_answer({"detail": detail, **(more or {})}, status, {**headers, **(more_headers or {})})


def body_location(field: str) -> list[str | int]:
    """A field's path (`graph.edges.0.target`) as the location in a 422 body."""
    parts = [part for part in field.split(".") if part]
    return ["body", *(part if (place := whole_number(part)) is None else place for part in parts)]


def validation_failure(problems: Sequence[Mapping[str, object]]) -> Response:
    """The 422 answer for what a schema found; the values that were sent are not repeated."""
    detail = [
        {"loc": list(problem.get("loc", ())), "msg": str(problem.get("msg", "")), "type": str(problem.get("type", ""))}  # type: ignore[call-overload]
        for problem in problems[:MOST_VALIDATION_ERRORS]
    ]
    add_log_fields(reason="INVALID_REQUEST", error=detail[0]["msg"] if detail else "")
    wrong = [
        errors.FieldViolation(".".join(str(part) for part in problem.get("loc", ())[1:]), value_notice({**problem, "input": None}))  # type: ignore[index]
        for problem in problems[:MOST_VALIDATION_ERRORS]
    ]
    return json_answer({"detail": detail}, 422, {REASON_HEADER: "INVALID_REQUEST", **violation_headers(wrong)})


async def answer_service_error(_request: Request, error: Exception) -> Response:
    """Exception handler for errors of the services and of the gateway itself."""
    assert isinstance(error, errors.ServiceError)
    return failure(error)


async def answer_client_gone(_request: Request, error: Exception) -> Response:
    """Exception handler for clients that hang up before their request is whole. Nobody gets the answer."""
    assert isinstance(error, ClientDisconnect)
    return failure(ClientGone("The client has hung up within its request"))


async def answer_validation_error(_request: Request, error: Exception) -> Response:
    """Exception handler for requests that do not match their schema."""
    assert isinstance(error, RequestValidationError)
    return validation_failure(error.errors())


async def answer_http_exception(request: Request, error: Exception) -> Response:
    """Exception handler for unknown paths, wrong methods and unreadable bodies."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404 and (place := _without_slash(request)):
        return Response(status_code=307, headers={"location": place})
    reason = {404: "NO_SUCH_PATH", 405: "METHOD_NOT_ALLOWED"}.get(error.status_code, "BAD_REQUEST")
    add_log_fields(reason=reason)
    return json_answer(
        {"detail": str(error.detail)}, error.status_code, {**(error.headers or {}), REASON_HEADER: reason}
    )


def _without_slash(request: Request) -> str:
    """The address of the API that a client means who ends it with a slash, as the older server took it; "" when there is none."""
    path = str(request.scope["path"])
    if not path.startswith("/api/") or not path.endswith("/"):
        return ""
    scope = {**request.scope, "path": path.rstrip("/")}
    if all(route.matches(scope)[0] is Match.NONE for route in request.app.router.routes):
        return ""
    query = bytes(request.scope["query_string"]).decode("latin-1")
    return quote(path.rstrip("/")) + (f"?{query}" if query else "")


@contextmanager
def contract_says_400(*also: type[errors.ServiceError]) -> Iterator[None]:
    """Within this block invalid input, and errors of the kinds in `also`, are answered with 400 and a text."""
    try:
        yield
    except errors.ServiceError as error:
        if isinstance(error, BadRequest | BodyTooLarge) or not isinstance(error, (errors.InvalidInput, *also)):
            raise
        raise BadRequest(
            error.message,
            reason=error.reason,
            details=error.details,
            violations=error.violations,
            retry_after=error.retry_after,
        ) from None


def _header_safe(text: str) -> str:
    return "".join(letter for letter in text if letter.isascii() and letter.isprintable())[:100] or "INTERNAL"
