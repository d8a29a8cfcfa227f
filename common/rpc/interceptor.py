"""What happens around each call in a server: request id, identity, access, error status, one log line, figures."""

from __future__ import annotations

import asyncio
import enum
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NoReturn

import grpc

from common import errors, tracing
from common.identity import Authenticator, Caller, site_of
from common.logs import get_logger, log_request
from common.request_context import (
    JoinedRequest,
    RequestContext,
    enter_request,
    leave_request,
    new_request_id,
    safe_ids,
)
from common.rpc import metrics
from common.rpc.foreign_messages import WholeMessages, tolerant, whole
from common.rpc.status import code_of, to_status
from common.sites import SITE_KEY, unknown_site

log = get_logger(__name__)

JOINED_IDS: Final = "x-joined-request-ids"
"""Metadata: ids of further requests that a call answers, with commas between them."""

JOINED_CREDENTIAL: Final = "x-joined-authorization"
"""Metadata: the credential of a caller of one of them, where it is another one. Who may not call makes the whole call fail."""

OPEN_SERVICES = (
    "grpc.health.v1.Health",
    "grpc.reflection.v1alpha.ServerReflection",
    "grpc.reflection.v1.ServerReflection",
)
"""Of gRPC itself, for anybody. Probes call them every few seconds, so only calls that fail are told in the log."""


class Access(enum.Enum):
    """Who may call a method. Processes of the installation may call all of them."""

    OPEN = "anybody"
    USER = "people who are logged in"
    GROUP = "people who are logged in, at the site or at another one of its group"
    ADMIN = "administrators"
    SERVICE = "processes of this installation"

    def check(self, caller: Caller) -> None:
        """Refuse a caller who may not.

        Raises:
            Unauthenticated: nobody in particular calls.
            PermissionDenied: the caller's role is not enough.
        """
        if self is Access.OPEN or caller.role == "service":
            return
        if not caller.role:
            raise errors.Unauthenticated("Log in first: the call carries no token")
        if (self is Access.ADMIN and caller.role != "admin") or self is Access.SERVICE:
            raise errors.PermissionDenied(f"Only {self.value} may do this")


Handler = Callable[[Any, Any], Awaitable[Any]]
StreamHandler = Callable[[Any, Any], AsyncIterator[Any]]


@dataclass(frozen=True)
class SitePart:
    """What answers calls for one site, or for the installation's own plant.

    Attributes:
        authenticator: knows who calls.
        version: model version of the moment, for the log lines of calls that name none themselves.
        admit: raises ServiceError to refuse a call by its method.
        behaviours: full method name -> what answers it; what is not named is the same for all sites.
        group: its group; "": none.
    """

    authenticator: Authenticator
    version: Callable[[], str] = lambda: ""
    admit: Callable[[str], None] | None = None
    behaviours: Mapping[str, Any] = field(default_factory=dict)
    group: str = ""


class RequestInterceptor(grpc.aio.ServerInterceptor):  # type: ignore[misc,unused-ignore]
    """Wraps the handlers of all services of a server.

    Args:
        access: full method name (`/package.Service/Method`) -> who may call it; what is not named needs a log-in.
        version, admit, group: see SitePart.
        sites: what answers calls for each site; read anew at every call.
    """

    def __init__(
        self,
        authenticator: Authenticator,
        access: Mapping[str, Access],
        version: Callable[[], str] = lambda: "",
        admit: Callable[[str], None] | None = None,
        sites: Mapping[str, SitePart] | None = None,
        group: str = "",
    ) -> None:
        self._own = SitePart(authenticator, version, admit, group=group)
        self._sites = sites if sites is not None else {}
        self._access = dict(access)
        self._wrapped: dict[str, Any] = {}
        self.in_flight = 0

    async def intercept_service(self, continuation: Any, details: Any) -> Any:
        """Wrap a method's handler, once."""
        method = details.method
        known = self._wrapped.get(method)
        if known is not None:
            return known
        handler = await continuation(details)
        if handler is None:
            return handler
        self._wrapped[method] = wrapped = self._wrap(method, handler)
        return wrapped

    def _wrap(self, method: str, handler: Any) -> Any:
        options = {
            "request_deserializer": tolerant(handler.request_deserializer),
            "response_serializer": handler.response_serializer,
        }
        kind = "stream" if handler.request_streaming else "unary"
        if not handler.response_streaming:
            behaviour = getattr(handler, f"{kind}_unary")
            make = getattr(grpc, f"{kind}_unary_rpc_method_handler")
            return make(self._unary(method, behaviour, handler.request_streaming), **options)
        behaviour = getattr(handler, f"{kind}_stream")
        make = getattr(grpc, f"{kind}_stream_rpc_method_handler")
        # A servicer may also be a coroutine that writes its answers itself
        wrapper = self._stream if inspect.isasyncgenfunction(behaviour) else self._unary
        return make(wrapper(method, behaviour, handler.request_streaming), **options)

    def _unary(self, method: str, behaviour: Handler, streaming: bool) -> Handler:
        observe = metrics.seconds.labels(method).observe
        ok = metrics.calls.labels(method, "OK")

        async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            started = time.perf_counter()
            state = self._begin(method, context)
            token = enter_request(state)
            self.in_flight += 1
            status = "OK"
            try:
                answers = self._admit(method, state) or behaviour
                return await answers(WholeMessages(request) if streaming else whole(request), context)
            except BaseException as error:
                failure, status = self._translate(error, method, state, context)
                if failure is None:
                    raise
                await _abort(context, failure, state.request_id)
            finally:
                elapsed = time.perf_counter() - started
                self.in_flight -= 1
                observe(elapsed)
                (ok if status == "OK" else metrics.calls.labels(method, status)).inc()
                self._log(method, status, elapsed, state)
                leave_request(token)

        return call

    def _stream(self, method: str, behaviour: StreamHandler, streaming: bool) -> StreamHandler:
        async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[Any]:
            started = time.perf_counter()
            state = self._begin(method, context)
            token = enter_request(state)
            status = "OK"
            try:
                answers = self._admit(method, state) or behaviour
                messages = WholeMessages(request) if streaming else whole(request)
                async for response in answers(messages, context):
                    yield response
                if streaming and messages.refusal is not None:
                    raise messages.refusal
            except GeneratorExit:
                status = "CANCELLED"
                raise
            except BaseException as error:
                failure, status = self._translate(error, method, state, context)
                if failure is None:
                    raise
                await _abort(context, failure, state.request_id)
            finally:
                elapsed = time.perf_counter() - started
                metrics.calls.labels(method, status).inc()
                self._log(method, status, elapsed, state)
                try:
                    leave_request(token)
                except ValueError:  # a cancelled generator is closed in another context, which needs no restoring
                    pass

        return call

    @staticmethod
    def _begin(method: str, context: grpc.aio.ServicerContext[Any, Any]) -> RequestContext:
        request_id, authorization, traceparent, site, ids = None, "", "", "", ""
        further: list[str] = []
        for key, value in context.invocation_metadata() or ():
            if key == "x-request-id":
                request_id = value if isinstance(value, str) else None
            elif key == "authorization" and isinstance(value, str):
                authorization = value
            elif key == "traceparent" and isinstance(value, str):
                traceparent = value
            elif key == SITE_KEY and isinstance(value, str):
                site = value
            elif key == JOINED_IDS and isinstance(value, str):
                ids = value
            elif key == JOINED_CREDENTIAL and isinstance(value, str):
                further.append(value)
        remaining = context.time_remaining()
        state = RequestContext(
            request_id=new_request_id(request_id),
            caller=Caller.nobody(),
            token=authorization,
            site=site,
            deadline=None if remaining is None or remaining > 1e8 else time.monotonic() + remaining,
        )
        if site:
            state.fields["site"] = site[:40]
        if ids or further:
            state.fields["joined"] = safe_ids(ids)
            state.joined = tuple(JoinedRequest("", token) for token in further)
        if not _of_grpc_itself(method):
            tracing.begin(method, state, traceparent)
        return state

    def _admit(self, method: str, state: RequestContext) -> Any:
        """Let a call in; returns what answers it at its site, None where that is the same for all.

        Raises:
            ServiceError: there is no such site, or the caller may not.
        """
        access = self._access.get(method, Access.USER)
        if _of_grpc_itself(method):
            return None
        part = self._part(state.site)
        if part.admit is not None:
            part.admit(method)
        try:
            state.caller = part.authenticator.identify(state.token)
        except errors.PermissionDenied as refusal:
            if access is not Access.GROUP:
                raise
            state.caller = self._guest(part, state, refusal)
        except (errors.Unauthenticated, errors.Unavailable):
            if access is not Access.OPEN:
                raise
        access.check(state.caller)
        for one in state.joined:
            access.check(part.authenticator.identify(one.token))
        return part.behaviours.get(method)

    def _guest(self, part: SitePart, state: RequestContext, refusal: errors.PermissionDenied) -> Caller:
        """Somebody of another site of the same group, known by the keys of his own."""
        home = site_of(state.token.partition(" ")[2].strip())
        own = self._sites.get(home) if home else self._own
        if own is None or not part.group or own.group != part.group:
            raise refusal
        state.fields["guest_of"] = home
        return own.authenticator.identify(state.token)

    def _part(self, site: str) -> SitePart:
        if not site:
            return self._own
        part = self._sites.get(site)
        if part is None:
            raise unknown_site(site)
        return part

    @staticmethod
    def _translate(
        error: BaseException, method: str, state: RequestContext, context: grpc.aio.ServicerContext[Any, Any]
    ) -> tuple[errors.ServiceError | None, str]:
        """The error to answer with (None when the call is over anyway) and the status for the log."""
        if isinstance(error, asyncio.CancelledError):
            return None, "CANCELLED"
        if isinstance(error, grpc.aio.AbortError):
            return None, "ABORTED"
        if isinstance(error, RuntimeError) and context.code() == grpc.StatusCode.UNIMPLEMENTED:
            error = errors.Unimplemented(f"{method} is not offered here")  # generated code says so of methods left out
        if not isinstance(error, errors.ServiceError):
            lack = errors.lack_of_resources(error)
            if lack is None:
                log.error("unexpected error", method=method, exc_info=error)
            error = lack or errors.ServiceError(f"An internal error; the log has it under request {state.request_id}")
        state.fields.setdefault("reason", error.reason)
        state.fields.setdefault("error", error.message)
        return error, str(code_of(error).name)

    def _log(self, method: str, status: str, elapsed: float, state: RequestContext) -> None:
        tracing.end(state, status, failed=status not in ("OK", "CANCELLED"))
        if status in ("OK", "CANCELLED", "ABORTED") and _of_grpc_itself(method):
            return
        log_request(
            "rpc",
            {
                "method": method,
                "status": status,
                "duration_ms": round(elapsed * 1000, 3),
                "user": state.caller.username,
                "model_version": self._sites.get(state.site, self._own).version(),
                **state.fields,
            },
        )


async def _abort(
    context: grpc.aio.ServicerContext[Any, Any], failure: errors.ServiceError, request_id: str
) -> NoReturn:
    """End a call with an error; one whose caller has gone meanwhile is over without it."""
    try:
        await context.abort_with_status(to_status(failure, request_id))
    except grpc.aio.InternalError as error:
        raise asyncio.CancelledError from error


@lru_cache(maxsize=1024)
def _of_grpc_itself(method: str) -> bool:
    return method.strip("/").split("/")[0] in OPEN_SERVICES
