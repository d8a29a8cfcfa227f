"""`/api/groups/recommendations`."""

from __future__ import annotations

from starlette.responses import Response

from gateway.answers import json_answer
from gateway.guarded_routes import AreaRouter
from gateway.schemas.groups import GroupRecommendationRequest, GroupRecommendationResponse
from gateway.state import TheGateway
from gateway.translate import groups
from predicting.neighbours import SearchOptions, find_neighbours
from protos.aggregate.v1 import aggregate_pb2 as pb

area = AreaRouter("/api/groups", "routing-ml")


@area.user.post("/recommendations", response_model=GroupRecommendationResponse)
async def group_recommendations(body: GroupRecommendationRequest, gateway: TheGateway) -> Response:
    """Recommends groups for an item; `candidate_limit` neighbours are looked at."""
    clients, plant = gateway.clients, gateway.plant
    threshold = body.similarity_threshold
    found = await find_neighbours(
        clients, [body.item_code], SearchOptions(top_k=body.candidate_limit, min_similarity=threshold, estimates=True)
    )
    neighbours = list(zip(found.neighbours.item_codes, found.neighbours.similarities, strict=True))
    request = pb.PredictRequest(item_codes=[body.item_code], similarity_threshold=threshold, max_variants=1)
    found.give_to(request)
    routing = await clients.aggregate.call(clients.aggregate.stub.Predict, request)
    return json_answer(
        {
            "item_code": body.item_code,
            "recommendations": groups.recommendations(body.item_code, neighbours, plant.items, routing),
            "inspected_candidates": len(neighbours),
            "manifest_revision": plant.manifest_revision,
        }
    )
