"""The audit log: filtered, paged, harmless to read, limited in size and rate."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from auth_service.store import audit
from auth_service.store.database import Database
from auth_service.store.records import AuditRecord
from common.errors import InvalidInput
from protos.auth.v1 import auth_pb2 as pb


def fill(database: Database) -> None:
    with database.writing() as session:
        for number in range(10):
            who = "Kim@Plant.example" if number % 2 else "park@plant.example"
            session.add(
                AuditRecord(
                    at=1000.0 + number,
                    username=who,
                    username_key=who.lower(),
                    action="registry.activated" if number < 5 else "registry_x",
                    payload_json="{}",
                )
            )


def test_events_are_filtered_and_paged_newest_first(database: Database) -> None:
    fill(database)
    with database.reading() as session:

        def times(limit: int = 50, offset: int = 0, **wanted: Any) -> tuple[list[float], int]:
            rows, total = audit.page(session, audit.AuditFilter(**wanted), limit=limit, offset=offset)
            return [row.at - 1000.0 for row in rows], total

        assert times() == ([9, 8, 7, 6, 5, 4, 3, 2, 1, 0], 10)
        assert times(action="registry.") == ([4, 3, 2, 1, 0], 5)
        assert times(action="registry_") == ([9, 8, 7, 6, 5], 5)  # no wildcard
        assert times(username="KIM@plant.EXAMPLE", limit=2, offset=1) == ([7, 5], 5)
        assert times(since=1003.0, until=1004.0) == ([4, 3], 2)


def test_an_event_is_written_with_the_unit_of_work_or_not_at_all(database: Database) -> None:
    def fail() -> None:
        with database.writing() as session:
            audit.record(session, "x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.reading() as session:
        assert audit.page(session, audit.AuditFilter(), limit=5, offset=0) == ([], 0)


def test_control_characters_and_large_payloads_cannot_spoil_the_log(database: Database) -> None:
    with database.writing() as session:
        audit.record(
            session, "a\nb\x00", username="x\x1b[31m", target="t" * 900, facts={"big": "y" * 100_000, "nul": "\x00"}
        )
        audit.record(session, "c", facts={"nul": "\x00", "number": float("nan"), "kind": object})
    with database.reading() as session:
        rows, _ = audit.page(session, audit.AuditFilter(), limit=5, offset=0)
    assert rows[1].action == "a\ufffdb\ufffd"
    assert rows[1].username == "x\ufffd[31m"
    assert len(rows[1].target) == 512
    assert json.loads(rows[1].payload_json)["omitted"] == "too large"
    assert json.loads(rows[0].payload_json)["nul"] == "\x00"


async def test_events_of_the_user_interface_are_stored_in_the_callers_name(plant_on_each_database: Any) -> None:
    plant = plant_on_each_database
    token = await plant.user()
    request = pb.RecordAuditRequest(
        action="ui.menu", username="somebody.else@x", client_host="10.0.0.3", payload_json='{"menu":"routing"}'
    )
    assert (await plant.ask(plant.auth.RecordAudit, request, token=token)).stored
    assert (await plant.ask(plant.auth.RecordAudit, request)).stored
    events = (await plant.ask(plant.auth.ListAudit, pb.ListAuditRequest(action="ui."), process="cli")).events
    assert [event.username for event in events] == ["", "park@plant.example"]
    assert json.loads(events[1].payload_json) == {"menu": "routing"}
    assert json.loads(events[0].payload_json)["says_username"] == "somebody.else@x"
    assert all(event.request_id for event in events)
    assert abs(events[0].at - time.time()) < 60


@pytest.mark.parametrize("payload", ["[1]", "{", "1", '"x"', "null"])
async def test_a_payload_that_is_no_object_is_refused(plant: Any, payload: str) -> None:
    with pytest.raises(InvalidInput):
        await plant.ask(plant.auth.RecordAudit, pb.RecordAuditRequest(action="x", payload_json=payload))


async def test_an_event_without_action_is_refused(plant: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        await plant.ask(plant.auth.RecordAudit, pb.RecordAuditRequest(action=" "))
    assert caught.value.violations[0].field == "action"


async def test_a_flood_of_events_is_dropped_without_an_error_and_harms_nobody_else(plant: Any) -> None:
    flood = pb.RecordAuditRequest(action="x", client_host="6.6.6.6")
    stored = [(await plant.ask(plant.auth.RecordAudit, flood)).stored for _ in range(100)]
    assert stored[:60] == [True] * 60
    assert not all(stored)
    other = pb.RecordAuditRequest(action="x", client_host="10.0.0.1")
    assert (await plant.ask(plant.auth.RecordAudit, other)).stored
