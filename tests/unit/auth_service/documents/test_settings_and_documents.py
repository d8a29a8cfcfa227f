"""The running control plane: what a change of settings, blueprint or profiles does to all three, and to those who follow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from common.errors import InvalidInput, ServiceError
from plant.blueprint import wrapper
from plant.blueprint.pipeline import default_graph
from plant.input_profile import InputProfile
from plant.output_profile import OutputColumn, OutputProfile
from plant.profile_files import read_profile
from plant.settings import PlantSettings
from protos.documents.v1 import documents_pb2 as documents
from protos.documents.v1 import documents_pb2_grpc
from protos.settings.v1 import settings_pb2 as pb

ROOT = Path(__file__).parents[4]
RECORDINGS = Path(__file__).parents[3] / "contract" / "recordings" / "workflow.json"
SECTIONS = ("graph", "trainer", "predictor", "sql", "data_source", "export", "visualization")


async def patch(plant: Any, change: dict[str, Any]) -> pb.PatchSettingsResponse:
    request = pb.PatchSettingsRequest(patch_json=json.dumps(change))
    answer: pb.PatchSettingsResponse = await plant.ask(plant.control.Patch, request, process="cli")
    return answer


async def ask(plant: Any, method: str, request: Any) -> Any:
    stub = documents_pb2_grpc.MappingServiceStub(plant.channel)
    return await plant.ask(getattr(stub, method), request, process="cli")


async def test_the_recorded_changes_of_older_clients_have_the_recorded_outcome(plant: Any) -> None:
    answer = await plant.ask(plant.control.Get, pb.GetSettingsRequest(), process="cli")
    document = json.loads(answer.document_json)
    for entry in json.loads(RECORDINGS.read_text("utf-8")):
        if entry["as"] != "admin":
            continue
        change, expected = entry["request"].get("json"), entry["response"]
        status = 200
        if change is not None:
            try:
                document = json.loads((await patch(plant, change)).document.document_json)
            except ServiceError:
                status = 400
        if expected is None:
            continue
        assert (status == 200) == (expected["status"] == 200), entry["name"]
        if expected["status"] == 200:
            for section in SECTIONS:
                wanted = expected["json"][section]
                if section == "graph" and wanted["last_saved"] is not None:
                    wanted = {**wanted, "last_saved": document["graph"]["last_saved"]}
                assert document[section] == wanted, (entry["name"], section)


async def test_a_saved_blueprint_becomes_the_pipeline_that_trainings_run(plant: Any) -> None:
    state_dir = plant.settings.state_dir
    assert wrapper.current_pipeline(state_dir).revision == 1
    graph = default_graph()
    nodes = {node["id"]: node for node in graph["nodes"]}
    nodes["index"]["settings"]["m"] = 24
    nodes["predictor"]["settings"] = {"max_routing_variants": 2}
    _follower, seen = await plant.follow("trainer")
    answer = await patch(plant, {"graph": graph})
    current = wrapper.current_pipeline(state_dir)
    assert (current.revision, current.options.index.m) == (answer.document.revision, 24)
    assert PlantSettings.parse(seen.states[-1].settings.document_json).predictor.max_routing_variants == 2
    shown = await ask(plant, "GetWrapper", documents.GetWrapperRequest())
    assert (shown.revision, list(shown.revisions)) == (2, [2, 1])
    nodes["index"]["settings"]["m"] = 3
    with pytest.raises(InvalidInput, match="Node index") as caught:
        await patch(plant, {"graph": graph})
    (violation,) = caught.value.violations
    assert violation.field.endswith("settings.m")
    assert wrapper.current_pipeline(state_dir).revision == 2
    await plant.ask(plant.control.Revert, pb.RevertRequest(revision=1), process="cli")
    reverted = wrapper.current_pipeline(state_dir)
    assert (reverted.revision, reverted.options.index.m) == (3, 16)


async def test_profiles_reach_every_process_with_their_activation(plant_on_each_database: Any) -> None:
    plant = plant_on_each_database
    _follower, seen = await plant.follow("aggregate")
    assert (seen.states[-1].input_profile_json, seen.states[-1].output_profile_json) == ("", "")
    content = json.loads(InputProfile.built_in().to_json())
    content["name"] = "New"
    request = documents.SaveProfileRequest(kind=documents.PROFILE_KIND_INPUT, profile_json=json.dumps(content))
    await ask(plant, "SaveProfile", request)
    activate = documents.ActivateProfileRequest(kind=documents.PROFILE_KIND_INPUT, name="New")
    done = await ask(plant, "ActivateProfile", activate)
    assert list(done.confirmed_by) == ["aggregate-1"]
    assert InputProfile.parse(seen.states[-1].input_profile_json).name == "New"
    profile = OutputProfile(name="ERP", columns=(OutputColumn(name="품목", source="ITEM_CD"),))
    request = documents.SaveProfileRequest(kind=documents.PROFILE_KIND_OUTPUT, profile_json=profile.to_json())
    await ask(plant, "SaveProfile", request)
    await ask(
        plant,
        "ActivateProfile",
        documents.ActivateProfileRequest(kind=documents.PROFILE_KIND_OUTPUT, name="ERP"),
    )
    state = seen.states[-1]
    assert OutputProfile.parse(state.output_profile_json) == profile
    assert PlantSettings.parse(state.settings.document_json).sql.output_columns == ["ITEM_CD"]
    await patch(plant, {"sql": {"output_columns": ["ITEM_CD", "JOB_NM"]}})
    assert [c.name for c in OutputProfile.parse(seen.states[-1].output_profile_json).columns] == ["품목", "JOB_NM"]


async def test_another_plant_brings_its_columns_and_tables_and_names_of_the_old_one_are_said(plant: Any) -> None:
    graph = default_graph()
    nodes = {node["id"]: node for node in graph["nodes"]}
    nodes["weights"]["settings"] = {"weights": {"GROUP1": 3.0}}
    await patch(plant, {"graph": graph})
    bicycles = read_profile(ROOT / "demo" / "plants" / "adventureworks" / "profile.json")
    kind = documents.PROFILE_KIND_INPUT
    await ask(plant, "SaveProfile", documents.SaveProfileRequest(kind=kind, profile_json=bicycles.to_json()))
    await ask(plant, "ActivateProfile", documents.ActivateProfileRequest(kind=kind, name=bicycles.name))

    answer = await plant.ask(plant.control.Get, pb.GetSettingsRequest(), process="cli")
    document = PlantSettings.parse(answer.document_json)
    assert document.sql.output_columns == list(bicycles.plant.output_columns)
    assert document.sql.active_profile == "AdventureWorks Cycles"
    assert document.data_source.default_table == "Product"
    assert wrapper.current_pipeline(plant.settings.state_dir).options.projector.metadata_columns[1] == "Name"
    listed = await ask(plant, "ListProfiles", documents.ListProfilesRequest(kind=documents.PROFILE_KIND_OUTPUT))
    assert [column.source for column in OutputProfile.read(listed.profiles[0].profile_json).columns] == list(
        bicycles.plant.output_columns
    )

    types = await ask(plant, "NodeTypes", documents.NodeTypesRequest())
    (weights,) = (one for one in types.types if one.type == "weights")
    assert "Color" in json.loads(weights.options_schema_json)["properties"]["weights"]["properties"]
    checked = await ask(plant, "CheckGraph", documents.CheckGraphRequest(graph_json=json.dumps(graph)))
    assert "GROUP1, which is not a feature of AdventureWorks Cycles" in checked.problems[0].message
    await patch(
        plant, {"predictor": {"max_routing_variants": 3}}
    )  # what was there before keeps nobody from other changes
    nodes["weights"]["settings"] = {"weights": {"PART_TYPE": 3.0}}
    with pytest.raises(InvalidInput, match="PART_TYPE, which is not a feature"):
        await patch(plant, {"graph": graph})
    nodes["weights"]["settings"] = {"weights": {"Color": 3.0}}
    await patch(plant, {"graph": graph})
    assert wrapper.current_pipeline(plant.settings.state_dir).options.weights.weights == {"Color": 3.0}
