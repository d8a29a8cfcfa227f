"""`/api/predict`: neighbours, then routings, in two calls whatever the number of items."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import Response

from gateway.answers import large_answer, now_iso
from gateway.exports import export_files
from gateway.guarded_routes import AreaRouter
from gateway.neighbour_search import SearchOptions, find_neighbours
from gateway.schemas.prediction import PredictionRequest, PredictionResponse
from gateway.state import TheGateway
from gateway.translate import prediction
from gateway.translate.visualization import visualization_of
from protos.aggregate.v1 import aggregate_pb2 as pb

DEFAULT_THRESHOLD = 0.8

area = AreaRouter("/api", "routing-ml")


@area.user.post("/predict", response_model=PredictionResponse)
async def predict(body: PredictionRequest, gateway: TheGateway) -> Response:
    """Predicts routings: an item's own where it has one, else from its neighbours."""
    clients, plant = gateway.clients, gateway.plant
    found = await find_neighbours(
        clients,
        body.item_codes,
        SearchOptions(
            top_k=body.top_k,
            feature_weights=body.feature_weights,
            weight_profile=body.weight_profile or "",
            ef_search=body.ef_search,
        ),
    )
    request = pb.PredictRequest(
        item_codes=body.item_codes,
        neighbours=found.neighbours,
        similarity_threshold=body.similarity_threshold,
        detailed=body.mode.strip().lower() == "detailed",
        model_version=found.model_version,
        evidence=body.with_evidence,
        ignore_own_routing=body.ignore_own_routing,
    )
    response, weights, cache = await asyncio.gather(
        clients.aggregate.call(clients.aggregate.stub.Predict, request),
        gateway.models.feature_weights(found.model_version, body.feature_weights),
        gateway.snapshots.caches(),
    )
    threshold = body.similarity_threshold
    if threshold is None:
        threshold = float(plant.section("trainer").get("similarity_threshold", DEFAULT_THRESHOLD))
    generated_at = now_iso()
    files = await export_files(clients, response, body.export_formats or [])
    visualization = visualization_of(plant) if body.with_visualization else None

    def content() -> dict[str, Any]:
        metrics = prediction.metrics(
            body.item_codes,
            found,
            response,
            threshold=threshold,
            generated_at=generated_at,
            feature_weights=weights,
            cache=cache,
            exported_files=files,
        )
        if visualization is not None:
            metrics["visualization"] = visualization
        return {
            "items": prediction.routings(response, generated_at),
            "candidates": prediction.candidates(response),
            "metrics": metrics,
        }

    return await large_answer(len(body.item_codes), content)
