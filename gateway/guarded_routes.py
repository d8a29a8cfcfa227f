"""Routes that check who asks before a byte of the body is read."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, Final

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from common.request_context import current_caller
from common.rpc.interceptor import Access
from gateway.admission import ONE_REQUEST
from gateway.beginnings import begin
from gateway.bodies import JsonRequest, declared_length, limited, too_large
from gateway.failures import validation_failure
from gateway.large_bodies import FirstProblem
from gateway.security import require_admin, require_login
from gateway.state import gateway_of

ANONYMOUS_BODY_BYTES: Final = 64 * 1024
"""Largest body of somebody who is not logged in: an e-mail, a password, a name."""

MOST_CHARACTERS: Final = 8_192
"""Longest value of a parameter in an address; longer lists go into bodies."""


def refused_texts(request: Request) -> list[dict[str, object]]:
    """What is wrong with the texts of an address: characters that no database holds, or more of them than any text has."""
    found = [
        ("query", name, value)
        for name, value in request.query_params.multi_items()
        if "\0" in name + value or len(value) > MOST_CHARACTERS
    ]
    problems: list[dict[str, object]] = []
    for place, name, value in found:
        why = (
            "holds a NUL character"
            if "\0" in name + value
            else f"has {len(value):,} characters, more than {MOST_CHARACTERS:,}"
        )
        problems.append(
            {"loc": (place, name.replace("\0", "")[:64]), "msg": f"Value error, it {why}", "type": "value_error"}
        )
    return problems


class OpenRoute(APIRoute):
    """A route for anybody."""

    access: ClassVar[Access] = Access.OPEN

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with access check and orjson around FastAPI's."""
        handle = super().get_route_handler()
        first = FirstProblem(self.body_field) if self.body_field is not None else None
        access, reads_body = self.access, self.body_field is not None
        counts = access is not Access.OPEN and not getattr(self.endpoint, "admits_itself", False)

        async def guarded(request: Request) -> Response:
            if access is not Access.OPEN:
                caller = current_caller()
                require_login(caller, request.scope.get("routing_ml_refusal"))
                if access is Access.ADMIN:
                    require_admin(caller)
            if refused := refused_texts(request):
                return validation_failure(refused)
            receive = request.receive
            if access is Access.OPEN:
                most = min(ANONYMOUS_BODY_BYTES, gateway_of(request).settings.max_body_bytes)
                receive = limited(receive, most)
                if declared_length(request.scope) > most:
                    raise too_large(most)
            wrapped = JsonRequest(request.scope, receive, gateway_of(request).turns)
            if reads_body:
                await wrapped.read()  # here, where a body over the limit still is an error of ours
                await begin(request.scope, len(await wrapped.body()))
                if first is not None and wrapped.has_many_values and (problems := await wrapped.problems(first)):
                    return validation_failure(problems)
            if counts:
                await gateway_of(request).admission.enter(counts=ONE_REQUEST)
            return await handle(wrapped)

        return guarded


class UserRoute(OpenRoute):
    """A route for people who are logged in."""

    access = Access.USER


class AdminRoute(OpenRoute):
    """A route for administrators."""

    access = Access.ADMIN


class AreaRouter:
    """The routes of one area, by who may use them.

    Attributes:
        anybody: routes without login.
        user: routes for people who are logged in.
        admin: routes for administrators.
    """

    def __init__(self, prefix: str, tag: str) -> None:
        self.anybody = APIRouter(prefix=prefix, tags=[tag], route_class=OpenRoute)
        self.user = APIRouter(prefix=prefix, tags=[tag], route_class=UserRoute)
        self.admin = APIRouter(prefix=prefix, tags=[tag], route_class=AdminRoute)

    def routers(self) -> tuple[APIRouter, APIRouter, APIRouter]:
        """All routers of the area."""
        return self.anybody, self.user, self.admin
