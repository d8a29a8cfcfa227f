"""`/api/system`: what operators watch, live, and the search settings with their measured trade-off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from common.errors import ServiceError
from common.request_context import current_caller, current_request
from gateway import system_facts
from gateway.admission import admits_itself
from gateway.answers import json_answer
from gateway.guarded_routes import AreaRouter
from gateway.schemas.system import DashboardResponse, SearchSettingsResponse, SystemStatusResponse
from gateway.state import Gateway, TheGateway

HISTORY_SECONDS = 3600
EVENT_SECONDS = 2.0
EVENT_HISTORY_SECONDS = 30


class EventStream(StreamingResponse):
    """An answer without an end; what was opened for it is closed when it is over, also when its client went before its first byte.

    Args:
        opened: holds its place.
    """

    def __init__(self, opened: ExitStack, content: AsyncIterator[bytes], **more: Any) -> None:
        super().__init__(content, **more)
        self._opened = opened

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        with self._opened:
            await super().__call__(scope, receive, send)


area = AreaRouter("/api/system", "system")


@area.user.get("/status", response_model=SystemStatusResponse)
async def get_system_status(gateway: TheGateway) -> Response:
    """Health, every process, and the followers of the control plane."""
    return json_answer(await system_facts.status(gateway))


@area.user.get("/dashboard", response_model=DashboardResponse)
async def get_dashboard(gateway: TheGateway) -> Response:
    """Model version, latency, error rate and cache figures with the last hour."""
    return json_answer(await system_facts.dashboard(gateway, HISTORY_SECONDS))


@area.user.get("/events", response_class=StreamingResponse)
@admits_itself
async def stream_dashboard(request: Request, gateway: TheGateway) -> Response:
    """The dashboard's figures every two seconds, as server-sent events; `history` holds the newest bins."""
    open_stream = ExitStack()
    open_stream.enter_context(gateway.streams.opened(current_caller().username))
    return EventStream(
        open_stream,
        _events(request, gateway),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


@area.user.get("/search", response_model=SearchSettingsResponse)
async def get_search_settings(gateway: TheGateway) -> Response:
    """Search width as set, as the active version recommends and as it serves, and the curve measured at its training."""
    return json_answer(await system_facts.search_settings(gateway))


async def _events(request: Request, gateway: Gateway) -> AsyncIterator[bytes]:
    """Events until the client goes, its session ends or the gateway stops."""
    context = current_request()
    token = context.token.removeprefix("Bearer ") if context else ""
    yield b"retry: 3000\n\n"
    while not gateway.stopping.is_set() and not await request.is_disconnected() and _session_lives(gateway, token):
        if context is not None:
            context.deadline = None  # the answer has no end; each call keeps its own time limit
        yield await gateway.streams.news(partial(_news, gateway), EVENT_SECONDS / 2)
        with suppress(TimeoutError):
            await asyncio.wait_for(gateway.stopping.wait(), EVENT_SECONDS)


async def _news(gateway: Gateway) -> bytes:
    return b"data: " + orjson.dumps(await system_facts.dashboard(gateway, EVENT_HISTORY_SECONDS)) + b"\n\n"


def _session_lives(gateway: Gateway, token: str) -> bool:
    try:
        gateway.keys.verify(token)
    except ServiceError:
        return False
    return True
