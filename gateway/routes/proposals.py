"""`/api/routing/proposals`: what planners changed in proposed routings."""

from __future__ import annotations

import time
from typing import Annotated, Literal

from fastapi import Query
from pydantic import StringConstraints
from starlette.responses import Response

from gateway.answers import json_answer
from gateway.guarded_routes import AreaRouter
from gateway.schemas import proposals as bodies
from gateway.state import TheGateway
from gateway.translate import proposals as translate
from protos.documents.v1 import documents_pb2 as pb

Filter = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=256, pattern=r"^[^\x00-\x1f\x7f]*$"), Query()
]
DAY_SECONDS = 86_400.0

area = AreaRouter("/api/routing/proposals", "routing-proposals")


@area.user.get("", response_model=bodies.ProposalReviewListResponse)
async def list_proposal_reviews(
    gateway: TheGateway,
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
    offset: Annotated[int, Query(ge=0, lt=2**31)] = 0,
    item_code: Filter = "",
    outcome: Literal["", "accepted", "changed"] = "",
    model_version: Filter = "",
) -> Response:
    """Reviewed proposals, newest first: one's own, everybody's for administrators."""
    planning = gateway.clients.planning
    request = pb.ListProposalReviewsRequest(
        limit=limit, offset=offset, item_code=item_code, outcome=outcome, model_version=model_version
    )
    return json_answer(translate.page(await planning.call(planning.stub.ListProposalReviews, request)))


@area.user.get("/report", response_model=bodies.ProposalReportResponse)
async def report_proposals(
    gateway: TheGateway,
    days: Annotated[int, Query(ge=1, le=36_500, description="Reviews of so many last days")] = 90,
    model_version: Filter = "",
) -> Response:
    """How often planners accepted proposals as they were, and which operations they changed most."""
    planning = gateway.clients.planning
    request = pb.ProposalReportRequest(since=time.time() - days * DAY_SECONDS, model_version=model_version)
    return json_answer(translate.report(await planning.call(planning.stub.ProposalReport, request)))
