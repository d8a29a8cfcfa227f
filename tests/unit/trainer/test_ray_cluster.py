"""Fitting on a Ray cluster: the same models as on one machine; without Ray it is told what to do."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from common.errors import InvalidInput
from trainer.operation_fitter import BoostingOptions
from trainer.operation_models import FittedOperations, fit_operations

ITEMS, INPUTS, OPERATIONS = 400, 4, 3


def fitted(cluster: str) -> FittedOperations:
    random = np.random.default_rng(7)
    matrix = random.normal(size=(ITEMS, INPUTS)).astype(np.float32)
    folds = np.where(np.arange(ITEMS) < 300, np.arange(ITEMS) % 2, -1)
    inputs: Any = SimpleNamespace(inputs=[SimpleNamespace(is_category=False, values=())] * INPUTS)
    options = BoostingOptions(iterations=5, cluster=cluster)
    return fit_operations(inputs, matrix, lambda number: matrix[:, number] > 0.3, OPERATIONS, folds, folds, (), options)


def test_a_cluster_gives_the_same_models() -> None:
    pytest.importorskip("ray")
    here, there = fitted(""), fitted("local")
    np.testing.assert_array_equal(here.probabilities, there.probabilities)
    np.testing.assert_array_equal(here.gains, there.gains)
    before, after = here.trees.to_parts(), there.trees.to_parts()
    assert before.keys() == after.keys()
    for name, values in before.items():
        np.testing.assert_array_equal(values, after[name])


def test_a_cluster_without_ray_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InvalidInput, match="ROUTING_ML_RAY_ADDRESS is auto: Ray is not installed here"):
        fitted("auto")
