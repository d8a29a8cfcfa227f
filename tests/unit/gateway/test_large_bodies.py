"""Large bodies hold up nobody else: values are counted first, reading goes by turns, and the check ends at the first wrong element."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import orjson
import pytest
from fastapi.routing import APIRoute
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.bodies import LARGE_BYTES, MANY_VALUES, MOST_VALUES, Turns, has_more_values
from gateway.large_bodies import FirstProblem
from gateway.routes import AREAS

BODIES = {
    f"{sorted(route.methods or ())[0]} {route.path}": route.body_field
    for area in AREAS
    for router in area.routers()
    for route in router.routes
    if isinstance(route, APIRoute) and route.body_field is not None
}


def values_in(value: Any) -> int:
    """Commas and opening brackets of compact JSON, texts apart."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return 1 + max(0, len(value) - 1) + sum(map(values_in, inner))
    return 0


TEXTS = st.text(st.sampled_from('a,[{"\\\u00e9'), max_size=8)
DOCUMENTS = st.recursive(
    st.none() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=20,
)


@settings(max_examples=60)
@given(DOCUMENTS, st.integers(0, 12))
def test_values_are_counted_and_what_texts_hold_is_not(document: Any, most: int) -> None:
    text = orjson.dumps(document)
    if has_more_values(text, most):
        assert values_in(document) > most or text.count(b'"') > 2 * most
    else:
        assert values_in(document) <= most


def test_a_long_text_is_one_value() -> None:
    assert not has_more_values(json.dumps({"content": 'a,"b",[{\\"' * 100_000}).encode(), 1000)


@pytest.mark.parametrize("body", BODIES)
def test_a_hundred_thousand_wrong_elements_are_a_handful_of_problems(body: str) -> None:
    field = BODIES[body]
    first = FirstProblem(field)
    assert first.problems(7)
    names = getattr(field.field_info.annotation, "model_fields", {})
    wrongs: list[Any] = [list(range(5000)), [{}] * 5000, dict.fromkeys(map(str, range(5000)), "x")]
    for wrong in wrongs:
        assert len(first.problems(dict.fromkeys(names, wrong))) <= 5 * len(names) + 5


async def test_between_two_large_bodies_others_have_their_turn() -> None:
    turns, order = Turns(), list[str]()

    def read(name: str) -> None:
        order.append(name)
        time.sleep(0.01)

    async def others() -> None:
        while order.count("large") < 3:
            order.append("other")
            await asyncio.sleep(0.001)

    await asyncio.gather(*(turns.take(lambda: read("large"), LARGE_BYTES + 1) for _ in range(3)), others())
    first, second, third = (place for place, name in enumerate(order) if name == "large")
    assert "other" in order[first + 1 : second]
    assert "other" in order[second + 1 : third]


async def test_a_body_that_cannot_be_read_leaves_the_turn_to_the_next() -> None:
    turns = Turns()
    for _ in range(2):
        with pytest.raises(orjson.JSONDecodeError):
            await asyncio.wait_for(turns.take(lambda: orjson.loads(b"["), LARGE_BYTES + 1), 5)


def test_what_is_too_much_and_what_is_wrong_are_told(plant: Any) -> None:
    client = plant.client()
    answer = client.post("/api/predict", content=b"[" + b"1," * MOST_VALUES + b"1]")
    assert (answer.status_code, answer.headers["x-error-reason"]) == (413, "TOO_MANY_VALUES")
    codes = ["A"] * 9000 + [""] * 900
    answer = client.post("/api/predict", json={"item_codes": codes})
    assert answer.status_code == 422
    assert [one["loc"] for one in answer.json()["detail"]] == [["body", "item_codes", 9000]]
    few = client.post("/api/predict", json={"item_codes": ["A", "", "", "B"]})
    assert [one["loc"] for one in few.json()["detail"]] == [["body", "item_codes", 1], ["body", "item_codes", 2]]
    broken = client.post("/api/predict", content=b'{"item_codes": [' + b'"A",' * (MANY_VALUES + 1))
    assert broken.status_code == 422
    weights = {f"f{number}": 1 for number in range(2001)}
    assert client.post("/api/predict", json={"item_codes": ["A"], "feature_weights": weights}).status_code == 422
