"""What work results typically say of an operation, whatever the order and the batches they come in."""

from __future__ import annotations

import math
import statistics
from random import Random
from typing import NamedTuple

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routings.work_results import WorkResults, robust_means

OPERATIONS = ((0, -5), (0, 10), (0, 20), (2, 10), (3, 2**31 - 1))
"""Item and sequence of the operations of the current routings."""


class Result(NamedTuple):
    """A row of work results."""

    item: int
    sequence: int | None
    setup: float | None
    run: float | None


def expected(values: list[float]) -> float:
    """The mean without gross errors, written down once more and plainly."""
    median = statistics.median(values)
    spread = statistics.median(abs(value - median) for value in values)
    allowed = 3.5 * 1.4826 * spread + 1e-3 * median
    kept = [value for value in values if len(values) < 3 or abs(value - median) <= allowed]
    return math.fsum(kept) / len(kept)


def possible(value: float | None) -> bool:
    return value is not None and 0 <= value <= 1_000_000


def gathered(batches: list[list[Result]]) -> tuple[WorkResults, int, int]:
    item, sequence = np.array(OPERATIONS).T
    results, elsewhere, impossible = WorkResults(item, sequence), 0, 0
    for batch in batches:
        frame = pl.DataFrame(batch, Result._fields, orient="row").cast(
            {"sequence": pl.Int64, "setup": pl.Float64, "run": pl.Float64}
        )
        items = np.array([row.item for row in batch], np.int64)
        left_out = results.add(items, frame, sequence="sequence", times=("setup", "run"))
        elsewhere, impossible = elsewhere + left_out.elsewhere, impossible + left_out.impossible
    return results, elsewhere, impossible


times = st.none() | st.sampled_from([1.0, 10.0, 10.5, 11.0, 600.0, -1.0, 2e6, math.nan, math.inf]) | st.floats(0, 1e6)
rows = st.builds(
    Result,
    st.sampled_from([-1, 0, 0, 2, 3]),
    st.none() | st.sampled_from([-5, 10, 20, 2**31 - 1, 2**31, -(2**31), 10 + 2**32, 10 - 2**32, 2**62]),
    times,
    times,
)


@given(st.lists(rows, max_size=40), st.randoms(use_true_random=False), st.integers(1, 10))
def test_any_order_and_any_batches_say_the_same(given_rows: list[Result], random: Random, size: int) -> None:
    results, elsewhere, impossible = gathered([given_rows] if given_rows else [])
    actual, samples = results.typical()
    belonging = [row for row in given_rows if (row.item, row.sequence) in OPERATIONS]
    for number, operation in enumerate(OPERATIONS):
        for place in (0, 1):
            values = [row[place + 2] for row in belonging if (row.item, row.sequence) == operation]
            usable = [float(value) for value in values if value is not None and possible(value)]
            if usable:
                assert actual[number, place] == pytest.approx(expected(usable), rel=1e-12)
                assert 1 <= samples[number, place] <= len(usable)
            else:
                assert np.isnan(actual[number, place])
                assert samples[number, place] == 0
    assert elsewhere == sum(row.item >= 0 for row in given_rows) - len(belonging)
    said = [value for row in belonging for value in row[2:] if value is not None and not math.isnan(value)]
    assert impossible == sum(not possible(value) for value in said)
    mixed = list(given_rows)
    random.shuffle(mixed)
    again = gathered([mixed[start : start + size] for start in range(0, len(mixed), size)])
    np.testing.assert_array_equal(again[0].typical().actual, actual)
    np.testing.assert_array_equal(again[0].typical().samples, samples)
    assert again[1:] == (elsewhere, impossible)


def test_a_time_that_the_plant_does_not_report_is_absent() -> None:
    results = WorkResults(np.array([0]), np.array([10]))
    results.add(np.array([0]), pl.DataFrame({"step": [10], "took": [4.0]}), sequence="step", times=("", "took"))
    np.testing.assert_array_equal(results.typical().actual, [[np.nan, 4.0]])


def test_without_routings_every_result_is_left_out() -> None:
    results = WorkResults(np.zeros(0, np.int32), np.zeros(0, np.int32))
    frame = pl.DataFrame({"step": [10], "took": [4.0]})
    assert results.add(np.array([0]), frame, sequence="step", times=("took", "took")) == (1, 0)
    assert results.typical().actual.shape == (0, 2)


def test_gross_errors_do_not_count() -> None:
    values = pl.DataFrame(
        {"row": [3, 1, 1, 1, 1, 1, 2, 2], "value": [7.0, 10.0, 11.0, 9.0, 10.0, 100.0, 4.0, 400.0]},
        schema={"row": pl.Int32, "value": pl.Float64},
    )
    found, means, samples = robust_means(values)
    assert found.tolist() == [1, 2, 3]
    assert means.tolist() == [10.0, 202.0, 7.0]
    assert samples.tolist() == [4, 2, 1]
