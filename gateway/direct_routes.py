"""Routes whose requests are a JSON body and nothing else are answered without FastAPI's way there, which costs more than most of them do.

Whatever is not as usual (nobody is logged in, a body that does not match its schema, a query) goes FastAPI's way from its first byte, so
that there is one description of the API and one answer to each mistake.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

import orjson
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common.errors import ServiceError
from common.request_context import current_caller
from common.rpc.interceptor import Access
from gateway.admission import ONE_REQUEST
from gateway.beginnings import begin
from gateway.bodies import JsonRequest
from gateway.failures import failure
from gateway.guarded_routes import OpenRoute
from gateway.state import Gateway, TheGateway

JSON_KINDS = ("", "application/json")


@dataclass(frozen=True)
class _Direct:
    """A route that is answered directly.

    Attributes:
        route: as it is described.
        model: its body.
        endpoint: what answers it, called with the body and the gateway by name.
        body, gateway: their names.
        counts: whether it counts as one request in the admission, which it does not ask itself.
    """

    route: APIRoute
    model: type[BaseModel]
    endpoint: Callable[..., Awaitable[Response]]
    body: str
    gateway: str
    counts: bool


class DirectRoutes:
    """ASGI middleware around the routes.

    Args:
        routes: of all areas; those that can be are answered directly.
    """

    def __init__(self, app: ASGIApp, gateway: Gateway, routes: Iterable[object]) -> None:
        self._app, self._gateway = app, gateway
        self._direct: dict[tuple[str, str], _Direct] = {}
        for route in routes:
            found = _direct(route)
            if found is not None:
                self._direct |= {(method, found.route.path): found for method in found.route.methods or ()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        direct = None
        plain = scope["type"] == "http" and not scope["query_string"] and not scope.get("root_path")
        if plain and current_caller().role:
            direct = self._direct.get((scope["method"], scope["path"]))
        if direct is None or not _is_json(scope):
            await self._app(scope, receive, send)
            return
        gateway = self._gateway.of_request()
        request = JsonRequest(scope, receive, gateway.turns)
        try:
            await request.read()
            text = await request.body()
            await begin(scope, len(text))
            body = None if request.has_many_values else await _valid(request, direct.model)
            if body is None:
                await self._app(scope, _again(text, receive), send)
                return
            scope["route"] = direct.route
            if direct.counts:
                await gateway.admission.enter(counts=ONE_REQUEST)
            response = await direct.endpoint(**{direct.body: body, direct.gateway: gateway})
        except ServiceError as error:
            response = failure(error)
        await response(scope, receive, send)


def _direct(route: object) -> _Direct | None:
    """How a route can be answered directly: people who are logged in send one JSON body to it, and it makes its answer itself."""
    if not isinstance(route, OpenRoute) or route.access is not Access.USER or not route.methods or "{" in route.path:
        return None
    hints = typing.get_type_hints(route.endpoint, include_extras=True)
    if hints.pop("return", None) is not Response or not inspect.iscoroutinefunction(route.endpoint):
        return None
    bodies = [name for name, kind in hints.items() if isinstance(kind, type) and issubclass(kind, BaseModel)]
    gateways = [name for name, kind in hints.items() if kind == TheGateway]
    if len(hints) != 2 or len(bodies) != 1 or len(gateways) != 1 or route.dependencies:
        return None
    counts = not getattr(route.endpoint, "admits_itself", False)
    return _Direct(route, hints[bodies[0]], route.endpoint, bodies[0], gateways[0], counts)


def _is_json(scope: Scope) -> bool:
    """Whether a request says that its body is JSON, or says nothing about it."""
    kinds = [value for name, value in scope["headers"] if name == b"content-type"]
    return len(kinds) <= 1 and all(
        kind.partition(b";")[0].strip().lower().decode("latin-1") in JSON_KINDS for kind in kinds
    )


async def _valid(request: JsonRequest, model: type[BaseModel]) -> BaseModel | None:
    """The body of a request; None where it is not what it has to be."""
    try:
        return model.model_validate(await request.json())
    except (orjson.JSONDecodeError, ValidationError):
        return None


def _again(text: bytes, receive: Receive) -> Receive:
    """`receive` that gives a body that was taken already once more."""
    begun = False

    async def receive_again() -> Message:
        nonlocal begun
        if begun:
            return await receive()
        begun = True
        return {"type": "http.request", "body": text, "more_body": False}

    return receive_again
