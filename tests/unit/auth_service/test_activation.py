"""Activation over gRPC with followers: all prove, all switch; one that cannot leaves everything as it was."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import joblib
import pytest

from auth_service.control import watch
from auth_service.versions import activation
from common.errors import DataProblem, NotFound, PreconditionFailed, ServiceError
from plant.profile_files import read_profile
from protos.documents.v1 import documents_pb2, documents_pb2_grpc
from protos.registry.v1 import registry_pb2 as pb
from protos.settings.v1 import settings_pb2

LEGACY = Path(__file__).parents[2] / "data" / "legacy_model"


async def add(plant: Any, name: str) -> Path:
    """Register a copy of a real version."""
    folder = Path(plant.settings.models_dir) / name
    shutil.copytree(LEGACY, folder)
    folder.chmod(0o755)
    for path in folder.iterdir():
        path.chmod(0o644)
    request = pb.RegisterVersionRequest(
        version_name=name, artifact_dir=str(folder), manifest_path=str(folder / "manifest.json")
    )
    await plant.ask(plant.registry.Register, request, process="trainer")
    return folder


async def activate(plant: Any, name: str, reason: str = "") -> pb.ActivateResponse:
    request = pb.ActivateRequest(version_name=name, reason=reason)
    answer: pb.ActivateResponse = await plant.ask(plant.registry.Activate, request, process="cli", timeout=120)
    return answer


async def refusal(plant: Any, name: str) -> ServiceError:
    with pytest.raises((PreconditionFailed, DataProblem)) as caught:
        await activate(plant, name)
    return caught.value


async def active(plant: Any) -> str:
    try:
        return str(
            (await plant.ask(plant.registry.GetActive, pb.GetActiveRequest(), process="cli")).version.version_name
        )
    except NotFound:
        return ""


async def history(plant: Any) -> list[tuple[str, str]]:
    entries = (await plant.ask(plant.registry.History, pb.HistoryRequest(), process="cli")).entries
    return [(entry.action, entry.version_name) for entry in entries if entry.action != "registered"]


async def test_every_process_proves_the_version_and_serves_it_before_the_answer(plant_on_each_database: Any) -> None:
    plant = plant_on_each_database
    followers = [await plant.follow(kind, f"{kind}-{number}") for kind in ("ann", "gateway") for number in (1, 2)]
    for name in ("v1", "v2"):
        await add(plant, name)
        answer = await activate(plant, name, "better")
        assert answer.version.active
        assert sorted(answer.confirmed_by) == ["ann-1", "ann-2", "gateway-1", "gateway-2"]
        assert not answer.away
        for follower, seen in followers:
            assert seen.prepared[-1] == name
            assert seen.serving == name
            assert follower.revision == answer.revision
    assert await history(plant) == [("activated", "v2"), ("activated", "v1")]
    versions = (await plant.ask(plant.registry.List, pb.ListVersionsRequest(), process="cli")).versions
    assert [(v.version_name, v.status, v.active) for v in versions] == [
        ("v2", "active", True),
        ("v1", "retired", False),
    ]


async def test_without_searchers_the_version_is_proved_in_a_process_of_its_own(plant: Any) -> None:
    await add(plant, "v1")
    answer = await activate(plant, "v1")
    assert answer.version.active
    assert not answer.confirmed_by
    shown = await plant.ask(plant.registry.GetActive, pb.GetActiveRequest(), process="cli")
    assert json.loads(shown.manifest_json)["schema_version"] == "routing-ml/manifest@1"


async def test_a_version_is_verified_with_hashes_loading_and_searches(plant: Any) -> None:
    folder = await add(plant, "v1")
    found = await plant.ask(plant.registry.Verify, pb.VerifyRequest(version_name="v1"), process="cli")
    assert found.ok
    assert len(found.passed) >= 4
    assert found.elapsed_ms > 0
    (folder / "scaler.joblib").write_bytes(b"x")
    found = await plant.ask(plant.registry.Verify, pb.VerifyRequest(version_name="v1"), process="cli")
    assert not found.ok
    assert "scaler.joblib" in found.problems[0]


@pytest.mark.parametrize("harm", ["missing", "truncated", "tampered", "manifest", "folder"])
async def test_a_version_whose_files_changed_is_not_activated(plant: Any, harm: str) -> None:
    _, seen = await plant.follow("ann")
    await add(plant, "v1")
    await activate(plant, "v1")
    folder = await add(plant, "v2")
    engine = folder / "similarity_engine.joblib"
    content = engine.read_bytes()
    match harm:
        case "missing":
            engine.unlink()
        case "truncated":
            engine.write_bytes(content[: len(content) // 2])
        case "tampered":
            engine.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        case "manifest":
            (folder / "manifest.json").write_text((folder / "manifest.json").read_text() + " ")
        case "folder":
            shutil.rmtree(folder)
    error = await refusal(plant, "v2")
    assert error.reason in ("ARTIFACT_MISSING", "HASH_MISMATCH")
    assert await active(plant) == seen.serving == "v1"
    assert seen.prepared == ["v1"]
    assert (await history(plant))[0] == ("refused", "v2")


async def test_a_version_whose_hashes_fit_but_which_cannot_be_loaded_is_not_activated(plant: Any) -> None:
    folder = await add(plant, "v1")
    (folder / "encoder.joblib").write_bytes(b"no pickle")
    from trained.artifacts import describe_file, read_manifest, write_manifest

    artifacts = {
        **read_manifest(folder / "manifest.json").artifacts,
        "encoder": describe_file(folder, "encoder.joblib"),
    }
    write_manifest(folder / "manifest.json", artifacts)
    request = pb.RegisterVersionRequest(
        version_name="v2", artifact_dir=str(folder), manifest_path=str(folder / "manifest.json")
    )
    await plant.ask(plant.registry.Register, request, process="trainer")
    error = await refusal(plant, "v2")
    assert error.reason == "ARTIFACT_DAMAGED"
    assert "encoder.joblib" in error.message
    assert await active(plant) == ""


async def test_a_version_of_libraries_that_cannot_be_read_here_is_not_activated(plant: Any) -> None:
    folder = await add(plant, "v1")
    meta = json.loads((folder / "training_metadata.json").read_text())
    meta["runtime_versions"] = {"python": "2.7.18"}
    (folder / "training_metadata.json").write_text(json.dumps(meta))
    (folder / "manifest.json").unlink()
    adopted = await plant.ask(
        plant.registry.Adopt, pb.AdoptRequest(artifact_dir=str(folder), version_name="old"), process="cli"
    )
    assert adopted.version_name == "old"
    error = await refusal(plant, "old")
    assert error.reason == "INCOMPATIBLE_LIBRARIES"


async def test_a_version_of_newer_libraries_has_to_prove_itself(plant: Any) -> None:
    folder = await add(plant, "v1")
    meta = json.loads((folder / "training_metadata.json").read_text())
    meta["runtime_versions"] = {"numpy": "99.0.0", "scikit_learn": "99.1"}
    (folder / "training_metadata.json").write_text(json.dumps(meta))
    (folder / "manifest.json").unlink()
    request = pb.AdoptRequest(artifact_dir=str(folder), version_name="newer")
    await plant.ask(plant.registry.Adopt, request, process="cli")
    found = await plant.ask(plant.registry.Verify, pb.VerifyRequest(version_name="newer"), process="cli")
    assert found.ok
    assert any("numpy 99.0.0 at training" in passed for passed in found.passed)
    foreign = b"\x80\x04csklearn.preprocessing._future\nEncoderOfTomorrow\n."
    (folder / "encoder.joblib").write_bytes(foreign)
    (folder / "manifest.json").unlink(missing_ok=True)
    request = pb.AdoptRequest(artifact_dir=str(folder), version_name="newest")
    await plant.ask(plant.registry.Adopt, request, process="cli")
    assert "EncoderOfTomorrow" in (await refusal(plant, "newest")).message


async def test_a_version_of_another_feature_set_is_not_activated(plant: Any) -> None:
    _, seen = await plant.follow("ann")
    folder = await add(plant, "v1")
    joblib.dump(["ITEM_CD", "COLOUR", "TASTE"], folder / "feature_columns.joblib")
    (folder / "manifest.json").unlink()
    await plant.ask(
        plant.registry.Adopt, pb.AdoptRequest(artifact_dir=str(folder), version_name="other"), process="cli"
    )
    error = await refusal(plant, "other")
    assert error.reason == "FOREIGN_FEATURES"
    assert "COLOUR, TASTE" in error.message
    assert not seen.prepared


async def test_an_unknown_version_is_not_found(plant: Any) -> None:
    for name in ("ghost", "", "a\x00b", "../../etc"):
        with pytest.raises(NotFound):
            await activate(plant, name)


async def test_one_process_that_cannot_prepare_has_it_dropped_everywhere(plant_on_each_database: Any) -> None:
    plant = plant_on_each_database
    _, willing = await plant.follow("ann", "ann-1")
    _, refusing = await plant.follow("ann", "ann-2")
    await add(plant, "v1")
    await activate(plant, "v1")
    await add(plant, "v2")
    refusing.refuse_to_prepare = "out of memory while mapping"
    error = await refusal(plant, "v2")
    assert error.reason == "ACTIVATION_REFUSED"
    assert error.details["ann-2"] == "out of memory while mapping"
    assert willing.abandoned == refusing.abandoned == ["v2"]
    assert willing.serving == refusing.serving == await active(plant) == "v1"
    assert (await history(plant))[0] == ("refused", "v2")
    refusing.refuse_to_prepare = ""
    assert (await activate(plant, "v2")).version.version_name == "v2"


async def test_a_process_that_cannot_switch_brings_the_old_version_back_everywhere(plant_on_each_database: Any) -> None:
    plant = plant_on_each_database
    _, willing = await plant.follow("ann", "ann-1")
    _, refusing = await plant.follow("ann", "ann-2")
    await add(plant, "v1")
    await activate(plant, "v1")
    await add(plant, "v2")
    refusing.refuse_to_apply = lambda state: "the map is gone" if state.active.version_name == "v2" else ""
    error = await refusal(plant, "v2")
    assert error.details["ann-2"] == "the map is gone"
    assert willing.serving == refusing.serving == await active(plant) == "v1"
    assert (await history(plant))[:2] == [("rolled_back", "v1"), ("refused", "v2")]


async def test_the_first_activation_that_fails_late_leaves_none_active(plant: Any) -> None:
    _, refusing = await plant.follow("ann")
    await add(plant, "v1")
    refusing.refuse_to_apply = lambda state: "cannot" if state.active.version_name else ""
    await refusal(plant, "v1")
    assert await active(plant) == ""
    assert plant.program.hub.state.active.version_name == ""
    refusing.refuse_to_apply = lambda _state: ""
    await activate(plant, "v1")
    with pytest.raises(PreconditionFailed):
        await plant.ask(plant.registry.RollBack, pb.RollBackRequest(), process="cli")


async def test_a_process_that_hangs_while_preparing_is_a_refusal(plant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activation, "PREPARE_IDLE_SECONDS", 0.3)
    monkeypatch.setattr(activation, "ABANDON_SECONDS", 0.1)
    _, hanging = await plant.follow("ann")
    await add(plant, "v1")

    async def hang() -> None:
        await asyncio.Event().wait()

    hanging.before_prepare = hang
    error = await refusal(plant, "v1")
    assert "did not answer in time" in error.message
    assert await active(plant) == ""


async def test_a_process_that_dies_meanwhile_counts_as_away_and_catches_up(plant: Any) -> None:
    await plant.follow("ann", "ann-1")
    dying, handlers = await plant.follow("ann", "ann-2")
    await add(plant, "v1")
    stopping: list[asyncio.Task[None]] = []

    async def die() -> None:
        stopping.append(asyncio.create_task(dying.stop()))
        await asyncio.Event().wait()

    handlers.before_prepare = die
    answer = await activate(plant, "v1")
    assert (list(answer.confirmed_by), list(answer.away)) == (["ann-1"], ["ann-2"])
    await asyncio.gather(*stopping)
    _, back = await plant.follow("ann", "ann-2")
    assert back.serving == "v1"


async def test_a_version_that_kills_all_searchers_is_not_activated(plant: Any) -> None:
    dying, handlers = await plant.follow("ann")
    await add(plant, "v1")
    stopping: list[asyncio.Task[None]] = []

    async def die() -> None:
        stopping.append(asyncio.create_task(dying.stop()))
        await asyncio.Event().wait()

    handlers.before_prepare = die
    error = await refusal(plant, "v1")
    assert "went away" in error.message
    assert await active(plant) == ""
    await asyncio.gather(*stopping)


async def test_rolling_back_switches_like_an_activation(plant_on_each_database: Any) -> None:
    plant = plant_on_each_database
    _, seen = await plant.follow("ann")
    for name in ("v1", "v2", "v3"):
        await add(plant, name)
        await activate(plant, name)
    answer = await plant.ask(plant.registry.RollBack, pb.RollBackRequest(steps=2, reason="worse"), process="cli")
    assert answer.version.version_name == seen.serving == "v1"
    assert (await history(plant))[0] == ("rolled_back", "v1")
    with pytest.raises(PreconditionFailed):
        await plant.ask(plant.registry.RollBack, pb.RollBackRequest(), process="cli")


async def test_activating_the_active_version_changes_nothing(plant: Any) -> None:
    _, seen = await plant.follow("ann")
    await add(plant, "v1")
    first = await activate(plant, "v1")
    second = await activate(plant, "v1")
    assert second.revision == first.revision
    assert seen.prepared == ["v1"]
    assert await history(plant) == [("activated", "v1")]


async def test_activations_at_the_same_time_go_one_after_the_other(plant_on_each_database: Any) -> None:
    plant = plant_on_each_database
    _, seen = await plant.follow("ann")
    for name in ("v1", "v2", "v3"):
        await add(plant, name)
    await asyncio.gather(*(activate(plant, name) for name in ("v1", "v2", "v3")))
    assert seen.serving == await active(plant) == (await history(plant))[0][1]
    assert len(seen.prepared) == 3


async def test_a_retired_version_is_not_activated_and_the_active_one_not_retired(plant: Any) -> None:
    await plant.follow("ann")
    await add(plant, "v1")
    await add(plant, "v2")
    await activate(plant, "v1")
    retired = await plant.ask(plant.registry.Retire, pb.RetireRequest(version_name="v2", reason="old"), process="cli")
    assert retired.status == "retired"
    assert (await refusal(plant, "v2")).reason == "VERSION_RETIRED"
    with pytest.raises(PreconditionFailed):
        await plant.ask(plant.registry.Retire, pb.RetireRequest(version_name="v1"), process="cli")


async def test_an_activation_whose_caller_hangs_up_is_finished(plant: Any) -> None:
    _, seen = await plant.follow("ann")
    await add(plant, "v1")
    started = asyncio.Event()

    async def note() -> None:
        started.set()
        await asyncio.sleep(0.05)

    seen.before_prepare = note
    call = plant.registry.Activate(
        pb.ActivateRequest(version_name="v1"), metadata=[("authorization", plant.credential.header("cli"))]
    )
    waiting = asyncio.ensure_future(started.wait())
    asyncio.ensure_future(call.wait_for_connection())  # noqa: RUF006 - starts the call
    await waiting
    call.cancel()
    await plant.program.activation.settle()
    assert await active(plant) == seen.serving == "v1"


async def test_a_settings_change_during_an_activation_loses_neither(plant: Any) -> None:
    _, seen = await plant.follow("ann")
    await add(plant, "v1")

    async def change() -> None:
        request = settings_pb2.PatchSettingsRequest(patch_json='{"search": {"ef_search": 77}}')
        plant.changing = asyncio.create_task(plant.ask(plant.control.Patch, request, process="cli"))

    seen.before_prepare = change
    await activate(plant, "v1")
    await plant.changing
    assert seen.states[-1].active.version_name == "v1"
    assert "77" in seen.states[-1].settings.document_json


async def test_artifacts_from_elsewhere_are_adopted_and_activated(plant: Any) -> None:
    adopted = await plant.ask(plant.registry.Adopt, pb.AdoptRequest(artifact_dir=str(LEGACY)), process="cli")
    assert adopted.version_name == "legacy_model"
    await activate(plant, "legacy_model")
    assert (await history(plant)) == [("activated", "legacy_model"), ("adopted", "legacy_model")]
    with pytest.raises(PreconditionFailed, match="no folder"):
        await plant.ask(plant.registry.Adopt, pb.AdoptRequest(artifact_dir="/nowhere/at/all"), process="cli")


async def test_a_process_that_prepares_slowly_is_waited_for_while_it_works(
    plant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activation, "PREPARE_IDLE_SECONDS", 0.2)
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(watch, "Patience", Working)
    _, slow = await plant.follow("ann")
    await add(plant, "v1")
    begun = asyncio.get_running_loop().time()

    async def take_a_while() -> None:
        while asyncio.get_running_loop().time() - begun < 1.0:
            await asyncio.sleep(0.05)

    slow.before_prepare = take_a_while
    await activate(plant, "v1")
    assert await active(plant) == "v1"


class Working:
    """Patience with a process that works all the time."""

    def __init__(self, _pid: int, _seconds: float) -> None:
        self.over = False


async def test_a_version_of_another_plant_is_refused_and_the_one_that_serves_goes_on(plant: Any) -> None:
    """As when a profile is changed while a training runs: what the training knew does not fit any more."""
    _, seen = await plant.follow("ann")
    await add(plant, "v1")
    await activate(plant, "v1")
    await add(plant, "v2")
    documents = documents_pb2_grpc.MappingServiceStub(plant.channel)
    bicycles = read_profile(Path(__file__).parents[3] / "demo" / "plants" / "adventureworks" / "profile.json")
    kind = documents_pb2.PROFILE_KIND_INPUT
    save = documents_pb2.SaveProfileRequest(kind=kind, profile_json=bicycles.to_json())
    await plant.ask(documents.SaveProfile, save, process="cli")
    choose = documents_pb2.ActivateProfileRequest(kind=kind, name=bicycles.name)
    answer = await plant.ask(documents.ActivateProfile, choose, process="cli")
    assert answer.refresh_needed
    assert answer.training_needed
    error = await refusal(plant, "v2")
    assert error.reason == "SCHEMA_DIFFERS"
    assert "of Mechanical seals, which AdventureWorks Cycles does not have" in error.message
    assert "Train a version with this profile" in error.message
    assert await active(plant) == seen.serving == "v1"
