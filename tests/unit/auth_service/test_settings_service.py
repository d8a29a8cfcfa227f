"""Settings and Watch over gRPC: live everywhere before the answer, revisions, two editors, followers that are slow, away or refuse."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from prometheus_client import REGISTRY

from auth_service.control import control_plane, watch
from auth_service.control.control_state import advance
from common.errors import Conflict, InvalidInput, NotFound, Unavailable
from plant.settings import UNKNOWN_NAME, PlantSettings
from plant.settings.violations import Violation
from protos.settings.v1 import settings_pb2 as pb


async def patch(plant: Any, change: dict[str, Any], expected: int = 0, comment: str = "") -> pb.PatchSettingsResponse:
    request = pb.PatchSettingsRequest(patch_json=json.dumps(change), expected_revision=expected, comment=comment)
    answer: pb.PatchSettingsResponse = await plant.ask(plant.control.Patch, request, process="cli")
    return answer


async def document(plant: Any, revision: int = 0) -> PlantSettings:
    answer = await plant.ask(plant.control.Get, pb.GetSettingsRequest(revision=revision), process="cli")
    return PlantSettings.parse(answer.document_json)


def ef(state: pb.ControlState) -> int | None:
    return PlantSettings.parse(state.settings.document_json).search.ef_search


async def test_a_new_plant_has_revision_1_with_the_defaults(plant_on_each_database: Any) -> None:
    plant = plant_on_each_database
    answer = await plant.ask(plant.control.Get, pb.GetSettingsRequest(), process="cli")
    assert answer.revision == 1
    assert PlantSettings.parse(answer.document_json) == PlantSettings()
    assert answer.updated_at > 0


async def test_a_change_is_live_in_every_process_before_the_answer(plant_on_each_database: Any) -> None:
    plant = plant_on_each_database
    followers = [await plant.follow(kind) for kind in ("gateway", "ann", "aggregate", "trainer")]
    answer = await patch(plant, {"search": {"ef_search": 96}}, comment="slower, better")
    assert sorted(answer.confirmed_by) == ["aggregate-1", "ann-1", "gateway-1", "trainer-1"]
    assert not answer.unconfirmed
    for follower, seen in followers:
        assert ef(seen.states[-1]) == 96
        assert follower.state.settings.revision == answer.document.revision == 2


async def test_revisions_keep_who_when_why_and_what(plant_on_each_database: Any) -> None:
    plant = plant_on_each_database
    admin = await plant.admin()
    request = pb.PatchSettingsRequest(patch_json='{"predictor": {"max_routing_variants": 2}}', comment="two are enough")
    await plant.ask(plant.control.Patch, request, token=admin)
    await patch(plant, {"search": {"ef_search": 96}})
    found = (await plant.ask(plant.control.Revisions, pb.RevisionsRequest(), process="cli")).revisions
    assert [(r.revision, r.author, r.comment) for r in found] == [
        (3, "service:cli", ""),
        (2, "admin@plant.example", "two are enough"),
        (1, "system", "defaults"),
    ]
    assert json.loads(found[1].difference_json) == [{"path": "predictor.max_routing_variants", "before": 4, "after": 2}]
    older = (await plant.ask(plant.control.Revisions, pb.RevisionsRequest(before=3, limit=1), process="cli")).revisions
    assert [r.revision for r in older] == [2]


async def test_going_back_to_a_revision_makes_a_new_one(plant_on_each_database: Any) -> None:
    plant = plant_on_each_database
    _, seen = await plant.follow("ann")
    await patch(plant, {"search": {"ef_search": 96}})
    await patch(plant, {"search": {"ef_search": 32}})
    answer = await plant.ask(plant.control.Revert, pb.RevertRequest(revision=2), process="cli")
    assert answer.document.revision == 4
    assert ef(seen.states[-1]) == 96
    assert (await document(plant, 3)).search.ef_search == 32
    with pytest.raises(NotFound):
        await plant.ask(plant.control.Revert, pb.RevertRequest(revision=9), process="cli")


async def test_the_second_of_two_editors_learns_what_the_first_has_changed(plant_on_each_database: Any) -> None:
    plant = plant_on_each_database
    await patch(plant, {"search": {"ef_search": 96}}, expected=1)
    with pytest.raises(Conflict) as caught:
        await patch(plant, {"search": {"ef_search": 32}, "trainer": {"similarity_threshold": 0.5}}, expected=1)
    details = caught.value.details
    assert (details["current_revision"], details["expected_revision"]) == ("2", "1")
    assert json.loads(details["theirs"]) == [{"path": "search.ef_search", "before": None, "after": 96}]
    assert {change["path"] for change in json.loads(details["yours"])} == {
        "search.ef_search",
        "trainer.similarity_threshold",
    }
    assert (await document(plant)).trainer.similarity_threshold == 0.8
    with pytest.raises(Conflict):
        await plant.ask(plant.control.Revert, pb.RevertRequest(revision=1, expected_revision=1), process="cli")
    await patch(plant, {"search": {"ef_search": 32}}, expected=2)


async def test_a_conflict_about_large_changes_still_reaches_the_editor(plant: Any) -> None:
    nodes = [{"id": f"n{number}", "label": "x" * 200, "type": "default"} for number in range(300)]
    await patch(plant, {"graph": {"nodes": nodes}}, expected=1)
    with pytest.raises(Conflict) as caught:
        await patch(plant, {"graph": {"nodes": nodes[:200]}}, expected=1)
    assert json.loads(caught.value.details["theirs"])


async def test_two_editors_at_once_without_revision_lose_nothing(plant_on_each_database: Any) -> None:
    plant = plant_on_each_database
    changes: list[dict[str, Any]] = [
        {"search": {"ef_search": 64}},
        {"predictor": {"max_routing_variants": 2}},
        {"trainer": {"similarity_threshold": 0.7}},
    ]
    await asyncio.gather(*(patch(plant, change) for change in changes))
    found = await document(plant)
    assert (found.search.ef_search, found.predictor.max_routing_variants, found.trainer.similarity_threshold) == (
        64,
        2,
        0.7,
    )
    assert (await plant.ask(plant.control.Get, pb.GetSettingsRequest(), process="cli")).revision == 4


async def test_a_change_that_changes_nothing_stores_nothing(plant: Any) -> None:
    follower, seen = await plant.follow("ann")
    before = len(seen.states)
    answer = await patch(plant, {"search": {"ef_search": None}, "trainer": {}})
    assert answer.document.revision == 1
    assert len(seen.states) == before
    assert follower.revision == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, UNKNOWN_NAME),
        ({"sql": {"output_columns": ["NO_SUCH"]}}, UNKNOWN_NAME),
        ({"trainer": {"trim_lower_percent": 0.99}}, "SETTINGS_INVALID"),
        ({"search": {"ef_search": 0}, "predictor": {"max_routing_variants": 2}}, "SETTINGS_INVALID"),
    ],
)
async def test_a_refused_change_leaves_everything_as_it_was(plant: Any, change: dict[str, Any], reason: str) -> None:
    _, seen = await plant.follow("ann")
    before = len(seen.states)
    with pytest.raises(InvalidInput) as caught:
        await patch(plant, change)
    assert caught.value.reason == reason
    assert await document(plant) == PlantSettings()
    assert len(seen.states) == before


async def test_further_checks_can_refuse_a_document_and_savers_work_in_the_same_unit(plant: Any) -> None:
    saved: list[int] = []
    plant.program.settings.checks.append(
        lambda _session, _before, found: [Violation(("graph", "nodes", 0), "cannot run")] if found.graph.nodes else []
    )
    plant.program.settings.savers.append(lambda _session, revision, _document: saved.append(revision))
    with pytest.raises(InvalidInput, match="cannot run"):
        await patch(plant, {"graph": {"nodes": [{"id": "a", "label": "a", "type": "default"}]}})
    await patch(plant, {"search": {"ef_search": 7}})
    assert saved == [2]

    def refuse(_session: Any, _revision: int, _document: PlantSettings) -> None:
        raise InvalidInput("no room")

    plant.program.settings.savers.append(refuse)
    with pytest.raises(InvalidInput, match="no room"):
        await patch(plant, {"search": {"ef_search": 8}})
    assert (await document(plant)).search.ef_search == 7


async def test_a_process_that_refuses_or_does_not_answer_is_named(plant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_plane.ControlPlane.change, "__kwdefaults__", {"seconds": 0.3})
    await plant.follow("gateway")
    _, refusing = await plant.follow("ann")
    refusing.refuse_to_apply = lambda _state: "no memory left"
    hanging, hung = await plant.follow("aggregate")

    async def never(_state: Any) -> None:
        await asyncio.Event().wait()

    hung.apply = never
    answer = await patch(plant, {"search": {"ef_search": 96}})
    assert list(answer.confirmed_by) == ["gateway-1"]
    assert sorted(answer.unconfirmed) == ["aggregate-1: did not answer in time", "ann-1: no memory left"]
    subscribers = (await plant.ask(plant.control.Subscribers, pb.SubscribersRequest(), process="cli")).subscribers
    problems = {subscriber.instance: subscriber.last_problem for subscriber in subscribers}
    assert problems["ann-1"] == "no memory left"
    await hanging.stop()


async def test_a_process_that_went_away_is_not_waited_for_and_catches_up(plant: Any) -> None:
    away, _ = await plant.follow("ann")
    await away.stop()
    while plant.program.hub.subscribers:
        await asyncio.sleep(0.01)
    answer = await patch(plant, {"search": {"ef_search": 96}})
    assert not answer.confirmed_by
    assert not answer.unconfirmed
    _, seen = await plant.follow("ann")
    assert ef(seen.states[-1]) == 96


async def test_subscribers_are_listed_with_what_they_confirmed(plant: Any) -> None:
    _, seen = await plant.follow("ann", "ann-50051")
    await plant.follow("gateway", "gateway-8000")
    seen.serving = "v1"
    await patch(plant, {"search": {"ef_search": 96}})
    answer = await plant.ask(plant.control.Subscribers, pb.SubscribersRequest(), process="cli")
    assert [(s.process, s.instance, s.confirmed_revision) for s in answer.subscribers] == [
        ("ann", "ann-50051", answer.revision),
        ("gateway", "gateway-8000", answer.revision),
    ]
    assert all(s.lag_ms > 0 and s.since > 0 and s.pid for s in answer.subscribers)


async def test_the_metrics_have_revision_and_lag_of_each_follower_while_it_follows(plant: Any) -> None:
    follower, _ = await plant.follow("ann", "ann-metrics")
    await patch(plant, {"search": {"ef_search": 96}})
    label = {"instance": "ann-metrics"}
    revision = plant.program.hub.state.revision
    assert REGISTRY.get_sample_value("routing_watch_confirmed_revision", label) == revision
    lag = REGISTRY.get_sample_value("routing_watch_lag_seconds", label)
    assert lag is not None
    assert lag > 0.0
    await follower.stop()
    while plant.program.hub.subscribers:
        await asyncio.sleep(0.01)
    assert REGISTRY.get_sample_value("routing_watch_lag_seconds", label) is None


async def test_a_second_stream_of_an_instance_replaces_the_first(plant: Any) -> None:
    first, _ = await plant.follow("ann", "ann-1")
    await first.stop()
    await plant.follow("ann", "ann-1")
    await plant.follow("ann", "ann-1")
    assert list(plant.program.hub.subscribers) == ["ann-1"]


async def test_heartbeats_come_without_changes(plant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "HEARTBEAT_SECONDS", 0.05)
    stream = plant.control.Watch(metadata=[("authorization", plant.credential.header("ann-1"))])
    await stream.write(pb.WatchRequest(subscribe=pb.Subscribe(process="ann", instance="ann-1")))
    assert (await stream.read()).WhichOneof("kind") == "state"
    beat = await stream.read()
    assert beat.WhichOneof("kind") == "heartbeat"
    assert (beat.event_id, beat.heartbeat.revision) == (0, 1)
    stream.cancel()


async def test_a_stream_that_does_not_say_who_follows_is_refused(plant: Any) -> None:
    stream = plant.control.Watch(metadata=[("authorization", plant.credential.header("x"))])
    await stream.write(pb.WatchRequest(confirm=pb.Confirm(event_id=1)))
    assert await stream.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert not plant.program.hub.subscribers


async def test_a_follower_that_reads_nothing_is_let_go(plant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LONGEST_QUEUE", 3)
    subscriber = plant.program.hub.join(pb.Subscribe(process="ann", instance="ann-1"))
    pushed = [plant.program.hub.push(lambda: pb.WatchEvent(heartbeat=pb.Heartbeat())) for _ in range(4)]
    assert pushed[0][0].answered.result().answer is watch.Answer.AWAY
    plant.program.hub.leave(subscriber)


async def test_what_a_command_changes_in_the_database_reaches_the_followers(plant_on_each_database: Any) -> None:
    plant = plant_on_each_database
    follower, _ = await plant.follow("ann")
    before = follower.revision
    with plant.program.database.writing() as session:  # as another process does it
        advance(session)
    while follower.revision == before:
        await asyncio.sleep(0.02)
    assert follower.revision == before + 1


async def test_health_follows_the_database(plant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    health: Any = health_pb2_grpc.HealthStub(plant.channel)

    async def status() -> int:
        return int((await health.Check(health_pb2.HealthCheckRequest())).status)

    def broken(*_arguments: Any, **_named: Any) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    assert await status() == health_pb2.HealthCheckResponse.SERVING
    with monkeypatch.context() as failing:
        failing.setattr(plant.program.database.engine, "connect", broken)
        with pytest.raises(Unavailable, match="free disk space"):
            await plant.ask(plant.control.Get, pb.GetSettingsRequest(), process="cli")
        while await status() == health_pb2.HealthCheckResponse.SERVING:
            await asyncio.sleep(0.05)
    while await status() != health_pb2.HealthCheckResponse.SERVING:
        await asyncio.sleep(0.05)


async def test_a_change_whose_caller_hangs_up_is_pushed_all_the_same(plant: Any) -> None:
    _, seen = await plant.follow("ann")
    call = plant.control.Patch(
        pb.PatchSettingsRequest(patch_json='{"search": {"ef_search": 55}}'),
        metadata=[("authorization", plant.credential.header("cli"))],
    )
    await asyncio.sleep(0.002)
    call.cancel()
    await patch(plant, {"trainer": {"similarity_threshold": 0.5}})
    newest = PlantSettings.parse(seen.states[-1].settings.document_json)
    stored = await document(plant)
    assert newest == stored
