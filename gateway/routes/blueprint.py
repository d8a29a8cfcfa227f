"""`/api/blueprint`: the node library, checks of a graph, and the generated wrapper of the pipeline."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from gateway.answers import json_answer
from gateway.bodies import document_text, document_value
from gateway.guarded_routes import AreaRouter
from gateway.schemas.mapping import GraphCheckRequest, GraphCheckResponse, NodeTypesResponse, WrapperResponse
from gateway.state import TheGateway
from protos.documents.v1 import documents_pb2 as pb

area = AreaRouter("/api/blueprint", "blueprint")


@area.user.get("/node-types", response_model=NodeTypesResponse)
async def list_node_types(gateway: TheGateway) -> Response:
    """The kinds of nodes with their options, and the pipeline that an empty graph means."""
    mapping = gateway.clients.mapping
    found = await mapping.call(mapping.stub.NodeTypes, pb.NodeTypesRequest())
    return json_answer(
        {
            "types": [_node_type(one) for one in found.types],
            "default_graph": document_value(found.default_graph_json) or {"nodes": [], "edges": []},
        }
    )


@area.user.post("/check", response_model=GraphCheckResponse)
async def check_graph(body: GraphCheckRequest, gateway: TheGateway) -> Response:
    """Checks a graph without saving it."""
    mapping = gateway.clients.mapping
    request = pb.CheckGraphRequest(graph_json=document_text({"nodes": body.nodes, "edges": body.edges}, "The graph"))
    found = await mapping.call(mapping.stub.CheckGraph, request)
    return json_answer(
        {
            "ok": found.ok,
            "problems": [
                {
                    "node_id": one.node_id,
                    "edge_id": one.edge_id,
                    "reason": one.reason,
                    "message": one.message,
                    "facts": dict(one.facts),
                }
                for one in found.problems
            ],
            "pipeline": document_value(found.pipeline_json),
            "wrapper_source": found.wrapper_source or None,
        }
    )


@area.user.get("/wrapper", response_model=WrapperResponse)
async def get_wrapper(gateway: TheGateway, revision: Annotated[int, Query(ge=0, lt=2**63)] = 0) -> Response:
    """The generated Python wrapper of a revision of the settings, of the current one without a number."""
    mapping = gateway.clients.mapping
    found = await mapping.call(mapping.stub.GetWrapper, pb.GetWrapperRequest(revision=revision))
    return json_answer(
        {
            "revision": found.revision,
            "path": found.path,
            "source": found.source,
            "revisions": list(found.revisions),
        }
    )


def _node_type(one: pb.NodeType) -> dict[str, Any]:
    return {
        "type": one.type,
        "category": one.category,
        "label_ko": one.label_ko,
        "label_en": one.label_en,
        "help_ko": one.help_ko,
        "help_en": one.help_en,
        "options_schema": document_value(one.options_schema_json) or {},
        "inputs": [_port(port) for port in one.inputs],
        "outputs": [_port(port) for port in one.outputs],
        "required": one.required,
        "max_count": one.max_count,
    }


def _port(port: pb.Port) -> dict[str, Any]:
    return {"name": port.name, "type": port.type, "required": port.required}
