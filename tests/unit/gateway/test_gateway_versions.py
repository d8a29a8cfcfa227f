"""Trainings and model versions over REST."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from common import errors
from protos.registry.v1 import registry_pb2
from protos.trainer.v1 import trainer_pb2

RUNNING = trainer_pb2.TrainingStatus(
    job_id="j1",
    status="running",
    started_at=1_700_000_000.0,
    progress=40,
    message="Building",
    metrics_json='{"items": 3}',
    stage="building",
    remaining_seconds=-1.0,
    requested_by="admin@plant.example",
)


def version(folder: str = "/models/v2", **more: Any) -> registry_pb2.Version:
    return registry_pb2.Version(
        version_name="v2",
        artifact_dir=folder,
        manifest_path=f"{folder}/manifest.json",
        status="pending",
        created_at=1_700_000_000.0,
        updated_at=1_700_000_001.0,
        **more,
    )


@pytest.fixture(autouse=True)
def versions(plant: Any, tmp_path: Path) -> None:
    (tmp_path / "training_metrics.json").write_text('{"recall_at_50": 0.99}', encoding="utf-8")
    (tmp_path / "feature_importance.json").write_text("not JSON", encoding="utf-8")
    (tmp_path.parent / "outside.json").write_text("{}", encoding="utf-8")
    manifest = {"artifacts": {"time_profiles": {"path": "../outside.json"}}}
    plant.script.answers |= {
        "List": registry_pb2.ListVersionsResponse(versions=[version()]),
        "Get": registry_pb2.GetVersionResponse(version=version(str(tmp_path)), manifest_json=json.dumps(manifest)),
        "Run": RUNNING,
        "Status": RUNNING,
    }


def test_the_status_of_a_training_comes_with_the_newest_version(plant: Any) -> None:
    body = plant.client().get("/api/trainer/status?details=true").json()
    assert body["started_at"] == "2023-11-14T22:13:20+00:00"
    assert body["latest_version"]["version_name"] == "v2"
    assert body["latest_version"]["active_flag"] is False
    assert body["metrics"] == {"items": 3}
    assert (body["status"], body["progress"], body["stage"]) == ("running", 40, "building")
    assert (body["finished_at"], body["version_path"], body["remaining_seconds"]) == (None, None, None)


def test_the_status_of_a_training_has_only_the_fields_that_older_clients_know(plant: Any) -> None:
    known = "job_id status started_at finished_at progress message version_path metrics latest_version"
    assert set(plant.client().get("/api/trainer/status").json()) == set(known.split())


def test_the_status_of_a_training_is_told_without_the_registry(plant: Any) -> None:
    plant.script.answers["List"] = errors.DataProblem("the database is damaged")
    answer = plant.client().get("/api/trainer/status")
    assert answer.status_code == 200
    assert answer.json()["latest_version"] is None


def test_a_training_that_starts_is_answered_with_202(plant: Any) -> None:
    answer = plant.client("admin").post("/api/trainer/run", json={"version_label": "spring", "activate": True})
    assert answer.status_code == 202
    assert answer.json()["job_id"] == "j1"
    asked = plant.script.last("Run")
    assert (asked.version_label, asked.activate, asked.dry_run) == ("spring", True, False)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.PermissionDenied("use the scheduler", reason="TRAINING_BY_API_OFF"), 403),
        (errors.Conflict("job j1 runs", reason="TRAINING_RUNS"), 409),
    ],
)
def test_a_training_that_may_not_start_says_why(plant: Any, error: errors.ServiceError, status: int) -> None:
    plant.script.answers["Run"] = error
    answer = plant.client("admin").post("/api/trainer/run", json={})
    assert answer.status_code == status
    assert answer.json() == {"detail": error.message}


def test_a_label_of_65_characters_is_refused_with_its_place(plant: Any) -> None:
    answer = plant.client("admin").post("/api/trainer/run", json={"version_label": "x" * 65})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "version_label"]


def test_versions_are_a_list_and_their_limit_is_one_or_more(plant: Any) -> None:
    client = plant.client()
    assert [one["version_name"] for one in client.get("/api/trainer/versions", params={"limit": 1}).json()] == ["v2"]
    assert plant.script.last("List").limit == 1
    answer = client.get("/api/trainer/versions", params={"limit": 0})
    assert answer.status_code == 422
    assert isinstance(answer.json()["detail"], str)


def test_an_activation_answers_who_confirmed_it(plant: Any) -> None:
    plant.script.answers["Activate"] = registry_pb2.ActivateResponse(
        version=version(active=True), revision=9, confirmed_by=["ann-1"], away=["ann-2"]
    )
    body = plant.client("admin").post("/api/trainer/versions/v2/activate", json={"reason": "better"}).json()
    assert (body["version_name"], body["active_flag"], body["revision"]) == ("v2", True, 9)
    assert (body["confirmed_by"], body["away"]) == (["ann-1"], ["ann-2"])
    assert plant.script.last("Activate").reason == "better"
    assert plant.client("admin").post("/api/trainer/versions/v2/activate").status_code == 200


@pytest.mark.parametrize(
    ("error", "status"),
    [(errors.NotFound("no such version"), 404), (errors.PreconditionFailed("index.faiss has another sha256"), 409)],
)
def test_an_activation_that_fails_keeps_its_meaning(plant: Any, error: errors.ServiceError, status: int) -> None:
    plant.script.answers["Activate"] = error
    answer = plant.client("admin").post("/api/trainer/versions/ghost/activate")
    assert (answer.status_code, answer.json()) == (status, {"detail": error.message})


def test_a_roll_back_goes_back_one_activation_unless_told_otherwise(plant: Any) -> None:
    plant.script.answers["RollBack"] = registry_pb2.ActivateResponse(version=version(active=True), revision=10)
    assert plant.client("admin").post("/api/trainer/rollback").status_code == 200
    assert plant.script.last("RollBack").steps == 1
    assert plant.client("admin").post("/api/trainer/rollback", json={"steps": 0}).status_code == 422


def test_the_history_and_the_result_of_a_check_are_shown(plant: Any) -> None:
    entry = registry_pb2.HistoryEntry(at=1_700_000_000.0, actor="kim", action="refused", version_name="v2", reason="no")
    plant.script.answers["History"] = registry_pb2.HistoryResponse(entries=[entry])
    plant.script.answers["Verify"] = registry_pb2.VerifyResponse(ok=False, problems=["bad"], elapsed_ms=1.5)
    items = plant.client().get("/api/trainer/history", params={"limit": 5}).json()["items"]
    assert items[0] == {
        "at": "2023-11-14T22:13:20+00:00",
        "actor": "kim",
        "action": "refused",
        "version_name": "v2",
        "previous_version": None,
        "reason": "no",
        "requested_by": None,
    }
    found = plant.client("admin").post("/api/trainer/versions/v2/verify").json()
    texts = {"problems": ["bad"], "passed": [], "problem_notices": [], "passed_notices": []}
    assert found == {"ok": False, "elapsed_ms": 1.5, **texts}


def test_a_version_comes_with_its_manifest_and_reports(plant: Any) -> None:
    client = plant.client()
    assert "artifacts" in client.get("/api/trainer/versions/v2").json()["manifest"]
    assert client.get("/api/trainer/versions/v2/reports/training_metrics").json() == {"recall_at_50": 0.99}


@pytest.mark.parametrize("name", ["feature_importance", "feature_recommendations", "time_profiles", "manifest"])
def test_a_report_that_is_broken_absent_outside_the_version_or_of_no_known_name_is_404(plant: Any, name: str) -> None:
    assert plant.client().get(f"/api/trainer/versions/v2/reports/{name}").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["run", "cancel", "rollback", "adopt", "versions/v2/activate", "versions/v2/verify", "versions/v2/retire"],
)
def test_only_administrators_change_versions(plant: Any, path: str) -> None:
    assert plant.client("user").post(f"/api/trainer/{path}", json={}).status_code == 403
    assert plant.client("").post(f"/api/trainer/{path}", json={}).status_code == 401
