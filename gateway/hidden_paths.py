"""Answers to everybody but administrators name no folder of this machine: of a path only what lies below the known folder is left.

It stands around all routes, so that what a route, a service or a library puts into a text cannot get past it.
"""

from __future__ import annotations

import asyncio
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
from gateway.answers import built, json_text

PROGRAM: Final = Path(__file__).resolve().parents[1]
FEWEST_PARTS: Final = 2
"""A root of fewer parts (`/`, `C:\\`) would match what is no path."""

JSON: Final = b"application/json"
TEXTS: Final = frozenset({JSON, b"text/plain", b"text/csv"})
STREAMED: Final = frozenset({b"application/x-ndjson", b"text/event-stream"})
EVENT: Final = b"data: "
AT_ONCE_BYTES: Final = 128 * 1024
"""What is looked through without others having their turn in between."""

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
        answer: _Whole | _Lines | None = None

        async def send_hidden(message: Message) -> None:
            nonlocal answer
            if message["type"] == "http.response.start":
                answer = self._answer(message)
            for one in [message] if answer is None else await answer.take(message):
                await send(one)

        await self._app(scope, receive, send_hidden)

    def _answer(self, start: Message) -> _Whole | _Lines | None:
        """What looks through an answer of this beginning; None where it is no text of the server, such as a page."""
        found = dict(start.get("headers", ()))
        kind = found.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if kind in STREAMED:
            return _Lines(start["status"] >= 400, self._folders)
        return _Whole(start, self._folders, is_json=kind == JSON) if kind in TEXTS else None


class _Whole:
    """An answer that comes as a whole. What comes in pieces is a file, such as an export, and passes."""

    def __init__(self, start: Message, folders: Callable[[], list[str]], *, is_json: bool) -> None:
        self._start: Message | None = start
        self._folders, self._is_json = folders, is_json

    async def take(self, message: Message) -> list[Message]:
        """What may be sent now."""
        start = self._start
        if message is start:
            return []
        if start is None or message["type"] != "http.response.body":
            return [message]
        self._start = None
        body = message.get("body", b"")
        if message.get("more_body", False):
            return [start, message]
        shown = await hidden_in(body, self._folders(), failed=start["status"] >= 400, is_json=self._is_json)
        if shown == body:
            return [start, message]
        headers = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
        headers.append((b"content-length", str(len(shown)).encode("ascii")))
        return [{**start, "headers": headers}, {**message, "body": shown}]


class _Lines:
    """A stream of lines of JSON, bare or as events; each is looked through and sent as soon as it is whole."""

    def __init__(self, failed: bool, folders: Callable[[], list[str]]) -> None:
        self._failed, self._folders, self._rest = failed, folders, b""

    async def take(self, message: Message) -> list[Message]:
        """What may be sent now."""
        if message["type"] != "http.response.body":
            return [message]
        *lines, self._rest = (self._rest + message.get("body", b"")).split(b"\n")
        shown = b"".join([await self._shown(line) + b"\n" for line in lines])
        if not message.get("more_body", False):
            shown += await self._shown(self._rest)
        return [{**message, "body": shown}]

    async def _shown(self, line: bytes) -> bytes:
        mark = EVENT if line.startswith(EVENT) else b""
        return mark + await hidden_in(line[len(mark) :], self._folders(), failed=self._failed, is_json=True)


async def hidden_in(body: bytes, folders: list[str], *, failed: bool, is_json: bool) -> bytes:
    """A body, or a line of one, without the folders; the same bytes where it names none.

    Args:
        failed: it tells of an error, and loses the folders of every path.
        is_json: its texts are those of JSON; otherwise it is one text in UTF-8.
    """
    if not body or not (failed or await _names_one(body, folders, is_json=is_json)):
        return body
    if len(body) <= AT_ONCE_BYTES:
        return _hidden(body, folders, failed=failed, is_json=is_json)
    return await built(lambda: _hidden(body, folders, failed=failed, is_json=is_json))


async def _names_one(body: bytes, folders: list[str], *, is_json: bool) -> bool:
    """Whether a body holds the name of one of the folders; a folder below another is not looked for by itself."""
    names: list[bytes] = []
    for folder in sorted(folders, key=len):
        name = _as_json(folder) if is_json else folder.encode()
        if not name.startswith(tuple(names)):
            names.append(name)
    longest = max(map(len, names), default=0)
    for start in range(0, len(body), AT_ONCE_BYTES):
        if start:
            await asyncio.sleep(0)
        if any(body.find(name, start, start + AT_ONCE_BYTES + longest) >= 0 for name in names):
            return True
    return False


def _hidden(body: bytes, folders: list[str], *, failed: bool, is_json: bool) -> bytes:
    hide = without_paths if failed else without_folders
    if not is_json:
        return hide(body.decode("utf-8", "replace"), folders).encode("utf-8")
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    shown = _each_text(content, lambda text: hide(text, folders))
    return body if shown == content else json_text(shown)


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
