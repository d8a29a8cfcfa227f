"""Which plants can serve, and what happens when another one is to: with a real control plane and versions that were trained elsewhere."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from common.errors import DataProblem, NotFound, PreconditionFailed
from plant.examples import EXAMPLES, examples
from plant.input_profile import InputProfile
from plant.settings import PlantSettings
from protos.documents.v1 import documents_pb2, documents_pb2_grpc
from protos.plants.v1 import plants_pb2 as pb
from protos.plants.v1.plants_pb2_grpc import PlantServiceStub
from protos.registry.v1 import registry_pb2
from protos.settings.v1 import settings_pb2
from source import open_source
from trained.artifacts import sha256_of
from trained.artifacts.manifest import describe_file

LEGACY = Path(__file__).parents[2] / "data" / "legacy_model"
EXAMPLE = EXAMPLES / "fabricad"


async def plants(plant: Any) -> dict[str, pb.Plant]:
    found = await plant.ask(PlantServiceStub(plant.channel).List, pb.ListPlantsRequest(), process="gateway")
    return {one.name: one for one in found.plants}


async def serve(plant: Any, name: str, version: str = "") -> pb.Plant:
    request = pb.ServePlantRequest(name=name, version_name=version)
    answer: pb.ServePlantResponse = await plant.ask(
        PlantServiceStub(plant.channel).Serve, request, process="cli", timeout=120
    )
    return answer.plant


async def add_version(plant: Any, name: str, source: Path, profile: InputProfile) -> None:
    """Register a version that says it was trained for a source and a profile."""
    folder = Path(plant.settings.models_dir) / name
    shutil.copytree(LEGACY, folder)
    folder.chmod(0o755)
    for path in folder.iterdir():
        path.chmod(0o644)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "plant_schema.json").write_text(profile.plant.to_json(), encoding="utf-8")
    artifact = describe_file(folder, "plant_schema.json")
    manifest["artifacts"]["plant_schema"] = {
        "path": artifact.path,
        "sha256": artifact.sha256,
        "schema_version": artifact.schema_version,
    }
    manifest.setdefault("metadata", {}).update(source=open_source(source).description, input_profile=profile.name)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    request = registry_pb2.RegisterVersionRequest(
        version_name=name,
        artifact_dir=str(folder),
        manifest_path=str(folder / "manifest.json"),
        manifest_sha256=sha256_of(folder / "manifest.json"),
    )
    await plant.ask(plant.registry.Register, request, process="trainer")


async def control(plant: Any) -> tuple[str, str]:
    """Source of the settings and active input profile."""
    settings = await plant.ask(plant.control.Get, settings_pb2.GetSettingsRequest(), process="cli")
    stub = documents_pb2_grpc.MappingServiceStub(plant.channel)
    request = documents_pb2.GetProfileRequest(kind=documents_pb2.PROFILE_KIND_INPUT)
    profile = await plant.ask(stub.GetProfile, request, process="cli")
    return PlantSettings.parse(settings.document_json).data_source.access_path, profile.name


async def test_the_plants_are_the_own_one_the_demo_and_the_examples_each_with_the_version_that_was_trained_for_it(
    plant: Any,
) -> None:
    found = await plants(plant)
    assert list(found) == ["own", *examples()]
    assert [one.name for one in found.values() if one.serving] == ["own"]
    assert {one.version_name for one in found.values()} == {""}
    assert found["fabricad"].label_ko == "파브리캐드"
    assert found["demo"].path.endswith("catalogue")

    profile = examples()["fabricad"].profile
    await add_version(plant, "v1", EXAMPLE, profile)
    assert (await plants(plant))["fabricad"].version_name == "v1"


async def test_what_cannot_serve_is_refused_and_the_plant_before_serves_on(plant: Any) -> None:
    before = await control(plant)
    with pytest.raises(NotFound, match="'pumps' here; there are own, demo"):
        await serve(plant, "pumps")
    with pytest.raises(PreconditionFailed, match="No version has been trained for FabriCAD"):
        await serve(plant, "fabricad")
    await add_version(plant, "damaged", EXAMPLE, examples()["fabricad"].profile)
    (Path(plant.settings.models_dir) / "damaged" / "plant_schema.json").write_text('{"name": "x", "features": []}')
    with pytest.raises((PreconditionFailed, DataProblem)):
        await serve(plant, "fabricad", "damaged")
    assert await control(plant) == before
    assert (await plants(plant))["own"].serving


async def test_an_example_serves_and_the_own_plant_comes_back(plant: Any, tmp_path: Path) -> None:
    folder = tmp_path / "our plant"
    shutil.copytree(EXAMPLE, folder)
    profile = examples()["fabricad"].profile
    patch = json.dumps({"data_source": {"access_path": str(folder)}})
    before = await control(plant)
    await add_version(plant, "example", EXAMPLE, profile)
    assert (await serve(plant, "fabricad")).version_name == "example"
    assert await control(plant) == (str(EXAMPLE), "FabriCAD")
    found = await plants(plant)
    assert [one.name for one in found.values() if one.serving] == ["fabricad"]
    assert found["own"].path == before[0], "what the settings named before"
    assert found["fabricad"].version_name == "example"

    await plant.ask(plant.control.Patch, settings_pb2.PatchSettingsRequest(patch_json=patch), process="cli")
    await add_version(plant, "ours", folder, profile)
    assert (await serve(plant, "own")).version_name == "example", "it fits, and is what serves"
    await serve(plant, "fabricad")
    found = await plants(plant)
    assert (found["own"].path, found["own"].version_name) == (str(folder), "ours")
    assert (await serve(plant, "own")).version_name == "ours"
    assert await control(plant) == (str(folder), "FabriCAD") != before


async def test_a_profile_of_the_same_name_is_never_overwritten(plant: Any) -> None:
    own = examples()["fabricad"].profile.model_copy(update={"tables": {"features": "teile", "routing": "schritte"}})
    stub = documents_pb2_grpc.MappingServiceStub(plant.channel)
    kind = documents_pb2.PROFILE_KIND_INPUT
    await plant.ask(
        stub.SaveProfile, documents_pb2.SaveProfileRequest(kind=kind, profile_json=own.to_json()), process="cli"
    )
    await add_version(plant, "v1", EXAMPLE, examples()["fabricad"].profile)
    with pytest.raises(PreconditionFailed, match="another input profile called FabriCAD") as caught:
        await serve(plant, "fabricad")
    assert caught.value.reason == "PROFILE_NAME_TAKEN"
    kept = await plant.ask(stub.GetProfile, documents_pb2.GetProfileRequest(kind=kind, name="FabriCAD"), process="cli")
    assert InputProfile.read(kept.profile_json) == own
