"""What the recordings without an answer get: the statuses of docs/contract.md, and the fields that the old OpenAPI document promises."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

STATUSES: Mapping[int, Mapping[str, tuple[str, ...]]] = {
    200: {
        "auth": ("who am I",),
        "time": ("one operation, breakdown", "four operations, breakdown"),
        "rules": ("no rules configured",),
        "candidates": ("a quote in the code",),
        "workflow": ("patch: graph", "patch: data source", "patch: visualization"),
        "trainer": ("status",),
        "workspace": ("get", "put", "put nothing"),
        "master-data": ("tree, query",),
        "rsl": ("list by tag",),
    },
    201: {
        "auth": ("register",),
        "rsl": ("create", "create with a slug", "add step", "add step, next", "add step with rules", "add rule"),
    },
    204: {"auth": ("log out",), "audit": ("ui event",), "rsl": ("delete",)},
    400: {
        "candidates": ("save an empty payload", "a path in the candidate id"),
        "workflow": ("patch: alias to an unknown column", "patch: not an Access file"),
        "rsl": (
            "add step to unknown",
            "patch unknown step",
            "delete unknown rule",
            "release unknown",
            "delete step again",
        ),
    },
    401: {
        "auth": ("log in while pending", "log in with a wrong password", "log in after rejection"),
        "predict": ("anonymously",),
        "groups": ("anonymously",),
        "time": ("anonymously",),
        "candidates": ("anonymously",),
        "workflow": ("patch, anonymously",),
        "trainer": ("status, anonymously", "run, anonymously"),
        "master-data": ("tree, anonymously", "item, anonymously"),
    },
    403: {"auth": ("approve as a user", "reject as a user")},
    404: {"auth": ("approve an unknown account",)},
    409: {"auth": ("register the same name again", "register the same name in capitals")},
    422: {
        "auth": ("register without a password", "register with an empty name"),
        "predict": ("top_k 51", "threshold -1", "weights not numbers"),
        "similarity": ("top_k 51", "no body"),
        "groups": ("limit 21",),
        "time": ("no item", "an operation without PROC_SEQ"),
        "rules": ("no item",),
        "workflow": ("patch: 11 variants",),
        "master-data": ("logs, limit 0", "logs, limit 51"),
        "rsl": ("create without name", "add step, bad status"),
    },
}
"""Status -> area -> names of recordings."""

_TYPES: Mapping[str, type | tuple[type, ...]] = {"string": str, "integer": int, "number": (int, float), "boolean": bool}


def decided_status(area: str, name: str) -> int:
    """The status that a recording without an answer gets.

    Raises:
        LookupError: nothing is decided about it.
    """
    for status, areas in STATUSES.items():
        if name in areas.get(area, ()):
            return status
    raise LookupError(f"nothing is decided about {area}: {name}")


class PromisedShape:
    """Whether answers have the fields that an OpenAPI document promises, and no others."""

    def __init__(self, document: Path) -> None:
        self._document: dict[str, Any] = json.loads(document.read_text(encoding="utf-8"))

    def differences(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """What differs, a line each with its place.

        Args:
            path: as requested, with its parameters filled in.
        """
        paths = [one for one in self._document["paths"] if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", one), path)]
        response = self._document["paths"][min(paths, key=lambda one: one.count("{"))][method.lower()]["responses"]
        if str(status) not in response:
            return [f"the status {status} is not described"]
        content = response[str(status)].get("content", {}).get("application/json", {})
        return list(self._walk(content.get("schema", {}), body, "$"))

    def _walk(self, schema: Mapping[str, Any], value: Any, where: str) -> Iterator[str]:
        while "$ref" in schema:
            schema = self._document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        if value is None or not schema:
            return
        kind = str(schema.get("type", ""))
        if kind in _TYPES and not isinstance(value, _TYPES[kind]):
            yield f"{where}: {value!r} is no {kind}"
        elif "properties" in schema:
            named = schema["properties"]
            yield from (f"{where}: lacks {name}" for name in sorted(named.keys() - value.keys()))
            yield from (f"{where}: has {name} beside the promised" for name in sorted(value.keys() - named.keys()))
            for name in named.keys() & value.keys():
                yield from self._walk(named[name], value[name], f"{where}.{name}")
        elif kind == "array":
            for number, entry in enumerate(value):
                yield from self._walk(schema["items"], entry, f"{where}[{number}]")
