"""`/api/routing/proposals`, and proposals that are sent with a routing group."""

from __future__ import annotations

import time
from typing import Any

import pytest

from protos.documents.v1 import documents_pb2 as pb

GROUPS, PROPOSALS = "/api/routing/groups", "/api/routing/proposals"
STEP = {"seq": 1, "process_code": "TUR", "duration_min": 12.0}
BODY = {"group_name": "group", "item_codes": ["A-1"], "steps": [STEP]}
OPERATION = {
    "PROC_SEQ": 10,
    "PROC_CD": "TUR",
    "dbo_BI_ROUTING_VIEW_JOB_CD": " J-TUR",
    "SETUP_TIME": None,
    "ACT_SETUP_TIME": 2,
    "RUN_TIME": 10.5,
    "MACH_WORKED_HOURS": 99.0,
    "EVIDENCE": {"SUPPORT": 1.0},
}
REVIEW = pb.ProposalReview(
    review_id="r1",
    group_id="g1",
    item_code="A-1",
    model_version="v1",
    outcome="changed",
    reviewed_by="kim",
    reviewed_at=5.0,
    changes=[
        pb.ProposalChange(kind="removed", process_code="SAW", before=1.0),
        pb.ProposalChange(kind="time", process_code="TUR", occurrence=1, field="RUN_TIME", before=10.5, after=12.0),
    ],
)


def saved(request: Any) -> pb.RoutingGroup:
    return pb.RoutingGroup(group_id="g1", content=request.content, owner="kim", version=1, reviews=[REVIEW])


def test_proposals_are_passed_on_as_they_were_answered_and_their_outcome_comes_back(plant: Any) -> None:
    plant.script.answers["CreateRoutingGroup"] = saved
    sent = {"item_code": "A-1", "candidate_id": "A-1_MLP", "model_version": "v1", "operations": [OPERATION]}
    answer = plant.client().post(GROUPS, json={**BODY, "proposals": [sent]})
    assert answer.status_code == 201
    assert answer.json()["proposals"] == [
        {"item_code": "A-1", "outcome": "changed", "added": 0, "removed": 1, "moved": 0, "times_edited": 1}
    ]
    (proposal,) = plant.script.last("CreateRoutingGroup").proposals
    assert (proposal.candidate_id, proposal.model_version, proposal.strategy) == ("A-1_MLP", "v1", "")
    (operation,) = proposal.operations
    assert (operation.process_code, operation.job_code) == ("TUR", "J-TUR")
    assert (operation.setup_time, operation.run_time) == (2.0, 10.5)


def test_a_changed_group_passes_its_proposals_on_too(plant: Any) -> None:
    plant.script.answers["UpdateRoutingGroup"] = saved
    sent = {"item_code": "A-1", "operations": [{"PROC_SEQ": 10, "RES_CD": "CNC-1", "RUN_TIME": "text"}]}
    plant.client().put(f"{GROUPS}/g1", json={**BODY, "version": 1, "proposals": [sent]})
    (operation,) = plant.script.last("UpdateRoutingGroup").proposals[0].operations
    assert operation.process_code == "CNC-1"
    assert not operation.HasField("run_time")


def test_a_group_without_proposals_is_answered_as_before(plant: Any) -> None:
    plant.script.answers["CreateRoutingGroup"] = lambda request: pb.RoutingGroup(group_id="g", content=request.content)
    assert "proposals" not in plant.client().post(GROUPS, json=BODY).json()


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"item_code": " ", "operations": [OPERATION]}, "item_code"),
        ({"item_code": "A-1", "operations": []}, "operations"),
        ({"item_code": "A-1"}, "operations"),
    ],
)
def test_a_proposal_that_says_nothing_is_refused_with_its_place(plant: Any, wrong: Any, place: str) -> None:
    answer = plant.client().post(GROUPS, json={**BODY, "proposals": [wrong]})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "proposals", 0, place]


def test_reviews_are_listed_with_what_was_changed(plant: Any) -> None:
    plant.script.answers["ListProposalReviews"] = pb.ListProposalReviewsResponse(
        items=[REVIEW], total=31, limit=1, offset=5
    )
    asked = {"limit": 1, "offset": 5, "item_code": "A-1", "outcome": "changed", "model_version": "v1"}
    body = plant.client().get(PROPOSALS, params=asked).json()
    assert body["pagination"] == {"limit": 1, "offset": 5, "total": 31}
    (review,) = body["items"]
    assert review["reviewed_at"] == "1970-01-01T00:00:05+00:00"
    assert (review["outcome"], review["removed"], review["times_edited"]) == ("changed", 1, 1)
    common = {"process_code": "TUR", "occurrence": 1, "field": "RUN_TIME", "from": 10.5, "to": 12.0}
    assert review["changes"][1] == {"kind": "time", **common}
    assert (review["changes"][0]["to"], review["changes"][0]["field"]) == (None, None)
    request = plant.script.last("ListProposalReviews")
    assert {name: getattr(request, name) for name in asked} == asked


def test_the_report_has_rates_and_counts_since_the_days_asked(plant: Any) -> None:
    plant.script.answers["ProposalReport"] = pb.ProposalReportResponse(
        reviews=3,
        accepted=2,
        operations=[pb.OperationChanges(process_code="SAW", proposed=3, kept=2, removed=1)],
        versions=[pb.VersionReviews(model_version="v1", reviews=3, accepted=2)],
    )
    body = plant.client().get(f"{PROPOSALS}/report", params={"days": 7}).json()
    assert (body["reviews"], body["accepted"], body["acceptance_rate"]) == (3, 2, 0.6667)
    assert body["operations"][0]["removed"] == 1
    assert body["versions"][0]["acceptance_rate"] == 0.6667
    assert plant.script.last("ProposalReport").since == pytest.approx(time.time() - 7 * 86_400, abs=60)


def test_a_report_of_nothing_has_no_rate(plant: Any) -> None:
    plant.script.answers["ProposalReport"] = pb.ProposalReportResponse()
    assert plant.client().get(f"{PROPOSALS}/report").json()["acceptance_rate"] is None


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"outcome": "maybe"}, {"item_code": "a\0"}, {"offset": -1}])
def test_a_filter_that_cannot_be_used_is_refused(plant: Any, wrong: dict[str, Any]) -> None:
    answer = plant.client().get(PROPOSALS, params=wrong)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", *wrong]


def test_nobody_reads_reviews_without_a_session(plant: Any) -> None:
    assert plant.client("").get(PROPOSALS).status_code == 401
    assert plant.client("").get(f"{PROPOSALS}/report").status_code == 401
