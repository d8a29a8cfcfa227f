"""`/api/routing/groups`: planners' saved routings."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import StringConstraints
from starlette.responses import Response

from gateway.answers import json_answer, no_content
from gateway.guarded_routes import AreaRouter
from gateway.schemas import routing_groups as bodies
from gateway.state import TheGateway
from gateway.translate import routing_groups as translate
from gateway.translate.proposals import proposals
from protos.documents.v1 import documents_pb2 as pb

Filter = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=256, pattern=r"^[^\x00-\x1f\x7f]*$"), Query()
]

area = AreaRouter("/api/routing/groups", "routing-groups")


@area.user.post("", status_code=201, response_model=bodies.RoutingGroupSaved)
async def create_routing_group(body: bodies.RoutingGroupRequest, gateway: TheGateway) -> Response:
    """Saves a routing under a new name (409 when the caller has one of that name)."""
    planning = gateway.clients.planning
    request = pb.CreateRoutingGroupRequest(
        content=translate.content(body), proposals=proposals(body.proposals, gateway.plant.schema)
    )
    return json_answer(translate.saved(await planning.call(planning.stub.CreateRoutingGroup, request)), 201)


@area.user.get("", response_model=bodies.RoutingGroupListResponse)
async def list_routing_groups(
    gateway: TheGateway,
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
    offset: Annotated[int, Query(ge=0, lt=2**31)] = 0,
    owner: Filter = "",
    item_code: Filter = "",
    search: Filter = "",
) -> Response:
    """Saved routings, last changed first: one's own, everybody's for administrators."""
    planning = gateway.clients.planning
    request = pb.ListRoutingGroupsRequest(limit=limit, offset=offset, owner=owner, item_code=item_code, search=search)
    return json_answer(translate.page(await planning.call(planning.stub.ListRoutingGroups, request)))


@area.user.post("/snapshots", response_model=bodies.RoutingSnapshotsResponse)
async def save_routing_snapshots(body: bodies.RoutingSnapshotsRequest, gateway: TheGateway) -> Response:
    """Keeps snapshots and audit entries of a planner's screen; what was sent before is not stored twice."""
    planning = gateway.clients.planning
    request = translate.snapshots(body)
    return json_answer(translate.kept(await planning.call(planning.stub.SaveRoutingSnapshots, request)))


@area.user.get("/{group_id}", response_model=bodies.RoutingGroupDetail)
async def get_routing_group(group_id: str, gateway: TheGateway) -> Response:
    """One saved routing (403 when it is somebody else's)."""
    planning = gateway.clients.planning
    request = pb.RoutingGroupRequest(group_id=group_id)
    return json_answer(translate.whole(await planning.call(planning.stub.GetRoutingGroup, request)))


@area.user.put("/{group_id}", response_model=bodies.RoutingGroupSaved)
async def update_routing_group(group_id: str, body: bodies.RoutingGroupUpdateRequest, gateway: TheGateway) -> Response:
    """Replaces a saved routing (409 when `version` is not the stored one)."""
    planning = gateway.clients.planning
    request = pb.UpdateRoutingGroupRequest(
        group_id=group_id,
        version=body.version,
        content=translate.content(body),
        proposals=proposals(body.proposals, gateway.plant.schema),
    )
    return json_answer(translate.saved(await planning.call(planning.stub.UpdateRoutingGroup, request)))


@area.user.delete("/{group_id}", status_code=204, response_class=Response)
async def delete_routing_group(group_id: str, gateway: TheGateway) -> Response:
    """Deletes a saved routing."""
    planning = gateway.clients.planning
    await planning.call(planning.stub.DeleteRoutingGroup, pb.RoutingGroupRequest(group_id=group_id))
    return no_content()
