"""What `routing-ml proposals` says about reviewed proposals."""

from __future__ import annotations

from cli.care.proposal_commands import change_text, report_facts
from protos.documents.v1 import documents_pb2 as pb


def test_changes_are_told_in_a_few_words() -> None:
    changes = [
        pb.ProposalChange(kind="removed", process_code="SAW", before=1.0),
        pb.ProposalChange(kind="moved", process_code="TUR", before=2.0, after=1.0),
        pb.ProposalChange(kind="time", process_code="INS", field="RUN_TIME", before=4.5, after=6.0),
        pb.ProposalChange(kind="time", process_code="INS", field="RUN_TIME", after=6.0),
    ]
    assert [change_text(change) for change in changes] == [
        "SAW removed",
        "TUR moved 2 → 1",
        "INS RUN_TIME 4.5 → 6 min",
        "INS RUN_TIME ? → 6 min",
    ]


def test_the_report_of_nothing_has_no_rate() -> None:
    assert report_facts(pb.ProposalReportResponse())["acceptance_rate"] is None
    found = report_facts(pb.ProposalReportResponse(reviews=4, accepted=3))
    assert (found["reviews"], found["accepted"], found["acceptance_rate"]) == (4, 3, 0.75)
