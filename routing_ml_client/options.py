"""What a prediction of many items may say beside the codes."""

from __future__ import annotations

from typing import Literal, TypedDict


class PredictionOptions(TypedDict, total=False):
    """Fields of PredictionRequest that make sense for a batch."""

    top_k: int
    similarity_threshold: float
    mode: Literal["summary", "detailed"]
    feature_weights: dict[str, float]
    weight_profile: str
