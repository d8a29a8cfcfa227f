"""Who asks over HTTP (session cookie or Bearer token), which origins may, and the cookie itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.responses import Response

from common.errors import PermissionDenied, Unauthenticated, Unavailable
from common.identity import Caller, KeyRing

COOKIE = "routing_ml_session"
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


class Origins:
    """Which origins may send requests that a session cookie authorises."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self.allowed = tuple(origin.rstrip("/").lower() for origin in allowed)

    def check(self, method: str, origin: str, host: str, from_cookie: bool) -> None:
        """Refuse a request that changes something, carries the cookie and comes from a foreign page.

        Args:
            origin: header `Origin`; "" when absent.
            host: header `Host`.

        Raises:
            PermissionDenied: the origin is neither the gateway's own nor an allowed one.
        """
        if not from_cookie or not origin or method in SAFE_METHODS:
            return
        wanted = origin.rstrip("/").lower()
        if wanted in self.allowed or (host and urlsplit(wanted).netloc == host.lower()):
            return
        raise PermissionDenied(
            f"Requests from {origin[:200]} are not accepted: open the application at its own address, "
            "or add the origin to ROUTING_ML_ALLOWED_ORIGINS",
            reason="FOREIGN_ORIGIN",
        )


def set_session_cookie(response: Response, token: str, *, session_minutes: int, secure: bool) -> None:
    """Put the session into the browser, out of reach of scripts and of other sites' forms."""
    response.set_cookie(
        COOKIE, token, max_age=session_minutes * 60, path="/", secure=secure, httponly=True, samesite="lax"
    )


def clear_session_cookie(response: Response, *, secure: bool) -> None:
    """Take the session out of the browser."""
    response.delete_cookie(COOKIE, path="/", secure=secure, httponly=True, samesite="lax")


def require_login(caller: Caller, refusal: Unauthenticated | Unavailable | None) -> None:
    """Refuse callers who are nobody.

    Args:
        refusal: why the token that came was not accepted; None when none came.

    Raises:
        Unauthenticated: no token, or one that is not valid.
        Unavailable: tokens cannot be checked now.
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
