"""Columns as JSON rows: what each kind of column becomes, and texts that look like JSON themselves."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.json_rows import row_members


@given(
    st.lists(st.one_of(st.none(), st.text(), st.sampled_from(['"', '","', "\\", '\\"', "a\\", "%b", ""])), max_size=9)
)
def test_texts_come_back_as_they_were(values: list[str | None]) -> None:
    rows = [
        json.loads(b"{%b}" % row) for row in row_members([("a%b", values), ("n", [1.5] * len(values))], len(values))
    ]
    assert rows == [{"a%b": value, "n": 1.5} for value in values]


@pytest.mark.parametrize(
    "values",
    [
        np.array([0.1, np.nan, -0.0, 1e300]),
        np.arange(8.0).reshape(4, 2)[:, 1],
        np.array([0.1, 0.7, np.nan, 3], np.float32),
        np.array([1, -2, 3, 2**60], np.int64),
        np.array([1, 2, 3, 4], np.int32),
        [0.1, float("nan"), None, 2.0],
        [1, None, 3, 4],
        [None, None, None, None],
    ],
)
def test_numbers_are_told_to_their_last_digit(values: Any) -> None:
    rows = [json.loads(b"{%b}" % row) for row in row_members([("n", values)], 4)]
    wanted = values.tolist() if isinstance(values, np.ndarray) else values
    assert rows == [{"n": None if value is None or value != value else value} for value in wanted]


def test_lists_that_are_json_already_stay_what_they_are() -> None:
    rows = row_members([("l", ['["A"]', None, ""])], 3, ("l",))
    assert [json.loads(b"{%b}" % row) for row in rows] == [{"l": ["A"]}, {"l": []}, {"l": None}]


def test_rows_of_nothing_are_empty() -> None:
    assert row_members([], 2) == [b"", b""]
    assert row_members([("a", [])], 0) == []
