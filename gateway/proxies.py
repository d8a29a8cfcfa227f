"""Who the client is behind a proxy: what X-Forwarded-For and X-Forwarded-Proto say counts only where a known proxy has said it."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Final, cast

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

TOKEN_HEADER: Final = b"x-routing-ml-proxy"


class ProxyHeaders:
    """Takes over the client and the scheme that a proxy names.

    Args:
        proxies: addresses and networks of proxies; "*": all.
        token: what a proxy has to show beside its address; "": nothing. It tells the proxy from other programs of its machine.
    """

    def __init__(self, app: ASGIApp, proxies: Sequence[str], token: str) -> None:
        self._app, self._token = app, token.encode("utf-8")
        self._behind = cast(ASGIApp, ProxyHeadersMiddleware(app, list(proxies)))  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http" and self._is_from_proxy(scope):
            await self._behind(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _is_from_proxy(self, scope: Scope) -> bool:
        shown = [value for name, value in scope["headers"] if name == TOKEN_HEADER]
        return not self._token or (len(shown) == 1 and hmac.compare_digest(shown[0], self._token))


def behind_proxies(app: ASGIApp, proxies: Sequence[str], token: str) -> ASGIApp:
    """The application, which sees the clients of these proxies; without proxies whoever connects is the client."""
    return ProxyHeaders(app, proxies, token) if proxies else app
