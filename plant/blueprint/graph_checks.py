"""What keeps a graph from running: each finding names the node or edge and says why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from common.notices import Notice
from plant.blueprint.graph import BlueprintGraph, Node
from plant.blueprint.node_types import BY_TYPE, NODE_TYPES
from plant.schema import PlantSchema
from plant.settings.rules import find_circle

SHAPE_REASONS: Final = frozenset({"DUPLICATE_ID", "EDGE_TO_NOWHERE", "CYCLE"})
"""Reasons that the settings document's own rules find too."""


@dataclass(frozen=True)
class GraphProblem:
    """Something wrong.

    Attributes:
        reason: stable name.
        message: for people.
        node_id, edge_id: what it is about; "" when not about one.
        path: keys and positions from the graph's root, such as ("nodes", 0, "settings", "m").
        about: what else the message names: node_type (that is missing, or gives what is missing), port.
    """

    reason: str
    message: str
    node_id: str = ""
    edge_id: str = ""
    path: tuple[str | int, ...] = ("nodes",)
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def facts(self) -> dict[str, str]:
        """What the message names, for words of one's own: also the option of a node's settings."""
        option = str(self.path[3]) if len(self.path) > 3 and self.path[2] == "settings" else ""
        return {**({"option": option} if option else {}), **self.about}

    @property
    def sentence(self) -> Notice:
        """The message with the reason as its code and what it names as values."""
        return Notice(self.message, f"BLUEPRINT_{self.reason}", {"node": self.node_id or self.edge_id, **self.facts})


def problems(graph: BlueprintGraph, plant: PlantSchema | None = None) -> list[GraphProblem]:
    """Everything that is wrong with a graph; nothing with the empty one, which means the default pipeline.

    Args:
        plant: whose features and columns the nodes may name; None: they may name any.
    """
    found = [*_shape(graph), *_nodes(graph, plant)]
    if not graph.sketch:
        found += [*_needed(graph), *_edges(graph)]
    return found


def _shape(graph: BlueprintGraph) -> Iterator[GraphProblem]:
    for kind, things in (("nodes", graph.nodes), ("edges", graph.edges)):
        seen: set[str] = set()
        for thing in things:
            if thing.id in seen:
                path = (kind, thing.position, "id")
                node_id, edge_id = (thing.id, "") if isinstance(thing, Node) else ("", thing.id)
                yield GraphProblem("DUPLICATE_ID", f"{thing.id} is the id of two {kind}", node_id, edge_id, path)
            seen.add(thing.id)
    ids = {node.id for node in graph.nodes}
    whole = [edge for edge in graph.edges if edge.source in ids and edge.target in ids]
    for edge in graph.edges:
        for end, node in (("source", edge.source), ("target", edge.target)):
            if node not in ids:
                message = f"Edge {edge.id} joins {node}, which is not a node of the graph"
                yield GraphProblem("EDGE_TO_NOWHERE", message, edge_id=edge.id, path=("edges", edge.position, end))
    circle = find_circle([(edge.source, edge.target) for edge in whole])
    if circle:
        closing = next(edge for edge in whole if (edge.source, edge.target) == (circle[-1], circle[0]))
        message = f"The edges run in a circle: {' > '.join([*circle, circle[0]])}"
        yield GraphProblem("CYCLE", message, circle[0], closing.id, ("edges", closing.position))


def _nodes(graph: BlueprintGraph, plant: PlantSchema | None) -> Iterator[GraphProblem]:
    for node in graph.nodes:
        where = ("nodes", node.position)
        meaning = node.meaning
        if meaning is None:
            message = f"Node {node.id}: there is no node type {node.type!r}; there are {', '.join(BY_TYPE)}"
            yield GraphProblem("UNKNOWN_TYPE", message, node.id, path=(*where, "type"))
            continue
        told = f"Node {node.id} ({meaning.type})"
        settings = node.known_settings
        for name, value in settings.items():
            path = (*where, "settings", name)
            option = meaning.option(name)
            if option is None:
                options = ", ".join(known.name for known in meaning.options) or "none"
                message = f"{told} has no option {name}; its options are {options}"
                yield GraphProblem("OPTION_UNKNOWN", message, node.id, path=path)
                continue
            for wrong in option.problems(value, plant):
                yield GraphProblem(wrong.reason, f"{told}: {wrong.message}", node.id, path=path)
        if not node.plain:
            for option in meaning.options:
                if option.required and option.name not in settings:
                    message = f"{told} lacks the option {option.name}"
                    yield GraphProblem("OPTION_MISSING", message, node.id, path=(*where, "settings", option.name))
        yield from _together(node, told, plant)
    for node_type in NODE_TYPES:
        nodes = graph.nodes_of(node_type.type)
        if node_type.max_count and len(nodes) > node_type.max_count:
            surplus = nodes[node_type.max_count]
            message = f"{', '.join(node.id for node in nodes)} are all {node_type.type} nodes: a pipeline has one"
            yield GraphProblem("TOO_MANY_NODES", message, surplus.id, path=("nodes", surplus.position))


def _together(node: Node, told: str, plant: PlantSchema | None) -> Iterator[GraphProblem]:
    """Options that are right one by one and wrong together."""
    settings, meaning = node.known_settings, node.meaning
    path = ("nodes", node.position, "settings")
    if meaning is not None and meaning.type == "weights":
        active = settings.get("active")
        names = plant.feature_by_name if plant is not None else None
        if names and isinstance(active, dict) and all(active.get(name) is False for name in names):
            yield GraphProblem("NO_FEATURE", f"{told}: every feature is switched off", node.id, path=(*path, "active"))
    if meaning is not None and meaning.type == "time_profiles":
        low, high = settings.get("trim_lower"), settings.get("trim_upper")
        if isinstance(low, int | float) and isinstance(high, int | float) and low >= high:
            message = f"{told}: trim_lower ({low:g}) must be below trim_upper ({high:g})"
            yield GraphProblem("OPTION_OUT_OF_RANGE", message, node.id, path=(*path, "trim_lower"))


def _needed(graph: BlueprintGraph) -> Iterator[GraphProblem]:
    for node_type in NODE_TYPES:
        if node_type.required and not graph.nodes_of(node_type.type):
            message = f"The pipeline lacks a {node_type.type} node ({node_type.words.en.title})"
            yield GraphProblem("NODE_MISSING", message, about={"node_type": node_type.type})
    by_id = {node.id: node for node in graph.nodes}
    for node in graph.nodes:
        meaning = node.meaning
        if meaning is None or node.plain:
            continue
        arriving = {
            port.type
            for edge in graph.edges
            if edge.target == node.id and (source := by_id.get(edge.source)) is not None
            for port in (source.meaning.outputs if source.meaning else ())
        }
        for port in meaning.inputs:
            if port.required and port.type not in arriving:
                givers = [known.type for known in NODE_TYPES if any(out.type == port.type for out in known.outputs)]
                message = (
                    f"Node {node.id} ({meaning.type}): its input {port.name} is not connected; "
                    f"join it with a {', '.join(givers)} node"
                )
                about = {"port": port.name, "node_type": givers[0] if givers else ""}
                yield GraphProblem("INPUT_NOT_CONNECTED", message, node.id, path=("nodes", node.position), about=about)


def _edges(graph: BlueprintGraph) -> Iterator[GraphProblem]:
    """Edges between nodes that have no ports of one type. Notes may be joined with anything."""
    by_id = {node.id: node for node in graph.nodes}
    for edge in graph.edges:
        source, target = by_id.get(edge.source), by_id.get(edge.target)
        if source is None or target is None or source.meaning is None or target.meaning is None:
            continue
        if "note" in (source.meaning.type, target.meaning.type):
            continue
        given = {port.type for port in source.meaning.outputs}
        taken = {port.type for port in target.meaning.inputs}
        if not given & taken:
            message = (
                f"Edge {edge.id} joins {source.id} ({source.meaning.type}) with {target.id} ({target.meaning.type}): "
                f"the one gives {_listed(given)}, the other takes {_listed(taken)}"
            )
            yield GraphProblem("PORT_MISMATCH", message, target.id, edge.id, ("edges", edge.position))


def _listed(types: set[str]) -> str:
    return ", ".join(sorted(types)) or "nothing"
