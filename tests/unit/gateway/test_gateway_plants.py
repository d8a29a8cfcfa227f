"""Routes about which plant serves: what can be chosen, one that can serve at once, one that is trained for first, one that is not there."""

from __future__ import annotations

from typing import Any

import pytest

from plant.examples import examples
from protos.plants.v1 import plants_pb2 as pb
from protos.trainer.v1 import trainer_pb2

PROFILE = examples()["fabricad"].profile.to_json()


def known(name: str, version: str = "", serving: bool = False) -> pb.Plant:
    return pb.Plant(
        name=name,
        label=name,
        label_ko="공장",
        path=f"/{name}",
        profile_json=PROFILE,
        serving=serving,
        version_name=version,
    )


@pytest.fixture
def plants(plant: Any) -> Any:
    listed = pb.ListPlantsResponse(plants=[known("own", "v1", serving=True), known("demo", "v0"), known("fabricad")])
    plant.script.answers["List"] = listed
    plant.script.answers["Serve"] = pb.ServePlantResponse(plant=known("demo", "v0", serving=True))
    plant.script.answers["Run"] = trainer_pb2.TrainingStatus(job_id="j1", status="running", message="Starting")
    yield plant
    plant.script.answers.clear()
    plant.script.asked.clear()


def test_the_choices_say_what_serves_and_what_is_trained(plants: Any) -> None:
    found = plants.client().get("/api/plant/choices").json()
    assert [(one["name"], one["serving"], one["version_name"]) for one in found["items"]] == [
        ("own", True, "v1"),
        ("demo", False, "v0"),
        ("fabricad", False, None),
    ]
    assert found["items"][2]["profile"] == "FabriCAD"
    assert found["fixed"] is False


def test_a_plant_with_a_version_serves_at_once(plants: Any) -> None:
    done = plants.client("admin").post("/api/plant/choices/demo/serve")
    assert (done.status_code, done.json()) == (
        200,
        {"name": "demo", "serving": True, "version_name": "v0", "training": None},
    )
    assert plants.script.last("Serve") == pb.ServePlantRequest(name="demo", version_name="v0")


def test_a_plant_without_a_version_is_trained_for_first(plants: Any) -> None:
    done = plants.client("admin").post("/api/plant/choices/fabricad/serve")
    assert (done.status_code, done.json()["serving"], done.json()["training"]["job_id"]) == (202, False, "j1")
    asked = plants.script.last("Run")
    assert (asked.plant, asked.activate) == ("fabricad", True)
    assert "Serve" not in plants.script.asked


def test_a_plant_that_is_not_here_is_named_and_others_may_not_choose(plants: Any) -> None:
    missing = plants.client("admin").post("/api/plant/choices/pumps/serve")
    assert (missing.status_code, missing.headers["x-error-reason"]) == (404, "PLANT_UNKNOWN")
    assert missing.json()["detail"] == "There is no plant pumps here; there are own, demo, fabricad"
    assert plants.client().post("/api/plant/choices/demo/serve").status_code == 403
