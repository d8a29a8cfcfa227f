"""The OpenAPI document: made from the routes, plus what their guards mean (credentials, and the errors that all routes share)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from common.rpc.interceptor import Access
from gateway.guarded_routes import AreaRouter, OpenRoute

TITLE: Final = "Routing-ML API"

AUTHORIZATION: Final = {
    "name": "Authorization",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "title": "Authorization"},
    "description": "Bearer and the session token; the session cookie serves as well.",
}
ERROR_SCHEMA: Final = {
    "title": "ErrorResponse",
    "type": "object",
    "required": ["detail"],
    "properties": {"detail": {"type": "string", "title": "Detail", "description": "What is wrong and what to do"}},
}
_SHARED_ERRORS: Final = {
    Access.USER: {"401": "Not logged in"},
    Access.ADMIN: {"401": "Not logged in", "403": "Not an administrator"},
    Access.OPEN: {},
}
_INVALID: Final = {"application/json": {"schema": {"$ref": "#/components/schemas/HTTPValidationError"}}}
_REFUSED: Final = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorResponse"}}}


def describe_api(app: FastAPI, areas: Sequence[AreaRouter], version: str) -> dict[str, Any]:
    """The document of the routes in `areas`; kept by FastAPI once made."""
    if app.openapi_schema:
        return app.openapi_schema
    document = get_openapi(title=TITLE, version=version, routes=app.routes, separate_input_output_schemas=False)
    document.setdefault("components", {}).setdefault("schemas", {})["ErrorResponse"] = ERROR_SCHEMA
    for area in areas:
        for router in area.routers():
            for route in router.routes:
                if isinstance(route, OpenRoute) and route.include_in_schema:
                    for method in route.methods or ():
                        _add_guard(document["paths"][route.path_format][method.lower()], route.access)
    app.openapi_schema = document
    return document


def _add_guard(operation: dict[str, Any], access: Access) -> None:
    if access is not Access.OPEN:
        operation.setdefault("parameters", []).append(AUTHORIZATION)
        operation["responses"].setdefault("422", {"description": "Validation Error", "content": _INVALID})
    for status, description in _SHARED_ERRORS[access].items():
        operation["responses"].setdefault(status, {"description": description}).setdefault("content", _REFUSED)
