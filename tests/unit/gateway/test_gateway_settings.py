"""The settings document over REST: views, patches, revisions, and who wins when two people edit."""

from __future__ import annotations

import json
from typing import Any

import pytest

from common import errors
from plant.settings import UNKNOWN_NAME, PlantSettings
from protos.settings.v1 import settings_pb2

GRAPH = "/api/workflow/graph"
OLDER = {"graph", "trainer", "predictor", "sql", "data_source", "export", "visualization", "updated_at"}


def document(revision: int = 7, **search: Any) -> settings_pb2.SettingsDocument:
    content = PlantSettings().to_dict()
    content["search"] |= search
    return settings_pb2.SettingsDocument(
        revision=revision, document_json=json.dumps(content), updated_at=1_700_000_000.0, author="kim"
    )


@pytest.fixture(autouse=True)
def stored(plant: Any) -> None:
    plant.script.answers["Get"] = document()
    plant.script.answers["Patch"] = settings_pb2.PatchSettingsResponse(
        document=document(8), confirmed_by=["ann-1"], unconfirmed=["ann-2: 모델"]
    )


def test_older_clients_get_the_sections_they_know_and_the_revision_as_etag(plant: Any) -> None:
    answer = plant.client().get(GRAPH)
    assert set(answer.json()) == OLDER
    assert answer.json()["updated_at"] == "2023-11-14T22:13:20+00:00"
    assert answer.headers["etag"] == '"7"'


def test_a_newer_section_that_was_changed_is_shown_to_everybody(plant: Any) -> None:
    plant.script.answers["Get"] = document(ef_search=99)
    assert set(plant.client().get(GRAPH).json()) == OLDER | {"search"}


def test_newer_clients_get_everything(plant: Any) -> None:
    body = plant.client().get(GRAPH, params={"sections": "all"}).json()
    assert set(PlantSettings.model_fields) | {"revision", "author", "updated_at"} <= set(body)
    assert (body["revision"], body["author"]) == (7, "kim")


def test_a_patch_sends_only_what_was_named_and_answers_with_the_whole(plant: Any) -> None:
    sent = {"trainer": {"similarity_threshold": 0.75, "no_such": 1}, "unknown": {}, "search": {"ef_search": None}}
    answer = plant.client("admin").patch(GRAPH, json=sent, params={"sections": "all"})
    assert answer.status_code == 200
    assert (answer.headers["etag"], answer.headers["x-unconfirmed"]) == ('"8"', "ann-2: ??")
    assert (answer.json()["revision"], answer.json()["confirmed_by"]) == (8, ["ann-1"])
    asked = plant.script.last("Patch")
    assert json.loads(asked.patch_json) == {"trainer": {"similarity_threshold": 0.75}, "search": {"ef_search": None}}
    assert asked.expected_revision == 0


def test_a_patch_that_names_nothing_is_400(plant: Any) -> None:
    for body in ({}, {"graph": None}, {"unknown": 1}):
        assert plant.client("admin").patch(GRAPH, json=body).status_code == 400
    assert "Patch" not in plant.script.asked


@pytest.mark.parametrize(("header", "revision"), [('"12"', 12), ('W/"12"', 12), ("12", 12), ("*", 0), ("", 0)])
def test_if_match_asks_for_the_revision_that_was_edited(plant: Any, header: str, revision: int) -> None:
    plant.client("admin", **{"if-match": header}).patch(GRAPH, json={"trainer": {}})
    assert plant.script.last("Patch").expected_revision == revision


def test_an_if_match_that_is_no_etag_is_refused(plant: Any) -> None:
    for header in ('"abc"', "-1", "0", "9" * 30):
        assert plant.client("admin", **{"if-match": header}).patch(GRAPH, json={"trainer": {}}).status_code == 422


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (errors.InvalidInput("no such profile", reason=UNKNOWN_NAME), 400, "no such profile"),
        (errors.Conflict("changed by lee", reason="SETTINGS_CHANGED"), 409, "changed by lee"),
        (
            errors.InvalidInput("bad", violations=[errors.FieldViolation("graph.edges.0.target", "names no node")]),
            422,
            [{"loc": ["body", "graph", "edges", 0, "target"], "msg": "names no node", "type": "value_error"}],
        ),
    ],
)
def test_refused_patches_say_what_is_wrong(plant: Any, error: errors.ServiceError, status: int, detail: object) -> None:
    plant.script.answers["Patch"] = error
    answer = plant.client("admin").patch(GRAPH, json={"sql": {"active_profile": "ghost"}})
    assert (answer.status_code, answer.json()["detail"]) == (status, detail)


@pytest.mark.parametrize(("route", "method"), [(GRAPH, "Patch"), ("/api/workflow/revert", "Revert")])
def test_the_second_of_two_editors_gets_both_versions(plant: Any, route: str, method: str) -> None:
    theirs = [{"path": "search.ef_search", "before": None, "after": 99}]
    yours = [{"path": "trainer.similarity_threshold", "before": 0.8, "after": 0.5}]
    plant.script.answers[method] = errors.Conflict(
        "changed by lee",
        reason="SETTINGS_CHANGED",
        details={
            "current_revision": 9,
            "expected_revision": 7,
            "theirs": json.dumps(theirs),
            "yours": json.dumps(yours),
        },
    )
    plant.script.answers["Get"] = lambda request: document(request.revision, ef_search=99)
    sent: dict[str, Any] = {"trainer": {"similarity_threshold": 0.5}} if method == "Patch" else {"revision": 3}
    client = plant.client("admin", **{"if-match": '"7"'})
    answer = client.patch(route, json=sent) if method == "Patch" else client.post(route, json=sent)
    body = answer.json()
    assert (answer.status_code, answer.headers["etag"], body["detail"]) == (409, '"9"', "changed by lee")
    assert answer.headers["x-error-reason"] == "SETTINGS_CHANGED"
    found = body["conflict"]
    assert (found["based_on"], found["theirs"]["revision"], found["theirs"]["author"]) == (7, 9, "kim")
    assert (found["theirs"]["search"]["ef_search"], found["theirs"]["changes"]) == (99, theirs)
    assert found["yours"] == {"sent": sent, "changes": yours}


def test_another_conflict_keeps_its_own_answer(plant: Any) -> None:
    plant.script.answers["Patch"] = errors.Conflict("breaks a rule of the database", reason="CONSTRAINT")
    answer = plant.client("admin").patch(GRAPH, json={"trainer": {}})
    assert (answer.status_code, answer.json()) == (409, {"detail": "breaks a rule of the database"})


@pytest.mark.parametrize(
    ("section", "field", "value"),
    [
        ("predictor", "max_routing_variants", 0),
        ("predictor", "max_routing_variants", 11),
        ("trainer", "similarity_threshold", 1.2),
    ],
)
def test_values_out_of_range_are_refused_with_their_place(plant: Any, section: str, field: str, value: float) -> None:
    answer = plant.client("admin").patch(GRAPH, json={section: {field: value}})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", section, field]


def test_revisions_are_listed_and_one_can_be_made_the_newest_again(plant: Any) -> None:
    one = settings_pb2.Revision(
        revision=7, at=1_700_000_000.0, author="kim", difference_json='[{"path": "a", "before": 1, "after": 2}]'
    )
    plant.script.answers["Revisions"] = settings_pb2.RevisionsResponse(revisions=[one])
    plant.script.answers["Revert"] = settings_pb2.PatchSettingsResponse(document=document(9))
    items = plant.client().get("/api/workflow/revisions").json()["items"]
    assert items[0]["changes"] == [{"path": "a", "before": 1, "after": 2}]
    body = plant.client("admin").post("/api/workflow/revert", json={"revision": 3}).json()
    assert (body["revision"], plant.script.last("Revert").revision) == (9, 3)


def test_only_administrators_change_the_settings(plant: Any) -> None:
    assert plant.client("user").patch(GRAPH, json={"trainer": {}}).status_code == 403
    assert plant.client("user").post("/api/workflow/revert", json={"revision": 1}).status_code == 403
    assert plant.client("").get(GRAPH).status_code == 401
