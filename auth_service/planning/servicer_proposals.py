"""PlanningService: what became of proposals. Translates between messages and the pure modules."""

from __future__ import annotations

from typing import Any

from auth_service.planning import proposal_reviews
from auth_service.planning.proposal_messages import example_message, review_message
from auth_service.store.surroundings import Surroundings
from common.request_context import add_log_fields, current_caller
from protos.documents.v1 import documents_pb2 as pb


class ProposalMethods:
    """The methods about reviewed proposals."""

    _here: Surroundings

    async def ListProposalReviews(
        self, request: pb.ListProposalReviewsRequest, context: Any
    ) -> pb.ListProposalReviewsResponse:
        caller = current_caller()
        page = await self._here.database.read(
            lambda session: proposal_reviews.list_page(
                session,
                caller,
                limit=request.limit,
                offset=request.offset,
                item_code=request.item_code,
                outcome=request.outcome,
                model_version=request.model_version,
            )
        )
        return pb.ListProposalReviewsResponse(
            items=[review_message(review) for review in page.items],
            total=page.total,
            limit=page.limit,
            offset=page.offset,
        )

    async def ProposalReport(self, request: pb.ProposalReportRequest, context: Any) -> pb.ProposalReportResponse:
        found = await self._here.database.read(
            lambda session: proposal_reviews.report(session, since=request.since, model_version=request.model_version)
        )
        return pb.ProposalReportResponse(
            reviews=found.reviews,
            accepted=found.accepted,
            operations=[
                pb.OperationChanges(
                    process_code=one.process_code,
                    proposed=one.proposed,
                    kept=one.kept,
                    added=one.added,
                    removed=one.removed,
                    moved=one.moved,
                    times_edited=one.times_edited,
                )
                for one in found.operations
            ],
            versions=[
                pb.VersionReviews(model_version=one.model_version, reviews=one.reviews, accepted=one.accepted)
                for one in found.versions
            ],
        )

    async def PlannerExamples(self, request: pb.PlannerExamplesRequest, context: Any) -> pb.PlannerExamplesResponse:
        found = await self._here.database.read(proposal_reviews.examples)
        add_log_fields(examples=len(found))
        return pb.PlannerExamplesResponse(items=[example_message(review) for review in found])
