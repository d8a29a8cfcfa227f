"""`/api/similarity/search`."""

from __future__ import annotations

from starlette.responses import Response

from gateway.admission import admits_itself
from gateway.answers import large_answer, now_iso
from gateway.guarded_routes import AreaRouter
from gateway.schemas.similarity import SimilaritySearchRequest, SimilaritySearchResponse
from gateway.state import TheGateway
from gateway.translate import similarity
from predicting.neighbours import DEFAULT_TOP_K, SearchOptions, find_neighbours

area = AreaRouter("/api/similarity", "routing-ml")


@area.user.post("/search", response_model=SimilaritySearchResponse)
@admits_itself
async def similarity_search(body: SimilaritySearchRequest, gateway: TheGateway) -> Response:
    """Finds the most similar items of each item, with or without routing, the item itself left out."""
    items = len(body.item_codes)
    await gateway.admission.enter(items, items * max(1, (body.top_k or DEFAULT_TOP_K) // DEFAULT_TOP_K))
    found = await find_neighbours(
        gateway.clients,
        body.item_codes,
        SearchOptions(
            top_k=body.top_k,
            min_similarity=body.min_similarity,
            feature_weights=body.feature_weights,
            weight_profile=body.weight_profile or "",
            ef_search=body.ef_search,
        ),
    )
    plant = gateway.plant
    metadata_of = plant.items.metadata if body.include_manifest_metadata else None
    return await large_answer(
        len(body.item_codes),
        lambda: {
            "results": similarity.results(body.item_codes, found, metadata_of, plant.manifest_revision),
            "metrics": similarity.metrics(body.item_codes, found, now_iso()),
        },
    )
