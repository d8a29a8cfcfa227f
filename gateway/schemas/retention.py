"""Bodies of `/api/trainer/retention`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gateway.schemas.wire import AnswerModel, RequestModel


class RetentionRequest(RequestModel):
    """What to keep; what is left out is as the settings say."""

    dry_run: bool = True
    keep_versions: Annotated[int, Field(ge=1, le=1000)] | None = None
    keep_good_versions: Annotated[int, Field(ge=1, le=100)] | None = None


class RetainedVersion(AnswerModel):
    """What became of a version: kept, deleted (with dry_run: would be) or failed."""

    version_name: str
    outcome: str
    reason: str
    bytes: int


class RetentionReport(AnswerModel):
    """Every version of the registry, newest first."""

    dry_run: bool
    freed_bytes: int
    versions: list[RetainedVersion]
