"""Bodies of `/api/groups/recommendations`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from gateway.schemas.wire import AnswerModel, NotNegative, RequestModel, Share


class GroupRecommendationRequest(RequestModel):
    """An item for which groups are wanted."""

    item_code: str
    candidate_limit: Annotated[int, Field(ge=1, le=20)] = 5
    similarity_threshold: Share | None = None


class GroupRecommendation(AnswerModel):
    """A group."""

    group_id: str
    score: NotNegative
    source: Literal["manifest", "prediction", "inference"]
    metadata: dict[str, Any] = {}


class GroupRecommendationResponse(AnswerModel):
    """Groups: the manifest's, then the neighbours', then what the routing suggests."""

    item_code: str
    recommendations: list[GroupRecommendation] = []
    inspected_candidates: int = 0
    manifest_revision: str | None = None
