"""The check of bodies with many values: it ends at the first wrong element of a list, as telling of a hundred thousand wrong ones would
hold the event loop for a second, in which nobody else is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastapi._compat import ModelField
from pydantic import TypeAdapter, ValidationError
from pydantic_core import SchemaValidator

_LISTS: Final = ("list", "set", "frozenset", "tuple")


class FirstProblem:
    """Finds what is wrong with a body of a route, at most one element a list.

    Args:
        field: the body as FastAPI describes it.
    """

    def __init__(self, field: ModelField) -> None:
        self._field = field
        self._validator: SchemaValidator | None = None

    def problems(self, value: object) -> list[dict[str, object]]:
        """What is wrong, as FastAPI tells it; empty when nothing is."""
        if self._validator is None:
            described: Any = self._field.field_info.annotation
            schema = TypeAdapter(described).core_schema
            # without what the models themselves have built, which goes on to the end
            self._validator = SchemaValidator(_ending_early(schema), _use_prebuilt=False)
        try:
            self._validator.validate_python(value)
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)
            return [{**problem, "loc": ("body", *problem["loc"])} for problem in found]
        return []


def _ending_early(node: Any) -> Any:
    """A schema of pydantic whose lists end at their first wrong element."""
    if isinstance(node, Mapping):
        changed = {name: _ending_early(one) for name, one in node.items()}
        if changed.get("type") in _LISTS:
            changed["fail_fast"] = True
        return changed
    return [_ending_early(one) for one in node] if isinstance(node, list) else node
