"""Bodies of requests and answers: how much of them is in memory at a time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Unavailable
from gateway.bodies import BodySpace
from gateway.failures import BodyTooLarge
from gateway.guarded_routes import ANONYMOUS_BODY_BYTES
from gateway.request_middleware import PIECE_BYTES, _send_in_pieces


def test_large_bodies_share_their_space_and_small_ones_need_none() -> None:
    space = BodySpace(most=100, small=10)
    with space.of_one_request() as first, space.of_one_request() as second:
        first(10)
        first(90)
        second(30)
        with pytest.raises(Unavailable) as refused:
            second(31)
        assert refused.value.retry_after
        with space.of_one_request() as third:
            third(10)
    with space.of_one_request() as alone:
        alone(110)


def test_who_is_not_logged_in_may_send_little(plant: Any) -> None:
    body = b'{"username":"a@b.c","password":"' + b"x" * ANONYMOUS_BODY_BYTES + b'"}'
    answer = plant.client("").post("/api/auth/login", content=body)
    assert (answer.status_code, answer.headers["x-error-reason"]) == (413, BodyTooLarge.default_reason)
    chunked = plant.client("").post("/api/auth/login", content=iter([body]))
    assert chunked.status_code == 413
    assert plant.client().post("/api/predict", content=body).status_code == 422


@given(st.integers(0, 3), st.integers(-1, 1), st.booleans())
def test_an_answer_in_pieces_is_the_same_answer(pieces: int, more: int, goes_on: bool) -> None:
    body = bytes(max(0, pieces * PIECE_BYTES + more))
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(_send_in_pieces({"type": "http.response.body", "body": body, "more_body": goes_on}, send))
    assert b"".join(message["body"] for message in sent) == body
    assert max(len(message["body"]) for message in sent) <= PIECE_BYTES
    assert [message["more_body"] for message in sent] == [True] * (len(sent) - 1) + [goes_on]
