"""Predictions that are asked for at the same time: which of them go together, whose answer each gets, and what a failure of one does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import orjson
import pytest

from common.errors import InvalidInput, ServiceError, Unavailable
from common.identity import Caller
from common.request_context import RequestContext, current_request, enter_request
from common.tables import integer_column, table, text_column
from gateway import joined_predictions
from gateway.joined_predictions import JoinedPredictions
from gateway.translate.prediction import Share
from predicting.neighbours import SearchOptions
from predicting.services import Clients
from protos.aggregate.v1 import aggregate_pb2 as pb
from protos.ann.v1 import ann_pb2
from protos.common.v1 import table_pb2


def predicted(request: pb.PredictRequest) -> pb.PredictResponse:
    """One routing with one operation for each item, a candidate for those that begin with C, nothing for those that are unknown."""
    codes = list(request.item_codes)
    known = [code for code in codes if not code.startswith("?")]
    candidates = [code for code in known if code.startswith("C")]

    def offsets(of: list[str]) -> list[int]:
        return [sum(code in of for code in codes[:end]) for end in range(len(codes) + 1)]

    return pb.PredictResponse(
        routings=table(len(known), [text_column("ITEM_CD", known)]),
        operation_offsets=range(len(known) + 1),
        operations=table(len(known), [integer_column("PROC_SEQ", [10] * len(known)), text_column("OF", known)]),
        candidates=table(len(candidates), [text_column("ITEM_CD", candidates)]),
        unknown=[place for place, code in enumerate(codes) if code not in known],
        warnings=[pb.ItemWarning(position=len(codes) - 1, reason="LAST", message="the last one")],
        routing_offsets=offsets(known),
        candidate_offsets=offsets(candidates),
    )


class Services:
    """Stands for both services; answers wait for `open`.

    Attributes:
        calls: items of each prediction, with the requests that it answers.
    """

    def __init__(self) -> None:
        self.ann = self.aggregate = self.stub = self
        self.calls: list[tuple[list[str], list[str]]] = []
        self.open = asyncio.Event()
        self.refuse: Callable[[list[str]], ServiceError | None] = lambda codes: None
        self.divisible = True

    Search, Predict = "Search", "Predict"

    async def call(self, method: str, request: Any, *, timeout: float | None = None) -> Any:
        if method == "Search":
            codes = request.items.codes
            none = table_pb2.Neighbours(offsets=[0] * (len(codes) + 1))
            return ann_pb2.SearchResponse(model_version="v1", neighbours=none, unlike=[len(codes) - 1])
        context = current_request()
        assert context is not None
        self.calls.append((list(request.item_codes), [context.request_id, *(one.request_id for one in context.joined)]))
        await self.open.wait()
        refusal = self.refuse(list(request.item_codes))
        if refusal is not None:
            raise refusal
        response = predicted(request)
        if not self.divisible:
            response.ClearField("routing_offsets")
        return response


@pytest.fixture
async def services() -> Services:
    return Services()


@pytest.fixture
def joined(services: Services) -> JoinedPredictions:
    return JoinedPredictions(cast(Clients, services), 1)


def ask(joined: JoinedPredictions, *codes: str, top_k: int = 10, session: str = "s") -> asyncio.Task[Share]:
    """A request of its own for these items; its id is the first of them."""

    async def request() -> Share:
        enter_request(RequestContext(codes[0], Caller(session, "user"), token=f"Bearer {session}"))
        return await joined.predict(list(codes), SearchOptions(top_k=top_k), pb.PredictRequest())

    return asyncio.create_task(request())


async def settle() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


def items_of(share: Share) -> list[str]:
    return [orjson.loads(text)["ITEM_CD"] for text in share.routings]


async def test_who_comes_while_others_are_served_goes_with_the_next_call(
    services: Services, joined: JoinedPredictions
) -> None:
    asked = [ask(joined, *codes) for codes in (["A1"], ["A2"], ["C3", "?4"], ["A5"], ["C3"])]
    await settle()
    assert [codes for codes, _ids in services.calls] == [["A1"], ["A2"]]
    services.open.set()
    shares = await asyncio.gather(*asked)
    assert services.calls[2:] == [(["C3", "?4", "A5", "C3"], ["C3", "A5", "C3"])]
    assert [items_of(share) for share in shares] == [["A1"], ["A2"], ["C3"], ["A5"], ["C3"]]
    third = shares[2]
    assert [orjson.loads(text) for text in third.candidates] == [{"ITEM_CD": "C3", "metadata": {}}]
    assert orjson.loads(third.routings[0])["operations"] == [{"PROC_SEQ": 10, "OF": "C3"}]
    assert third.metrics["unknown_items"] == ["?4"]
    assert third.metrics["requested_items"] == 2
    assert [share.metrics["returned_candidates"] for share in shares] == [0, 0, 1, 0, 1]
    # what is said of a position is told to whoever asked for it, and to nobody else
    assert [len(share.metrics["warnings"]) for share in shares] == [1, 1, 0, 0, 1]
    assert [share.metrics["unlike_training_data"] for share in shares[2:]] == [[], [], ["C3"]]


async def test_different_questions_are_asked_separately_and_all_in_turn(
    services: Services, joined: JoinedPredictions
) -> None:
    asked = [ask(joined, f"A{number}", top_k=10 + number % 2) for number in range(6)]
    await settle()
    services.open.set()
    assert [items_of(share) for share in await asyncio.gather(*asked)] == [[f"A{number}"] for number in range(6)]
    assert [codes for codes, _ids in services.calls[2:]] == [["A2", "A4"], ["A3", "A5"]]


async def test_a_call_takes_no_more_items_and_sessions_than_fit(
    services: Services, joined: JoinedPredictions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joined_predictions, "TOGETHER_ITEMS", 3)
    monkeypatch.setattr(joined_predictions, "TOGETHER_SESSIONS", 2)
    asked = [ask(joined, f"A{number}", session=f"s{number % 3}") for number in range(8)]
    await settle()
    services.open.set()
    await asyncio.gather(*asked)
    assert sorted(code for codes, _ids in services.calls for code in codes) == [f"A{number}" for number in range(8)]
    assert max(len(codes) for codes, _ids in services.calls) == 2


async def test_what_one_asked_wrongly_fails_for_nobody_else(services: Services, joined: JoinedPredictions) -> None:
    asked = [ask(joined, code) for code in ("A1", "A2", "A3", "bad", "A5")]
    services.refuse = lambda codes: InvalidInput("this one cannot be") if "bad" in codes else None
    await settle()
    services.open.set()
    shares = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(shares[3], InvalidInput)
    assert [items_of(share) for share in shares if isinstance(share, Share)] == [["A1"], ["A2"], ["A3"], ["A5"]]


async def test_a_service_that_does_not_answer_is_not_asked_again_by_each(
    services: Services, joined: JoinedPredictions
) -> None:
    asked = [ask(joined, f"A{number}") for number in range(6)]
    services.refuse = lambda codes: Unavailable("down")
    await settle()
    services.open.set()
    assert all(isinstance(found, Unavailable) for found in await asyncio.gather(*asked, return_exceptions=True))
    assert len(services.calls) == 3


async def test_an_answer_that_does_not_say_what_is_whose_is_asked_for_one_by_one(
    services: Services, joined: JoinedPredictions
) -> None:
    services.divisible = False
    asked = [ask(joined, f"A{number}") for number in range(5)]
    await settle()
    services.open.set()
    assert [items_of(share) for share in await asyncio.gather(*asked)] == [[f"A{number}"] for number in range(5)]


async def test_who_hangs_up_is_left_out_and_who_was_with_him_is_answered(
    services: Services, joined: JoinedPredictions
) -> None:
    asked = [ask(joined, f"A{number}") for number in range(5)]
    await settle()
    asked[0].cancel()  # one that is being served: the next call begins
    asked[2].cancel()  # one that waits
    await settle()
    assert services.calls[2] == (["A3", "A4"], ["A3", "A4"])
    services.open.set()
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert [isinstance(share, Share) for share in found] == [False, True, False, True, True]


async def test_nobody_waits_long_for_calls_that_do_not_end(
    services: Services, joined: JoinedPredictions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joined_predictions, "LONGEST_WAIT_SECONDS", 0.0)
    asked = [ask(joined, f"A{number}") for number in range(4)]
    while len(services.calls) < 3:
        await asyncio.sleep(0)
    assert services.calls[2][0] == ["A2", "A3"]
    services.open.set()
    await asyncio.gather(*asked)
