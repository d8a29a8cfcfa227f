"""Pages for browsers: the built frontend, or a short page that says what this is, and the list of routes (no file from elsewhere)."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from gateway.documents import document_file, preferred_language

FINGERPRINTED = "assets"
"""Folder whose files carry a hash in their names and never change."""

_STYLE = (
    "body{font:15px/1.5 Inter,Pretendard,'Segoe UI',sans-serif;max-width:1000px;margin:2rem auto;padding:0 1rem;color:#1d2733}"
    "h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse;width:100%}"
    "td{padding:.25rem .75rem .25rem 0;border-top:1px solid #d5e0ea;vertical-align:top}"
    "code{background:#eaf2f9;padding:.1rem .3rem;border-radius:.3rem}"
)


class OutsideApi(StringConvertor):
    """Any path but those of the API, so that a wrong method there stays a wrong method."""

    regex = "(?!api(?:/|$)).*"


register_url_convertor("outside_api", OutsideApi())


def page(title: str, body: str) -> HTMLResponse:
    """A small page."""
    return HTMLResponse(
        f'<!doctype html><html lang="ko"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{_STYLE}</style><body><h1>{html.escape(title)}</h1>{body}</body></html>"
    )


def welcome() -> HTMLResponse:
    """What `/` answers where no frontend is built."""
    return page(
        "Routing ML",
        "<p>This is the gateway of Routing ML. It predicts the manufacturing routing of an item from similar items.</p>"
        '<ul><li><a href="/docs/api">Routes of the API</a> (<a href="/openapi.json">OpenAPI</a>)</li>'
        '<li><a href="/docs">Documents</a></li><li><a href="/health">State of the system</a></li></ul>'
        "<p>The screens are not here: build the frontend, or set <code>ROUTING_ML_FRONTEND_DIR</code>.</p>",
    )


def route_list(document: dict[str, Any]) -> HTMLResponse:
    """The routes of an OpenAPI document, by area."""
    areas: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            described = html.escape(operation.get("description") or operation.get("summary") or "")
            row = f"<tr><td><code>{method.upper()}</code></td><td><code>{html.escape(path)}</code></td><td>{described}</td></tr>"
            areas.setdefault((operation.get("tags") or ["other"])[0], []).append(row)
    tables = "".join(f"<h2>{html.escape(area)}</h2><table>{''.join(rows)}</table>" for area, rows in areas.items())
    return page(
        str(document["info"]["title"]),
        '<p>Version {}. The whole description: <a href="/openapi.json">openapi.json</a>.</p>'.format(
            html.escape(str(document["info"]["version"]))
        )
        + tables,
    )


def add_pages(app: FastAPI, frontend: Path, documents: Path) -> None:
    """Serve the documents under `/docs` (the list of routes where none are built, and always under `/docs/api`), and at every other
    path outside `/api` the frontend in `frontend` (or the welcome page)."""

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> Response:
        language = preferred_language(request.headers.get("accept-language", ""))
        if not (documents / language / "index.html").is_file():
            return route_list(app.openapi())
        return RedirectResponse(f"/docs/{language}/")

    @app.get("/docs/api", include_in_schema=False)
    async def routes() -> Response:
        return route_list(app.openapi())

    @app.get("/docs/{path:path}", include_in_schema=False)
    async def document(path: str) -> Response:
        return document_file(documents, path)

    @app.get("/{path:outside_api}", include_in_schema=False)
    async def browse(path: str, request: Request) -> Response:
        if not (frontend / "index.html").is_file():
            if path:
                raise HTTPException(404, f"There is no {request.url.path}")
            return welcome()
        return frontend_file(frontend, path)


def frontend_file(frontend: Path, path: str) -> Response:
    """A file of the frontend; its start page for paths that are no file (the screens' addresses).

    Raises:
        HTTPException: 404 for a path that leaves the folder, and for missing files that look like assets.
    """
    root = frontend.resolve()
    try:
        wanted = (root / path).resolve()
        inside = wanted.is_relative_to(root)
        is_file = inside and wanted.is_file()
    except (OSError, ValueError):
        inside = is_file = False
    if not inside:
        raise HTTPException(404, "There is no such file")
    if is_file and wanted.name != "index.html":
        unchanging = wanted.relative_to(root).parts[0] == FINGERPRINTED
        lifetime = "public, max-age=31536000, immutable" if unchanging else "no-cache"
        return FileResponse(wanted, headers={"cache-control": lifetime})
    if not is_file and path.startswith(f"{FINGERPRINTED}/"):
        raise HTTPException(404, "There is no such file")
    return FileResponse(root / "index.html", headers={"cache-control": "no-cache"})
