"""Invented sets have the shapes that they are for, and read as public ones do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.prediction_quality.invented_sets import SETS, write_set
from benchmarks.prediction_quality.public_sets import read_set


@pytest.mark.parametrize(
    ("name", "items", "least_steps", "distinct"),
    [("wafers", 10, 200, 10), ("orders", 220, 1, 120), ("materials", 2272, 1, 5)],
)
def test_a_set_has_its_shape(name: str, items: int, least_steps: int, distinct: int, tmp_path: Path) -> None:
    found = read_set(write_set(name, tmp_path, 5))
    routings = [tuple(found.routings.job_sequence(item)) for item in range(items)]
    assert found.table.items == items
    assert np.bincount(found.folds).tolist() == [len(part) for part in np.array_split(np.arange(items), 5)]
    assert min(map(len, routings)) >= least_steps
    assert distinct <= len(set(routings)) <= max(distinct, items - 1)
    before = {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
    write_set(name, tmp_path, 5)
    assert before == {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
    assert name in SETS
