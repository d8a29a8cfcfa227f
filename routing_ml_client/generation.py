"""Writes the typed part of the client from the gateway's OpenAPI document: `python -m routing_ml_client.generation openapi.json`.

`bodies.py` gets a TypedDict for each schema that the chosen routes use, `routes.py` a method for each route.
"""

from __future__ import annotations

import json
import keyword
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

AREAS: Final = (
    "/api/auth/",
    "/api/health",
    "/api/predict",
    "/api/similarity/",
    "/api/groups/",
    "/api/time/",
    "/api/rules/",
    "/api/candidates/",
    "/api/metrics",
    "/api/workflow/",
    "/api/trainer/",
    "/api/settings/",
    "/api/audit/",
    "/api/access/",
    "/api/master-data/",
    "/api/rsl/",
    "/api/routing/groups",
)
"""Where the routes are that `main` writes; all of them when the document is the old contract's."""

LATER: Final = (
    "/api/routing/groups",
    "/api/routing/groups/{group_id}",
    "/api/routing/groups/snapshots",
    "/api/similarity/group-search",
)
"""Routes that the old contract does not have and the client has methods for."""

SIMPLE: Final = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}

Document = Mapping[str, Any]


def type_of(schema: Mapping[str, Any]) -> str:
    """The Python type of a schema."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema or "const" in schema:
        return f"Literal[{', '.join(repr(value) for value in schema.get('enum', [schema.get('const')]))}]"
    for word in ("anyOf", "oneOf"):
        if word in schema:
            parts = dict.fromkeys(type_of(part) for part in schema[word])
            ordered = [part for part in parts if part != "None"] + [part for part in parts if part == "None"]
            return "Any" if "Any" in parts else " | ".join(ordered)
    kind = schema.get("type")
    if kind == "array":
        return f"list[{type_of(schema.get('items', {}))}]"
    if kind == "object":
        inner = schema.get("additionalProperties")
        return f"dict[str, {type_of(inner) if isinstance(inner, Mapping) else 'Any'}]"
    return SIMPLE.get(str(kind), "Any")


def method_name(path: str, method: str, operation: Mapping[str, Any]) -> str:
    """The name of a route's method: the operation's own, of the RSL routes with rsl_ before it."""
    suffix = re.sub(r"\W", "_", path) + f"_{method}"
    name = str(operation["operationId"]).removesuffix(suffix)
    return f"rsl_{name}" if path.startswith("/api/rsl/") else name


def operations(document: Document, chosen: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """(path, method, operation) of the chosen (METHOD, path)."""
    for method, path in chosen:
        yield path, method.lower(), document["paths"][path][method.lower()]


def body_schema(operation: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schema of a JSON body; None without one."""
    content = operation.get("requestBody", {}).get("content", {})
    return content["application/json"]["schema"] if "application/json" in content else None


def answer_schema(operation: Mapping[str, Any]) -> tuple[str, Mapping[str, Any] | None]:
    """What a successful answer is: "json", "bytes" or "none", and the schema of JSON."""
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            content = response.get("content", {})
            if "application/json" in content:
                return "json", content["application/json"].get("schema", {})
            return ("bytes", None) if content else ("none", None)
    return "none", None


def used_schemas(document: Document, chosen: Sequence[tuple[str, str]]) -> list[str]:
    """Names of all object schemas that the chosen operations need, sorted."""
    waiting: list[Any] = []
    for _path, _method, operation in operations(document, chosen):
        waiting += [body_schema(operation), answer_schema(operation)[1]]
    found: set[str] = set()
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            name = str(part.get("$ref", "")).rpartition("/")[2]
            if name and name not in found:
                found.add(name)
                waiting.append(document["components"]["schemas"][name])
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    return sorted(found)


def bodies(document: Document, chosen: Sequence[tuple[str, str]]) -> str:
    """The module with a type for each schema."""
    lines = [
        '"""Bodies of requests and answers; written by routing_ml_client.generation."""',
        "",
        "from __future__ import annotations",
        "",
        "from typing import Any, Literal, NotRequired, TypedDict",
        "",
    ]
    for name in used_schemas(document, chosen):
        schema = document["components"]["schemas"][name]
        if "properties" not in schema:
            lines += ["", f"{name} = {type_of(schema)}", ""]
            continue
        lines += ["", f"class {name}(TypedDict):", f'    """{_sentence(schema.get("description") or name)}"""', ""]
        required = set(schema.get("required", []))
        for field, part in schema["properties"].items():
            kind = type_of(part)
            lines.append(f"    {field}: {kind if field in required else f'NotRequired[{kind}]'}")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def routes(document: Document, chosen: Sequence[tuple[str, str]]) -> str:
    """The module with a method for each route."""
    names = ",\n    ".join(used_schemas(document, chosen))
    parts = [
        '"""The routes of the gateway, a method each; written by routing_ml_client.generation."""\n',
        "from __future__ import annotations\n",
        "from typing import Any, Literal, cast\nfrom urllib.parse import quote\n",
        f"from routing_ml_client.bodies import (\n    {names},\n)\nfrom routing_ml_client.transport import Transport\n",
        "\nclass Routes(Transport):\n"
        '    """Methods by the names of the operations in the OpenAPI document. Each raises ApiError, or httpx.TransportError."""\n',
    ]
    parts += [_method(path, method, operation) for path, method, operation in operations(document, chosen)]
    return "\n".join(parts)


def _method(path: str, method: str, operation: Mapping[str, Any]) -> str:
    parameters = operation.get("parameters", [])
    positional = [f"{p['name']}: {type_of(p['schema'])}" for p in parameters if p["in"] == "path"]
    query = [p for p in parameters if p["in"] == "query"]
    body = body_schema(operation)
    if body is not None:
        needed = operation["requestBody"].get("required", False)
        positional.append(f"body: {type_of(body)}" if needed else f"body: {_optional(type_of(body))} = None")
    named = [f"{_safe(p['name'])}: {_optional(type_of(p['schema']))} = None" for p in query]
    signature = ", ".join(["self", *positional, *(["*", *named] if named else [])])
    kind, answer = answer_schema(operation)
    result = {"json": type_of(answer or {}), "bytes": "bytes", "none": "None"}[kind]
    filled = re.sub(r"\{(\w+)\}", r"{quote(str(\1), safe='')}", path)
    arguments = [repr(method.upper()), f'f"{filled}"' if filled != path else f'"{path}"']
    if query:
        arguments.append("params={" + ", ".join(f'"{p["name"]}": {_safe(p["name"])}' for p in query) + "}")
    if body is not None:
        arguments.append("body=body")
    call = f"self.{'send' if kind == 'none' else kind}({', '.join(arguments)})"
    statement = {"json": f"return cast({result!r}, {call})", "bytes": f"return {call}", "none": call}[kind]
    return (
        f"    def {method_name(path, method, operation)}({signature}) -> {result}:\n"
        f'        """{_sentence(operation.get("description", path))}"""\n        {statement}\n'
    )


def _optional(kind: str) -> str:
    return kind if kind.endswith("None") or kind == "Any" else f"{kind} | None"


def _safe(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) else name


def _sentence(text: str) -> str:
    line = " ".join(text.split()).replace("\\", "\\\\").replace('"""', "'''")
    return textwrap.shorten(line, 110, placeholder=" ...")


def chosen_routes(document: Document) -> list[tuple[str, str]]:
    """(METHOD, path) of the routes of the contract in a document, in its order: those that the client has methods for."""
    return [
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method in methods
        if path.startswith(AREAS)
    ]


def main(arguments: Sequence[str]) -> int:
    """Write both modules beside this one.

    Args:
        arguments: the gateway's OpenAPI document, and the old contract's, whose routes are taken.
    """
    if len(arguments) != 2:
        sys.stderr.write("Name two files: the gateway's OpenAPI document, and the one whose routes are wanted\n")
        return 2
    document, wanted = (json.loads(Path(name).read_text(encoding="utf-8")) for name in arguments)
    chosen = chosen_routes(wanted) + [(method, path) for method, path in chosen_routes(document) if path in LATER]
    folder = Path(__file__).resolve().parent
    (folder / "bodies.py").write_text(bodies(document, chosen), encoding="utf-8")
    (folder / "routes.py").write_text(routes(document, chosen), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
