"""Work in progress is bounded in items; more waits its turn for a moment, and what would wait too long is refused at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Unavailable
from gateway.admission import Admission, Capacity, Lane
from protos.aggregate.v1 import aggregate_pb2
from tests.support.patience import busyness


class Works:
    """Somebody's works in a lane, each in progress until it is told to end."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.begun: list[str] = []
        self._ends: list[asyncio.Event] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def ask(self, who: str, items: int) -> asyncio.Task[None]:
        end = asyncio.Event()

        async def work() -> None:
            async with self.lane.entered(who, items):
                self.begun.append(who)
                await end.wait()

        task = asyncio.create_task(work())
        self._ends.append(end)
        self._tasks.append(task)
        await settle()
        return task

    async def end(self, number: int) -> None:
        self._ends[number].set()
        await settle()

    async def end_all(self) -> None:
        for end in self._ends:
            end.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture
async def works() -> AsyncIterator[Works]:
    made = Works(Lane("test", Capacity(10, 20, 5.0)))
    yield made
    await made.end_all()
    assert (made.lane.in_progress, made.lane.waiting) == (0, 0)


@pytest.mark.asyncio
async def test_items_count_and_not_requests(works: Works) -> None:
    await works.ask("a", 9)
    await works.ask("b", 1)
    await works.ask("c", 1)
    assert works.begun == ["a", "b"]
    await works.end(1)
    assert works.begun == ["a", "b", "c"]


@pytest.mark.asyncio
async def test_what_is_more_than_everything_is_admitted_alone(works: Works) -> None:
    await works.ask("a", 5000)
    await works.ask("b", 1)
    assert works.begun == ["a"]
    await works.end(0)
    assert works.begun == ["a", "b"]


@pytest.mark.asyncio
async def test_people_take_turns_however_much_one_of_them_asks(works: Works) -> None:
    await works.ask("z", 10)
    for who in ("a", "a", "a", "b", "c", "b"):
        await works.ask(who, 3)
    await works.end(0)
    assert works.begun == ["z", "a", "b", "c"]


@pytest.mark.asyncio
async def test_what_does_not_fit_in_the_queue_is_refused_at_once_and_says_when_to_come_again(works: Works) -> None:
    await works.ask("a", 10)
    waiting = [await works.ask("a", 10) for _ in range(2)]
    refused = await works.ask("a", 1)
    with pytest.raises(Unavailable) as error:
        await refused
    assert error.value.reason == "TOO_BUSY"
    assert 1.0 <= (error.value.retry_after or 0.0) < 60.0
    assert not any(task.done() for task in waiting)


@pytest.mark.asyncio
async def test_a_full_queue_of_one_person_makes_room_for_another(works: Works) -> None:
    await works.ask("a", 10)
    mine = [await works.ask("a", 10) for _ in range(2)]
    other = await works.ask("b", 4)
    with pytest.raises(Unavailable):
        await mine[1]
    assert not mine[0].done()
    assert not other.done()


@pytest.mark.asyncio
async def test_nobody_waits_longer_than_a_moment() -> None:
    works = Works(Lane("test", Capacity(10, 20, 0.05)))
    await works.ask("a", 10)
    works.lane._usual_seconds = 0.0
    late = await works.ask("b", 1)
    with pytest.raises(Unavailable):
        await late
    await works.end_all()
    assert (works.lane.in_progress, works.lane.waiting) == (0, 0)


@pytest.mark.asyncio
async def test_where_work_takes_long_less_of_it_waits() -> None:
    now = [0.0]
    lane = Lane("test", Capacity(10, 1000, 5.0), clock=lambda: now[0])
    for _ in range(20):
        async with lane.entered("a", 10):
            now[0] += 4.0
    works = Works(lane)
    for _ in range(10):
        await works.ask("a", 10)
    assert 10 <= lane.waiting <= 20
    await works.end_all()


@pytest.mark.asyncio
async def test_who_gives_up_leaves_no_trace(works: Works) -> None:
    await works.ask("a", 10)
    waiting = await works.ask("b", 5)
    behind = await works.ask("c", 5)
    waiting.cancel()
    await settle()
    assert works.lane.waiting == 5
    await works.end(0)
    assert works.begun == ["a", "c"]
    assert not behind.done()


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(1, 15), st.sampled_from(["ask", "ask", "end", "cancel"])),
        max_size=40,
    )
)
def test_there_is_never_more_in_progress_or_waiting_than_there_may_be(steps: list[tuple[str, int, str]]) -> None:
    async def run() -> None:
        works = Works(Lane("test", Capacity(10, 20, 5.0)))
        for who, items, what in steps:
            if what == "ask":
                await works.ask(who, items)
            elif works._tasks:
                number = items % len(works._tasks)
                if what == "end":
                    await works.end(number)
                else:
                    works._tasks[number].cancel()
                    works._ends[number].set()
            assert 0 <= works.lane.in_progress <= 10
            assert 0 <= works.lane.waiting <= 20
            await settle()
            assert not works.lane.waiting or works.lane.in_progress
        await works.end_all()
        assert (works.lane.in_progress, works.lane.waiting) == (0, 0)

    asyncio.run(run())


@pytest.mark.parametrize("workers", [1, 2, 4, 8])
def test_several_gateway_processes_share_what_may_be_in_progress(workers: int) -> None:
    lanes = Admission(4000, workers)
    assert lanes.large.capacity.items * workers <= 4000
    assert lanes.lane_for(1) is lanes.small
    assert lanes.lane_for(500) is lanes.large
    assert lanes.lane_for(10_000) is lanes.long


# Over HTTP: the services of these tests answer when they are told to.


@pytest.fixture
def busy_plant(plant: Any) -> Any:
    """A plant whose large lane is taken until the test gives it back."""
    lane = plant.gateway.admission.large

    async def take() -> Any:
        work = lane.entered("somebody", lane.capacity.items)
        await work.__aenter__()
        return work

    work = plant.run(take())
    yield plant
    plant.run(work.__aexit__(None, None, None))
    assert (lane.in_progress, lane.waiting) == (0, 0)


def body(items: int) -> dict[str, Any]:
    return {"item_codes": [f"A{number}" for number in range(items)]}


def test_one_item_does_not_wait_behind_many(busy_plant: Any) -> None:
    assert busy_plant.client().post("/api/predict", json=body(1)).status_code == 200


@pytest.mark.parametrize("path", ["/api/predict", "/api/similarity/search", "/api/predict/export"])
def test_what_has_no_place_is_refused_at_once_with_the_time_to_come_again(busy_plant: Any, path: str) -> None:
    lane = busy_plant.gateway.admission.large
    lane.capacity, before = Capacity(lane.capacity.items, 0, 5.0), lane.capacity
    try:
        began = time.monotonic()
        answer = busy_plant.client().post(path, json=body(500))
        assert time.monotonic() - began < 4.0
    finally:
        lane.capacity = before
    assert (answer.status_code, answer.headers["x-error-reason"]) == (503, "TOO_BUSY")
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.headers.get("connection") != "close"


def test_a_large_tree_counts_by_its_items(busy_plant: Any) -> None:
    asked: list[bool] = []

    def search(request: aggregate_pb2.SearchItemsRequest) -> aggregate_pb2.SearchItemsResponse:
        asked.append(request.hierarchy_only)
        return aggregate_pb2.SearchItemsResponse(filtered_items=10_000, total_items=10_000)

    busy_plant.script.answers["SearchItems"] = search
    lane = busy_plant.gateway.admission.large
    lane.capacity, before = Capacity(lane.capacity.items, 0, 5.0), lane.capacity
    try:
        assert busy_plant.client().get("/api/master-data/tree").status_code == 503
    finally:
        lane.capacity = before
    assert asked == [True]


def test_who_hangs_up_while_waiting_leaves_the_queue(busy_plant: Any) -> None:
    lane = busy_plant.gateway.admission.large
    with pytest.raises(httpx.ReadTimeout):
        busy_plant.client().post("/api/predict", json=body(500), timeout=0.5)
    deadline = time.monotonic() + 5 * busyness()
    while lane.waiting and time.monotonic() < deadline:
        time.sleep(0.01)
    assert lane.waiting == 0
    assert "Predict" not in busy_plant.script.asked
