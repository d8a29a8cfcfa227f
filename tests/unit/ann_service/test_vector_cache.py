"""The cache of encoded vectors forgets the least recently used first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ann_service.vector_cache import VectorCache, row_keys
from common.errors import InvalidInput
from plant.features import tidy_text

VECTOR = np.ones(4, np.float32)


def test_the_least_recently_used_entry_goes_first() -> None:
    cache = VectorCache(2)
    for key in (b"a", b"b"):
        cache.put(key, VECTOR)
    assert cache.get(b"a") is not None
    cache.put(b"c", VECTOR)
    assert cache.get(b"b") is None
    assert cache.get(b"a") is not None
    assert (cache.hits, cache.misses, len(cache)) == (2, 1, 2)


def test_making_it_smaller_forgets_what_is_too_much() -> None:
    cache = VectorCache(5)
    for key in range(5):
        cache.put(bytes([key]), VECTOR)
    cache.resize(1)
    assert len(cache) == 1
    assert cache.get(bytes([4])) is not None
    cache.clear()
    assert len(cache) == 0


@pytest.mark.parametrize("capacity", [0, -1, 50_001])
def test_it_holds_one_to_fifty_thousand(capacity: int) -> None:
    with pytest.raises(InvalidInput, match=r"1 to 50,000"):
        VectorCache(capacity)
    assert VectorCache(50_000).capacity == 50_000


def keys(version: bytes, rows: list[dict[str, str | float | None]]) -> list[bytes]:
    cells = {name: [row.get(name) for row in rows] for name in ("A", "B", "X")}
    return row_keys(version, ("A", "B"), cells, len(rows), tidy_text)


def test_rows_that_are_encoded_alike_have_the_same_key() -> None:
    alike = keys(b"1", [{"A": " x ", "B": 11.0}, {"A": "x", "B": "11", "X": "ignored"}, {"A": "x", "B": 11}])
    assert len(set(alike)) == 1
    absent = keys(b"1", [{"A": "nan"}, {"A": None, "B": "-"}, {}])
    assert len(set(absent)) == 1
    different = keys(b"1", [{"A": "x"}, {"B": "x"}, {"A": "y"}]) + keys(b"2", [{"A": "x"}])
    assert len(set(different)) == 4
    assert len(row_keys(b"1", (), {}, 3, tidy_text)) == 3


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 9), max_size=60), st.integers(1, 5))
def test_it_never_holds_more_than_it_may_and_always_the_latest(used: list[int], capacity: int) -> None:
    cache = VectorCache(capacity)
    for number in used:
        if cache.get(bytes([number])) is None:
            cache.put(bytes([number]), VECTOR)
        assert len(cache) <= capacity
    latest = list(dict.fromkeys(reversed(used)))[:capacity]
    for number in latest:
        assert cache.get(bytes([number])) is not None
