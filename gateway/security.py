"""Who asks over HTTP (session cookie or Bearer token), which origins may, and the cookie itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.responses import Response

from common.errors import PermissionDenied, Unauthenticated, Unavailable
from common.identity import Caller, KeyRing

COOKIE = "routing_ml_session"
USUAL_PORTS = {"http": 80, "https": 443}
OWN_PAGES = frozenset({"", "same-origin", "none"})
"""Values of Sec-Fetch-Site: none said (programs, old browsers), a page of ours, or typed in by the user."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

JSON_POLICY = "default-src 'none'; frame-ancestors 'none'"
PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class Credentials:
    """What a request carries.

    Attributes:
        token: the session token; "" when none.
        from_cookie: whether it came in the cookie, which browsers send by themselves.
    """

    token: str
    from_cookie: bool


def credentials_of(authorization: str, cookie: str) -> Credentials:
    """The credentials in the headers `Authorization` and `Cookie`; a Bearer token wins."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return Credentials(value.strip(), False)
    for part in cookie.split(";"):
        name, _, content = part.partition("=")
        if name.strip() == COOKIE and content.strip():
            return Credentials(content.strip().strip('"'), True)
    return Credentials("", False)


def identify(keys: KeyRing, credentials: Credentials) -> Caller:
    """The caller that the credentials name; nobody without a token.

    Raises:
        Unauthenticated: the token is not valid, or not any more.
        Unavailable: no verification key is known yet.
        PermissionDenied: it is of another site.
    """
    if not credentials.token:
        return Caller.nobody()
    if not keys.ready:
        raise Unavailable(
            "Sessions cannot be checked: auth_service has not answered since the gateway started",
            reason="NO_VERIFICATION_KEYS",
            retry_after=2.0,
        )
    return keys.verify(credentials.token)


@dataclass(frozen=True)
class Sender:
    """What a browser says of the page that sends a request; "" where it says nothing.

    Attributes:
        origin: header `Origin`.
        fetch_site: header `Sec-Fetch-Site`.
        host: header `Host`, the address that the request is for.
    """

    origin: str
    fetch_site: str
    host: str


class Origins:
    """Which origins may send requests that a session cookie authorises."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self.allowed = tuple(origin.rstrip("/").lower() for origin in allowed)

    def check(self, method: str, sender: Sender, credentials: Credentials) -> None:
        """Refuse a request that changes something and that a foreign page may have made a browser send.

        A token in `Authorization` no page can know or make a browser send. Everything else counts: a cookie is sent along by itself, and
        a log-in without one gives the browser the session of somebody else.

        Raises:
            PermissionDenied: the origin is neither the gateway's own nor an allowed one.
        """
        if method in SAFE_METHODS or (credentials.token and not credentials.from_cookie):
            return
        accepted = self._is_own_or_allowed(sender) if sender.origin else sender.fetch_site.lower() in OWN_PAGES
        if not accepted:
            raise PermissionDenied(
                f"Requests from {(sender.origin or 'pages of other sites')[:200]} are not accepted: open the application at its own "
                "address, or add the origin to ROUTING_ML_ALLOWED_ORIGINS",
                reason="FOREIGN_ORIGIN",
            )

    def _is_own_or_allowed(self, sender: Sender) -> bool:
        wanted = sender.origin.rstrip("/").lower()
        if wanted in self.allowed:
            return True
        scheme, _, place = wanted.partition("://")
        own = _host_and_port(sender.host, scheme)
        return own is not None and own == _host_and_port(place, scheme)


def _host_and_port(place: str, scheme: str) -> tuple[str, int] | None:
    """Name and port of `host` or `host:port`, which is the scheme's own where none is said; None where it is none of them."""
    usual = USUAL_PORTS.get(scheme)
    try:
        parts = urlsplit(f"//{place}")
        port = parts.port if parts.port is not None else usual
    except ValueError:
        return None
    if usual is None or not parts.hostname or port is None or parts.netloc != place or "@" in place:
        return None
    return parts.hostname.lower().rstrip("."), port


def set_session_cookie(response: Response, token: str, *, session_minutes: int, secure: bool) -> None:
    """Put the session into the browser, out of reach of scripts and of other sites' forms."""
    response.set_cookie(
        COOKIE, token, max_age=session_minutes * 60, path="/", secure=secure, httponly=True, samesite="lax"
    )


def clear_session_cookie(response: Response, *, secure: bool) -> None:
    """Take the session out of the browser."""
    response.delete_cookie(COOKIE, path="/", secure=secure, httponly=True, samesite="lax")


def require_login(caller: Caller, refusal: Unauthenticated | Unavailable | PermissionDenied | None) -> None:
    """Refuse callers who are nobody.

    Args:
        refusal: why the token that came was not accepted; None when none came.

    Raises:
        Unauthenticated: no token, or one that is not valid.
        Unavailable: tokens cannot be checked now.
        PermissionDenied: the token is of another site.
    """
    if not caller.role:
        raise refusal or Unauthenticated("Log in first: the request carries neither a session cookie nor a token")


def require_admin(caller: Caller) -> None:
    """Refuse callers who are not administrators.

    Raises:
        PermissionDenied: the role is not enough.
    """
    if not caller.is_admin:
        raise PermissionDenied("Only administrators may do this")
