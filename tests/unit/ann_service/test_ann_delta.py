"""Items that come after the training are found at once, removed ones no more; all workers and later processes agree."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ann_service import delta_index
from ann_service.delta_index import DeltaIndex
from common.errors import InvalidInput, TooManyRequests
from common.tables import from_mapping
from protos.ann.v1 import ann_pb2
from protos.common.v1 import table_pb2
from protos.settings.v1 import settings_pb2
from tests.support.small_versions import Running, features_of
from trained.item_codes import ItemCodeIndex

Start = Callable[..., Awaitable[Running]]


@pytest.fixture(autouse=True)
def look_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta_index, "LOOK_EVERY_SECONDS", -1.0)


@pytest.fixture
async def service(start: Start, version_a: settings_pb2.ActiveVersion) -> Running:
    return await start(version_a)


def table(rows: Sequence[dict[str, str | float | None]]) -> table_pb2.Table:
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in rows[0]} if rows else {}
    return from_mapping(columns, len(rows))


async def add(
    service: Running,
    items: dict[str, dict[str, str | float | None]],
    removed: Sequence[str] = (),
) -> ann_pb2.AddItemsResponse:
    response: ann_pb2.AddItemsResponse = await service.stub.AddItems(
        ann_pb2.AddItemsRequest(codes=list(items), features=table(list(items.values())), removed_codes=removed),
        metadata=service.metadata,
    )
    return response


async def found(service: Running, code: str, **fields: Any) -> list[str]:
    response = await service.by_code(code, **{"top_k": 20, **fields})
    return list(response.neighbours.item_codes)


async def test_a_new_item_is_found_by_code_and_as_a_neighbour(service: Running) -> None:
    response = await add(service, {" New-1": features_of(10)})
    assert (response.model_version, response.delta_items, response.accepted) == ("version-a", 1, 1)
    assert (await found(service, "IT-00010"))[0] == " New-1"
    assert (await found(service, "NEW-1"))[0] == "IT-00010"
    assert " New-1" not in await found(service, "new-1")
    stored = (await service.by_code("new-1", include_self=True)).stored_codes
    assert list(stored) == [" New-1"]
    weighted = await found(service, "IT-00010", feature_weights={"OUTDIAMETER": 3.0})
    assert weighted[0] == " New-1"


async def test_a_changed_item_is_found_where_it_belongs_now(service: Running) -> None:
    await add(service, {"IT-00010": features_of(77)})
    assert (await found(service, "IT-00077"))[0] == "IT-00010"
    assert (await found(service, "IT-00010"))[0] == "IT-00077"
    again = await add(service, {"IT-00010": features_of(77)})
    assert (again.delta_items, again.accepted) == (1, 0)
    back = await add(service, {"IT-00010": features_of(10)})
    assert (back.delta_items, back.accepted) == (0, 1)


async def test_an_item_that_is_as_it_was_trained_is_not_accepted(service: Running) -> None:
    response = await add(service, {"it-00010": features_of(10)})
    assert (response.delta_items, response.accepted) == (0, 0)


async def test_removed_items_are_not_found_any_more_until_they_come_back(service: Running) -> None:
    near = (await found(service, "IT-00010"))[0]
    await add(service, {"New-1": features_of(10)})
    await add(service, {}, removed=[near.lower(), "New-1", "unheard of"])
    assert near not in await found(service, "IT-00010")
    assert "New-1" not in await found(service, "IT-00010")
    assert list((await service.by_code(near)).unknown) == [0]
    row = int(near.removeprefix("IT-"))
    response = await add(service, {near: features_of(row)})
    assert (response.delta_items, response.accepted) == (0, 1)
    assert near in await found(service, "IT-00010")


async def test_batches_mix_items_of_both_indexes(service: Running) -> None:
    await add(service, {"New-1": features_of(10), "New-2": features_of(11)})
    response = await service.by_code("New-1", "IT-00011", "nothing", "New-2", top_k=1)
    assert list(response.unknown) == [2]
    assert list(response.neighbours.item_codes) == ["IT-00010", "New-2", "IT-00011"]


async def test_another_worker_and_a_later_process_have_the_same_delta(
    start: Start, version_a: settings_pb2.ActiveVersion, tmp_path: Path
) -> None:
    one, other = await start(version_a), await start(version_a)
    await add(one, {"New-1": features_of(10)}, removed=["IT-00020"])
    assert (await found(other, "IT-00010"))[0] == "New-1"
    assert list((await other.by_code("IT-00020")).unknown) == [0]
    await add(other, {"New-2": features_of(11)})
    later = await start(version_a)
    assert (await found(later, "IT-00011"))[0] == "New-2"
    info = await later.stub.Info(ann_pb2.InfoRequest(), metadata=later.metadata)
    assert info.delta_items == 2


async def test_a_damaged_delta_is_left_out(start: Start, version_a: settings_pb2.ActiveVersion, tmp_path: Path) -> None:
    service = await start(version_a)
    await add(service, {"New-1": features_of(10)})
    (path,) = (tmp_path / "derived").glob("delta-*.npz")
    path.write_bytes(b"nonsense")
    later = await start(version_a)
    assert (await found(later, "IT-00010"))[0] != "New-1"


async def test_additions_that_make_no_sense_are_refused(service: Running) -> None:
    with pytest.raises(InvalidInput, match="2 codes for 1 rows"):
        await service.searcher.add_items(["a", "b"], {}, 1, [])
    for code in ("", "  ", "a\0b"):
        with pytest.raises(InvalidInput, match="cannot be found"):
            await service.searcher.add_items([code], {}, 1, [])


def test_a_delta_does_not_grow_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta_index, "MOST_ITEMS", 3)
    delta = DeltaIndex(None, ItemCodeIndex.of(["A"]), 8)
    vectors = np.eye(8, dtype=np.float32)
    delta.change(["b", "c", "d"], vectors[:3], np.zeros_like(vectors[:3]), [])
    with pytest.raises(TooManyRequests, match="train a new version"):
        delta.change(["e"], vectors[:1], np.zeros_like(vectors[:1]), [])
    assert delta.current().codes == ("b", "c", "d")
