"""Answers to everybody but administrators name no folder of this machine: of a path only what lies below the known folder is left.

It stands around all routes, so that what a route, a service or a library puts into a text cannot get past it.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, Final

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common.request_context import current_caller
from common.settings import Settings
from gateway.answers import json_text

PROGRAM: Final = Path(__file__).resolve().parents[1]
FEWEST_PARTS: Final = 2
"""A root of fewer parts (`/`, `C:\\`) would match what is no path."""

_NAME: Final = r"[^\s/\\'\"()<>|,;:*?]"
_POSIX: Final = re.compile(rf"(?<![\w:/.~\\-])/(?!api/|docs/|assets/)(?:{_NAME}+/)+({_NAME}*)")
_WINDOWS: Final = re.compile(rf"(?<!\w)(?:[A-Za-z]:|\\\\[^\s\\/]+)[\\/](?:[^\\/\n'\"<>|:*?]+[\\/])*({_NAME}*)")


def known_folders(settings: Settings, document: Callable[[], dict[str, Any]]) -> Callable[[], list[str]]:
    """What gives the folders of this installation, longest first: those of its settings and those that operators have named.

    Args:
        document: the settings document as it is now.
    """
    fixed = [
        settings.state_dir,
        settings.models_dir,
        settings.logs_path,
        settings.frontend_dir,
        settings.docs_dir,
        PROGRAM,
        Path(sys.prefix),
        Path.home(),
        Path.cwd(),
        Path(tempfile.gettempdir()),
        *(path.parent for path in (settings.dataset, settings.initial_dataset) if path is not None),
    ]
    of_installation = _spellings(fixed)

    def folders() -> list[str]:
        section = document()
        source, export, access = (section.get(name) or {} for name in ("data_source", "export", "access"))
        named = [Path(str(path)).parent for path in (source.get("access_path", ""), *source.get("backup_paths", []))]
        named += [Path(str(path)) for path in (export.get("export_directory", ""), *access.get("allowed_folders", []))]
        return sorted(
            {*of_installation, *_spellings(path for path in named if path.is_absolute())}, key=len, reverse=True
        )

    return folders


def _spellings(paths: Iterable[Path]) -> set[str]:
    found = set()
    for path in paths:
        for one in (path.absolute(), path.resolve()):
            if len(one.parts) > FEWEST_PARTS:
                found |= {str(one), one.as_posix()}
    return found


def without_folders(text: str, folders: Iterable[str]) -> str:
    """A text in which paths begin below the folder that holds them; a folder itself is only its name."""
    for folder in folders:
        if folder in text:
            name = re.split(r"[\\/]", folder)[-1]
            below = rf"{re.escape(folder)}(?![\w-]|\.\w)([\\/](?=[^\s'\"),;:]))?"
            text = re.sub(below, partial(_rest, name), text)
    return text


def _rest(name: str, found: re.Match[str]) -> str:
    return "" if found.group(1) else name


def without_paths(text: str, folders: Iterable[str]) -> str:
    """The text of an error without any path of this machine, also one of a folder that is not known: the last name of each is left."""
    text = without_folders(text, folders)
    return _POSIX.sub(r"\1", _WINDOWS.sub(r"\1", text))


class HidePaths:
    """ASGI middleware; inside the request middleware, which knows the caller.

    Args:
        folders: the folders that no answer may name, longest first.
    """

    def __init__(self, app: ASGIApp, folders: Callable[[], list[str]]) -> None:
        self._app, self._folders = app, folders

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or current_caller().is_admin:
            await self._app(scope, receive, send)
            return
        begun: Message | None = None

        async def send_hidden(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start" and _is_json(message):
                begun = message
                return
            if begun is not None and message["type"] == "http.response.body":
                start, begun = begun, None
                if not message.get("more_body", False):
                    start, message = self._hidden(start, message)
                await send(start)
            await send(message)

        await self._app(scope, receive, send_hidden)

    def _hidden(self, start: Message, message: Message) -> tuple[Message, Message]:
        body, folders = message.get("body", b""), self._folders()
        failed = start["status"] >= 400
        if not failed and not any(_as_json(folder) in body for folder in folders):
            return start, message
        try:
            content = orjson.loads(body)
        except orjson.JSONDecodeError:
            return start, message
        hide = without_paths if failed else without_folders
        body = json_text(_each_text(content, lambda text: hide(text, folders)))
        headers = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode("ascii")))
        return {**start, "headers": headers}, {**message, "body": body}


def _is_json(message: Message) -> bool:
    kinds = [value for name, value in message.get("headers", ()) if name.lower() == b"content-type"]
    return bool(kinds) and kinds[0].startswith(b"application/json")


def _as_json(text: str) -> bytes:
    return orjson.dumps(text)[1:-1]


def _each_text(content: Any, change: Callable[[str], str]) -> Any:
    """The objects of JSON with every text changed, keys apart."""
    if isinstance(content, str):
        return change(content)
    if isinstance(content, list):
        return [_each_text(one, change) for one in content]
    if isinstance(content, dict):
        return {name: _each_text(one, change) for name, one in content.items()}
    return content
