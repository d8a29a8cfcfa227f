"""The gateway as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp

import common
from common.errors import ServiceError, lack_of_resources
from common.request_context import current_request
from common.settings import Settings
from gateway import failures
from gateway.api_document import TITLE, describe_api
from gateway.compression import CompressedAnswers
from gateway.direct_routes import DirectRoutes
from gateway.hidden_paths import HidePaths, known_folders
from gateway.pages import add_pages
from gateway.request_middleware import RequestMiddleware
from gateway.routes import AREAS
from gateway.routes.health import PROBES
from gateway.state import Gateway

EXPOSED_HEADERS = ["x-request-id", "x-error-reason", "x-notice", "etag", "content-disposition", "retry-after"]


def build_app(settings: Settings, instance: str) -> RequestMiddleware:
    """The application: routes of all areas, direct ones first, inside CORS inside the compression inside the request middleware.

    Args:
        instance: unique name of this process in the installation, such as gateway-8000.
    """
    gateway = Gateway(settings, instance)
    api = build_api(gateway)
    add_pages(api, settings.frontend_dir, settings.docs_dir)
    routes = (route for area in AREAS for router in area.routers() for route in router.routes)
    direct = DirectRoutes(api, gateway, routes)
    wrapped: ASGIApp = HidePaths(direct, known_folders(settings, lambda: gateway.of_request().plant.document))
    if settings.allowed_origins:
        wrapped = CORSMiddleware(
            wrapped,
            allow_origins=[origin.rstrip("/").lower() for origin in settings.allowed_origins],
            allow_credentials=True,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
            allow_headers=["*"],  # whatever headers the clients of these origins send
            expose_headers=EXPOSED_HEADERS,
        )
    return RequestMiddleware(
        CompressedAnswers(wrapped),
        settings=settings,
        keys=gateway.keys,
        recent=gateway.recent,
        stopping=gateway.stopping,
        probes=PROBES,
        version=lambda: gateway.of_request().plant.serving_version(),
        sites=gateway.sites,
    )


def build_api(gateway: Gateway) -> FastAPI:
    """The routes of all areas, with their errors and their OpenAPI document."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await gateway.start()
        try:
            yield
        finally:
            await gateway.stop()

    app = FastAPI(
        title=TITLE,
        version=common.__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        strict_content_type=False,
        redirect_slashes=False,
    )
    app.state.gateway = gateway
    for area in AREAS:
        for router in area.routers():
            app.include_router(router)
    app.openapi = lambda: describe_api(app, AREAS, common.__version__)  # type: ignore[method-assign]
    app.add_exception_handler(ServiceError, failures.answer_service_error)
    app.add_exception_handler(RequestValidationError, failures.answer_validation_error)
    app.add_exception_handler(HTTPException, failures.answer_http_exception)
    app.add_exception_handler(ClientDisconnect, failures.answer_client_gone)
    app.add_exception_handler(Exception, _answer_unexpected)
    return app


async def _answer_unexpected(_request: Request, error: Exception) -> Response:
    lack = lack_of_resources(error)
    if lack is not None:
        return failures.failure(lack)
    context = current_request()
    request_id: Any = context.request_id if context else ""
    return failures.failure(ServiceError(f"An internal error; the log has it under request {request_id}"))
