"""What happens around each request: request id, caller, origin, body limit, headers, one log line, figures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common import tracing
from common.errors import PermissionDenied, ServiceError, Unauthenticated, Unavailable, lack_of_resources
from common.identity import Caller, KeyRing, site_of
from common.logs import get_logger, log_request
from common.request_context import RequestContext, add_log_fields, enter_request, leave_request, new_request_id
from common.settings import Settings
from common.sites import SITE_KEY, unknown_site
from gateway import figures
from gateway.admission import exchange
from gateway.beginnings import BEGINNINGS, Beginnings
from gateway.bodies import BodySpace, declared_length, limited, too_large
from gateway.failures import ClientGone, failure
from gateway.security import JSON_POLICY, PAGE_POLICY, Origins, Sender, credentials_of, identify

if TYPE_CHECKING:
    from gateway.state import Gateway

log = get_logger(__name__)

REFUSAL: Final = "routing_ml_refusal"
"""Key in the ASGI scope: why the token that came was not accepted."""

SITE_HEADER: Final = SITE_KEY.encode("ascii")

EVENT_STREAM: Final = "/api/system/events"
"""Path whose answer has no end, so that its time says nothing."""

PIECE_BYTES: Final = 64 * 1024

_COMMON_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
)


class RequestMiddleware:
    """Outermost layer of the gateway.

    Args:
        keys: verification keys and revocations, kept up to date by the control follower.
        recent: gets every request to `/api/*` for the dashboard.
        stopping: what the server sets when it is told to stop.
        version: the active model version, for the log lines of requests that name none themselves.
        sites: the plants beside the installation's own, by name.
        probes: paths by which the gateway is watched; who asks them waits for no turn.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: Settings,
        keys: KeyRing,
        recent: figures.RecentRequests,
        stopping: asyncio.Event,
        version: Callable[[], str],
        sites: Mapping[str, Gateway] | None = None,
        probes: frozenset[str] = frozenset(),
    ) -> None:
        self.sites = sites or {}
        self.app, self.settings, self.keys, self.recent = app, settings, keys, recent
        self.stopping, self.version = stopping, version
        self.origins = Origins(settings.allowed_origins)
        self.bodies = BodySpace()
        self.beginnings, self.probes = Beginnings(), probes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        await _Exchange(self, scope).run(receive, send)


class _Exchange:
    """One request and its answer."""

    def __init__(self, owner: RequestMiddleware, scope: Scope) -> None:
        self._gateway, self._settings = owner, owner.settings
        self._scope = scope
        scope[BEGINNINGS] = owner.beginnings
        self._is_head = scope["method"] == "HEAD"
        self._inner: Scope = {**scope, "method": "GET"} if self._is_head else scope
        self._headers: dict[bytes, str] = {name: value.decode("latin-1") for name, value in scope["headers"]}
        self._status = 0
        self._started = time.perf_counter()
        self._context = RequestContext(
            request_id=new_request_id(self._headers.get(b"x-request-id")),
            caller=Caller.nobody(),
            deadline=time.monotonic() + self._settings.rpc_timeout_seconds,
        )
        tracing.begin(f"{scope['method']} {scope['path'][:200]}", self._context, self._headers.get(b"traceparent", ""))

    async def run(self, receive: Receive, send: Send) -> None:
        if self._scope["path"] not in self._gateway.probes:
            await self._gateway.beginnings.turn(declared_length(self._scope))
        token = enter_request(self._context)

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._status = message["status"]
                message["headers"] = [*message.get("headers", ()), *self._extra_headers(message.get("headers", ()))]
                await send(message)
                if self._is_head:  # as GET, and no more of it
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
            elif not self._is_head:
                await _send_in_pieces(message, send)

        try:
            with self._gateway.bodies.of_one_request() as space:
                bounded = limited(receive, self._settings.max_body_bytes, space)
                async with exchange(bounded):
                    await self._answer(bounded, send_on)
        finally:
            self._record()
            leave_request(token)

    async def _answer(self, receive: Receive, send: Send) -> None:
        try:
            self._admit()
            await self._gateway.app(self._inner, receive, send)
        except ServiceError as error:
            await self._fail(error, send)
        except ClientDisconnect:
            await self._fail(ClientGone("The client has hung up within its request"), send)
        except Exception as error:
            lack = lack_of_resources(error)
            if lack is None:
                log.exception("unexpected error", method=self._scope["method"], path=self._scope["path"])
            await self._fail(
                lack or ServiceError(f"An internal error; the log has it under request {self._context.request_id}"),
                send,
            )

    def _admit(self) -> None:
        credentials = credentials_of(self._headers.get(b"authorization", ""), self._headers.get(b"cookie", ""))
        self._gateway.origins.check(
            self._scope["method"],
            Sender(
                origin=self._headers.get(b"origin", ""),
                fetch_site=self._headers.get(b"sec-fetch-site", ""),
                host=self._headers.get(b"host", ""),
            ),
            credentials,
        )
        if declared_length(self._scope) > self._settings.max_body_bytes:
            raise too_large(self._settings.max_body_bytes)
        try:
            self._context.caller = identify(self._keys_for(credentials.token), credentials)
        except (Unauthenticated, Unavailable, PermissionDenied) as refusal:
            self._scope[REFUSAL] = self._inner[REFUSAL] = refusal
        else:
            if credentials.token:
                self._context.token = f"Bearer {credentials.token}"

    def _keys_for(self, token: str) -> KeyRing:
        """The keys of the site that the request is for: the one that it names, else the one of its session.

        Raises:
            NotFound: it names a site that is not there.
        """
        sites, wanted = self._gateway.sites, self._headers.get(SITE_HEADER, "").strip()
        if wanted and wanted not in sites:
            raise unknown_site(wanted)
        site = wanted or (site_of(token) if token and sites else "")
        if site not in sites:
            return self._gateway.keys
        self._context.site = self._context.fields["site"] = site
        return sites[site].keys

    async def _fail(self, error: ServiceError, send: Send) -> None:
        if self._status:
            add_log_fields(reason=error.reason, error=error.message)
            return  # the answer has begun; closing the connection is all that is left
        await failure(error)(self._inner, _nothing_more, send)

    def _extra_headers(self, present: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        names = dict(present)
        is_page = names.get(b"content-type", b"").startswith(b"text/html")
        extra = [(b"x-request-id", self._context.request_id.encode("ascii")), *_COMMON_HEADERS]
        if b"content-security-policy" not in names:  # pages of the documents have their own
            extra.append((b"content-security-policy", (PAGE_POLICY if is_page else JSON_POLICY).encode("ascii")))
        if b"cache-control" not in names and self._scope["path"].startswith("/api"):
            extra.append((b"cache-control", b"no-store"))
        if self._settings.cookie_secure:
            extra.append((b"strict-transport-security", b"max-age=31536000"))
        if self._gateway.stopping.is_set() and b"connection" not in names:
            extra.append(
                (b"connection", b"close")
            )  # so that no client sends its next request into a closing connection
        return extra

    def _record(self) -> None:
        elapsed = time.perf_counter() - self._started
        status = self._status or figures.CLIENT_GONE
        tracing.end(self._context, str(status), failed=status >= 500)
        path = self._scope["path"]
        route = getattr(self._inner.get("route"), "path", "") or ("static" if self._status == 200 else "none")
        figures.requests.labels(self._scope["method"], route, status).inc()
        if self._context.site:
            figures.site_requests.labels(self._context.site, status).inc()
        if path != EVENT_STREAM:
            figures.seconds.labels(route).observe(elapsed)
            if path.startswith("/api/") and path != "/api/health":
                site = self._gateway.sites.get(self._context.site)
                (site or self._gateway).recent.add(elapsed, status)
        log_request(
            "http",
            {
                "method": self._scope["method"],
                "path": path[:500],
                "status": status,
                "duration_ms": round(elapsed * 1000, 3),
                "user": self._context.caller.username,
                "model_version": self._gateway.version(),
                **self._context.fields,
            },
        )


async def _send_in_pieces(message: Message, send: Send) -> None:
    """Send a body so that a large one is not copied whole into the connection, and counts as work until its client has taken it."""
    body: bytes = message.get("body", b"")
    for start in range(0, len(body) - PIECE_BYTES, PIECE_BYTES):
        await send({"type": message["type"], "body": body[start : start + PIECE_BYTES], "more_body": True})
    last = (len(body) - 1) // PIECE_BYTES * PIECE_BYTES if body else 0
    await send({**message, "body": body[last:]} if last else message)


async def _nothing_more() -> Message:
    return {"type": "http.disconnect"}
