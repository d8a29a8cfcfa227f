"""The Python client against the gateway's OpenAPI document: every route it calls exists, every field it names has that type."""

from __future__ import annotations

import ast
import importlib.util
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gateway.openapi_file import api_document
from routing_ml_client import generation
from tests.contract.openapi_comparison import Document

CLIENT = Path(__file__).resolve().parents[2] / "routing_ml_client"
CONTRACT = Path(__file__).resolve().parent / "openapi.json"


class Call(NamedTuple):
    """A request that a method of the client makes."""

    name: str
    method: str
    path: str
    query: frozenset[str]
    body: str
    answer: str


@pytest.fixture(scope="module")
def document() -> Document:
    return api_document()


def calls() -> Iterator[Call]:
    """The requests of all methods, read from the client's source."""
    routes = next(
        node for node in ast.parse((CLIENT / "routes.py").read_text("utf-8")).body if isinstance(node, ast.ClassDef)
    )
    for function in routes.body:
        if not isinstance(function, ast.FunctionDef):
            continue
        request = next(
            node
            for node in ast.walk(function)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("json", "bytes", "send")
        )
        method, path = request.args
        given = {keyword.arg: keyword.value for keyword in request.keywords}
        params = given.get("params")
        query = (
            [key.value for key in params.keys if isinstance(key, ast.Constant)] if isinstance(params, ast.Dict) else []
        )
        body = next((a.annotation for a in function.args.args if a.arg == "body"), None)
        assert isinstance(method, ast.Constant)
        yield Call(
            function.name,
            str(method.value).lower(),
            _path(path),
            frozenset(str(name) for name in query),
            ast.unparse(body) if body is not None else "",
            ast.unparse(function.returns) if function.returns else "",
        )


def _path(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    assert isinstance(node, ast.JoinedStr)
    return "".join(
        (
            str(part.value)
            if isinstance(part, ast.Constant)
            else "{"
            + next(n.id for n in ast.walk(part) if isinstance(n, ast.Name) and n.id not in ("quote", "str"))
            + "}"
        )
        for part in node.values
    )


def typed_dicts() -> Iterator[tuple[str, dict[str, str]]]:
    """(name, field -> type) of every body of the client."""
    for node in ast.parse((CLIENT / "bodies.py").read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef):
            yield node.name, {
                field.target.id: ast.unparse(field.annotation)
                for field in node.body
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
            }


def same_type(python: str, schema: Mapping[str, Any]) -> bool:
    return ast.unparse(ast.parse(python)) == ast.unparse(ast.parse(generation.type_of(schema)))


@pytest.mark.parametrize("call", list(calls()), ids=lambda call: call.name)
def test_every_request_of_the_client_is_described(call: Call, document: Document) -> None:
    operation = document["paths"][call.path][call.method]
    assert call.query <= {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
    assert not any(one.get("required") for one in operation.get("parameters", []) if one["in"] == "query")
    body = generation.body_schema(operation)
    assert bool(call.body) == (body is not None)
    if body is not None:
        assert same_type(call.body.removesuffix(" | None"), body) or same_type(call.body, body)
    kind, answer = generation.answer_schema(operation)
    if kind == "json":
        assert same_type(call.answer, dict(answer or {}))
    else:
        assert call.answer == {"bytes": "bytes", "none": "None"}[kind]


@pytest.mark.parametrize(("name", "fields"), list(typed_dicts()), ids=[name for name, _fields in typed_dicts()])
def test_every_field_of_the_client_is_described(name: str, fields: dict[str, str], document: Document) -> None:
    schema = document["components"]["schemas"][name]
    described = schema["properties"]
    assert fields.keys() <= described.keys()
    for field, kind in fields.items():
        bare = kind.removeprefix("NotRequired[").removesuffix("]") if kind.startswith("NotRequired[") else kind
        assert same_type(bare, described[field]), f"{field}: {kind}; run python -m routing_ml_client.generation"
    required = {field for field, kind in fields.items() if not kind.startswith("NotRequired[")}
    assert set(schema.get("required", [])) <= required | (described.keys() - fields.keys())


def test_the_client_has_a_method_for_every_route_of_the_contract() -> None:
    contract = json.loads(CONTRACT.read_text(encoding="utf-8"))
    wanted = {(method, path) for path, methods in contract["paths"].items() for method in methods}
    assert wanted <= {(call.method, call.path) for call in calls()}


def test_what_is_generated_is_code_that_runs(document: Document, tmp_path: Path) -> None:
    chosen = [("GET", "/api/health"), ("POST", "/api/predict"), ("GET", "/api/rsl/groups/{group_id}")]
    (tmp_path / "bodies.py").write_text(generation.bodies(document, chosen), encoding="utf-8")
    specification = importlib.util.spec_from_file_location("generated_bodies", tmp_path / "bodies.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    assert "item_codes" in module.PredictionRequest.__annotations__
    source = generation.routes(document, chosen)
    names = [node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    assert names == ["health_check", "predict", "rsl_fetch_group"]
