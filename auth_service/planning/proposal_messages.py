"""Proposals and their reviews as messages."""

from __future__ import annotations

from collections.abc import Iterable

from auth_service.planning.proposal_reviews import Review, SentProposal, accepted_proposals
from auth_service.planning.routing_group_content import Content
from protos.documents.v1 import documents_pb2 as pb
from routings.routing_changes import TimedOperation


def read_proposals(content: Content, messages: Iterable[pb.RoutingProposal]) -> list[SentProposal]:
    """The proposals that were sent with a group.

    Raises:
        InvalidInput: names every field that is wrong.
    """
    return accepted_proposals(
        content,
        [
            SentProposal(
                item_code=sent.item_code,
                candidate_id=sent.candidate_id,
                model_version=sent.model_version,
                strategy=sent.strategy,
                operations=[_operation(one) for one in sent.operations],
            )
            for sent in messages
        ],
    )


def _operation(message: pb.TimedOperation) -> TimedOperation:
    return TimedOperation(
        message.process_code,
        message.setup_time if message.HasField("setup_time") else None,
        message.run_time if message.HasField("run_time") else None,
        job=message.job_code,
    )


def review_message(review: Review) -> pb.ProposalReview:
    """A review as a message."""
    return pb.ProposalReview(
        review_id=review.review_id,
        group_id=review.group_id,
        item_code=review.item_code,
        candidate_id=review.candidate_id,
        model_version=review.model_version,
        strategy=review.strategy,
        outcome=review.outcome,
        reviewed_by=review.reviewed_by,
        reviewed_at=review.reviewed_at,
        changes=[
            pb.ProposalChange(
                kind=change.kind,
                process_code=change.process_code,
                occurrence=change.occurrence,
                field=change.field,
                before=change.before,
                after=change.after,
            )
            for change in review.changes
        ],
    )


def example_message(review: Review) -> pb.PlannerExample:
    """A review as an example for training."""
    return pb.PlannerExample(
        item_code=review.item_code,
        outcome=review.outcome,
        reviewed_at=review.reviewed_at,
        operations=[
            pb.TimedOperation(process_code=one.process_code, setup_time=one.setup, run_time=one.run, job_code=one.job)
            for one in review.kept
        ],
    )
