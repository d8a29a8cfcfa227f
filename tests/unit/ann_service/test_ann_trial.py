"""A version is tried beside the one that serves, and closed afterwards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import pytest

from protos.ann.v1 import ann_pb2
from protos.settings.v1 import settings_pb2
from tests.support.small_versions import CODES, Running

Start = Callable[..., Awaitable[Running]]


async def tried(service: Running, version: settings_pb2.ActiveVersion, *codes: str) -> ann_pb2.SearchResponse:
    search = ann_pb2.SearchRequest(items=ann_pb2.ItemCodes(codes=codes), model_version="of no effect", top_k=5)
    answer: Any = await service.stub.SearchTrial(
        ann_pb2.TrialRequest(version=version, search=search), metadata=service.metadata
    )
    return answer  # type: ignore[no-any-return]


async def test_a_version_that_does_not_serve_answers_and_the_active_one_goes_on(
    start: Start, version_a: settings_pb2.ActiveVersion, version_b: settings_pb2.ActiveVersion
) -> None:
    service = await start(version_a)
    active = await service.by_code(*CODES[10:20], top_k=5)
    other = await tried(service, version_b, *CODES[10:20])
    assert (active.model_version, other.model_version) == ("version-a", "version-b")
    assert list(other.neighbours.item_codes) != list(active.neighbours.item_codes)
    again = await service.by_code(*CODES[10:20], top_k=5)
    assert list(again.neighbours.item_codes) == list(active.neighbours.item_codes)
    assert service.searcher.slot.version_name == "version-a"


async def test_one_trial_is_open_at_a_time_and_is_closed_when_nobody_asks(
    start: Start, version_a: settings_pb2.ActiveVersion, version_b: settings_pb2.ActiveVersion
) -> None:
    service = await start(version_a)
    await tried(service, version_b, CODES[10])
    async with service.trial.searcher(version_b) as searcher:
        first = searcher.slot.needed()
    async with service.trial.searcher(version_b) as searcher:
        assert searcher.slot.current is first  # not loaded again
    async with service.trial.searcher(version_a) as searcher:
        second = searcher.slot.needed()
        assert first.closed
    service.trial.close()
    assert second.closed


async def test_a_version_whose_manifest_is_another_one_is_refused(
    start: Start, version_a: settings_pb2.ActiveVersion, version_b: settings_pb2.ActiveVersion
) -> None:
    service = await start(version_a)
    changed = settings_pb2.ActiveVersion()
    changed.CopyFrom(version_b)
    changed.manifest_sha256 = "0" * 64
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await tried(service, changed, CODES[10])
    assert "is not the one that was registered" in (refused.value.details() or "")
    assert (await tried(service, version_b, CODES[10])).model_version == "version-b"
