"""What all bodies have in common: lenient as the older API was (unknown fields ignored, numbers taken as text), never NaN or infinity."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


class RequestModel(BaseModel):
    """A body that clients send."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, allow_inf_nan=False)


class AnswerModel(BaseModel):
    """A body that the gateway answers with; documents the API, answers are written without it."""

    model_config = ConfigDict(extra="allow")


class NoticeModel(AnswerModel):
    """What a sentence for people says, for readers of another language: its code, and the values in it as texts."""

    code: str
    parameters: dict[str, str]


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is blank")
    return text


def _fits_64_bits(number: int) -> int:
    if not -(2**63) <= number < 2**63:
        raise ValueError("is beyond 64 bits")
    return number


ItemCode = Annotated[str, Field(min_length=1), AfterValidator(_not_blank)]
"""Item code, not blank."""

Whole = Annotated[int, AfterValidator(_fits_64_bits)]
"""Whole number of at most 64 bits."""

Share = Annotated[float, Field(ge=0.0, le=1.0)]
"""0 to 1."""

NotNegative = Annotated[float, Field(ge=0.0)]
"""0 or more."""

MOST_WEIGHTS: Final = 2_000


def _few_weights(value: object) -> object:
    if isinstance(value, dict) and len(value) > MOST_WEIGHTS:  # before each is looked at, which would take its time
        raise ValueError(f"has {len(value):,} entries, more than {MOST_WEIGHTS:,}")
    return value


FeatureWeights = Annotated[dict[str, NotNegative], BeforeValidator(_few_weights)]
"""Weight by name of the feature."""
