"""`/api/similarity`: neighbours at the caller's own site, and at all sites of its group."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from common.sites import outside_group
from gateway.admission import admits_itself
from gateway.answers import large_answer, now_iso
from gateway.guarded_routes import AreaRouter
from gateway.schemas.similarity import (
    GroupSearchRequest,
    GroupSearchResponse,
    SimilaritySearchRequest,
    SimilaritySearchResponse,
)
from gateway.state import Gateway, TheGateway
from gateway.translate import similarity
from predicting.group_search import search_group
from predicting.neighbours import DEFAULT_TOP_K, SearchOptions, find_neighbours
from predicting.services import Clients

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


@area.user.post("/group-search", response_model=GroupSearchResponse)
@admits_itself
async def similarity_group_search(body: GroupSearchRequest, gateway: TheGateway) -> Response:
    """Finds the most similar items of each item at all sites of the caller's group whose versions come from one model."""
    others = others_of(gateway, body.sites)
    items = len(body.item_codes) * (1 + len(others))
    await gateway.admission.enter(len(body.item_codes), items * max(1, (body.top_k or DEFAULT_TOP_K) // DEFAULT_TOP_K))
    found = await search_group(
        (gateway.settings.at_site, gateway.clients),
        others,
        body.item_codes,
        SearchOptions(
            top_k=body.top_k,
            min_similarity=body.min_similarity,
            feature_weights=body.feature_weights,
            weight_profile=body.weight_profile or "",
            ef_search=body.ef_search,
        ),
    )
    return await large_answer(items, lambda: similarity.group_answer(body.item_codes, found, now_iso()))


def others_of(gateway: Gateway, wanted: Sequence[str] | None) -> dict[str, Clients]:
    """The services of the group's other sites, or of those that are wanted.

    Raises:
        PermissionDenied: one that is wanted is no site of the group. Whether it is there at all is not told.
    """
    own, group = gateway.settings.at_site, gateway.others_of_group
    if wanted is not None and (foreign := [name for name in wanted if name != own and name not in group]):
        raise outside_group(own, foreign[0])
    return {name: gateway.at(name).clients for name in group if wanted is None or name in wanted}
