"""Snapshots and audit entries are kept once, and tell how their groups stand."""

from __future__ import annotations

import pytest

from auth_service.planning import routing_groups, routing_snapshots
from auth_service.planning.routing_group_content import Content, Step
from auth_service.planning.routing_snapshots import AuditEntry, Snapshot
from auth_service.store.database import Database
from auth_service.store.document_fields import Violations
from auth_service.store.document_records import RoutingSnapshotRecord
from common.errors import InvalidInput
from common.identity import Caller

PARK = Caller("park@plant.example", "user")
KIM = Caller("kim@plant.example", "user")
CONTENT = Content("group", ("A-1",), (Step(1, "CNC"),))


def snapshot(number: int, **state: object) -> Snapshot:
    return Snapshot(f"s{number}", "2026-01-01T00:00:00Z", "auto", 1, state)


def audit(number: int) -> AuditEntry:
    return AuditEntry(f"a{number}", "reorder", "info", "moved", {"from": 1}, "2026-01-01T00:00:00Z")


def test_what_is_sent_twice_is_accepted_twice_and_kept_once(database: Database) -> None:
    with database.writing() as session:
        first = routing_snapshots.save(session, PARK, [snapshot(1), snapshot(1)], [audit(1), audit(2)], "canvas", 1.0)
    assert first.snapshot_ids == ["s1"]
    assert [entry.id for entry in first.new_audits] == ["a1", "a2"]
    with database.writing() as session:
        again = routing_snapshots.save(session, PARK, [snapshot(1), snapshot(2)], [audit(2), audit(3)], "canvas", 2.0)
    assert again.snapshot_ids == ["s1", "s2"]
    assert again.audit_ids == ["a2", "a3"]
    assert [entry.id for entry in again.new_audits] == ["a3"]
    with database.writing() as session:
        other = routing_snapshots.save(session, KIM, [snapshot(1)], [audit(1)], "", 3.0)
        assert [entry.id for entry in other.new_audits] == ["a1"]
        assert session.query(RoutingSnapshotRecord).count() == 3


def test_a_snapshot_tells_whether_its_group_holds_something_unsaved(database: Database) -> None:
    with database.writing() as session:
        own = routing_groups.create(session, PARK, CONTENT, 5.0)
        foreign = routing_groups.create(session, KIM, CONTENT, 5.0)
        routing_groups.update(session, PARK, own.group_id, 1, CONTENT, 6.0)
    old = Snapshot("old", "", "", 1, {"groupId": own.group_id})
    current = Snapshot("current", "", "", 2, {"group_id": own.group_id})
    touched = Snapshot("touched", "", "", 2, {"group_id": own.group_id, "dirty": True})
    others = [snapshot(7, group_id=foreign.group_id), snapshot(8, group_id="no-uuid\x00"), snapshot(9)]
    for sent, dirty in ((old, True), (current, False), (touched, True)):
        with database.writing() as session:
            states = routing_snapshots.save(session, PARK, [*others, sent], [], "", 7.0).groups
        assert [(s.group_id, s.version, s.dirty, s.updated_at, s.snapshot_id) for s in states] == [
            (own.group_id, 2, dirty, 6.0, sent.id)
        ]


def test_only_the_newest_snapshots_of_a_person_are_kept(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing_snapshots, "KEPT_SNAPSHOTS", 3)
    with sqlite.writing() as session:
        routing_snapshots.save(session, PARK, [snapshot(n) for n in range(5)], [], "", 1.0)
    with sqlite.reading() as session:
        assert {record.snapshot_id for record in session.query(RoutingSnapshotRecord)} == {"s2", "s3", "s4"}


def test_too_many_or_malformed_entries_are_refused(sqlite: Database) -> None:
    with sqlite.writing() as session, pytest.raises(InvalidInput):
        routing_snapshots.save(session, PARK, [snapshot(n) for n in range(201)], [], "", 1.0)
    found = Violations()
    routing_snapshots.read_snapshot(found, 0, "", "", "", None, "[1]")
    routing_snapshots.read_audit(found, 2, "a", "", "loud", "", "{", "")
    with pytest.raises(InvalidInput) as caught:
        found.check("x")
    fields = [violation.field for violation in caught.value.violations]
    assert fields == ["snapshots.0.id", "snapshots.0.state", "audits.2.level", "audits.2.action", "audits.2.context"]
