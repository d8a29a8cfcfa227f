"""From graph to pipeline: the options that a training takes from the blueprint and the settings, and what settings and nodes share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from common.errors import FieldViolation, InvalidInput
from plant.blueprint.graph import BlueprintGraph, Node
from plant.blueprint.graph_checks import SHAPE_REASONS, GraphProblem, problems
from plant.blueprint.node_options import Option
from plant.blueprint.node_types import NODE_TYPES
from plant.blueprint.options import PARTS, PipelineOptions
from plant.schema import PlantSchema
from plant.settings import PlantSettings
from plant.settings.violations import Violation

DEFAULT_ORDER = ("loader", "encoder", "embedding", "index", "storage")


def graph_of(document: PlantSettings) -> BlueprintGraph:
    """The graph of a settings document."""
    return BlueprintGraph.of(document.graph.model_dump(mode="json"))


def pipeline_of(document: PlantSettings) -> PipelineOptions:
    """The pipeline that a settings document means; the empty graph is the default one.

    What its nodes do not say has its default; where a section of the document holds the same (time profiles, Projector), the
    section says it.

    Raises:
        InvalidInput: the graph cannot run; one violation a finding.
    """
    graph = graph_of(document)
    found = problems(graph)
    if found:
        raise cannot_run(found)
    return _options(graph, document.to_dict())


def pipeline_of_graph(graph: BlueprintGraph) -> PipelineOptions:
    """The pipeline that a graph means by itself, as if saved into a document with default settings.

    Raises:
        InvalidInput: it cannot run; one violation a finding.
    """
    found = problems(graph)
    if found:
        raise cannot_run(found)
    sections = PlantSettings().to_dict()
    for node_type in NODE_TYPES:
        given = graph.options_of(node_type.type)
        for option in node_type.options:
            if option.setting and option.name in given:
                section, name = option.setting
                sections[section][name] = given[option.name]
    return _options(graph, sections)


def _options(graph: BlueprintGraph, sections: Mapping[str, Mapping[str, Any]]) -> PipelineOptions:
    parts = {}
    for node_type in NODE_TYPES:
        if not node_type.part:
            continue
        given = graph.options_of(node_type.type)
        values = {}
        for option in node_type.options:
            if option.setting:
                values[option.name] = option.taken(sections[option.setting[0]][option.setting[1]])
            elif option.name in given:
                values[option.name] = option.taken(given[option.name])
        parts[node_type.part] = PARTS[node_type.part](**values)
    return PipelineOptions(**parts)


def cannot_run(found: list[GraphProblem]) -> InvalidInput:
    """The error that says why a graph cannot run."""
    more = f" (and {len(found) - 3} more)" if len(found) > 3 else ""
    return InvalidInput(
        "The blueprint cannot run: " + "; ".join(problem.message for problem in found[:3]) + more,
        reason="BLUEPRINT_INVALID",
        violations=[FieldViolation(".".join(map(str, problem.path)), problem.sentence) for problem in found],
    )


def blueprint_violations(document: PlantSettings, plant: PlantSchema) -> Iterator[Violation]:
    """What keeps the graph of a settings document from running at a plant, beyond the document's own rules about graphs."""
    for problem in problems(graph_of(document), plant):
        if problem.reason not in SHAPE_REASONS:
            yield Violation(("graph", *problem.path), problem.sentence)


def reconcile(before: PlantSettings, after: PlantSettings) -> PlantSettings:
    """A changed document in which nodes and sections agree where both hold the same setting.

    A node's option that the change has set goes into the section; otherwise the section's value goes into the node. Plain nodes of older
    clients stay as they were sent. Options that do not fit are left for the checks to name.
    """
    old, new = graph_of(before), graph_of(after)
    content = after.to_dict()
    nodes = content["graph"]["nodes"]
    changed = False
    for node_type in NODE_TYPES:
        node = _registered(new, node_type.type)
        if node is None:
            continue
        earlier = _registered(old, node_type.type)
        was_given = earlier.known_settings if earlier is not None else {}
        given = node.known_settings
        for option in node_type.options:
            if option.setting is None:
                continue
            section, name = option.setting
            if _set_by_node(option, was_given, given):
                value = given.get(option.name)
                changed |= content[section][name] != value
                content[section][name] = value
            elif option.name in given and _differs(option, given[option.name], content[section][name]):
                nodes[node.position]["settings"][option.name] = content[section][name]
                changed = True
    return PlantSettings.of(content) if changed else after


def _registered(graph: BlueprintGraph, type_: str) -> Node | None:
    nodes = [node for node in graph.nodes_of(type_) if not node.plain]
    return nodes[0] if len(nodes) == 1 else None


def _set_by_node(option: Option, was_given: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    """Whether the change has set the option in the node, to something that fits (or took it away where it may be absent)."""
    if option.name not in given:
        return option.default is None and option.name in was_given
    return was_given.get(option.name) != given[option.name] and not any(option.problems(given[option.name]))


def _differs(option: Option, given: Any, section_value: Any) -> bool:
    """Whether a node's value fits and is not the section's."""
    return not any(option.problems(given)) and given != section_value


def default_graph() -> dict[str, Any]:
    """The default pipeline as a graph {nodes, edges}: what an empty graph means."""
    nodes, edges = [], []
    types = {node_type.type: node_type for node_type in NODE_TYPES}
    order = [*DEFAULT_ORDER, "weights", "learned", "time_profiles", "projector", "predictor", "sql"]
    columns = {name: number for number, name in enumerate([*DEFAULT_ORDER, "predictor", "sql"])}
    columns |= {"weights": 0, "time_profiles": 1, "learned": 2, "projector": 3}
    for type_ in order:
        node_type = types[type_]
        nodes.append(
            {
                "id": type_,
                "label": node_type.words.ko.title,
                "type": type_,
                "category": node_type.category,
                "position": {
                    "x": 220.0 * columns[type_],
                    "y": 0.0 if type_ in (*DEFAULT_ORDER, "predictor", "sql") else 160.0,
                },
                "settings": {option.name: option.default for option in node_type.options if option.required},
            }
        )
    for source in order:
        for target in order:
            for port in types[target].inputs:
                if port.type in {out.type for out in types[source].outputs}:
                    edges.append(
                        {
                            "id": f"{source}-{target}",
                            "source": source,
                            "target": target,
                            "kind": port.type,
                            "label": None,
                        }
                    )
    return {"nodes": nodes, "edges": edges}
