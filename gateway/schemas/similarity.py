"""Bodies of `/api/similarity/search`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from gateway.schemas.wire import AnswerModel, FeatureWeights, ItemCode, RequestModel, Share

MOST_ITEM_CODES = 10_000


class SimilaritySearchRequest(RequestModel):
    """Items whose neighbours are wanted."""

    item_codes: Annotated[list[ItemCode], Field(min_length=1, max_length=MOST_ITEM_CODES)]
    top_k: Annotated[int, Field(ge=1, le=50)] | None = None
    min_similarity: Share | None = None
    feature_weights: FeatureWeights | None = None
    weight_profile: str | None = None
    include_manifest_metadata: bool = False
    ef_search: Annotated[int, Field(ge=1, le=4096)] | None = Field(
        None, description="Width of the search, this call only"
    )


class SimilarItem(AnswerModel):
    """A neighbour."""

    item_code: str
    similarity_score: Share
    source: Literal["prediction", "manifest"] = "prediction"
    metadata: dict[str, Any] = {}


class SimilaritySearchResult(AnswerModel):
    """The neighbours of one item, best first, without itself."""

    item_code: str
    matches: list[SimilarItem] = []
    manifest_revision: str | None = None


class SimilaritySearchResponse(AnswerModel):
    """Neighbours and figures of the search."""

    results: list[SimilaritySearchResult] = []
    metrics: dict[str, Any] = {}
