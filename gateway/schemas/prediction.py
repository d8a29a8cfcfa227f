"""Bodies of `/api/predict`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from gateway.schemas.operations import OperationStep
from gateway.schemas.wire import AnswerModel, FeatureWeights, ItemCode, RequestModel, Share

MOST_ITEM_CODES = 10_000
ExportFormat = Literal["csv", "excel", "txt", "parquet", "json"]


class PredictionRequest(RequestModel):
    """Items whose routings are wanted."""

    item_codes: Annotated[list[ItemCode], Field(min_length=1, max_length=MOST_ITEM_CODES)]
    top_k: Annotated[int, Field(ge=1, le=50)] | None = None
    similarity_threshold: Share | None = None
    mode: str = Field("summary", description="summary: the key columns; detailed: all output columns")
    feature_weights: FeatureWeights | None = Field(None, description="Weights for this call only, 1 = as trained")
    weight_profile: str | None = None
    export_formats: list[ExportFormat] | None = None
    with_visualization: bool = False
    with_evidence: bool = Field(False, description="Also support, samples and ranges of each operation")
    ignore_own_routing: bool = Field(False, description="Predict from neighbours even where the item has a routing")
    ef_search: Annotated[int, Field(ge=1, le=4096)] | None = Field(
        None, description="Width of the search, this call only"
    )


class RoutingSummary(AnswerModel):
    """A routing."""

    ITEM_CD: str
    CANDIDATE_ID: str | None = None
    ROUTING_SIGNATURE: str | None = None
    PRIORITY: str | None = None
    SIMILARITY_TIER: str | None = None
    SIMILARITY_SCORE: float | None = None
    REFERENCE_ITEM_CD: str | None = None
    generated_at: datetime | None = None
    operations: list[OperationStep] = []
    RANK: int | None = None


class CandidateRouting(AnswerModel):
    """A neighbour whose routing was considered."""

    CANDIDATE_ITEM_CD: str
    SIMILARITY_SCORE: float
    ROUTING_SIGNATURE: str | None = None
    ROUTING_SUMMARY: str | None = None
    PRIORITY: str | None = None
    SIMILARITY_TIER: str | None = None
    HAS_ROUTING: str | None = None
    PROCESS_COUNT: int | None = None
    ITEM_CD: str | None = None
    metadata: dict[str, Any] = {}
    RANK: int | None = None


class PredictionResponse(AnswerModel):
    """Routings, candidates and figures of the prediction."""

    items: list[RoutingSummary]
    candidates: list[CandidateRouting]
    metrics: dict[str, Any] = {}
