"""Comparing two OpenAPI documents: does the newer accept every request of the older, and promise every field of its answers?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Document = Mapping[str, Any]
Schema = Mapping[str, Any]

LOWER_BOUNDS = ("minimum", "minLength", "minItems")
UPPER_BOUNDS = ("maximum", "maxLength", "maxItems")


def differences(older: Document, newer: Document) -> list[str]:
    """Every difference that a client of the older document could notice, a line each."""
    return list(Comparison(older, newer).paths())


class Comparison:
    """The comparison of two documents."""

    def __init__(self, older: Document, newer: Document) -> None:
        self.older, self.newer = older, newer

    def paths(self) -> Iterator[str]:
        """What differs in paths, methods and all below."""
        for path, methods in self.older["paths"].items():
            for method, operation in methods.items():
                where = f"{method.upper()} {path}"
                offered = self.newer["paths"].get(path, {}).get(method)
                if offered is None:
                    yield f"{where}: is not there"
                else:
                    yield from self._operation(where, operation, offered)

    def _operation(self, where: str, older: Schema, newer: Schema) -> Iterator[str]:
        if older.get("operationId") != newer.get("operationId"):
            yield f"{where}: operationId is {newer.get('operationId')}"
        if older.get("tags") != newer.get("tags"):
            yield f"{where}: tags are {newer.get('tags')}"
        yield from self._parameters(where, older.get("parameters", []), newer.get("parameters", []))
        yield from self._body(where, older.get("requestBody"), newer.get("requestBody"))
        for status, response in older["responses"].items():
            offered = newer["responses"].get(status)
            if offered is None:
                yield f"{where}: answer {status} is not described"
                continue
            for media, content in response.get("content", {}).items():
                made = offered.get("content", {}).get(media)
                if made is None:
                    yield f"{where} {status}: no {media}"
                else:
                    yield from self._answer(f"{where} {status}", content.get("schema", {}), made.get("schema", {}), ())

    def _parameters(self, where: str, older: list[Schema], newer: list[Schema]) -> Iterator[str]:
        offered = {(one["in"], one["name"]): one for one in newer}
        known = {(one["in"], one["name"]) for one in older}
        for one in older:
            key = (one["in"], one["name"])
            if key not in offered:
                yield f"{where}: parameter {one['name']} is not there"
                continue
            if offered[key].get("required", False) and not one.get("required", False):
                yield f"{where}: parameter {one['name']} is required now"
            yield from self._request(f"{where} ?{one['name']}", one["schema"], offered[key]["schema"], ())
        for key, one in offered.items():
            if key not in known and one.get("required", False):
                yield f"{where}: new parameter {one['name']} is required"

    def _body(self, where: str, older: Schema | None, newer: Schema | None) -> Iterator[str]:
        if older is None:
            if newer is not None and newer.get("required", False):
                yield f"{where}: a body is required now"
            return
        if newer is None:
            yield f"{where}: no body is described"
            return
        for media, content in older["content"].items():
            offered = newer["content"].get(media)
            if offered is None:
                yield f"{where}: no body of {media}"
            else:
                yield from self._request(f"{where} body", content["schema"], offered["schema"], ())

    def _request(self, where: str, older: Schema, newer: Schema, seen: tuple[str, ...]) -> Iterator[str]:
        """Whether `newer` accepts what `older` accepts."""
        yield from self._shape(where, older, newer, seen, answer=False)

    def _answer(self, where: str, older: Schema, newer: Schema, seen: tuple[str, ...]) -> Iterator[str]:
        """Whether `newer` promises what `older` promises."""
        yield from self._shape(where, older, newer, seen, answer=True)

    def _shape(self, where: str, older: Schema, newer: Schema, seen: tuple[str, ...], *, answer: bool) -> Iterator[str]:
        name = str(older.get("$ref", ""))
        if name and name in seen:
            return
        seen = (*seen, name) if name else seen
        old, new = self._resolved(self.older, older), _without_null(self._resolved(self.newer, newer))
        new = self._resolved(self.newer, new)
        if "anyOf" in old or "anyOf" in new:
            before, after = _alternatives(old), _alternatives(new)
            if not before <= after:
                yield f"{where}: accepts {sorted(after)} instead of {sorted(before)}"
            return
        if not old or (not new and not answer):
            return
        if old.get("type") != new.get("type"):
            yield f"{where}: type is {new.get('type')} instead of {old.get('type')}"
            return
        yield from self._bounds(where, old, new, answer=answer)
        yield from self._enumeration(where, old, new, answer=answer)
        if not answer and "default" in old and old["default"] != new.get("default"):
            yield f"{where}: default is {new.get('default')!r} instead of {old['default']!r}"
        if "items" in old:
            yield from self._shape(f"{where}[]", old["items"], new.get("items", {}), seen, answer=answer)
        if isinstance(old.get("additionalProperties"), Mapping):
            inner = new.get("additionalProperties")
            inner = inner if isinstance(inner, Mapping) else {}
            yield from self._shape(f"{where}{{}}", old["additionalProperties"], inner, seen, answer=answer)
        yield from self._properties(where, old, new, seen, answer=answer)

    def _properties(
        self, where: str, old: Schema, new: Schema, seen: tuple[str, ...], *, answer: bool
    ) -> Iterator[str]:
        required_before, required_now = set(old.get("required", [])), set(new.get("required", []))
        if answer:
            for field in sorted(required_before - required_now):
                yield f"{where}.{field}: is not promised any more"
        else:
            for field in sorted(required_now - required_before):
                yield f"{where}.{field}: is required now"
        for field, schema in old.get("properties", {}).items():
            offered = new.get("properties", {}).get(field)
            if offered is None:
                yield f"{where}.{field}: is not there"
            else:
                yield from self._shape(f"{where}.{field}", schema, offered, seen, answer=answer)

    @staticmethod
    def _bounds(where: str, old: Schema, new: Schema, *, answer: bool) -> Iterator[str]:
        if answer:
            return
        for bound in LOWER_BOUNDS:
            if bound in new and new[bound] > old.get(bound, float("-inf")):
                yield f"{where}: {bound} is {new[bound]} instead of {old.get(bound)}"
        for bound in UPPER_BOUNDS:
            if bound in new and new[bound] < old.get(bound, float("inf")):
                yield f"{where}: {bound} is {new[bound]} instead of {old.get(bound)}"

    @staticmethod
    def _enumeration(where: str, old: Schema, new: Schema, *, answer: bool) -> Iterator[str]:
        before, after = old.get("enum"), new.get("enum")
        narrow, wide = (after, before) if answer else (before, after)
        if wide is not None and (narrow is None or not set(narrow) <= set(wide)):
            yield f"{where}: enum is {after} instead of {before}"

    @staticmethod
    def _resolved(document: Document, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema


def _without_null(schema: Schema) -> Schema:
    """A schema without the alternative null, which older documents of this kind did not write down."""
    parts = [part for part in schema.get("anyOf", []) if part.get("type") != "null"]
    return parts[0] if len(parts) == 1 and len(schema["anyOf"]) > 1 else schema


def _alternatives(schema: Schema) -> set[str]:
    """The types that a schema allows, null apart."""
    parts = schema.get("anyOf", [schema])
    return {str(part.get("type", part.get("$ref", ""))) for part in parts if part.get("type") != "null"}
