"""A graph as the settings document holds it, and what its nodes stand for.

Nodes of a registered type are taken at their word. Graphs of older clients hold plain nodes (types input, default, output, group) with
free labels: such a node stands for the type that its settings, id or label name, or is a note.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from common.errors import InvalidInput
from plant.blueprint.node_type import NodeType
from plant.blueprint.node_types import BY_TYPE, NODE_TYPES

PLAIN_TYPES: Final = frozenset({"input", "default", "output", "group"})


@dataclass(frozen=True)
class Node:
    """A node; `position` is its place in the document's list."""

    id: str
    type: str
    label: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    position: int = 0

    @property
    def plain(self) -> bool:
        """Whether it is a node of an older client, whose meaning is read from its words."""
        return self.type in PLAIN_TYPES

    @property
    def meaning(self) -> NodeType | None:
        """The node type it stands for; None when its type is unknown. A plain node that names no type is a note."""
        if not self.plain:
            return BY_TYPE.get(self.type)
        named = self.settings.get("type", self.settings.get("node_type"))
        if isinstance(named, str) and named in BY_TYPE:
            return BY_TYPE[named]
        return _by_words(self.id) or _by_words(self.label) or BY_TYPE["note"]

    @property
    def known_settings(self) -> dict[str, Any]:
        """Settings that count: absent values left out; of a plain node also what its type does not know."""
        meaning = self.meaning
        given = {name: value for name, value in self.settings.items() if value is not None}
        if not self.plain:
            return given
        return {name: value for name, value in given.items() if meaning is not None and meaning.option(name)}


@dataclass(frozen=True)
class Edge:
    """An edge; `position` is its place in the document's list."""

    id: str
    source: str
    target: str
    kind: str = "data"
    position: int = 0


@dataclass(frozen=True)
class BlueprintGraph:
    """Nodes and edges."""

    nodes: Sequence[Node] = ()
    edges: Sequence[Edge] = ()

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> BlueprintGraph:
        """A graph from the objects of JSON.

        Raises:
            InvalidInput: nodes or edges are no lists of objects with their ids.
        """
        try:
            nodes = [
                Node(
                    id=_text(sent, "id"),
                    type=_text(sent, "type"),
                    label=str(sent.get("label") or ""),
                    settings=dict(sent.get("settings") or {}),
                    position=position,
                )
                for position, sent in enumerate(content.get("nodes") or [])
            ]
            edges = [
                Edge(
                    id=_text(sent, "id"),
                    source=_text(sent, "source"),
                    target=_text(sent, "target"),
                    kind=str(sent.get("kind") or "data"),
                    position=position,
                )
                for position, sent in enumerate(content.get("edges") or [])
            ]
        except (AttributeError, TypeError, ValueError) as error:
            raise InvalidInput(f"The graph cannot be read: {error}") from None
        return cls(nodes, edges)

    @classmethod
    def parse(cls, text: str) -> BlueprintGraph:
        """A graph from JSON text; "" is the empty graph.

        Raises:
            InvalidInput: not JSON, or as `of`.
        """
        try:
            content = orjson.loads(text) if text.strip() else {}
        except orjson.JSONDecodeError as error:
            raise InvalidInput(f"The graph is not JSON ({error})") from None
        if not isinstance(content, Mapping):
            raise InvalidInput("The graph must be a JSON object with nodes and edges")
        return cls.of(content)

    @property
    def sketch(self) -> bool:
        """Whether no node is of a type of the pipeline: it says what it says, and everything else has its default."""
        return not any(node.type in BY_TYPE and node.type != "note" for node in self.nodes)

    def nodes_of(self, type_: str) -> list[Node]:
        """Nodes that stand for a type; plain ones only where none is of the type itself, and only the first of them."""
        standing = [node for node in self.nodes if (meaning := node.meaning) is not None and meaning.type == type_]
        registered = [node for node in standing if not node.plain]
        return registered or standing[:1]

    def options_of(self, type_: str) -> dict[str, Any]:
        """The options that the graph gives the nodes of a type; {} when it has none."""
        nodes = self.nodes_of(type_)
        return nodes[0].known_settings if nodes else {}


def _text(sent: Mapping[str, Any], key: str) -> str:
    value = sent.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key} of a node or edge is missing")
    return value


def _by_words(text: str) -> NodeType | None:
    """The type that a text names: as a whole, or by its first word that does."""
    folded = text.casefold().strip()
    pieces = [folded, folded.replace(" ", ""), *re.split(r"[\s_\-/·:()0-9]+", folded)]
    for piece in pieces:
        for node_type in NODE_TYPES:
            if piece and (piece == node_type.type or piece in node_type.words.known_by):
                return node_type
    return None
