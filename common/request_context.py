"""What one request carries through a process: its id, its caller, its deadline, and the fields of its log line."""

from __future__ import annotations

import contextvars
import re
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from common.identity import Caller

_SAFE_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


class JoinedRequest(NamedTuple):
    """A request that another one's call answers, too: its id, and its caller's credential."""

    request_id: str
    token: str


@dataclass
class RequestContext:
    """State of one request.

    Attributes:
        request_id: id that follows the request through all processes.
        caller: who asks.
        token: the caller's credential as received, to pass on.
        deadline: time.monotonic() value after which nobody waits any more; None when unbounded.
        site: the site that the request is for; "" the installation's own plant.
        fields: what handlers add to the request's log line (model_version, items, ...).
        span: its span of a trace; None where nobody traces.
        joined: further requests that are answered by the same calls.
    """

    request_id: str
    caller: Caller
    token: str = ""
    deadline: float | None = None
    site: str = ""
    fields: dict[str, object] = field(default_factory=dict)
    span: Any = None
    joined: tuple[JoinedRequest, ...] = ()

    def remaining(self) -> float | None:
        """Seconds until the deadline, not below 0; None when unbounded."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())


_current: contextvars.ContextVar[RequestContext | None] = contextvars.ContextVar("routing_ml_request", default=None)


def new_request_id(proposed: str | None = None) -> str:
    """The proposed id when it is harmless in logs and headers, else a fresh one."""
    if proposed and _SAFE_ID.fullmatch(proposed):
        return proposed
    return uuid.uuid4().hex


def safe_ids(listed: str) -> list[str]:
    """The ids among those of a list with commas that are harmless in logs."""
    return [one for one in listed.split(",") if _SAFE_ID.fullmatch(one)]


def current_request() -> RequestContext | None:
    """The request being handled; None outside requests."""
    return _current.get()


def enter_request(context: RequestContext) -> contextvars.Token[RequestContext | None]:
    """Make `context` current; give the result to `leave_request`."""
    return _current.set(context)


def leave_request(token: contextvars.Token[RequestContext | None]) -> None:
    """Restore what was current before."""
    _current.reset(token)


def current_caller() -> Caller:
    """Who asks; nobody outside requests."""
    context = _current.get()
    return context.caller if context else Caller.nobody()


def add_log_fields(**fields: object) -> None:
    """Add fields (model_version=..., items=...) to the log line of the current request; nothing outside requests."""
    context = _current.get()
    if context is not None:
        context.fields.update(fields)


def allow_more_time(seconds: float) -> None:
    """Give the current request at least `seconds` from now, for work that is known to take long."""
    context = _current.get()
    if context is not None and context.deadline is not None:
        context.deadline = max(context.deadline, time.monotonic() + seconds)
