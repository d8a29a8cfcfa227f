"""MappingService: the blueprint. Translates between messages and plant.blueprint."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from auth_service.store.active_profiles import active_schema
from auth_service.store.surroundings import Surroundings
from common.errors import DataProblem
from plant.blueprint import wrapper
from plant.blueprint.graph import BlueprintGraph
from plant.blueprint.graph_checks import GraphProblem, problems
from plant.blueprint.node_type import NodeType, Port
from plant.blueprint.node_types import NODE_TYPES
from plant.blueprint.pipeline import default_graph, pipeline_of_graph
from plant.schema import PlantSchema
from protos.documents.v1 import documents_pb2 as pb


class BlueprintMethods:
    """The methods about the blueprint."""

    _here: Surroundings

    async def NodeTypes(self, request: pb.NodeTypesRequest, context: Any) -> pb.NodeTypesResponse:
        plant = await self._here.database.read(active_schema)
        return pb.NodeTypesResponse(
            types=[node_type_message(node_type, plant) for node_type in NODE_TYPES],
            default_graph_json=orjson.dumps(default_graph()).decode(),
        )

    async def CheckGraph(self, request: pb.CheckGraphRequest, context: Any) -> pb.CheckGraphResponse:
        graph = BlueprintGraph.parse(request.graph_json)
        found = problems(graph, await self._here.database.read(active_schema))
        if found:
            return pb.CheckGraphResponse(ok=False, problems=[problem_message(problem) for problem in found])
        options = pipeline_of_graph(graph)
        return pb.CheckGraphResponse(
            ok=True, pipeline_json=orjson.dumps(options.to_dict()).decode(), wrapper_source=wrapper.render(0, options)
        )

    async def GetWrapper(self, request: pb.GetWrapperRequest, context: Any) -> pb.Wrapper:
        return await asyncio.to_thread(self._wrapper, request.revision)

    def _wrapper(self, revision: int) -> pb.Wrapper:
        state_dir = self._here.settings.state_dir
        path = wrapper.wrapper_path(state_dir, revision)
        try:
            source = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise DataProblem(f"The generated pipeline {path} cannot be read ({error})") from error
        return pb.Wrapper(
            revision=wrapper.revision_of(path), path=str(path), source=source, revisions=wrapper.revisions(state_dir)
        )


def node_type_message(node_type: NodeType, plant: PlantSchema) -> pb.NodeType:
    """A node type as a message, with the names of a plant."""
    words = node_type.words
    return pb.NodeType(
        type=node_type.type,
        category=node_type.category,
        label_ko=words.ko.title,
        label_en=words.en.title,
        help_ko=words.ko.help,
        help_en=words.en.help,
        options_schema_json=orjson.dumps(node_type.schema(plant)).decode(),
        inputs=[_port(port) for port in node_type.inputs],
        outputs=[_port(port) for port in node_type.outputs],
        required=node_type.required,
        max_count=node_type.max_count,
    )


def _port(port: Port) -> pb.Port:
    return pb.Port(name=port.name, type=port.type, required=port.required)


def problem_message(problem: GraphProblem) -> pb.GraphProblem:
    """A finding as a message."""
    return pb.GraphProblem(
        node_id=problem.node_id,
        edge_id=problem.edge_id,
        reason=problem.reason,
        message=problem.message,
        facts=problem.facts,
    )
