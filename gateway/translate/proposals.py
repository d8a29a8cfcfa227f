"""Proposals that planners review: from the bodies of the API to messages and back."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gateway.answers import iso_time_or_now
from gateway.schemas.routing_groups import RoutingProposalModel
from plant.client_names import MACHINE, OPERATION_CODE, RUN_TIME, SETUP_TIME, spellings
from plant.schema import PlantSchema
from protos.documents.v1 import documents_pb2 as pb
from routings.routing_changes import Change, TimedOperation


def proposals(sent: Iterable[RoutingProposalModel], schema: PlantSchema) -> list[pb.RoutingProposal]:
    """Proposals as messages."""
    return [
        pb.RoutingProposal(
            item_code=one.item_code,
            candidate_id=one.candidate_id,
            model_version=one.model_version,
            strategy=one.strategy,
            operations=[_message(timed_operation(row, schema)) for row in one.operations],
        )
        for one in sent
    ]


def timed_operation(row: Mapping[str, Any], schema: PlantSchema) -> TimedOperation:
    """Code and times of an operation; the first that is present counts, as on the screens."""
    return TimedOperation(
        process_code=_text(row, (*spellings(OPERATION_CODE, schema), *spellings(MACHINE, schema))),
        setup=_number(row, spellings(SETUP_TIME, schema)),
        run=_number(row, spellings(RUN_TIME, schema)),
        job=_text(row, schema.job_outputs),
    )


def _message(operation: TimedOperation) -> pb.TimedOperation:
    return pb.TimedOperation(
        process_code=operation.process_code,
        setup_time=operation.setup,
        run_time=operation.run,
        job_code=operation.job,
    )


def _text(row: Mapping[str, Any], names: Sequence[str]) -> str:
    return next((str(row[name]).strip() for name in names if row.get(name) not in (None, "")), "")


def _number(row: Mapping[str, Any], names: Sequence[str]) -> float | None:
    for name in names:
        value = row.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
    return None


def outcome(review: pb.ProposalReview) -> dict[str, Any]:
    """What became of a proposal, in numbers."""
    counts = Counter(change.kind for change in review.changes)
    return {
        "item_code": review.item_code,
        "outcome": review.outcome,
        "added": counts["added"],
        "removed": counts["removed"],
        "moved": counts["moved"],
        "times_edited": counts["time"],
    }


def page(found: pb.ListProposalReviewsResponse) -> dict[str, Any]:
    """A page of reviews."""
    return {
        "items": [_review(review) for review in found.items],
        "pagination": {"limit": found.limit, "offset": found.offset, "total": found.total},
    }


def _review(review: pb.ProposalReview) -> dict[str, Any]:
    return {
        "review_id": review.review_id,
        "group_id": review.group_id,
        "candidate_id": review.candidate_id,
        "model_version": review.model_version,
        "strategy": review.strategy,
        "reviewed_by": review.reviewed_by,
        "reviewed_at": iso_time_or_now(review.reviewed_at),
        **outcome(review),
        "changes": [
            change_of(
                Change(
                    change.kind,
                    change.process_code,
                    change.occurrence,
                    change.field,
                    change.before if change.HasField("before") else None,
                    change.after if change.HasField("after") else None,
                )
            )
            for change in review.changes
        ],
    }


def change_of(change: Change) -> dict[str, Any]:
    """A change of one operation."""
    return {
        "kind": change.kind,
        "process_code": change.process_code,
        "occurrence": change.occurrence,
        "field": change.field or None,
        "from": change.before,
        "to": change.after,
    }


def report(found: pb.ProposalReportResponse) -> dict[str, Any]:
    """What planners did with proposals."""
    return {
        "reviews": found.reviews,
        "accepted": found.accepted,
        "acceptance_rate": rate(found.accepted, found.reviews),
        "operations": [
            {
                "process_code": one.process_code,
                "proposed": one.proposed,
                "kept": one.kept,
                "added": one.added,
                "removed": one.removed,
                "moved": one.moved,
                "times_edited": one.times_edited,
            }
            for one in found.operations
        ],
        "versions": [
            {
                "model_version": one.model_version,
                "reviews": one.reviews,
                "accepted": one.accepted,
                "acceptance_rate": rate(one.accepted, one.reviews),
            }
            for one in found.versions
        ],
    }


def rate(accepted: int, reviews: int) -> float | None:
    """Share of proposals that were accepted as they were; None without reviews."""
    return round(accepted / reviews, 4) if reviews else None
