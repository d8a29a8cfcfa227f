"""Reviewed proposals: recorded with a routing group, listed, summed up, and given to training."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import inspect

from auth_service.planning import proposal_reviews, routing_groups
from auth_service.planning.proposal_reviews import SentProposal, accepted_proposals, kept_operations
from auth_service.planning.routing_group_content import Content, Step
from auth_service.store import schema
from auth_service.store.database import Database
from common.errors import InvalidInput, PermissionDenied
from common.identity import Caller
from protos.documents.v1 import documents_pb2 as pb
from routings.routing_changes import TimedOperation

PARK = Caller("park@plant.example", "user")
KIM = Caller("kim@plant.example", "user")
ADMIN = Caller("admin@plant.example", "admin")
PROPOSED = (TimedOperation("SAW", 8.0, 3.0), TimedOperation("TUR", 35.0, 14.0), TimedOperation("INS", 6.0, 5.0))


def step(seq: int, code: str, setup: float, run: float) -> Step:
    return Step(seq, code, setup + run, sql_values={"SETUP_TIME": setup, "RUN_TIME": run})


AS_PROPOSED = (step(1, "SAW", 8.0, 3.0), step(2, "TUR", 35.0, 14.0), step(3, "INS", 6.0, 5.0))
CHANGED = (step(1, "TUR", 35.0, 20.0), step(2, "DEB", 5.0, 4.0), step(3, "INS", 6.0, 5.0))


def save(
    session: Any,
    steps: tuple[Step, ...],
    *,
    name: str,
    who: Caller = PARK,
    item: str = "A-1",
    at: float = 1.0,
    **facts: Any,
) -> str:
    content = Content(name, (item,), steps)
    group = routing_groups.create(session, who, content, at)
    sent = SentProposal(item, f"{item}_MLP", operations=PROPOSED, **{"model_version": "v1", **facts})
    proposal_reviews.record(session, who, group.group_id, content, accepted_proposals(content, [sent]), at)
    return group.group_id


def test_an_untouched_proposal_is_accepted_and_a_changed_one_says_what_was_changed(database: Database) -> None:
    with database.writing() as session:
        save(session, AS_PROPOSED, name="same", at=1.0)
        save(session, CHANGED, name="other", item="B-2", at=2.0)
    with database.reading() as session:
        changed, same = proposal_reviews.list_page(session, PARK).items
    assert (same.outcome, list(same.changes)) == ("accepted", [])
    assert (changed.outcome, changed.item_code, changed.candidate_id) == ("changed", "B-2", "B-2_MLP")
    assert [(one.kind, one.process_code) for one in changed.changes] == [
        ("removed", "SAW"),
        ("added", "DEB"),
        ("time", "TUR"),
    ]


def test_saving_again_compares_the_recorded_proposal_anew(database: Database) -> None:
    with database.writing() as session:
        group = save(session, CHANGED, name="again")
        content = Content("again", ("A-1",), AS_PROPOSED)
        routing_groups.update(session, ADMIN, group, 1, content, 5.0)
        assert proposal_reviews.record(session, ADMIN, group, content, [], 5.0) == []
    with database.reading() as session:
        (review,) = proposal_reviews.list_page(session, ADMIN).items
    assert (review.outcome, review.reviewed_by, review.reviewed_at) == ("accepted", ADMIN.username, 5.0)


def test_a_review_goes_with_its_item_and_with_its_group(database: Database) -> None:
    with database.writing() as session:
        group = save(session, CHANGED, name="one")
        save(session, CHANGED, name="two", item="B-2")
        content = Content("one", ("C-3",), CHANGED)
        routing_groups.update(session, PARK, group, 1, content, 2.0)
        proposal_reviews.record(session, PARK, group, content, [], 2.0)
    with database.reading() as session:
        (left,) = proposal_reviews.list_page(session, PARK).items
        assert left.item_code == "B-2"
    with database.writing() as session:
        routing_groups.delete(session, PARK, left.group_id, 3.0)
    with database.reading() as session:
        assert proposal_reviews.list_page(session, PARK).total == 0
        assert proposal_reviews.report(session).reviews == 0
        assert proposal_reviews.examples(session) == []


def test_planners_see_their_own_reviews_and_administrators_all(database: Database) -> None:
    with database.writing() as session:
        save(session, AS_PROPOSED, name="mine")
        save(session, CHANGED, name="hers", who=KIM, item="B-2", model_version="v2")
    with database.reading() as session:
        assert [one.item_code for one in proposal_reviews.list_page(session, PARK).items] == ["A-1"]
        assert proposal_reviews.list_page(session, ADMIN).total == 2
        assert proposal_reviews.list_page(session, ADMIN, outcome="changed").items[0].item_code == "B-2"
        assert proposal_reviews.list_page(session, ADMIN, item_code=" b-2 ").total == 1
        assert proposal_reviews.list_page(session, ADMIN, model_version="v1").total == 1
        assert proposal_reviews.list_page(session, ADMIN, limit=1, offset=1).items[0].item_code in ("A-1", "B-2")
        with pytest.raises(InvalidInput, match="outcome"):
            proposal_reviews.list_page(session, ADMIN, outcome="maybe")


def test_the_report_counts_acceptance_and_the_most_changed_operations(database: Database) -> None:
    with database.writing() as session:
        save(session, AS_PROPOSED, name="one", item="A-1", at=1.0)
        save(session, CHANGED, name="two", item="B-2", at=10.0)
        save(session, CHANGED, name="three", item="C-3", at=11.0, model_version="v2")
    with database.reading() as session:
        whole = proposal_reviews.report(session)
        late = proposal_reviews.report(session, since=5.0)
        second = proposal_reviews.report(session, model_version="v2")
    assert (whole.reviews, whole.accepted) == (3, 1)
    found = {one.process_code: one for one in whole.operations}
    saw, turning, deburring, inspection = (found[code] for code in ("SAW", "TUR", "DEB", "INS"))
    assert (saw.proposed, saw.kept, saw.removed) == (3, 1, 2)
    assert (turning.proposed, turning.kept, turning.times_edited) == (3, 3, 2)
    assert (deburring.proposed, deburring.added) == (0, 2)
    assert (inspection.added, inspection.removed, inspection.moved, inspection.times_edited) == (0, 0, 0, 0)
    assert whole.operations[-1] == inspection
    assert [(one.model_version, one.reviews, one.accepted) for one in whole.versions] == [("v1", 2, 1), ("v2", 1, 0)]
    assert (late.reviews, late.accepted) == (2, 0)
    assert second.reviews == 1


def test_training_gets_the_last_review_of_each_item_with_the_plants_codes(database: Database) -> None:
    coded = replace(AS_PROPOSED[0], sql_values={"dbo_BI_ROUTING_VIEW_JOB_CD": "J-SAW", "RUN_TIME": 4.0})
    with database.writing() as session:
        save(session, CHANGED, name="old", at=1.0)
        save(session, (coded, *AS_PROPOSED[1:]), name="new", at=2.0, item="a-1")
    with database.reading() as session:
        (example,) = proposal_reviews.examples(session)
    assert example.reviewed_at == 2.0
    assert [(one.job, one.setup, one.run) for one in example.kept][:2] == [("J-SAW", None, 4.0), ("TUR", 35.0, 14.0)]


def test_steps_count_in_their_sequence_and_a_bare_duration_is_kept() -> None:
    content = Content("x", ("A",), (Step(20, "INS", 3.0), Step(10, "TUR", None)))
    assert kept_operations(content) == [
        TimedOperation("TUR", job="TUR"),
        TimedOperation("INS", duration=3.0, job="INS"),
    ]


def test_everything_wrong_with_proposals_is_named() -> None:
    content = Content("x", ("A-1", "B-2"), ())
    sent = [
        SentProposal("ghost", operations=PROPOSED),
        SentProposal("a-1 ", operations=()),
        SentProposal("A-1", "x" * 300, operations=(TimedOperation("\x00"),)),
    ]
    with pytest.raises(InvalidInput) as caught:
        accepted_proposals(content, sent)
    assert [one.field for one in caught.value.violations] == [
        "proposals.0.item_code",
        "proposals.1.operations",
        "proposals.2.item_code",
        "proposals.2.candidate_id",
        "proposals.2.operations.0.process_code",
    ]


async def test_a_group_is_saved_with_its_proposal_by_rpc(documents: Any) -> None:
    content = pb.RoutingGroupContent(
        group_name="group",
        item_codes=["A-1"],
        steps=[pb.RoutingGroupStep(seq=1, process_code="TUR", sql_values_json='{"RUN_TIME": 9.0}')],
    )
    proposal = pb.RoutingProposal(
        item_code="a-1",
        model_version="v1",
        operations=[pb.TimedOperation(process_code="TUR", run_time=7.0), pb.TimedOperation(process_code="INS")],
    )
    group = await documents("CreateRoutingGroup", pb.CreateRoutingGroupRequest(content=content, proposals=[proposal]))
    (review,) = group.reviews
    assert [(one.kind, one.process_code, one.field) for one in review.changes] == [
        ("removed", "INS", ""),
        ("time", "TUR", "RUN_TIME"),
    ]
    assert not review.changes[0].HasField("after")
    listed = await documents("ListProposalReviews", pb.ListProposalReviewsRequest())
    assert (listed.total, listed.items[0].item_code, listed.items[0].reviewed_by) == (1, "A-1", "park@plant.example")
    report = await documents("ProposalReport", pb.ProposalReportRequest())
    assert (report.reviews, report.accepted, report.versions[0].model_version) == (1, 0, "v1")
    with pytest.raises(PermissionDenied):
        await documents("PlannerExamples", pb.PlannerExamplesRequest())
    bad = pb.RoutingProposal(item_code="ghost", operations=[pb.TimedOperation(process_code="TUR")])
    content.group_name = "another"
    with pytest.raises(InvalidInput):
        await documents("CreateRoutingGroup", pb.CreateRoutingGroupRequest(content=content, proposals=[bad]))


def test_the_migration_of_reviews_goes_down_and_up(database: Database) -> None:
    with database.writing() as session:
        save(session, CHANGED, name="group")
    schema.downgrade(database, "0002")
    with database.engine.connect() as connection:
        assert "proposal_reviews" not in inspect(connection).get_table_names()
    schema.upgrade(database)
    with database.reading() as session:
        assert proposal_reviews.report(session).reviews == 0
        assert routing_groups.list_page(session, PARK).total == 1
