"""Bodies of `/api/similarity/search`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from gateway.schemas.wire import AnswerModel, FeatureWeights, ItemCode, NoticeModel, RequestModel, Share

MOST_ITEM_CODES = 10_000
MOST_SITES = 1_000


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


class GroupSearchRequest(RequestModel):
    """Items of the caller's own site whose neighbours are wanted at all sites of its group."""

    item_codes: Annotated[list[ItemCode], Field(min_length=1, max_length=MOST_ITEM_CODES)]
    sites: list[str] | None = Field(
        None, max_length=MOST_SITES, description="Only these further sites of the group; absent: all of them"
    )
    top_k: Annotated[int, Field(ge=1, le=50)] | None = None
    min_similarity: Share | None = None
    feature_weights: FeatureWeights | None = None
    weight_profile: str | None = None
    ef_search: Annotated[int, Field(ge=1, le=4096)] | None = Field(
        None, description="Width of the search, this call only"
    )


class GroupItem(AnswerModel):
    """A neighbour, and at which site it is; empty: the installation's own plant."""

    site: str
    item_code: str
    similarity_score: Share


class GroupSearchResult(AnswerModel):
    """The neighbours of one item over all sites that were searched, best first, without itself."""

    item_code: str
    matches: list[GroupItem] = []


class SearchedSite(AnswerModel):
    """A site of the group: the version that answered, or why none did."""

    site: str
    searched: bool
    model_version: str | None = None
    matches: int = 0
    reason: str | None = None
    problem: str | None = None
    problem_notice: NoticeModel | None = None


class GroupSearchResponse(AnswerModel):
    """Neighbours, and what became of the search at each site, the caller's own first."""

    results: list[GroupSearchResult] = []
    sites: list[SearchedSite] = []
    metrics: dict[str, Any] = {}
