"""ann_service follows the control state: versions are prepared, swapped, refused; settings are taken over."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import joblib
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from common.errors import DataProblem, InvalidInput, PreconditionFailed, Unavailable
from protos.ann.v1 import ann_pb2
from protos.settings.v1 import settings_pb2
from tests.support.small_versions import Running, describe, state
from trained.artifacts import describe_file, read_manifest, write_manifest

Start = Callable[..., Awaitable[Running]]
LEGACY = Path(__file__).parents[2] / "data" / "legacy_model"


async def health(service: Running) -> int:
    stub: Any = health_pb2_grpc.HealthStub(service.channel)
    return int((await stub.Check(health_pb2.HealthCheckRequest(service="routing.ann.v1.AnnService"))).status)


def append(path: Path) -> None:
    """Change a file a little."""
    path.write_bytes(path.read_bytes() + b"\n")


async def test_a_process_serves_when_a_version_is_active_and_not_before(
    start: Start, version_a: settings_pb2.ActiveVersion
) -> None:
    service = await start(None)
    await service.control.apply(state(None))
    assert await health(service) == health_pb2.HealthCheckResponse.NOT_SERVING
    await service.control.apply(state(version_a))
    assert await health(service) == health_pb2.HealthCheckResponse.SERVING
    assert service.control.serving_version() == "version-a"
    await service.control.apply(state(None, 2))
    assert await health(service) == health_pb2.HealthCheckResponse.NOT_SERVING
    assert service.control.serving_version() == ""


async def test_a_prepared_version_is_swapped_in_without_loading_again(
    start: Start, version_a: settings_pb2.ActiveVersion, version_b: settings_pb2.ActiveVersion
) -> None:
    service = await start(version_a)
    await service.control.prepare(version_b)
    assert (await service.by_code("IT-00010")).model_version == "version-a"
    prepared = service.control._prepared
    await service.control.apply(state(version_b, 2))
    assert service.searcher.slot.current is prepared
    assert (await service.by_code("IT-00010")).model_version == "version-b"


async def test_an_abandoned_version_is_closed(
    start: Start, version_a: settings_pb2.ActiveVersion, version_b: settings_pb2.ActiveVersion
) -> None:
    service = await start(version_a)
    await service.control.prepare(version_b)
    prepared = service.control._prepared
    assert prepared is not None
    await service.control.abandon("another")
    assert not prepared.closed
    await service.control.abandon("version-b")
    assert prepared.closed
    assert (await service.by_code("IT-00010")).model_version == "version-a"


async def test_a_request_in_flight_finishes_on_the_old_version_which_is_closed_after_it(
    start: Start, version_a: settings_pb2.ActiveVersion, version_b: settings_pb2.ActiveVersion
) -> None:
    service = await start(version_a)
    old = service.searcher.slot.needed()
    with old.in_use():
        await service.control.apply(state(version_b, 2))
        assert not old.closed
        assert old.model.find_many(["IT-00010"]).tolist() == [10]
    assert old.closed


async def test_searches_go_on_while_versions_are_swapped(
    start: Start, version_a: settings_pb2.ActiveVersion, version_b: settings_pb2.ActiveVersion
) -> None:
    service = await start(version_a)
    done = asyncio.Event()
    answered: list[str] = []

    async def ask() -> None:
        while not done.is_set():
            response = await service.by_code(*(f"IT-{row:05d}" for row in range(10, 200)), top_k=5)
            assert len(response.neighbours.item_codes) == 190 * 5
            answered.append(response.model_version)

    askers = [asyncio.create_task(ask()) for _ in range(3)]
    for revision in range(2, 8):
        await service.control.apply(state(version_b if revision % 2 == 0 else version_a, revision))
        await asyncio.sleep(0.02)
    done.set()
    await asyncio.gather(*askers)
    assert set(answered) == {"version-a", "version-b"}


async def test_settings_change_ef_search_and_the_size_of_the_cache(
    start: Start, version_a: settings_pb2.ActiveVersion
) -> None:
    service = await start(version_a)
    document = json.dumps({"search": {"ef_search": 200, "cache_entries": 7}})
    await service.control.apply(state(version_a, 2, document))
    assert (await service.by_code("IT-00010")).ef_search == 200
    assert service.searcher.cache.capacity == 7
    await service.control.apply(state(version_a, 3, json.dumps({"search": {"ef_search": None}})))
    assert (await service.by_code("IT-00010")).ef_search == 64
    with pytest.raises(InvalidInput):
        await service.control.apply(state(version_a, 4, json.dumps({"search": {"cache_entries": 0}})))


async def test_a_changed_or_missing_artifact_is_refused_and_the_old_version_goes_on(
    start: Start, version_a: settings_pb2.ActiveVersion, tmp_path: Path
) -> None:
    service = await start(version_a)
    folder = tmp_path / "broken"
    shutil.copytree(version_a.artifact_dir, folder)
    append(folder / "encoder.joblib")
    with pytest.raises(PreconditionFailed, match=r"encoder\.joblib is not the file") as mismatch:
        await service.control.prepare(describe(folder))
    assert mismatch.value.reason == "HASH_MISMATCH"
    (folder / "encoder.joblib").unlink()
    with pytest.raises(PreconditionFailed, match=r"there is no .*encoder\.joblib"):
        await service.control.apply(state(describe(folder), 2))
    assert (await service.by_code("IT-00010")).model_version == "version-a"
    assert service.serving[-1]


async def test_a_manifest_that_is_not_the_registered_one_is_refused(
    start: Start, version_a: settings_pb2.ActiveVersion, tmp_path: Path
) -> None:
    service = await start(None)
    folder = tmp_path / "replaced"
    shutil.copytree(version_a.artifact_dir, folder)
    announced = describe(folder)
    append(folder / "manifest.json")
    with pytest.raises(PreconditionFailed, match="not the one that was registered"):
        await service.control.prepare(announced)
    (folder / "manifest.json").unlink()
    with pytest.raises(PreconditionFailed, match="There is no manifest"):
        await service.control.prepare(announced)


async def test_an_active_version_that_cannot_be_loaded_is_named_with_the_reason(
    start: Start, version_a: settings_pb2.ActiveVersion, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    service = await start(None)
    assert "just started" in (await service.stub.Info(ann_pb2.InfoRequest(), metadata=service.metadata)).problem
    folder = tmp_path / "broken"
    shutil.copytree(version_a.artifact_dir, folder)
    broken = describe(folder)
    shutil.rmtree(folder)
    with pytest.raises(PreconditionFailed, match="There is no manifest"):
        await service.control.apply(state(broken))
    info = await service.stub.Info(ann_pb2.InfoRequest(), metadata=service.metadata)
    assert info.problem.startswith("The active version")
    assert "There is no manifest" in info.problem
    with pytest.raises(Unavailable, match="There is no manifest"):
        service.searcher.slot.needed()
    assert not [record for record in caplog.records if record.exc_info]
    await service.control.apply(state(version_a, 2))
    assert (await service.stub.Info(ann_pb2.InfoRequest(), metadata=service.metadata)).problem == ""


class Foreign:
    """A class that no model file has a use for."""


async def test_a_pickle_that_names_a_foreign_class_is_not_opened(
    start: Start, version_a: settings_pb2.ActiveVersion, tmp_path: Path
) -> None:
    service = await start(version_a)
    folder = tmp_path / "foreign"
    shutil.copytree(version_a.artifact_dir, folder)
    joblib.dump(Foreign(), folder / "encoder.joblib")
    manifest = read_manifest(folder / "manifest.json")
    artifacts = {**manifest.artifacts, "encoder": describe_file(folder, "encoder.joblib")}
    plain = artifacts.pop("encoder_state")  # versions from before have none
    write_manifest(folder / "manifest.json", artifacts, roles=manifest.roles, metadata=manifest.metadata)
    with pytest.raises(DataProblem, match="Foreign") as caught:
        await service.control.prepare(describe(folder))
    assert caught.value.reason == "FOREIGN_CLASS"
    assert (await service.by_code("IT-00010")).model_version == "version-a"
    artifacts["encoder_state"] = plain
    write_manifest(folder / "manifest.json", artifacts, roles=manifest.roles, metadata=manifest.metadata)
    await service.control.prepare(describe(folder))  # where the values lie beside the pickle, nobody opens that


async def test_a_version_of_the_monolith_serves(start: Start, tmp_path: Path) -> None:
    expected = json.loads((LEGACY.parent / "legacy_neighbours.json").read_text("utf-8"))["known"]
    service = await start(describe(LEGACY, "plant"))
    code, neighbours = next(iter(expected.items()))
    response = await service.by_code(code.lower(), top_k=10)
    assert response.model_version == "plant"
    assert list(response.neighbours.item_codes) == [name for name, _similarity in neighbours[1:]]
    wanted = [similarity for _name, similarity in neighbours[1:]]
    assert list(response.neighbours.similarities) == pytest.approx(wanted, abs=1e-3)
