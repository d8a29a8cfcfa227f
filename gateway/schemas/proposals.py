"""Bodies of `/api/routing/proposals`."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from gateway.schemas.routing_groups import Pagination, ProposalOutcome
from gateway.schemas.wire import AnswerModel


class ProposalChangeModel(AnswerModel):
    """One thing that a planner changed; `from` and `to` are places in the routing from 1, or minutes."""

    kind: Literal["added", "removed", "moved", "time"]
    process_code: str
    occurrence: int
    field: str | None = None
    before: float | None = Field(None, alias="from")
    after: float | None = Field(None, alias="to")


class ProposalReviewModel(ProposalOutcome):
    """A reviewed proposal."""

    review_id: str
    group_id: str
    candidate_id: str
    model_version: str
    strategy: str
    reviewed_by: str
    reviewed_at: datetime
    changes: list[ProposalChangeModel]


class ProposalReviewListResponse(AnswerModel):
    """A page of reviewed proposals, newest first."""

    items: list[ProposalReviewModel]
    pagination: Pagination


class OperationChangesModel(AnswerModel):
    """What happened to an operation, counted over reviews."""

    process_code: str
    proposed: int
    kept: int
    added: int
    removed: int
    moved: int
    times_edited: int


class VersionReviewsModel(AnswerModel):
    """Reviews of the proposals of one version."""

    model_version: str
    reviews: int
    accepted: int
    acceptance_rate: float | None = None


class ProposalReportResponse(AnswerModel):
    """What planners did with proposals; operations most changed first."""

    reviews: int
    accepted: int
    acceptance_rate: float | None = None
    operations: list[OperationChangesModel]
    versions: list[VersionReviewsModel]
